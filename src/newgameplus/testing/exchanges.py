"""Random data that a world might give an agent, in the shapes of a real world."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from newgameplus.agents.interface import Agent, AgentClass, HasActionValues, HasPolicy, NeedsZones, offers
from newgameplus.envs.contest import make_contest
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.games.levels import find_level
from newgameplus.types import Array, Step, WorldSpec

LEVEL = "Airstriker-Genesis-v0/Level1"
"""The free game that comes with the emulator's package, for the pad with the most buttons."""

Exchange: TypeAlias = tuple[Array, Step]
"""Observation before a step, ``[B, …]``, and the step."""

_NUM_OBSERVATIONS = 16
_REWARDS = (0.0, 0.0, 0.0, -1.0, 10.0, 1 / 3, 900.0)


def example_world(agent_class: AgentClass, config: Any, num_envs: int, num_timesteps: int) -> WorldSpec:
    """Return the description of a world of ``num_envs`` rows of Airstriker, made with the agent's own specs."""
    observation_spec, action_spec = agent_class.specs(config)
    env = make_contest(find_level(LEVEL), observation_spec=observation_spec, action_spec=action_spec)
    with closing(SingleWorld(env)) as world:
        spec = world_spec(world, num_timesteps=num_timesteps)
    zones: Any = None
    if isinstance(agent_class, type) and offers(agent_class, NeedsZones) and agent_class.needs_zones(config):  # type: ignore[attr-defined]
        zones = tuple(f"Zone {row % 2 + 1}" for row in range(num_envs))
    return replace(spec, num_envs=num_envs, zones=zones)


def make_exchanges(world: WorldSpec, num_steps: int, seed: int) -> list[Exchange]:
    """Return ``num_steps`` exchanges with rewards of both signs, some very large, and about eight episodes in each row.

    Args:
        world: gives the shapes and B.
        num_steps: at least 8.
        seed: seed of all random data.
    """
    random = np.random.default_rng(seed)
    num_rows, shape = world.num_envs, (num_steps, world.num_envs)
    pool = random.integers(0, 256, (_NUM_OBSERVATIONS, num_rows, *world.observation_shape), np.uint8)
    seen = pool[:-1][random.integers(0, _NUM_OBSERVATIONS - 1, num_steps + 1)]
    reward = random.choice(_REWARDS, shape)
    terminated, truncated = (random.random(shape) < share / num_steps for share in (5, 3))
    terminated[num_steps // 4, 0] = truncated[num_steps // 2, -1] = True
    exchanges = []
    for number in range(num_steps):
        ended = np.flatnonzero(terminated[number] | truncated[number])
        final = {int(row): pool[-1, row] for row in ended}
        step = Step(seen[number + 1], reward[number], terminated[number], truncated[number], final)
        exchanges.append((seen[number], step))
    return exchanges


def follow(agent: Agent, exchanges: Sequence[Exchange]) -> list[Array]:
    """Let an agent act and observe; return copies of its actions."""
    actions = []
    for observation, step in exchanges:
        actions.append(np.array(agent.act(observation)))
        agent.observe(step)
    return actions


def opinions(agent: Agent, exchanges: Sequence[Exchange]) -> list[Array]:
    """Let an agent act and observe; return its actions, policies and values, one flat array per step."""
    told = []
    for observation, step in exchanges:
        parts: list[Array] = []
        if isinstance(agent, HasPolicy):
            parts += agent.probabilities(observation)
        if isinstance(agent, HasActionValues):
            parts.append(agent.expected_returns(observation))
        parts.append(agent.act(observation))
        agent.observe(step)
        told.append(np.concatenate([part.ravel() for part in parts]))
    return told


@dataclass(frozen=True)
class AgentCase:
    """An agent's class and the arguments of its checks."""

    agent_class: AgentClass
    config: Any
    world: WorldSpec
    exchanges: list[Exchange]
    seed: int

    @property
    def name(self) -> str:
        """Name of the class."""
        return str(self.agent_class.__name__)  # type: ignore[attr-defined]  # a class

    def build(self, seed: int | None = None) -> Agent:
        """Create a new agent."""
        return self.agent_class(self.config, self.world, self.seed if seed is None else seed)

    def builds(self, count: int) -> list[Agent]:
        """Create new agents with seeds of their own."""
        return [self.build(self.seed + number) for number in range(count)]

    def of_one_row(self) -> AgentCase:
        """Return the same case with a world of one row."""
        world = replace(self.world, num_envs=1, zones=self.world.zones[:1] if self.world.zones else None)
        return replace(self, world=world, exchanges=make_exchanges(world, len(self.exchanges), self.seed))
