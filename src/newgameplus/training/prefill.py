"""Prefill of a replay buffer: it is filled before training from movies, or from levels that are played for it.

Source: one submission to the contest of 2018 started Rainbow in this way, with 100,000 transitions from training
levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import Agent, HasReplay, offers
from newgameplus.envs.level_queue import ShuffledLevels
from newgameplus.envs.world import world_spec
from newgameplus.errors import UsageError
from newgameplus.results.training_runs import agent_state, checkpoint_at
from newgameplus.training.agent_plan import AgentPlan, Prefill
from newgameplus.training.demonstrations import (
    REPORT_STEPS,
    Preparation,
    Prepared,
    levels_of,
    movies_of,
    require_capacity,
    require_console,
)
from newgameplus.training.loop import play
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import make_serial_world
from newgameplus.types import Array, Step, WorldSpec


def check_prefill(preparation: Preparation) -> None:
    """Check that a prefill is possible, before anything is written.

    Raises:
        UsageError: the agent has no replay buffer, or too small a one, or the movies are of another console.
        NewGamePlusError: a movie or a level cannot be played.
    """
    if not offers(preparation.agent.agent_class, HasReplay):
        raise _no_replay(preparation)
    prefill = _prefill_of(preparation)
    if movies := movies_of(prefill.source):
        num_most = preparation.reader(movies, prefill.num_steps).check()
    else:
        for level in levels_of(prefill.source):
            require_console(preparation.world, f"The level {level}", level.integration.console.name)
            level.integration.rom()
        num_most = -(-prefill.num_steps // preparation.num_envs)
    require_capacity(preparation, num_most, "A prefill takes", "fewer --prefill-steps")


def fill(preparation: Preparation, agent: Agent) -> Iterator[Prepared]:
    """Let ``agent`` remember what its prefill says; the last step of every row ends an episode.

    The same prefill gives the same transitions for any agent.

    Args:
        preparation: gives the prefill.
        agent: only its ``remember`` is called.

    Raises:
        UsageError: the agent has no replay buffer.
        NewGamePlusError: a movie or a level cannot be played.
    """
    if not isinstance(agent, HasReplay):
        raise _no_replay(preparation)
    prefill = _prefill_of(preparation)
    if movies := movies_of(prefill.source):
        yield from preparation.reader(movies, prefill.num_steps).tell(agent.remember, "prefill")
    else:
        yield from _tell_levels(preparation, prefill.num_steps, agent)


def _prefill_of(preparation: Preparation) -> Prefill:
    assert preparation.agent.prefill is not None
    return preparation.agent.prefill


def _no_replay(preparation: Preparation) -> UsageError:
    return UsageError(f"The agent {preparation.agent.name} has no replay buffer that could be prefilled.")


def _tell_levels(preparation: Preparation, num_steps: int, agent: HasReplay) -> Iterator[Prepared]:
    """Play the levels of a split one after another, each for its share of the steps."""
    num_rows, levels = preparation.num_envs, levels_of(_prefill_of(preparation).source)
    num_turns = -(-num_steps // num_rows)
    rows, num_total = range(num_rows), num_turns * num_rows
    # An episode may begin just before half of a level's share is over, so that it ends before the share does.
    half = max(1, num_total // max(len(levels), num_rows) // 2)
    rules = replace(preparation.world.rules, max_episode_steps=min(half, preparation.world.rules.max_episode_steps))
    plan = replace(preparation.world, levels=tuple(levels), rules=rules)
    order_seed, world_seed, player_seed = np.random.SeedSequence([preparation.seed, 4]).generate_state(3).tolist()
    queue = ShuffledLevels(plan.levels, order_seed)
    world = make_serial_world(plan, preparation.agent.specs(), num_rows, queue, half)
    with closing(world):
        observation, _ = world.reset(seed=world_seed)
        player: Any = _PolicyAgent(_policy(preparation.agent, world_spec(world), player_seed))
        for number, turn in enumerate(islice(play(player, world, observation=observation), num_turns), 1):
            step = turn.step if number < num_turns else _ended(turn.step)
            agent.remember(observation, turn.action, step, rows)
            observation = turn.step.observation
            if number == num_turns or number * num_rows % REPORT_STEPS < num_rows:
                yield Prepared("prefill", number * num_rows, num_total)


class _PolicyAgent:
    """Plays by a policy and learns nothing."""

    def __init__(self, policy: Callable[[Array], Array]) -> None:
        self.act = policy

    def observe(self, step: Step) -> None:
        pass


def _policy(plan: AgentPlan, world: WorldSpec, seed: int) -> Callable[[Array], Array]:
    """Policy of the agent's initial weights, if they are of its own kind; otherwise random actions."""
    if plan.init is not None:
        path = checkpoint_at(Path(plan.init))
        if agent_state(path).get("agent") == plan.name:
            player = plan.make(world, seed)
            begin_from(player, plan.name, path)
            return player.act
    random, num_actions = np.random.default_rng(seed), world.num_actions
    return lambda observation: random.integers(0, num_actions, len(observation))


def _ended(step: Step) -> Step:
    """The same step as the last one of every row's episode."""
    truncated = np.logical_or(step.truncated, np.logical_not(step.terminated))
    final = {row: step.final_observation.get(row, step.observation[row]) for row in range(len(truncated))}
    return Step(step.observation, step.reward, step.terminated, truncated, final)
