"""A world that judges the agent in it: it counts steps, logs episodes, records movies and ends with the budget.

It is itself a world and independent of agents, so that it judges an agent in this process or elsewhere.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from newgameplus.contest.rules import Rules
from newgameplus.envs.interface import World
from newgameplus.envs.retro import FrameListener, FrameWatcher, Played
from newgameplus.errors import IntegrationError, UsageError
from newgameplus.fields import from_json, to_json
from newgameplus.games.levels import Level
from newgameplus.movies.names import movie_name
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.results.checks import is_return
from newgameplus.results.monitor import LOG_HEADER, LOG_INTERVAL, MONITOR_HEADER, CsvLog
from newgameplus.results.runs import RunFolder
from newgameplus.training.worlds import Specs, WorldPlan, make_single_world
from newgameplus.types import ActionSpec, Array, State


@dataclass(slots=True)
class Progress:
    """Progress of a run; also part of its checkpoint."""

    num_steps: int = 0
    """Number of agent steps so far."""
    num_resets: int = 0
    num_frames: int = 0
    num_episodes: int = 0
    """Number of episodes logged so far."""
    sum_of_returns: float = 0.0
    best: float | None = None
    """Highest return so far."""
    elapsed_seconds: float = 0.0
    """Time spent playing, without interruptions."""
    is_complete: bool = False

    @property
    def score(self) -> float | None:
        """Mean return so far."""
        return self.sum_of_returns / self.num_episodes if self.num_episodes else None

    def num_timesteps(self, rules: Rules) -> int:
        """Number of steps, counted as the rules say."""
        return self.num_steps + (self.num_resets if rules.counts_resets else 0)

    def fraction(self, rules: Rules) -> float:
        """Fraction of the budget spent, 0 to 1, by the limit that is nearest."""
        return 1.0 if self.is_complete else min(1.0, max(used / limit for used, limit in self._spent(rules)))

    def is_out_of_timesteps(self, rules: Rules) -> bool:
        """Whether the budget of timesteps is spent."""
        return rules.max_timesteps is not None and self.num_timesteps(rules) >= rules.max_timesteps

    def is_spent(self, rules: Rules) -> bool:
        """Whether the run is over or a limit of the budget has been reached."""
        return self.is_complete or any(used >= limit for used, limit in self._spent(rules))

    def _spent(self, rules: Rules) -> list[tuple[float, float]]:
        """For each limit that exists, what is used and the limit."""
        limits = (
            (self.num_timesteps(rules), rules.max_timesteps),
            (self.num_episodes, rules.max_episodes),
            (self.elapsed_seconds, rules.max_wall_clock_seconds),
        )
        return [(used, limit) for used, limit in limits if limit is not None]


class FrameCounter:
    """Counts the frames played, without those that resets run."""

    def __init__(self) -> None:
        self.num_frames = 0

    def episode_started(self, env: Played) -> None:
        """Begin an episode."""

    def frame_ran(self, mask: int, reward: float) -> None:
        """Count a frame."""
        self.num_frames += 1

    def episode_ended(self, env: Played) -> None:
        """End an episode."""


class JudgedWorld:
    """A world of one row, judged by rules.

    Every step counts, whoever takes it. An episode that is left by ``reset`` is logged as it is, and the next one
    begins; if an episode has just begun, ``reset`` changes nothing. The judge seeds the world, so ``reset`` takes no
    seed. Once the budget is spent no step can be taken.

    Args:
        world: the world to play in; closed together with this world.
        rules: the budget, and how steps and episodes are counted.
        folder: folder of ``monitor.csv`` and ``log.csv``.
        seed: seed of the world.
        frames: frame counter, a listener of the world.
        saved: result of ``state`` to continue from; None to begin.

    Raises:
        UsageError: the world has more than one row.
        ResultsError: a log has been changed since ``saved``.
    """

    def __init__(
        self,
        world: World,
        rules: Rules,
        folder: RunFolder,
        *,
        seed: int,
        frames: FrameCounter,
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        if world.num_envs != 1:
            raise UsageError(f"A judged world has one row, not {world.num_envs}.")
        self._world, self._rules = world, rules
        self.progress = from_json(Progress, saved["progress"]) if saved else Progress(num_resets=1)
        """Progress of the run."""
        self.is_spent = self.progress.is_spent(rules)
        """Whether the budget is spent, so that no further step can be taken."""
        self.action: Array | None = None
        """The last action, ``[1, …]``; None before the first."""
        self._seed = None if saved else seed
        self._frames = frames
        frames.num_frames = self.progress.num_frames
        self._observation: Array | None = None
        self._started = 0.0
        self._stopped: float | None = None
        """When the clock was stopped; None while it runs."""
        self._return, self._num_steps = 0.0, 0
        with ExitStack() as failing:
            self._monitor = CsvLog(folder.monitor, MONITOR_HEADER, saved["monitor_bytes"] if saved else 0)
            failing.callback(self._monitor.close)
            self._log = CsvLog(folder.log, LOG_HEADER, saved["log_bytes"] if saved else 0)
            failing.callback(self._log.close)
            if saved:
                world.restore_random_state(0, saved["world"])
            failing.pop_all()

    @property
    def world(self) -> World:
        """The world that is judged."""
        return self._world

    @property
    def episode(self) -> tuple[float, int]:
        """Return and agent steps of the episode so far."""
        return self._return, self._num_steps

    @property
    def num_envs(self) -> int:
        """Number of rows, 1."""
        return 1

    @property
    def metadata(self) -> dict[str, Any]:
        """Gymnasium metadata of the world."""
        return self._world.metadata

    @property
    def single_observation_space(self) -> gym.Space[Any]:
        """Observation space of the row."""
        return self._world.single_observation_space

    @property
    def observation_space(self) -> gym.Space[Any]:
        """Observation space, with 1 as the first axis."""
        return self._world.observation_space

    @property
    def single_action_space(self) -> gym.Space[Any]:
        """Action space of the row."""
        return self._world.single_action_space

    @property
    def action_space(self) -> gym.Space[Any]:
        """Action space, with 1 as the first axis."""
        return self._world.action_space

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, in the bit order of a mask."""
        return self._world.buttons

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of an action."""
        return self._world.action_spec

    @property
    def level_ids(self) -> Sequence[str]:
        """``Game/State`` of the row."""
        return self._world.level_ids

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin to play, or leave the current episode for the next one.

        Raises:
            UsageError: a seed is given.
        """
        if seed is not None:
            raise UsageError("A judged world is seeded by its judge: reset it without a seed.")
        if self._observation is None:
            self._started = time.monotonic() - self.progress.elapsed_seconds
            self._observation, info = self._world.reset(seed=self._seed, options=options)
            return self._observation, info
        if not self._num_steps:
            return self._observation, {}
        self._end_episode()
        self.is_spent = self.progress.is_spent(self._rules)
        self._observation, info = self._world.reset(options=options)
        return self._observation, info

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take the action of the row, ``[1, …]``.

        Raises:
            UsageError: the world has not been reset, or the budget is spent.
            IntegrationError: the scenario's reward is NaN or infinite.
        """
        if self._observation is None or self.is_spent:
            raise UsageError("There is no step to take: reset this world first, and stop when its budget is spent.")
        self.action = actions
        self._observation, reward, terminated, truncated, info = self._world.step(actions)
        if not is_return(self._return + float(reward[0])):
            raise IntegrationError(
                f"{self._world.level_ids[0]} pays a reward of {reward[0]}, which no score can hold: mend its scenario, "
                "or leave out this level."
            )
        self._count(float(reward[0]))
        if terminated[0] or truncated[0]:
            self._end_episode()
        self.is_spent = self.progress.is_spent(self._rules)
        return self._observation, reward, terminated, truncated, info

    def random_state(self, row: int) -> dict[str, Any]:
        """State of the random generator."""
        return self._world.random_state(row)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Refuse, since the judge determines the random numbers.

        Raises:
            UsageError: always.
        """
        raise UsageError("A judged world draws the random numbers that its judge has chosen.")

    def stop_clock(self) -> None:
        """Count no time from here on, in which nobody plays; a second call does nothing."""
        self._stopped = time.monotonic() if self._stopped is None else self._stopped

    def start_clock(self) -> None:
        """Count time again; if it is counted, do nothing."""
        if self._stopped is not None:
            self._started += time.monotonic() - self._stopped
            self._stopped = None

    def state(self) -> State:
        """State to continue from; complete only if an episode has just begun.

        The logs are synced to disk up to the lengths in the state.
        """
        self._monitor.sync()
        self._log.sync()
        return {
            "progress": to_json(self.progress),
            "monitor_bytes": self._monitor.size_bytes,
            "log_bytes": self._log.size_bytes,
            "world": self._world.random_state(0),
        }

    def conclude(self) -> None:
        """Log the episode that the budget cut, if the rules count it, and mark the run as complete."""
        if self._num_steps and not self._rules.drops_last_episode:
            self._log_episode()
        self.progress.is_complete = True

    def close(self) -> None:
        """Free the console and close the logs."""
        self._world.close()
        self._monitor.close()
        self._log.close()

    def _count(self, reward: float) -> None:
        progress = self.progress
        self._return += reward
        self._num_steps += 1
        progress.num_steps += 1
        progress.num_frames = self._frames.num_frames
        progress.elapsed_seconds = time.monotonic() - self._started
        if progress.num_steps % LOG_INTERVAL == 0:
            self._log.append(progress.num_steps, round(progress.elapsed_seconds, 3))

    def _end_episode(self) -> None:
        """Log the episode that has ended, and count the reset that follows it."""
        if self._rules.drops_last_episode and self.progress.is_out_of_timesteps(self._rules):
            return
        self._log_episode()
        self.progress.num_resets += 1

    def _log_episode(self) -> None:
        progress = self.progress
        self._monitor.append(self._return, self._num_steps, round(progress.elapsed_seconds, 3))
        progress.num_episodes += 1
        progress.sum_of_returns += self._return
        progress.best = self._return if progress.best is None else max(self._return, progress.best)
        self._return, self._num_steps = 0.0, 0


def open_judged_world(
    plan: WorldPlan,
    level: Level,
    specs: Specs,
    rules: Rules,
    folder: RunFolder,
    *,
    seed: int,
    records_movies: bool = True,
    saved: Mapping[str, Any] | None = None,
    watchers: Sequence[FrameWatcher] = (),
) -> JudgedWorld:
    """Return a judged world for one of a plan's levels; the caller closes it.

    Args:
        plan: core and rules of the world.
        level: one of the plan's levels.
        specs: observation and action specs.
        rules: the budget, and how steps and episodes are counted.
        folder: folder of the logs and the movies.
        seed: seed of the world.
        records_movies: record every episode as a movie.
        saved: result of ``state`` to continue from; None to begin.
        watchers: who sees and hears every frame.

    Raises:
        NewGamePlusError: the level cannot be played.
        ResultsError: a log has been changed since ``saved``.
    """
    frames, listeners = begin_recording(folder, level, records_movies, saved)
    world = make_single_world(plan, level, specs, [*listeners, *watchers])
    try:
        return JudgedWorld(world, rules, folder, seed=seed, frames=frames, saved=saved)
    except BaseException:
        world.close()
        raise


def begin_recording(
    folder: RunFolder, level: Level, records_movies: bool, saved: Mapping[str, Any] | None
) -> tuple[FrameCounter, list[FrameListener]]:
    """Return a frame counter, and all listeners of a run's world: the counter, and a recorder of movies if wanted.

    Movies of episodes after ``saved``, the last state of the judge, are deleted, as these are played again.
    """
    frames = FrameCounter()
    if not records_movies:
        return frames, [frames]
    first_index = saved["progress"]["num_episodes"] if saved else 0
    _remove_movies(folder, level, first_index)
    return frames, [frames, MovieRecorder(folder.movies, first_index=first_index)]


def _remove_movies(folder: RunFolder, level: Level, first_index: int) -> None:
    """Delete the movies of episodes after the last checkpoint, which are played again."""
    for index in itertools.count(first_index):
        path = folder.movies / movie_name(level.folder_name, index)
        if not path.is_file():
            return
        path.unlink()
