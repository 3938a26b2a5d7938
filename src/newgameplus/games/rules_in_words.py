"""Description of a scenario's reward and end in words, unless they are written in Lua.

stable-retro's semantics (its ``data.cpp``): a reward variable is measured by its change from frame to frame, an end
variable by its value, unless ``measurement`` says otherwise; a positive measurement counts ``reward`` times, a negative
one ``penalty`` times; a scenario's script replaces its variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.errors import IntegrationError
from newgameplus.games.files import read_json_object

_TESTS = {
    "equal": "is {reference}",
    "negative-equal": "is {reference} (counted negative)",
    "not-equal": "is not {reference}",
    "less-than": "is below {reference}",
    "greater-than": "is above {reference}",
    "less-or-equal": "is at most {reference}",
    "greater-or-equal": "is at least {reference}",
    "nonzero": "is not 0",
    "zero": "is 0",
    "negative": "is negative",
    "positive": "is positive",
}
_CHANGES = {
    "negative": "falls",
    "positive": "rises",
    "nonzero": "changes",
    "zero": "stays",
    "equal": "changes by {reference}",
}
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Words:
    """Description of a scenario."""

    reward: tuple[str, ...]
    """One phrase per reward term, such as ``score: +10 for each point up``."""
    done: tuple[str, ...]
    """One phrase per condition that ends the episode, such as ``lives is 0``."""


def in_words(path: Path) -> Words:
    """Describe the scenario file at ``path``.

    Raises:
        IntegrationError: the file does not hold a scenario.
    """
    content = read_json_object(path)
    try:
        players = content.get("rewards") or [content.get("reward") or {}]
        many = len(players) > 1
        reward = tuple(
            f"player {number}: {phrase}" if many else phrase
            for number, player in enumerate(players, 1)
            for phrase in _reward(player)
        )
        return Words(reward, tuple(_done(content.get("done") or {})))
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise IntegrationError(f"{path} is no scenario that stable-retro could read: {error}.") from error


def _reward(spec: Mapping[str, Any]) -> Iterator[str]:
    if "script" in spec:
        yield f"the script's {_script(spec['script'])}"
        return
    if "time" in spec:
        time = spec["time"]
        yield f"each frame: {_signed(time.get('reward', 0) - time.get('penalty', 0))}"
    for name, variable in spec.get("variables", {}).items():
        yield _reward_variable(name, variable)
    for name, variable in spec.get("best", {}).items():
        unit = "frame that exceeds" if "op" in variable else "point above"
        condition = (
            f" by an amount that {_test(variable, True)}" if variable.get("op", "positive") != "positive" else ""
        )
        yield f"{name}: {_signed(variable.get('reward', 0))} for each {unit} its highest in the episode{condition}"
    for name, variable in spec.get("once", {}).items():
        yield f"{name}: {_signed(variable.get('reward', 0))} once, when it {_test(variable, True)}"


def _reward_variable(name: str, spec: Mapping[str, Any]) -> str:
    reward, penalty = spec.get("reward", 0), spec.get("penalty", 0)
    is_absolute = spec.get("measurement") == "absolute"
    if "op" in spec:
        return f"{name}: {_signed(reward)} for each frame in which it {_test(spec, is_absolute)}"
    unit = "for each frame and point above 0" if is_absolute else "for each point up"
    below = "for each frame and point below 0" if is_absolute else "for each point down"
    parts = [f"{_signed(reward)} {unit}"] if reward else []
    parts += [f"{_signed(-penalty)} {below}"] if penalty else []
    return f"{name}: {', '.join(parts) or 'nothing'}"


def _done(spec: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise ValueError("its conditions are nested too deeply")
    if "script" in spec:
        yield f"the script's {_script(spec['script'])} says so"
        return
    phrases = [
        f"{name} {_test(variable, variable.get('measurement') != 'delta')}"
        for name, variable in spec.get("variables", {}).items()
    ]
    for node in spec.get("nodes", {}).values():
        inner = list(_done(node, depth + 1))
        phrases.append(inner[0] if len(inner) == 1 else f"any of ({'; '.join(inner)})")
    if spec.get("condition") == "all" and phrases:
        yield " and ".join(phrases)
    else:
        yield from phrases


def _test(spec: Mapping[str, Any], is_absolute: bool) -> str:
    name = spec.get("op", "")
    words = _TESTS if is_absolute else _CHANGES
    default = f"{name or 'does'} {{reference}}" if is_absolute else f"changes by an amount that is {name} {{reference}}"
    return str(words.get(name, default)).format(reference=spec.get("reference", 0)).strip()


def _script(reference: str) -> str:
    return f"{str(reference).rpartition(':')[2]}()"


def _signed(number: float) -> str:
    return f"{number:+g}"
