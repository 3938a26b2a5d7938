"""An agent's configuration: what it may say, and how it is made from a preset and fields set on the command line."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, get_type_hints, runtime_checkable

from newgameplus.agents.interface import AgentClass
from newgameplus.errors import NotFoundError, UsageError, did_you_mean
from newgameplus.fields import from_json, from_text, to_json
from newgameplus.nn.names import DeviceName
from newgameplus.renamed import renamed_fields


@runtime_checkable
class HasDevice(Protocol):
    """A configuration with the device of its networks."""

    @property
    def device(self) -> DeviceName:
        """``cpu``, ``cuda`` or ``auto``."""
        ...


@runtime_checkable
class HasCapacity(Protocol):
    """A configuration with the size of its replay buffer."""

    @property
    def capacity(self) -> int:
        """Number of transitions, over all rows."""
        ...


def configure(agent_class: AgentClass, preset: str = "default", overrides: Mapping[str, str] | None = None) -> Any:
    """Return the configuration ``preset`` of an agent with some of its fields replaced.

    Args:
        agent_class: class returned by ``find_agent``.
        preset: a key of its ``PRESETS``.
        overrides: new values as text, by field name, parsed by :func:`~newgameplus.fields.from_text`.

    Raises:
        NotFoundError: there is no such preset.
        UsageError: there is no such field, a value cannot be parsed, or the configuration refuses it.
    """
    presets = agent_class.PRESETS
    if preset not in presets:
        raise NotFoundError(
            f"There is no preset {preset!r}; there are: {', '.join(presets)}.{did_you_mean(preset, presets)}"
        )
    return with_fields(presets[preset], overrides or {})


def with_fields(config: Any, overrides: Mapping[str, str]) -> Any:
    """Return a configuration with some of its fields replaced by values given as text.

    Raises:
        UsageError: as ``configure``.
    """
    hints = get_type_hints(type(config))
    values: dict[str, Any] = {}
    for name, text in overrides.items():
        if (new_name := renamed_fields(type(config)).get(name)) is not None:
            raise UsageError(f"The field {name!r} is now called {new_name!r}; set that instead.")
        if name not in hints:
            raise UsageError(
                f"There is no field {name!r} to set; there are: {', '.join(hints)}.{did_you_mean(name, hints)}"
            )
        try:
            values[name] = from_text(hints[name], text.strip())
        except ValueError as error:
            raise UsageError(f"Cannot set {name} to {text!r}: {error}.") from None
    return dataclasses.replace(config, **values)


def describe(config: Any) -> dict[str, Any]:
    """Return a configuration as JSON types: field name to value, tuples as lists."""
    return dict(to_json(config))


def configuration_of(agent_class: AgentClass, description: Mapping[str, Any]) -> Any:
    """Return the configuration that ``describe`` described.

    Raises:
        UsageError: a field is unknown, missing or of another type, or the configuration refuses a value.
    """
    config_class = type(agent_class.PRESETS["default"])
    try:
        return from_json(config_class, dict(description))
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"This is no {config_class.__name__} of this version: {error}.") from None
