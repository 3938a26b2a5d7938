"""A game's variables and scenario as plain data, in the form that the native engine takes.

Reproduces how stable-retro's ``data.cpp`` reads a ``data.json`` and a scenario, done once at load: a value that should
be a number and is not counts as 0, an unknown operation as none, and player 0 gets the first entry of a list
``rewards``. Where stable-retro would fail at the first frame (a missing variable) this fails at load. The contest's
scripts for Sonic and Tumbleweed are recognised by their hash and become a :class:`Progress`; all others are left to
:mod:`newgameplus.games.lua`. *Extension:* a reward's ``best`` and ``once`` (docs/guide/games.md).
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from newgameplus.errors import IntegrationError
from newgameplus.games.files import MAX_TEXT_BYTES, read_json_object
from newgameplus.games.integration import Integration

OPERATIONS = frozenset(
    {
        "equal",
        "negative-equal",
        "not-equal",
        "less-than",
        "greater-than",
        "less-or-equal",
        "greater-or-equal",
        "nonzero",
        "zero",
        "negative",
        "positive",
        "sign",
    }
)
"""Operations of a measurement; an empty operation gives the number itself."""
ALL_BITS = 2**64 - 1
_MAX_WIDTH = 8
_MAX_DEPTH = 32
_TYPE = re.compile(r"(<>|><|<=|>=|[<>=|])[uidn][1-8]")


class Variable(NamedTuple):
    """A typed number at an address of the console's memory."""

    name: str
    type: str
    """Type such as ``>u2``: byte order, representation, width in bytes."""
    address: int
    mask: int
    """Bits of the number that count."""


class Measurement(NamedTuple):
    """An operation on one variable."""

    variable: int
    """Index of the variable."""
    is_delta: bool
    """Whether the change since the last frame is measured instead of the value."""
    operation: str
    """One of :data:`OPERATIONS`, or empty."""
    reference: int


class RewardTerm(NamedTuple):
    """A measurement and its factors."""

    measurement: Measurement
    reward: float
    """Factor of a positive measurement."""
    penalty: float
    """Factor of a negative measurement."""


class Milestone(NamedTuple):
    """A reward that the episode so far decides; an extension of stable-retro's language."""

    is_once: bool
    """Whether ``reward`` is paid once, in the first frame in which the measurement is above 0; otherwise the gain over
    the variable's highest value in the episode is measured, in each frame that exceeds it."""
    term: RewardTerm


class Condition(NamedTuple):
    """A tree of conditions."""

    needs_all: bool
    """Whether all conditions must hold instead of any."""
    measurements: tuple[Measurement, ...]
    """Measurements; each holds if it is above 0."""
    nodes: tuple[Condition, ...]


class Progress(NamedTuple):
    """The contest's reward of 2018: 9,000 for progress to the end of the level, 1,000 for speed; variables by index."""

    x: int
    lives: int
    end_x: int | None
    """Variable that holds the end of the level; if None, ``zone``, ``act`` and ``ends`` give it."""
    zone: int | None
    act: int | None
    ends: tuple[tuple[int, int, int], ...]
    """Rows of zone, act and x."""
    also_done: tuple[Measurement, ...]
    """Conditions that end the episode besides a lost life and the goal; checked first."""
    screen_x: int | None
    """Variable whose jump re-bases x when the act changes within an episode."""
    first_frame: int
    """Value of the speed clock at an episode's first frame."""


class Script(Protocol):
    """A script that computes reward or end, as the engine calls it."""

    def reset(self, values: Mapping[str, int]) -> None:
        """Begin an episode whose first frame has these variables."""

    def judge(self, values: Mapping[str, int]) -> tuple[float | None, bool | None]:
        """Return a frame's reward and whether the episode is over; None for what the scenario declares itself."""


class ScenarioSpec(NamedTuple):
    """Everything that the engine needs to compute reward and end."""

    variables: tuple[Variable, ...]
    reward: tuple[RewardTerm, ...]
    """Terms in stable-retro's load order, on which the last bit of a sum depends."""
    time: RewardTerm | None
    """Term added every frame, as if it measured 1."""
    done: Condition | None
    progress: Progress | None
    """Replaces ``reward`` and ``done``."""
    script: Callable[[], Script] | None
    """Creates the script that replaces ``reward``, ``done`` or both; each console needs its own."""
    milestones: tuple[Milestone, ...]
    """Added to the reward of each frame, in their order."""
    word_bytes: int
    """2 if the core keeps 16-bit words in the host's byte order, else 1."""


class ScriptCalls(NamedTuple):
    """Script files and functions that a scenario calls."""

    files: tuple[Path, ...]
    reward: str | None
    done: str | None


class Compiled(NamedTuple):
    """A compiled scenario, and the part of it that needs a script."""

    spec: ScenarioSpec
    """The scenario, still without its script: ``spec._replace(script=functools.partial(LuaScript, calls))``."""
    calls: ScriptCalls | None
    """None if the scenario needs no Lua."""


def compile_scenario(integration: Integration, name: str, *, word_bytes: int) -> Compiled:
    """Compile scenario ``name`` of a game, and the game's variables.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: its files are invalid.
    """
    return compile_files(integration.data(), integration.scenario(name), word_bytes=word_bytes)


def compile_files(data: Path, scenario: Path, *, word_bytes: int) -> Compiled:
    """Compile a ``data.json`` and a scenario file.

    Raises:
        IntegrationError: they are invalid.
    """
    variables = compile_variables(data)
    content = read_json_object(scenario)
    try:
        return _Compiler(scenario, variables).compile(content, word_bytes)
    except (TypeError, ValueError) as error:
        raise IntegrationError(f"{scenario} is no scenario: {error}.") from error


def compile_variables(path: Path) -> tuple[Variable, ...]:
    """Variables of a ``data.json``, sorted by name.

    As in stable-retro, variables whose type is shorter than three letters or wider than eight bytes are left out.

    Raises:
        IntegrationError: a variable has no address or no valid type.
    """
    info = read_json_object(path).get("info")
    if not isinstance(info, dict):
        raise IntegrationError(f"{path} must have an object 'info' of variables.")
    found = (_variable(path, name, info[name]) for name in sorted(info, key=str.encode))
    return tuple(variable for variable in found if variable is not None)


def _variable(path: Path, name: str, spec: object) -> Variable | None:
    if not isinstance(spec, dict) or "address" not in spec or not isinstance(spec.get("type"), str):
        raise IntegrationError(f"The variable {name!r} in {path} must be an object with an address and a type.")
    text, address, mask = spec["type"], spec["address"], spec.get("mask", ALL_BITS)
    if len(text) < 3 or not 0 <= ord(text[-1]) - ord("0") <= _MAX_WIDTH:
        return None
    if not _TYPE.fullmatch(text):
        raise IntegrationError(f"The variable {name!r} in {path} has the type {text!r}, which is none such as >u2.")
    if not _is_number(address) or not _is_number(mask):
        raise IntegrationError(f"The address and the mask of the variable {name!r} in {path} must be numbers.")
    return Variable(name, text, int(address) & ALL_BITS, int(mask) & ALL_BITS)


class _Compiler:
    """Compiles one scenario of a game."""

    def __init__(self, path: Path, variables: tuple[Variable, ...]) -> None:
        self._path = path
        self._variables = variables
        self._index = {variable.name: index for index, variable in enumerate(variables)}

    def compile(self, content: Mapping[str, Any], word_bytes: int) -> Compiled:
        players = [_object(content.get("reward"))]
        rewards = content.get("rewards")
        if isinstance(rewards, list) and rewards:
            players.append(_object(rewards[0]))
        done = _object(content.get("done"))
        calls = self._calls(content, players, done)
        progress = None if calls is None else self._progress(calls)
        spec = ScenarioSpec(
            variables=self._variables,
            reward=() if calls is not None and calls.reward else self._reward(players),
            time=None if calls is not None and calls.reward else self._time(players),
            done=None if calls is not None and calls.done else self._condition(done),
            progress=progress,
            script=None,
            milestones=() if calls is not None and calls.reward else self._milestones(players),
            word_bytes=word_bytes,
        )
        return Compiled(spec, calls if progress is None else None)

    def _reward(self, players: list[dict[str, Any]]) -> tuple[RewardTerm, ...]:
        terms: dict[str, RewardTerm] = {}
        for player in players:
            for name, spec in _sorted_items(player.get("variables")):
                terms.setdefault(name, _term(self._measurement(name, spec, "delta"), spec))
        return tuple(terms.values())

    def _time(self, players: list[dict[str, Any]]) -> RewardTerm | None:
        named = [_object(player["time"]) for player in players if "time" in player]
        return _term(_measurement(0, named[-1], "delta"), named[-1]) if named else None

    def _milestones(self, players: list[dict[str, Any]]) -> tuple[Milestone, ...]:
        found: dict[tuple[bool, str], Milestone] = {}
        for player in players:
            for key in ("best", "once"):
                for name, spec in _sorted_items(player.get(key)):
                    measurement = self._measurement(name, {**spec, "measurement": "absolute"}, "absolute")
                    found.setdefault((key == "once", name), Milestone(key == "once", _term(measurement, spec)))
        return tuple(found.values())

    def _condition(self, node: dict[str, Any], depth: int = 0) -> Condition:
        if depth > _MAX_DEPTH:
            raise ValueError("its conditions are nested too deeply")
        return Condition(
            needs_all=node.get("condition") == "all",
            measurements=tuple(
                self._measurement(name, spec, "absolute") for name, spec in _sorted_items(node.get("variables"))
            ),
            nodes=tuple(self._condition(child, depth + 1) for _, child in _sorted_items(node.get("nodes"))),
        )

    def _measurement(self, name: str, spec: dict[str, Any], default: str) -> Measurement:
        return _measurement(self._index_of(name), spec, default)

    def _index_of(self, name: str) -> int:
        if name not in self._index:
            raise IntegrationError(f"The scenario {self._path} names the variable {name!r}, which data.json lacks.")
        return self._index[name]

    def _calls(
        self, content: Mapping[str, Any], players: list[dict[str, Any]], done: dict[str, Any]
    ) -> ScriptCalls | None:
        reward = [player["script"] for player in players if "script" in player]
        calls = ScriptCalls(
            files=tuple(self._script_files(content.get("scripts", []))),
            reward=self._function(reward[-1]) if reward else None,
            done=self._function(done["script"]) if "script" in done else None,
        )
        return calls if calls.reward or calls.done else None

    def _script_files(self, names: object) -> Iterator[Path]:
        for name in names if isinstance(names, list) else [names]:
            if not isinstance(name, str) or Path(name).name != name or not name.endswith(".lua"):
                raise ValueError(f"its script {name!r} is not the name of a .lua file beside it")
            path = self._path.parent / name
            if not path.is_file():
                raise IntegrationError(f"The scenario {self._path} names the script {name!r}, which is not beside it.")
            yield path

    def _function(self, reference: object) -> str:
        if not isinstance(reference, str):
            raise TypeError(f"a script's function must be text, not {reference!r}")
        language, separator, name = reference.partition(":")
        if separator and language != "lua":
            raise ValueError(f"it calls {reference!r}, and scripts are in lua")
        return name if separator else language

    def _progress(self, calls: ScriptCalls) -> Progress | None:
        """The contest's reward, if the script is one of those that compute it."""
        if (calls.reward, calls.done) != ("contest_reward", "contest_done") or len(calls.files) != 1:
            return None
        script = _known_scripts().get(_sha256(calls.files[0]))
        if script is None:
            return None
        rules = _progress_facts()["progress"][script["progress"]]
        end_x, screen_x = rules.get("end_x"), rules.get("screen_x")
        return Progress(
            x=self._index_of("x"),
            lives=self._index_of("lives"),
            end_x=None if end_x is None else self._index_of(end_x),
            zone=None if end_x is not None else self._index_of("zone"),
            act=None if end_x is not None else self._index_of("act"),
            ends=tuple((zone, act, x) for zone, act, x in rules.get("ends", ())),
            also_done=tuple(
                Measurement(self._index_of(name), False, operation, reference)
                for name, operation, reference in rules["also_done"]
            ),
            screen_x=None if screen_x is None else self._index_of(screen_x),
            first_frame=script["first_frame"],
        )


def _measurement(variable: int, spec: dict[str, Any], default: str) -> Measurement:
    kind = spec.get("measurement")
    if kind not in ("absolute", "delta"):
        kind = default
    operation = spec.get("op")
    is_known = isinstance(operation, str) and operation in OPERATIONS
    return Measurement(variable, kind == "delta", str(operation) if is_known else "", _whole(spec.get("reference")))


def _term(measurement: Measurement, spec: dict[str, Any]) -> RewardTerm:
    return RewardTerm(measurement, _real(spec.get("reward")), _real(spec.get("penalty")))


def _sorted_items(node: object) -> list[tuple[str, dict[str, Any]]]:
    """Entries of a json object in the order of stable-retro's json library: by the bytes of their names."""
    if node is None:
        return []
    if not isinstance(node, dict):
        raise TypeError(f"{node!r} should be an object of named entries")
    return [(name, _object(node[name])) for name in sorted(node, key=str.encode)]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: Any) -> int:
    if not _is_number(value):
        return 0
    return (int(value) + 2**63) % 2**64 - 2**63


def _real(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_TEXT_BYTES + 1)
    if len(content) > MAX_TEXT_BYTES:
        raise IntegrationError(f"The script {path} is larger than {MAX_TEXT_BYTES} bytes.")
    return hashlib.sha256(content).hexdigest()


@functools.cache
def _progress_facts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("progress.toml").read_text())


@functools.cache
def _known_scripts() -> dict[str, dict[str, Any]]:
    return {script["sha256"]: script for script in _progress_facts()["script"]}
