"""Checks that the methods of an agent's class can be called as the Protocols of ``agents/interface.py`` say."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from newgameplus.agents import interface
from newgameplus.agents.interface import REQUIRED_PARTS, Agent, AgentClass, offers
from newgameplus.testing.promises import require

OPTIONAL_PARTS = (
    interface.HasWeights,
    interface.HasMetrics,
    interface.HasReplay,
    interface.KeepsFiles,
    interface.LearnsOffPolicy,
    interface.HasPolicy,
    interface.HasActionValues,
    interface.HasFeatures,
    interface.Delegates,
    interface.NeedsZones,
    interface.HasWishes,
    interface.DescribesArithmetic,
)
"""What an agent may provide besides the methods of an Agent."""


def check_signatures(agent_class: AgentClass) -> None:
    """Check that everything the package calls exists and accepts its arguments.

    Raises:
        AssertionError: something is missing, or takes other arguments.
    """
    name = agent_class.__name__ if isinstance(agent_class, type) else repr(agent_class)
    require(isinstance(agent_class, type), f"{name} is no class.")
    missing = [part for part in REQUIRED_PARTS if part not in dir(agent_class)]
    require(not missing, f"{name} lacks {', '.join(missing)}, which every agent's class has.")
    _check_presets(name, agent_class)
    _check_method(agent_class, "specs", vars(AgentClass)["specs"])
    _check_call(f"{name}(config, world, seed)", inspect.signature(agent_class), [None] * 3, {})
    for method in ("act", "observe", "state", "restore"):
        _check_method(agent_class, method, vars(Agent)[method])
    for part in OPTIONAL_PARTS:
        if offers(agent_class, part):
            for method, promised in vars(part).items():
                if not method.startswith("_"):
                    _check_method(agent_class, method, promised)


def _check_presets(name: str, agent_class: AgentClass) -> None:
    presets: Any = agent_class.PRESETS
    require(
        isinstance(presets, Mapping) and "default" in presets,
        f"{name}.PRESETS is a dictionary of configurations by name, one of them called 'default'.",
    )
    for preset, config in presets.items():
        require(_is_frozen(config), f"The preset {preset!r} of {name} is no frozen dataclass: {config!r}.")
        require(
            type(config) is type(presets["default"]),
            f"The presets {preset!r} and 'default' of {name} are of different classes; all are of one.",
        )


def _is_frozen(config: Any) -> bool:
    parameters: Any = vars(type(config)).get("__dataclass_params__")
    return dataclasses.is_dataclass(config) and bool(parameters.frozen)


def _check_method(agent_class: AgentClass, method: str, promised: Any) -> None:
    found = inspect.getattr_static(agent_class, method)
    name = f"{agent_class.__name__}.{method}"  # type: ignore[attr-defined]  # a class, as was made sure
    is_static = isinstance(promised, staticmethod)
    promised, given = inspect.unwrap(promised), inspect.unwrap(found)
    require(inspect.isfunction(given), f"{name} is no method, but {found!r}.")
    require(
        not is_static or isinstance(found, (staticmethod, classmethod)),
        f"{name} is asked of the class, so it is a static method: put @staticmethod above it.",
    )
    parameters = list(inspect.signature(promised).parameters.values())
    keywords = {each.name: None for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}
    positional = [None] * (len(parameters) - len(keywords) + isinstance(found, classmethod))
    _check_call(f"{name}{inspect.signature(promised)}", inspect.signature(given), positional, keywords)


def _check_call(promise: str, signature: inspect.Signature, positional: list[None], keywords: dict[str, None]) -> None:
    try:
        signature.bind(*positional, **keywords)
    except TypeError as error:
        raise AssertionError(f"{promise} is what is called, but it is defined as {signature}: {error}.") from None
