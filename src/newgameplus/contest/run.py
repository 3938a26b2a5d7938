"""One level, one seed: an agent plays until the budget is spent; every episode is logged and recorded.

Checkpoints are written where an episode has ended and it is time for one. A run that is killed at any moment and
resumed ends as if it had never stopped: what was written after its last checkpoint is cut off and played again.
"""

from __future__ import annotations

import itertools
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import Agent, KeepsFiles
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import Rules
from newgameplus.durable import hold
from newgameplus.envs.retro import FrameListener, RetroEnv
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import ResultsError, StateError
from newgameplus.games.levels import Level
from newgameplus.movies.names import movie_name
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.logs import LOG_HEADER, LOG_INTERVAL, MONITOR_HEADER, CsvLog
from newgameplus.results.runs import RunFolder
from newgameplus.training.loop import play
from newgameplus.training.prefill import fill
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import make_single_world

REPORT_INTERVAL_SECONDS = 0.25
"""How often a run tells how far it is."""
CHECKPOINT_SECONDS = 60.0
"""Time after which the next episode's end is a checkpoint."""
CHECKPOINT_SHARE = 0.02
"""Share of the time that checkpoints may take while they are more frequent than that: cheap ones come after every
episode, those of a large network seldom."""
CHECKPOINT_STEPS = 50_000
"""Agent steps after which the next episode's end is a checkpoint, whatever the time: the files of a replay buffer must
reach back to it."""
_CHECKPOINT_PARTS = {"progress", "monitor_bytes", "log_bytes", "world", "agent"}


@dataclass(slots=True)
class Progress:
    """How far a run is; also what its checkpoint keeps of it."""

    num_steps: int = 0
    """Agent steps so far."""
    num_resets: int = 0
    num_frames: int = 0
    num_episodes: int = 0
    """Episodes logged so far."""
    sum_of_returns: float = 0.0
    best: float | None = None
    """Highest return so far."""
    elapsed_seconds: float = 0.0
    """Time spent playing, over all sittings."""
    is_complete: bool = False

    @property
    def score(self) -> float | None:
        """Mean return so far."""
        return self.sum_of_returns / self.num_episodes if self.num_episodes else None

    def num_timesteps(self, rules: Rules) -> int:
        """Steps as the rules count them."""
        return self.num_steps + (self.num_resets if rules.counts_resets else 0)

    def fraction(self, rules: Rules) -> float:
        """How much of the budget is spent, 0 to 1: the limit that is nearest."""
        spent = [
            used / limit
            for used, limit in (
                (self.num_timesteps(rules), rules.max_timesteps),
                (self.num_episodes, rules.max_episodes),
                (self.elapsed_seconds, rules.max_wall_clock_seconds),
            )
            if limit is not None
        ]
        return 1.0 if self.is_complete else min(1.0, max(spent))


def play_run(job: Job, report: Callable[[Progress], None]) -> None:
    """Play a run to its end, from its last checkpoint where there is one.

    Args:
        job: what to play and where to write.
        report: called now and then with the progress so far.

    Raises:
        ResultsError: the run's folder is corrupt or in use.
        NewGamePlusError: the level or the agent cannot be made.
    """
    folder = RunFolder(job.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    with hold(folder.path, "--results"):
        if folder.is_complete():
            return
        saved = _load_checkpoint(folder)
        progress = Progress(**saved["progress"]) if saved else Progress(num_resets=1)
        if not progress.is_complete:
            with _opened(job, saved, progress) as run:
                run.play(report)
        _conclude(job, progress)
        report(progress)


class _FrameCounter:
    """Counts the frames that the agent played; the one that a reset runs is not its own."""

    def __init__(self, num_frames: int) -> None:
        self.num_frames = num_frames

    def episode_started(self, env: RetroEnv) -> None:
        pass

    def frame_ran(self, mask: int, reward: float) -> None:
        self.num_frames += 1

    def episode_ended(self, env: RetroEnv) -> None:
        pass


@dataclass
class _Run:
    """A run in play: the world, the agent, the logs and how far they are."""

    job: Job
    world: SingleWorld
    agent: Agent
    monitor: CsvLog
    log: CsvLog
    frames: _FrameCounter
    progress: Progress
    seed: int | None
    """Seed of the world's first reset; None where a checkpoint has put its random numbers back."""
    episode_return: float = 0.0
    num_episode_steps: int = 0
    started: float = field(default_factory=time.monotonic)
    saved_steps: int = 0
    """Agent steps before the last checkpoint."""
    next_checkpoint_at: float = 0.0
    """When it is time for another, as ``time.monotonic`` tells it."""

    def play(self, report: Callable[[Progress], None]) -> None:
        """Play until the budget is spent."""
        self.started = time.monotonic() - self.progress.elapsed_seconds
        next_report = 0.0
        for turn in play(self.agent, self.world, seed=self.seed):
            self._count(float(turn.step.reward[0]))
            if turn.step.done[0]:
                self._end_episode()
            if self._is_budget_spent():
                break
            if self.progress.elapsed_seconds >= next_report:
                report(self.progress)
                next_report = self.progress.elapsed_seconds + REPORT_INTERVAL_SECONDS
        self._finish()

    def _count(self, reward: float) -> None:
        progress = self.progress
        self.episode_return += reward
        self.num_episode_steps += 1
        progress.num_steps += 1
        progress.elapsed_seconds = time.monotonic() - self.started
        if progress.num_steps % LOG_INTERVAL == 0:
            self.log.append(progress.num_steps, round(progress.elapsed_seconds, 3))

    def _end_episode(self) -> None:
        """Log the episode that just ended; the world already stands at the start of the next."""
        rules = self.job.plan.rules
        if rules.drops_last_episode and self._is_out_of_timesteps():
            return
        self._log_episode()
        self.progress.num_resets += 1
        if self._is_time_for_checkpoint():
            self._save_checkpoint()

    def _log_episode(self) -> None:
        progress = self.progress
        self.monitor.append(self.episode_return, self.num_episode_steps, round(progress.elapsed_seconds, 3))
        progress.num_episodes += 1
        progress.sum_of_returns += self.episode_return
        progress.best = max(self.episode_return, progress.best if progress.best is not None else -np.inf)
        self.episode_return, self.num_episode_steps = 0.0, 0

    def _is_out_of_timesteps(self) -> bool:
        limit = self.job.plan.rules.max_timesteps
        return limit is not None and self.progress.num_timesteps(self.job.plan.rules) >= limit

    def _is_budget_spent(self) -> bool:
        rules, progress = self.job.plan.rules, self.progress
        return (
            self._is_out_of_timesteps()
            or (rules.max_episodes is not None and progress.num_episodes >= rules.max_episodes)
            or (rules.max_wall_clock_seconds is not None and progress.elapsed_seconds >= rules.max_wall_clock_seconds)
        )

    def _is_time_for_checkpoint(self) -> bool:
        num_steps = self.progress.num_steps - self.saved_steps
        return num_steps >= CHECKPOINT_STEPS or time.monotonic() >= self.next_checkpoint_at

    def _save_checkpoint(self) -> None:
        began = time.monotonic()
        self.progress.num_frames = self.frames.num_frames
        self.monitor.sync()
        self.log.sync()
        state = {
            "progress": {item.name: getattr(self.progress, item.name) for item in fields(Progress)},
            "monitor_bytes": self.monitor.size_bytes,
            "log_bytes": self.log.size_bytes,
            "world": self.world.random_state(0),
            "agent": self.agent.state(),
        }
        save_state(RunFolder(self.job.folder).checkpoint, state)
        self.saved_steps = self.progress.num_steps
        now = time.monotonic()
        self.next_checkpoint_at = now + min(CHECKPOINT_SECONDS, (now - began) / CHECKPOINT_SHARE)

    def _finish(self) -> None:
        """Log what the budget cut, and keep the agent as it is at the end."""
        if self.num_episode_steps and not self.job.plan.rules.drops_last_episode:
            self._log_episode()
        self.progress.is_complete = True
        self._save_checkpoint()


@contextmanager
def _opened(job: Job, saved: dict[str, Any] | None, progress: Progress) -> Iterator[_Run]:
    """Make the world and the agent of a run, put them where the last checkpoint left them, and close them after."""
    folder = RunFolder(job.folder)
    frames = _FrameCounter(progress.num_frames)
    listeners: list[FrameListener] = [frames]
    if job.plan.records_movies:
        _remove_movies(job, progress.num_episodes)
        listeners.append(MovieRecorder(folder.movies, first_index=progress.num_episodes))
    world_seed, agent_seed = split_seed(job.seed, job.level)
    plan = job.plan
    with ExitStack() as closing:
        world = make_single_world(plan.world, job.level, plan.agent.specs(), listeners)
        closing.callback(world.close)
        monitor = CsvLog(folder.monitor, MONITOR_HEADER, saved["monitor_bytes"] if saved else 0)
        closing.callback(monitor.close)
        log = CsvLog(folder.log, LOG_HEADER, saved["log_bytes"] if saved else 0)
        closing.callback(log.close)
        agent = plan.agent.make(world_spec(world, num_timesteps=plan.rules.max_timesteps), agent_seed)
        if isinstance(agent, KeepsFiles):
            agent.keep_in(folder.replay, _most_steps_back(plan))
        if plan.agent.init is not None:
            begin_from(agent, plan.agent.name, Path(plan.agent.init), is_frozen=plan.agent.is_frozen)
        if saved:
            world.restore_random_state(0, saved["world"])
            agent.restore(saved["agent"])
        elif (prefilling := job.prefilling(agent_seed)) is not None:
            for _ in fill(prefilling, agent):  # no step and no second of it counts
                pass
        seed = None if saved else world_seed
        yield _Run(job, world, agent, monitor, log, frames, progress, seed, saved_steps=progress.num_steps)


def _remove_movies(job: Job, first_index: int) -> None:
    """Delete the movies of episodes that are played again, since the last checkpoint knows nothing of them."""
    for index in itertools.count(first_index):
        path = RunFolder(job.folder).movies / movie_name(job.level.folder_name, index)
        if not path.is_file():
            return
        path.unlink()


def _most_steps_back(plan: Plan) -> int:
    """How many slots of a replay buffer are written at most after a checkpoint: an episode that is cut takes one more.

    A quarter more than the steps is ample: hardly an episode is cut after fewer than four steps.
    """
    most, limit = CHECKPOINT_STEPS + plan.world.rules.max_episode_steps, plan.rules.max_timesteps
    return (most if limit is None else min(most, limit)) * 5 // 4


def _conclude(job: Job, progress: Progress) -> None:
    """Clear away the files of a replay buffer, gigabytes that nobody needs any more, and say that the run is complete.

    In this order: a process that is killed in between comes here again.
    """
    folder = RunFolder(job.folder)
    if folder.replay.is_dir():
        shutil.rmtree(folder.replay)
    folder.finish(
        num_episodes=progress.num_episodes,
        num_timesteps=progress.num_timesteps(job.plan.rules),
        num_frames=progress.num_frames,
        elapsed_seconds=progress.elapsed_seconds,
    )


def split_seed(seed: int, level: Level) -> tuple[int, int]:
    """Return independent seeds for the world and for the agent of a run; levels do not share random numbers."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(str(level).encode())])
    world_seed, agent_seed = sequence.generate_state(2)
    return int(world_seed), int(agent_seed)


def _load_checkpoint(folder: RunFolder) -> dict[str, Any] | None:
    path = folder.checkpoint
    if not path.is_file():
        return None
    try:
        saved = load_state(path)
    except StateError as error:
        raise ResultsError(f"Cannot resume {folder.path}: {error}") from error
    if saved.keys() != _CHECKPOINT_PARTS or saved["progress"].keys() != {item.name for item in fields(Progress)}:
        raise ResultsError(f"Cannot resume {folder.path}: its checkpoint is another version's; start anew elsewhere.")
    return saved
