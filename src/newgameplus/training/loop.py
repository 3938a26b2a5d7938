"""The one loop in which an agent plays in a world; budgets, logs and checkpoints iterate over its turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gymnasium.vector import AutoresetMode

from newgameplus.agents.interface import Agent
from newgameplus.envs.interface import World
from newgameplus.errors import UsageError
from newgameplus.types import Array, Step


@dataclass(frozen=True, slots=True)
class Turn:
    """One action in every row and the resulting step; the agent has already observed it."""

    action: Array
    """``[B, …]`` as the agent's ActionSpec says."""
    step: Step
    """The resulting step."""


def play(
    agent: Agent,
    world: World,
    *,
    seed: int | None = None,
    observation: Array | None = None,
) -> Iterator[Turn]:
    """Yield the endless turns of an agent in a world; each is played when requested.

    After a turn, ``agent.state()`` includes what the agent learned from it. The caller ends the loop by not requesting
    another turn, and closes the world.

    Args:
        agent: agent created for this world.
        world: the world.
        seed: seed of the world's first reset; None keeps its random generators.
        observation: current observation ``[B, …]`` of the world, to continue from instead of resetting it.

    Raises:
        UsageError: the world does not use same-step autoreset, or both ``seed`` and ``observation`` are given.
    """
    if world.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
        raise UsageError("A world to play in must be made with AutoresetMode.SAME_STEP.")
    if seed is not None and observation is not None:
        raise UsageError("A world that is not reset cannot be seeded: give either a seed or an observation.")
    return _turns(agent, world, seed, observation)


def _turns(agent: Agent, world: World, seed: int | None, observation: Array | None) -> Iterator[Turn]:
    if observation is None:
        observation, _ = world.reset(seed=seed)
    while True:
        action = agent.act(observation)
        observation, reward, terminated, truncated, info = world.step(action)
        step = Step(observation, reward, terminated, truncated, _final_observations(info))
        agent.observe(step)
        yield Turn(action, step)


def _final_observations(info: Mapping[str, Any]) -> dict[int, Array]:
    """Return the final observations of the episodes that ended, by row index, from Gymnasium's ``final_obs``."""
    if "final_obs" not in info:
        return {}
    rows = info["final_obs"]
    return {int(row): rows[row] for row in info["_final_obs"].nonzero()[0]}
