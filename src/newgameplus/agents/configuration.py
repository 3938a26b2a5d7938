"""An agent's configuration, from the name of a preset and fields set on the command line."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from newgameplus.agents.interface import AgentClass
from newgameplus.errors import NotFoundError, UsageError, did_you_mean

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def configure(agent_class: AgentClass, preset: str = "default", overrides: Mapping[str, str] | None = None) -> Any:
    """Return the configuration ``preset`` of an agent with some of its fields replaced.

    Args:
        agent_class: as ``find_agent`` returns it.
        preset: a key of its ``PRESETS``.
        overrides: field name to its new value as text, read as the field's annotation says: ``1_000_000`` or
            ``1e6`` for int, ``true`` or ``no`` for bool, ``none`` where a field may be None, ``A,B`` for a tuple.

    Raises:
        NotFoundError: there is no such preset.
        UsageError: there is no such field, a value cannot be read, or the configuration refuses it.
    """
    presets = agent_class.PRESETS
    if preset not in presets:
        raise NotFoundError(
            f"There is no preset {preset!r}; there are: {', '.join(presets)}.{did_you_mean(preset, presets)}"
        )
    return with_fields(presets[preset], overrides or {})


def with_fields(config: Any, overrides: Mapping[str, str]) -> Any:
    """Return a configuration with some of its fields replaced by what their new values' texts say.

    Raises:
        UsageError: as ``configure``.
    """
    hints = get_type_hints(type(config))
    values: dict[str, Any] = {}
    for name, text in overrides.items():
        if name not in hints:
            raise UsageError(
                f"There is no field {name!r} to set; there are: {', '.join(hints)}.{did_you_mean(name, hints)}"
            )
        try:
            values[name] = _read(text.strip(), hints[name])
        except ValueError as error:
            raise UsageError(f"Cannot set {name} to {text!r}: {error}.") from None
    return dataclasses.replace(config, **values)


def describe(config: Any) -> dict[str, Any]:
    """Return a configuration as JSON types: field name to value, tuples as lists."""
    return {name: _plain(value) for name, value in dataclasses.asdict(config).items()}


def configuration_of(agent_class: AgentClass, description: Mapping[str, Any]) -> Any:
    """Return the configuration that ``describe`` described.

    Raises:
        UsageError: a field is unknown or missing, or the configuration refuses a value.
    """
    config_class = type(agent_class.PRESETS["default"])
    try:
        return config_class(**{name: _frozen(value) for name, value in description.items()})
    except TypeError as error:
        raise UsageError(f"This is no {config_class.__name__} of this version: {error}.") from None


def _frozen(value: object) -> object:
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list) else value


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (tuple, list)) else value


def _read(text: str, hint: Any) -> Any:
    """Read ``text`` as a value of the annotation ``hint``; a ValueError says what was expected."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _read_union(text, get_args(hint))
    if origin is Literal:
        return _read_choice(text, get_args(hint))
    if origin is tuple:
        return _read_tuple(text, get_args(hint))
    if hint not in _READERS:
        raise ValueError("this field can only be set in Python")
    return _READERS[hint](text)


def _read_union(text: str, hints: tuple[Any, ...]) -> Any:
    if type(None) in hints and text.casefold() == "none":
        return None
    complaints = []
    for hint in hints:
        if hint is not type(None):
            try:
                return _read(text, hint)
            except ValueError as error:
                complaints.append(str(error))
    if type(None) in hints:
        complaints.append("or 'none'")
    raise ValueError(" ".join(complaints))


def _read_choice(text: str, choices: tuple[Any, ...]) -> Any:
    by_text = {str(choice): choice for choice in choices}
    if text not in by_text:
        raise ValueError(f"expected one of {', '.join(by_text)}")
    return by_text[text]


def _read_tuple(text: str, hints: tuple[Any, ...]) -> tuple[Any, ...]:
    parts = [part.strip() for part in text.split(",")] if text else []
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_read(part, hints[0]) for part in parts)
    if len(parts) != len(hints):
        raise ValueError(f"expected {len(hints)} values with commas between them")
    return tuple(_read(part, hint) for part, hint in zip(parts, hints, strict=True))


def _read_bool(text: str) -> bool:
    if text.casefold() in _TRUE:
        return True
    if text.casefold() in _FALSE:
        return False
    raise ValueError("expected true or false")


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        value = _read_float(text, "expected a whole number")
    if not value.is_integer():
        raise ValueError("expected a whole number")
    return int(value)


def _read_float(text: str, complaint: str = "expected a number") -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(complaint) from None
    if not math.isfinite(value):
        raise ValueError(complaint)
    return value


_READERS: dict[Any, Callable[[str], Any]] = {bool: _read_bool, int: _read_int, float: _read_float, str: str}
