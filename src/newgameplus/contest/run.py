"""One level, one seed: an agent plays until the budget is spent; every episode is logged and recorded.

Checkpoints are written at the ends of episodes, when one is due. A run that is killed at any moment and resumed ends
like an uninterrupted one: what was written after its last checkpoint is cut off and played again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from newgameplus.agents.interface import Agent, KeepsFiles
from newgameplus.contest.judged_world import JudgedWorld, Progress, open_judged_world
from newgameplus.contest.plan import Job, Plan
from newgameplus.durable import hold
from newgameplus.envs.retro import FrameWatcher
from newgameplus.envs.world import world_spec
from newgameplus.errors import ResultsError, StateError
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.training.ceilings import tell
from newgameplus.training.live import Showing, Standing
from newgameplus.training.loop import play
from newgameplus.training.preparation import prepare
from newgameplus.training.seeds import split_seed
from newgameplus.training.transfer import begin_from
from newgameplus.types import Array

Report: TypeAlias = Callable[[Progress], None]
"""Told how far a run has come."""
REPORT_INTERVAL_SECONDS = 0.25
"""Interval of progress reports."""
CHECKPOINT_SECONDS = 60.0
"""Time after which a checkpoint is due at the next end of an episode."""
CHECKPOINT_SHARE = 0.02
"""Largest share of the time for more frequent checkpoints: cheap ones are written after every episode, those of a large
network rarely."""
CHECKPOINT_STEPS = 50_000
"""Agent steps after which a checkpoint is due in any case: the files of a replay buffer must reach back to it."""
_CHECKPOINT_PARTS = {"progress", "monitor_bytes", "log_bytes", "world", "agent"}


def play_run(job: Job, report: Report) -> None:
    """Play a run to its end, from its last checkpoint if there is one.

    Args:
        job: the run.
        report: called with the progress from time to time.

    Raises:
        ResultsError: the run's folder is corrupt or in use.
        NewGamePlusError: the level or the agent cannot be created.
    """
    for _ in playing(job, report):
        pass


def playing(job: Job, report: Report, watchers: Sequence[FrameWatcher] = ()) -> Generator[Run]:
    """Yield a run before its first turn and after each one; each is played when requested.

    It ends when the budget is spent and the run's summary is written. Closed earlier, it keeps what the last checkpoint
    holds.

    Args:
        job: the run.
        report: called with the progress from time to time.
        watchers: who sees and hears every frame.

    Raises:
        ResultsError: the run's folder is corrupt or in use.
        NewGamePlusError: the level or the agent cannot be created.
    """
    folder = RunFolder(job.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    with hold(folder.path, "--results"):
        if folder.is_complete():
            return
        saved = load_checkpoint(folder)
        progress = progress_of(saved)
        if not progress.is_complete:
            with _opened(job, saved, report, watchers) as run:
                progress = run.world.progress
                run.begin()
                observation, _ = run.world.reset()
                yield run
                for turn in play(run.agent, run.world, observation=observation):
                    run.follow(turn.action, has_ended=bool(turn.step.done[0]))
                    yield run
                    if progress.is_complete:
                        break
        conclude(job, progress)
        report(progress)


@dataclass
class Run:
    """A run in progress: the judged world, the agent and the time of the last checkpoint."""

    folder: RunFolder
    world: JudgedWorld
    agent: Agent
    saved_steps: int
    """Agent steps before the last checkpoint."""
    showing: Showing
    report: Report
    num_rows: int = 1
    """Number of runs in this process, which share the time for frequent checkpoints."""
    next_checkpoint_at: float = 0.0
    """Time of the next checkpoint, as ``time.monotonic``."""
    next_report: float = 0.0
    """Time of the next report, in seconds of the run."""

    def begin(self) -> None:
        """Report the progress; from here on the run's time counts."""
        self.report(self.world.progress)

    def follow(self, action: Array, *, has_ended: bool) -> bool:
        """Follow a turn that was played; once the budget is spent, write the last checkpoint and return True.

        Args:
            action: the action, ``[1, …]``.
            has_ended: whether the episode ended.
        """
        if self.world.is_spent:
            self.world.conclude()
            self._save_checkpoint()
            return True
        if has_ended and self._is_time_for_checkpoint():
            self._save_checkpoint()
        self._show(action)
        progress = self.world.progress
        if progress.elapsed_seconds >= self.next_report:
            self.report(progress)
            self.next_report = progress.elapsed_seconds + REPORT_INTERVAL_SECONDS
        return False

    def leave(self) -> bool:
        """End the episode as it is, which counts, and write a checkpoint; return whether the budget is spent."""
        self.world.reset()
        if self.world.is_spent:
            self.world.conclude()
        self._save_checkpoint()
        return self.world.is_spent

    def _show(self, action: Array) -> None:
        if self.showing.is_due():
            progress, (episode_return, num_steps) = self.world.progress, self.world.episode
            episode = np.array([episode_return]), np.array([num_steps])
            self.showing.show(
                action, Standing(progress.num_steps, progress.num_episodes, progress.elapsed_seconds, *episode)
            )

    def _is_time_for_checkpoint(self) -> bool:
        num_steps = self.world.progress.num_steps - self.saved_steps
        return num_steps >= CHECKPOINT_STEPS or time.monotonic() >= self.next_checkpoint_at

    def _save_checkpoint(self) -> None:
        began = time.monotonic()
        save_state(self.folder.checkpoint, {**self.world.state(), "agent": self.agent.state()})
        self.saved_steps = self.world.progress.num_steps
        now = time.monotonic()
        self.next_checkpoint_at = now + min(CHECKPOINT_SECONDS, (now - began) * self.num_rows / CHECKPOINT_SHARE)


@contextmanager
def _opened(job: Job, saved: dict[str, Any] | None, report: Report, watchers: Sequence[FrameWatcher]) -> Iterator[Run]:
    """Create the world and the agent of a run, restore them from the last checkpoint, and close them on exit."""
    plan, folder = job.plan, RunFolder(job.folder)
    world = open_judged_world(
        plan.world,
        job.level,
        plan.agent.specs(),
        plan.rules,
        folder,
        seed=split_seed(job.seed, job.level)[0],
        records_movies=plan.records_movies,
        saved=saved,
        watchers=watchers,
    )
    with closing(world), begun(job, world, saved, report) as run:
        yield run


@contextmanager
def begun(
    job: Job,
    world: JudgedWorld,
    saved: dict[str, Any] | None,
    report: Report,
    *,
    num_rows: int = 1,
) -> Iterator[Run]:
    """Create the agent of a run and restore it from the last checkpoint.

    Args:
        job: the run.
        world: its judged world, which the caller closes.
        saved: its last checkpoint; None to begin.
        report: told of its progress.
        num_rows: number of runs in this process.
    """
    plan, folder = job.plan, RunFolder(job.folder)
    _, agent_seed = split_seed(job.seed, job.level)
    own = plan.own_agent
    agent = own.make(world_spec(world, num_timesteps=plan.rules.max_timesteps), agent_seed)
    tell(agent, job.level, plan.world.rules.frames_per_step)
    if isinstance(agent, KeepsFiles):
        agent.keep_in(folder.replay, _most_steps_back(plan))
    if own.init is not None:
        begin_from(agent, own.name, Path(own.init), is_frozen=own.is_frozen)
    if saved:
        agent.restore(saved["agent"])
    else:
        for _ in prepare(job.preparation(agent_seed), agent):  # counts neither as steps nor as time
            pass
    with closing(Showing(folder.path, world.world)) as showing:
        yield Run(folder, world, agent, world.progress.num_steps, showing, report, num_rows)


def _most_steps_back(plan: Plan) -> int:
    """Upper bound of the replay buffer slots written after a checkpoint: a truncated episode takes one more.

    A quarter more than the steps is ample: episodes are hardly ever truncated after fewer than four steps.
    """
    most, limit = CHECKPOINT_STEPS + plan.world.rules.max_episode_steps, plan.rules.max_timesteps
    return (most if limit is None else min(most, limit)) * 5 // 4


def progress_of(saved: dict[str, Any] | None) -> Progress:
    """Return the progress in a checkpoint; None for a run that has none yet."""
    return Progress(**saved["progress"]) if saved else Progress()


def conclude(job: Job, progress: Progress) -> None:
    """Delete the files of the replay buffer, which are large and no longer needed, and mark the run as complete.

    In this order, so that a process killed in between does it again.
    """
    folder = RunFolder(job.folder)
    if folder.replay.is_dir():
        shutil.rmtree(folder.replay)
    folder.finish(
        num_episodes=progress.num_episodes,
        sum_of_returns=progress.sum_of_returns,
        num_timesteps=progress.num_timesteps(job.plan.rules),
        num_frames=progress.num_frames,
        elapsed_seconds=progress.elapsed_seconds,
    )


def load_checkpoint(folder: RunFolder) -> dict[str, Any] | None:
    """Return the last checkpoint of a run, None before the first; of a new run it notes that it has begun.

    Raises:
        ResultsError: it is damaged, of another version, or gone.
    """
    path = folder.checkpoint
    if not path.is_file():
        _check_nothing_lost(folder)
        save_state(path, {})  # from now on, a missing checkpoint is one that was lost
        return None
    try:
        saved = load_state(path)
    except StateError as error:
        raise ResultsError(f"Cannot resume {folder.path}: {error}") from error
    if not saved:
        return None
    if saved.keys() != _CHECKPOINT_PARTS or saved["progress"].keys() != {item.name for item in fields(Progress)}:
        raise ResultsError(f"Cannot resume {folder.path}: its checkpoint is another version's; start anew elsewhere.")
    return saved


def _check_nothing_lost(folder: RunFolder) -> None:
    """Refuse to begin a run anew over episodes that were played.

    Raises:
        ResultsError: there are episodes or movies, but the checkpoint behind them is gone.
    """
    num_episodes = len(read_monitor(folder.monitor)) if folder.monitor.is_file() else 0
    if num_episodes or any(folder.movies.glob("*.bk2")):
        raise ResultsError(
            f"Cannot resume {folder.path}: it holds episodes, but its checkpoint {folder.checkpoint.name} is gone; "
            "restore it, or delete this folder to play the run anew."
        )
