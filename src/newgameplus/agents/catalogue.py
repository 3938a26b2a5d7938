"""What there is to say of each agent without importing it: read from its source, so that listing agents needs no torch.

A module ``agent.py`` begins with what the agent is and, in paragraphs, where it comes from; the class has ``PRESETS``,
which name constants of ``config.py``; constants and fields there have docstrings. What an agent can do are the
Protocols of ``interface.py`` whose methods its class has. Speeds are measured by ``benchmarks/speed/agents.py``, which
writes ``speeds.toml``.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from newgameplus.agents import AGENTS, CEILINGS, interface
from newgameplus.agents.configuration import describe
from newgameplus.errors import NotFoundError, did_you_mean
from newgameplus.registry import EXTRA_OF

SPEEDS = Path(__file__).with_name("speeds.toml")
"""Measured steps per second, by agent."""
PACKAGE = Path(__file__).parent.parent
CAN = {
    "HasWeights": "begins with weights (--init, --frozen)",
    "HasReplay": "replay buffer (--prefill)",
    "LearnsFromDemonstrations": "learns from demonstrations",
    "LearnsInStages": "learns a model of its world from movies (--demonstrations)",
    "Evolves": "evolves a population",
    "PlaysApart": "individuals play apart (--on)",
    "NeedsZones": "may need the zone of each row",
    "HasWishes": "wishes for its world",
    "Searches": "searches one best trajectory (--frozen presses it)",
    "UsesSnapshots": "begins episodes at snapshots",
}
"""Protocol to what a reader of the list wants to know of it."""
PLAIN = "The defaults of the fields."
"""Description of a preset that has none of its own."""
_SOURCES = ("Paper", "Source", "Sources", "Code", "Use")
"""Beginnings of a paragraph that says where an agent comes from."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a configuration."""

    name: str
    kind: str
    """Its annotation."""
    default: str
    text: str
    """Its docstring."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Measured speed of an agent's default preset."""

    contest: float | None = None
    """Agent steps per second of one core under the contest's rules: one row, learning included; None for an agent that
    is not judged without weights."""
    training: float | None = None
    """The same in training, of all rows together."""


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to say of an agent."""

    name: str
    what: str
    """What it is, in a sentence."""
    source: str
    """Paper, code or write-up that it comes from."""
    presets: Mapping[str, str]
    """Name of each preset to its description."""
    protocols: tuple[str, ...]
    """Names of the Protocols that it provides."""
    extras: tuple[str, ...]
    """Extras that it needs to be installed."""
    fields: tuple[Field, ...]
    """Fields of its configuration."""
    speed: Speed | None
    """None where it has not been measured."""

    @property
    def can(self) -> list[str]:
        """What it can do, in words."""
        has_device = any(field.name == "device" for field in self.fields)
        return [words for name, words in CAN.items() if name in self.protocols] + ["GPU (--device)"] * has_device


def cards() -> list[Card]:
    """Return the cards of all agents."""
    return [card(name) for name in AGENTS]


def card(name: str) -> Card:
    """Return the card of an agent of this package.

    Raises:
        NotFoundError: there is no such agent.
    """
    if name in CEILINGS:
        raise NotFoundError(f"{name} is no agent but a ceiling, without settings; judge it with: ngp evaluate {name}")
    if name not in AGENTS:
        raise NotFoundError(
            f"There is no agent {name!r} in this package; there are: {', '.join(AGENTS)}.{did_you_mean(name, AGENTS)}"
        )
    module, _, class_name = AGENTS[name].partition(":")
    tree = _parsed(module)
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    what, source = _what_and_source(ast.get_docstring(tree) or "")
    config = _parsed(_config_module(module))
    texts = _described(config)
    return Card(
        name=name,
        what=what,
        source=source,
        presets={name: texts.get(constant, PLAIN) for name, constant in _presets(found).items()},
        protocols=tuple(_protocols(found)),
        extras=tuple(sorted({EXTRA_OF[package] for package in _packages(module) if package in EXTRA_OF})),
        fields=tuple(_fields(config)),
        speed=speeds().get(name),
    )


def presets_of(name: str) -> dict[str, Any]:
    """Return the configuration of each preset of an agent; one that is made of another agent's imports that agent.

    Raises:
        NotFoundError: that other agent's packages are not installed.
    """
    module, _, class_name = AGENTS[name].partition(":")
    constants = importlib.import_module(_config_module(module))
    found = next(node for node in _parsed(module).body if isinstance(node, ast.ClassDef) and node.name == class_name)
    return {preset: getattr(constants, constant) for preset, constant in _presets(found).items()}


def differing(name: str, preset: str) -> dict[str, Any]:
    """Return the fields in which a preset differs from the default one, and their values as JSON types."""
    default, other = (describe(presets_of(name)[which]) for which in ("default", preset))
    return {field: value for field, value in other.items() if value != default[field]}


@cache
def speeds() -> dict[str, Speed]:
    """Return the measured speed of each agent; empty where none is shipped."""
    return {name: Speed(**line) for name, line in measured().get("agents", {}).items()}


@cache
def measured() -> dict[str, Any]:
    """Return the content of ``speeds.toml``: ``cpu``, ``result``, ``what`` and ``agents``; empty without the file."""
    return tomllib.loads(SPEEDS.read_text(encoding="utf-8")) if SPEEDS.is_file() else {}


def _config_module(module: str) -> str:
    return f"{module.rpartition('.')[0]}.config"


@cache
def _parsed(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text(encoding="utf-8"))


def _path(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _what_and_source(docstring: str) -> tuple[str, str]:
    """First sentence of a module's docstring, and its paragraph about sources."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in docstring.split("\n\n")]
    source = next((text for text in paragraphs if text.partition(":")[0] in _SOURCES), "")
    return paragraphs[0], source.partition(" *Differences")[0].replace("``", "")


def _presets(found: ast.ClassDef) -> dict[str, str]:
    """Name of each preset to the constant in ``config.py`` that it is."""
    for node in found.body:
        if (
            isinstance(node, ast.AnnAssign)
            and ast.unparse(node.target) == "PRESETS"
            and isinstance(node.value, ast.Dict)
        ):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {ast.literal_eval(key): ast.unparse(value).rpartition(".")[2] for key, value in pairs if key}
    return {}


def _described(tree: ast.Module | ast.ClassDef) -> dict[str, str]:
    """Name to the docstring below each assignment of a module or class, in one line."""
    found = {}
    for node, after in zip(tree.body, tree.body[1:], strict=False):
        target = _target(node)
        if target is not None and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[target.id] = " ".join(str(after.value.value).replace("``", "").split())
    return found


def _target(node: ast.stmt) -> ast.Name | None:
    """Name that a statement assigns to."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return None
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target if isinstance(target, ast.Name) else None


def _protocols(found: ast.ClassDef) -> Iterator[str]:
    methods = {node.name for node in found.body if isinstance(node, ast.FunctionDef)}
    for name, part in inspect.getmembers(interface, inspect.isclass):
        wanted = {member for member in vars(part) if not member.startswith("_")}
        is_own = part.__module__ == interface.__name__ and Protocol in part.__bases__
        if is_own and wanted and wanted <= methods and name not in ("Agent", "AgentClass"):
            yield name


def _fields(config: ast.Module) -> Iterator[Field]:
    """Fields of the configuration, which is the last dataclass of its module."""
    body = [node for node in config.body if isinstance(node, ast.ClassDef)][-1]
    texts = _described(body)
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            default = "" if node.value is None else ast.unparse(node.value).strip("'")
            yield Field(node.target.id, ast.unparse(node.annotation), default, texts.get(node.target.id, ""))


@cache
def _packages(module: str) -> frozenset[str]:
    """Names of the packages that a module of ours imports, directly or through other modules of ours."""
    found: set[str] = set()
    waiting, seen = [module], {module}
    while waiting:
        for name in _imports(_parsed(waiting.pop())):
            if not name.startswith("newgameplus."):
                found.add(name.partition(".")[0])
            elif name not in seen and _path(name).is_file():
                seen.add(name)
                waiting.append(name)
    return frozenset(found)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Modules that a module imports, also late; of ``from a import b`` both a and a.b, which may be one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
