"""What an agent can do is told by Protocols, of its class and of its instances."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents import AGENTS, find_agent, interface
from newgameplus.agents.configuration import HasCapacity, HasDevice, configure
from newgameplus.agents.interface import (
    REQUIRED_PARTS,
    Agent,
    ContinuesOthers,
    Delegates,
    ExpectsWeights,
    HasActionValues,
    HasFeatures,
    HasMetrics,
    HasPolicy,
    HasReplay,
    HasWeights,
    Imitates,
    KeepsFiles,
    LearnsInStages,
    LearnsOffPolicy,
    NeedsZones,
    Searches,
    UsesSnapshots,
    offers,
)
from newgameplus.agents.populations import Evolves, PlaysApart
from newgameplus.errors import UsageError
from newgameplus.types import WorldSpec

PARTS: dict[str, tuple[type, ...]] = {
    "brute": (HasMetrics, HasWeights, Searches),
    "dqn": (HasActionValues, HasMetrics, HasReplay, HasWeights, KeepsFiles),
    "es": (ContinuesOthers, HasMetrics, HasPolicy, HasWeights, PlaysApart),
    "experts": (Delegates, HasMetrics, HasWeights, KeepsFiles, NeedsZones),
    "go_explore": (HasMetrics, HasWeights, Searches, UsesSnapshots),
    "jerk": (),
    "keeper": (KeepsFiles,),
    "memory": (ContinuesOthers, Delegates, ExpectsWeights, HasMetrics, HasWeights, KeepsFiles),
    "neat": (Evolves, HasMetrics, HasWeights, PlaysApart),
    "ppo": (HasFeatures, HasMetrics, HasPolicy, HasWeights, Imitates, KeepsFiles),
    "qtable": (HasMetrics, KeepsFiles),
    "rainbow": (HasActionValues, HasFeatures, HasMetrics, HasReplay, HasWeights, Imitates, KeepsFiles, LearnsOffPolicy),
    "random": (),
    "world_model": (ExpectsWeights, HasMetrics, HasWeights, LearnsInStages),
}
ASKED = sorted({part for parts in PARTS.values() for part in parts}, key=lambda part: part.__name__)
every_agent = pytest.mark.parametrize("name", AGENTS)


class Mute:
    """An agent's class without three of its parts."""

    PRESETS: dict[str, Any] = {}  # noqa: RUF012

    def observe(self, step: Any) -> None: ...

    def state(self) -> Any: ...


@every_agent
def test_a_class_offers_what_its_agent_can_do(name: str) -> None:
    agent_class = find_agent(name)
    config = configure(agent_class, "default", {"capacity": "1000"} if name in ("dqn", "rainbow") else {})
    buttons = ("B", "A", "UP", "DOWN", "LEFT", "RIGHT")
    numbered = agent_class.specs(config)[1].kind == "set"
    world = WorldSpec(1, buttons, (84, 84, 4), () if numbered else (6,), 7 if numbered else None, num_timesteps=1000)
    agent = agent_class(config, world, 0)
    assert isinstance(agent, Agent)
    for part in ASKED:
        assert offers(agent_class, part) == isinstance(agent, part) == (part in PARTS[name]), part


@every_agent
def test_configurations_say_where_networks_run_and_how_much_is_kept(name: str) -> None:
    config = find_agent(name).PRESETS["default"]
    with_networks = ("dqn", "es", "experts", "memory", "ppo", "rainbow", "world_model")
    assert isinstance(config, HasDevice) == (name in with_networks)
    kept = ("brute", "dqn", "experts", "go_explore", "jerk", "memory", "rainbow")
    assert isinstance(config, HasCapacity) == (name in kept)


def test_the_parts_of_every_protocol_are_explained() -> None:
    for protocol in [value for value in vars(interface).values() if isinstance(value, type)]:
        if protocol.__module__ == interface.__name__:
            assert protocol.__doc__
            methods = [part for part in vars(protocol).values() if callable(part) and not isinstance(part, type)]
            public = [method for method in methods if not method.__name__.startswith("_")]
            assert all(method.__doc__ for method in public), protocol


def test_nobody_finds_out_by_name_what_an_agent_can_do() -> None:
    package = Path(interface.__file__).parents[1]
    for room in ("agents", "training", "contest"):
        for path in (package / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    asks = node.func.id == "hasattr" or (node.func.id == "getattr" and len(node.args) > 2)
                    assert not asks, f"{path}:{node.lineno}"


def test_the_class_of_no_agent_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(UsageError, match=r"Mute is not an agent: it lacks specs, act, restore; see"):
        find_agent(f"{__name__}:Mute")
    assert {"PRESETS", "specs", "act"} < set(REQUIRED_PARTS)
