"""Judges scenarios that are tables of variables, without the copy of all memory that stable-retro makes each frame.

A scenario without scripts compares and weighs a few variables. stable-retro's ``update_ram`` copies the whole memory
first to know the changes, which takes about a fifth of a Genesis frame; remembering those few values is enough. Rules,
order and 32-bit arithmetic are stable-retro's (``Scenario::update`` in its ``data.cpp``), held equal in a test.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

MAX_TERMS = 2
"""stable-retro adds rewards in the order of a hash table; up to two, the rounding of the sum knows no order."""

MAX_WIDTH = 6
"""Bytes of the widest variable whose changes are sure to fit into 53 bits, so that they are rounded only once."""

Variables = Mapping[str, Mapping[str, Any]]
Comparison = Callable[[int, int], int]

OPERATIONS: Final[Mapping[str, Comparison]] = {
    "equal": operator.eq,
    "negative-equal": lambda value, reference: value == -reference,
    "not-equal": operator.ne,
    "less-than": operator.lt,
    "greater-than": operator.gt,
    "less-or-equal": operator.le,
    "greater-or-equal": operator.ge,
    "nonzero": lambda value, reference: value != 0,
    "zero": lambda value, reference: value == 0,
    "negative": lambda value, reference: value < 0,
    "positive": lambda value, reference: value > 0,
    "sign": lambda value, reference: (value > 0) - (value < 0),
}
"""Name of each operation of a scenario to what it makes of a measured value and a reference."""


class _UnusualError(Exception):
    """The scenario has something that this module leaves to stable-retro."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """One line of a table: what is looked at, and what is made of it."""

    variable: str
    is_change: bool
    compare: Comparison
    reference: int

    def of(self, values: Mapping[str, int], earlier: Mapping[str, int]) -> int:
        value = values[self.variable]
        return self.compare(value - earlier[self.variable] if self.is_change else value, self.reference)


@dataclass(frozen=True, slots=True)
class _Reward:
    measure: _Measure
    reward: np.float32
    penalty: np.float32


@dataclass(frozen=True, slots=True)
class _End:
    """Whether any, or all, of some measures and of some further ends hold."""

    needs_all: bool
    measures: tuple[_Measure, ...]
    ends: tuple[_End, ...]

    def holds(self, values: Mapping[str, int], earlier: Mapping[str, int]) -> bool:
        for measure in self.measures:
            if (measure.of(values, earlier) > 0) is not self.needs_all:
                return not self.needs_all
        for end in self.ends:
            if end.holds(values, earlier) is not self.needs_all:
                return not self.needs_all
        return self.needs_all

    def variables(self) -> Iterator[str]:
        yield from (measure.variable for measure in self.measures)
        for end in self.ends:
            yield from end.variables()


class TableJudge:
    """Judges one frame after the other.

    Args:
        rewards: what is paid for.
        end: when an episode is over.
        look_up: gives the value that a variable has in the console's memory now.
    """

    def __init__(self, rewards: tuple[_Reward, ...], end: _End, look_up: Callable[[str], int]) -> None:
        self._rewards = rewards
        self._end = end
        self._look_up = look_up
        self._names = tuple(dict.fromkeys([*(reward.measure.variable for reward in rewards), *end.variables()]))
        self._earlier: dict[str, int] = {}

    def begin(self) -> None:
        """Begin an episode: changes count from what memory holds now."""
        self._earlier = self._values()

    def judge(self) -> tuple[float, bool]:
        """Return the reward of the frame that ran, and whether the episode is over."""
        values, earlier = self._values(), self._earlier
        self._earlier = values
        return self._reward(values, earlier), self._end.holds(values, earlier)

    def _values(self) -> dict[str, int]:
        look_up = self._look_up
        return {name: look_up(name) for name in self._names}

    def _reward(self, values: Mapping[str, int], earlier: Mapping[str, int]) -> float:
        total = 0.0
        for reward in self._rewards:
            measured = reward.measure.of(values, earlier)
            if measured:
                weight = reward.reward if measured > 0 else reward.penalty
                total = float(np.float32(total) + np.float32(measured) * weight)
        return total


def table_judge(scenario: Mapping[str, Any], variables: Variables, look_up: Callable[[str], int]) -> TableJudge | None:
    """Return a judge for the contents of a scenario file, or None where it is more, or stranger, than tables.

    Args:
        scenario: the contents of the file.
        variables: the game's variables, as its ``data.json`` has them.
        look_up: gives the value that a variable has in the console's memory now.
    """
    try:
        if "scripts" in scenario or "rewards" in scenario:
            return None
        rewards = _rewards(_table(scenario.get("reward", {})), variables)
        end = _end(_table(scenario.get("done", {})), variables)
    except _UnusualError:
        return None
    return TableJudge(rewards, end, look_up)


def _rewards(table: Mapping[str, Any], variables: Variables) -> tuple[_Reward, ...]:
    if "script" in table or "time" in table:
        raise _UnusualError
    lines = _table(table.get("variables", {}))
    if len(lines) > MAX_TERMS:
        raise _UnusualError
    return tuple(
        _Reward(_measure(name, line, "delta", variables), _weight(line, "reward"), _weight(line, "penalty"))
        for name, line in lines.items()
    )


def _end(table: Mapping[str, Any], variables: Variables) -> _End:
    if "script" in table:
        raise _UnusualError
    lines = _table(table.get("variables", {}))
    nodes = _table(table.get("nodes", {}))
    return _End(
        needs_all=table.get("condition") == "all",
        measures=tuple(_measure(name, line, "absolute", variables) for name, line in lines.items()),
        ends=tuple(_end(_table(node), variables) for node in nodes.values()),
    )


def _measure(name: str, line: object, default: str, variables: Variables) -> _Measure:
    table = _table(line)
    measurement, operation, reference = table.get("measurement", default), table.get("op"), table.get("reference", 0)
    if operation is not None and (not isinstance(operation, str) or operation not in OPERATIONS):
        raise _UnusualError
    if measurement not in ("absolute", "delta") or type(reference) is not int or abs(reference) >= 2**63:
        raise _UnusualError
    if name not in variables or not "1" <= str(variables[name].get("type"))[-1:] <= str(MAX_WIDTH):
        raise _UnusualError
    compare = _unchanged if operation is None else OPERATIONS[operation]
    return _Measure(name, measurement == "delta", compare, reference)


def _unchanged(value: int, reference: int) -> int:
    return value


def _weight(line: Mapping[str, Any], key: str) -> np.float32:
    weight = line.get(key, 0.0)
    if type(weight) not in (int, float):
        raise _UnusualError
    return np.float32(weight)


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _UnusualError
    return value
