"""The one loop in which an agent plays in a world; budgets, logs and checkpoints consume its turns."""

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
    """One action in every row and what came of it; the agent has already observed it."""

    action: Array
    """``[B, …]`` as the agent's ActionSpec says."""
    step: Step
    """What came of it."""


def play(
    agent: Agent,
    world: World,
    *,
    seed: int | None = None,
    observation: Array | None = None,
) -> Iterator[Turn]:
    """Return the endless turns of an agent in a world; the first one is played when it is asked for.

    After a turn, ``agent.state()`` holds all that the agent learned from it. The caller stops by no longer asking,
    and closes the world.

    Args:
        agent: built for this world.
        world: what it plays in.
        seed: seeds the world's first reset; None leaves its random numbers as they are.
        observation: where the world already stands, ``[B, …]``, to go on there instead of resetting it.

    Raises:
        UsageError: the world resets its rows in another way, or both ``seed`` and ``observation`` are given.
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
    """Return row number to last observation of the episodes that ended, from Gymnasium's ``final_obs``."""
    if "final_obs" not in info:
        return {}
    rows = info["final_obs"]
    return {int(row): rows[row] for row in info["_final_obs"].nonzero()[0]}
