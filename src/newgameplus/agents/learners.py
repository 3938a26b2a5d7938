"""Learners inside of other agents: found by name, with a preset and changes to its fields as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import HasDevice, configure
from newgameplus.agents.interface import AgentClass, DescribesArithmetic, offers
from newgameplus.errors import UsageError
from newgameplus.nn.arithmetic import Arithmetic, describe_arithmetic
from newgameplus.nn.names import DeviceName
from newgameplus.renamed import renamed_fields, with_new_names


def find_learner(name: str, parts: Sequence[type], why: str) -> AgentClass:
    """Return the class of the agent called ``name``, which must provide all of ``parts``.

    Args:
        name: name of the agent, or ``package.module:Class``.
        parts: Protocols of ``agents/interface.py``.
        why: what needs them, for the error message.

    Raises:
        NotFoundError: there is no such agent.
        UsageError: it lacks one.
    """
    learner = find_agent(name)
    for part in parts:
        if not offers(learner, part):
            raise UsageError(f"The agent {name} does not provide {part.__name__}, and {why}; try ppo or rainbow.")
    return learner


def configure_learner(learner: AgentClass, preset: str, fields: Sequence[str], device: DeviceName) -> Any:
    """Return the configuration of a learner.

    Args:
        learner: its class.
        preset: one of its presets.
        fields: changes to the preset, each as ``FIELD=VALUE``.
        device: device of its networks, unless ``fields`` name another one.

    Raises:
        NotFoundError: there is no such preset.
        UsageError: a field is not of that form, or is refused.
    """
    values: dict[str, str] = {}
    for text in fields:
        name, separator, value = text.partition("=")
        if not separator:
            raise UsageError(f"learner_fields are written FIELD=VALUE, with commas between them; not {text!r}.")
        values[name.strip()] = value
    # The fields of a run of version 0.1 are text in its manifest.
    values = with_new_names(values, renamed_fields(type(learner.PRESETS["default"])))
    if isinstance(learner.PRESETS["default"], HasDevice):
        values.setdefault("device", device)
    return configure(learner, preset, values)


def arithmetic_of(learner: Any, config: Any, device: DeviceName) -> Arithmetic:
    """Return what computes a learner's networks on this machine.

    Args:
        learner: its class.
        config: its configuration.
        device: device of the networks of a learner that does not describe its arithmetic.
    """
    if offers(learner, DescribesArithmetic):
        described: Arithmetic = learner.arithmetic(config)
        return described
    return describe_arithmetic(device)
