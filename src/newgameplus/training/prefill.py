"""Prefill of a replay buffer: it is filled before training from movies, or from levels that are played for it.

Source: one submission to the contest of 2018 started Rainbow in this way, with 100,000 transitions from training
levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import Agent, HasCapacity, HasReplay, offers
from newgameplus.envs.level_queue import ShuffledLevels
from newgameplus.envs.world import world_spec
from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.levels import SPLIT_FILE, Level, find_level, find_split, split_files
from newgameplus.movies.steps import MovieStep, MovieSteps, most_steps
from newgameplus.results.training_runs import agent_state, checkpoint_at
from newgameplus.training.agent_plan import AgentPlan, Prefill
from newgameplus.training.loop import play
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import Specs, WorldPlan, make_serial_world
from newgameplus.types import Array, Step, WorldSpec

PAR = "par"
"""Source that stands for the par movies of ``PAR_SPLIT``."""
PAR_SPLIT = "tumbleweed-train"
SUFFIX = ".bk2"
REPORT_STEPS = 500
"""Number of transitions between two reports."""


@dataclass(frozen=True, slots=True)
class Prefilling:
    """Prefill of a replay buffer, with the agent that owns it and the world that it will play in."""

    agent: AgentPlan
    """Gives the ``prefill``; an agent with initial weights of its own kind plays a split itself."""
    world: WorldPlan
    """Its core and rules also hold for the prefill."""
    num_envs: int
    """B, the number of rows of the agent."""
    seed: int

    def specs(self) -> Specs:
        """Observation and action specs of the agent in its world."""
        return self.world.specs_on(self.world.levels, self.agent.specs())

    @property
    def what(self) -> Prefill:
        """What the replay buffer is filled with."""
        if self.agent.prefill is None:
            raise UsageError(f"Nothing is said with which the replay buffer of {self.agent.name} could begin.")
        return self.agent.prefill


@dataclass(frozen=True, slots=True)
class Filled:
    """Progress of a prefill."""

    num_steps: int
    """Number of transitions stored."""
    num_total: int
    """Number of transitions to store; slightly too high until the last report, as a movie's end may not make a whole
    step."""
    num_exact: int | None
    """Number of transitions that the agent's own actions reproduce; None if they were played by its actions."""


def reference(source: str) -> str:
    """Return a reference to ``source`` that is valid in any working directory.

    Raises:
        NotFoundError: there is no such movie, folder of movies or split.
    """
    path = Path(source).expanduser()
    if source == PAR:
        return source
    if source not in split_files():
        if path.is_dir() and not (path / SPLIT_FILE).is_file():
            if not _movies_in(path):
                raise NotFoundError(f"The folder {source} holds neither movies ({SUFFIX}) nor a split ({SPLIT_FILE}).")
            return str(path.resolve())
        if path.suffix == SUFFIX:
            if not path.is_file():
                raise NotFoundError(f"There is no movie {source}.")
            return str(path.resolve())
    return find_split(source).reference


def check_prefill(prefill: Prefilling) -> None:
    """Check that a prefill is possible, before anything is written.

    Raises:
        UsageError: the agent has no replay buffer, or too small a one, or the movies are of another console.
        NewGamePlusError: a movie or a level cannot be played.
    """
    if not offers(prefill.agent.agent_class, HasReplay):
        raise _no_replay(prefill)
    source, movies = prefill.what.source, _movies(prefill.what.source)
    dealt, num_most = _deal(prefill, movies)
    for path, _, _ in dealt:
        with MovieSteps(path, *prefill.specs(), frames_per_step=prefill.world.rules.frames_per_step) as movie:
            _check_console(prefill, f"The movie {path}", movie.platform)
    for level in () if movies else _levels(source):
        _check_console(prefill, f"The level {level}", level.integration.console.name)
        level.integration.rom()
    if movies and not num_most:
        raise UsageError(f"There is no whole step in the movies of {source}, so they prefill nothing.")
    _check_capacity(prefill, num_most if movies else -(-prefill.what.num_steps // prefill.num_envs))


def _check_console(prefill: Prefilling, what: str, platform: str) -> None:
    """Check that the transitions are of the agent's console, since actions mean something else on others."""
    for console in prefill.world.consoles:
        if platform != console:
            raise UsageError(f"{what} is of a {platform}, but what is learned is of a {console}.")


def _check_capacity(prefill: Prefilling, num_most: int) -> None:
    """Check that a row's share of the replay buffer holds ``num_most`` transitions."""
    config = prefill.agent.config
    if not isinstance(config, HasCapacity):
        return
    num_slots = config.capacity // prefill.num_envs
    if num_most > num_slots // 2:
        raise UsageError(
            f"A prefill takes up half of the replay buffer at most, but {num_most:,} of its transitions would go to a "
            f"row's {num_slots:,}: give fewer --prefill-steps, or a larger one with --set capacity=…"
        )


def fill(prefill: Prefilling, agent: Agent) -> Iterator[Filled]:
    """Let ``agent`` remember what ``prefill`` says; the last step of every row ends an episode.

    The same prefill gives the same transitions for any agent.

    Args:
        prefill: the prefill.
        agent: only its ``remember`` is called.

    Raises:
        UsageError: the agent has no replay buffer.
        NewGamePlusError: a movie or a level cannot be played.
    """
    if not isinstance(agent, HasReplay):
        raise _no_replay(prefill)
    movies = _movies(prefill.what.source)
    if movies:
        yield from _tell_movies(prefill, movies, agent)
    else:
        yield from _tell_levels(prefill, _levels(prefill.what.source), agent)


def _no_replay(prefill: Prefilling) -> UsageError:
    return UsageError(f"The agent {prefill.agent.name} has no replay buffer that could be prefilled.")


def _movies(source: str) -> list[Path]:
    """Movies that a source stands for; empty if it is a split."""
    if source == PAR:
        return [_par_movie(level) for level in _levels(PAR_SPLIT)]
    path = Path(source)
    if path.suffix == SUFFIX:
        return [path]
    return _movies_in(path) if path.is_dir() and not (path / SPLIT_FILE).is_file() else []


def _par_movie(level: Level) -> Path:
    path = level.integration.par_movie(level.state)
    if path is None:
        raise NotFoundError(f"{level} has no par movie; search one with: ngp levels check {PAR_SPLIT}")
    return path


def _movies_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"*{SUFFIX}"))


def _levels(source: str) -> list[Level]:
    return [find_level(str(level), level.scenario) for level in find_split(source).levels]


def _deal(prefill: Prefilling, movies: Sequence[Path]) -> tuple[list[tuple[Path, int, int]], int]:
    """Assign movies to the rows that have the fewest steps so far.

    Returns:
        For each movie used, its path, its row and its maximum number of steps; and the largest number of steps of a
            row.
    """
    frames_per_step = prefill.world.rules.frames_per_step
    dealt, loads, num_left = [], [0] * prefill.num_envs, prefill.what.num_steps
    for path in movies:
        if not num_left:
            break
        num_steps, row = min(most_steps(path, frames_per_step), num_left), loads.index(min(loads))
        dealt.append((path, row, num_steps))
        loads[row] += num_steps
        num_left -= num_steps
    return dealt, max(loads)


def _tell_movies(prefill: Prefilling, movies: Sequence[Path], agent: HasReplay) -> Iterator[Filled]:
    specs, frames_per_step = prefill.specs(), prefill.world.rules.frames_per_step
    dealt, _ = _deal(prefill, movies)
    num_total, num_told, num_exact = sum(num_steps for _, _, num_steps in dealt), 0, 0
    for path, row, num_steps in dealt:
        with MovieSteps(path, *specs, frames_per_step=frames_per_step) as movie:
            for number, step in enumerate(islice(movie, num_steps), 1):
                turn = _turn(step, is_last=number == num_steps)
                agent.remember(step.observation[None], np.array([step.action]), turn, [row])
                num_told, num_exact = num_told + 1, num_exact + step.is_exact
                if num_told % REPORT_STEPS == 0 and num_told < num_total:
                    yield Filled(num_told, num_total, num_exact)
    yield Filled(num_told, num_told, num_exact)


def _turn(step: MovieStep, *, is_last: bool) -> Step:
    """A movie's step as a step of a world with one row."""
    is_cut = step.is_cut or (is_last and not step.is_terminated)
    return Step(
        step.next_observation[None],
        np.array([step.reward]),
        np.array([step.is_terminated]),
        np.array([is_cut]),
        {0: step.next_observation} if is_cut or step.is_terminated else {},
    )


def _tell_levels(prefill: Prefilling, levels: Sequence[Level], agent: HasReplay) -> Iterator[Filled]:
    """Play the levels one after another, each for its share of the steps."""
    num_rows = prefill.num_envs
    num_turns = -(-prefill.what.num_steps // num_rows)
    rows, num_total = range(num_rows), num_turns * num_rows
    # An episode may begin just before half of a level's share is over, so that it ends before the share does.
    half = max(1, num_total // max(len(levels), num_rows) // 2)
    rules = replace(prefill.world.rules, max_episode_steps=min(half, prefill.world.rules.max_episode_steps))
    plan = replace(prefill.world, levels=tuple(levels), rules=rules)
    order_seed, world_seed, player_seed = np.random.SeedSequence([prefill.seed, 4]).generate_state(3).tolist()
    queue = ShuffledLevels(plan.levels, order_seed)
    world = make_serial_world(plan, prefill.agent.specs(), num_rows, queue, half)
    with closing(world):
        observation, _ = world.reset(seed=world_seed)
        player: Any = _PolicyAgent(_policy(prefill.agent, world_spec(world), player_seed))
        for number, turn in enumerate(islice(play(player, world, observation=observation), num_turns), 1):
            step = turn.step if number < num_turns else _ended(turn.step)
            agent.remember(observation, turn.action, step, rows)
            observation = turn.step.observation
            if number == num_turns or number * num_rows % REPORT_STEPS < num_rows:
                yield Filled(number * num_rows, num_total, None)


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
