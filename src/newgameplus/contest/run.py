"""One level, one seed: an agent plays until the budget is spent; every episode is logged and recorded.

Checkpoints are written at the ends of episodes, when one is due. A run that is killed at any moment and resumed ends
like an uninterrupted one: what was written after its last checkpoint is cut off and played again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import Agent, KeepsFiles
from newgameplus.contest.judged_world import JudgedWorld, Progress, open_judged_world
from newgameplus.contest.plan import Job, Plan
from newgameplus.durable import hold
from newgameplus.envs.world import world_spec
from newgameplus.errors import ResultsError, StateError
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.training.live import Showing, Standing
from newgameplus.training.loop import Turn, play
from newgameplus.training.prefill import fill
from newgameplus.training.seeds import split_seed
from newgameplus.training.transfer import begin_from

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


def play_run(job: Job, report: Callable[[Progress], None]) -> None:
    """Play a run to its end, from its last checkpoint if there is one.

    Args:
        job: the run.
        report: called with the progress from time to time.

    Raises:
        ResultsError: the run's folder is corrupt or in use.
        NewGamePlusError: the level or the agent cannot be created.
    """
    folder = RunFolder(job.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    with hold(folder.path, "--results"):
        if folder.is_complete():
            return
        saved = _load_checkpoint(folder)
        progress = Progress(**saved["progress"]) if saved else Progress()
        if not progress.is_complete:
            with _opened(job, saved) as run:
                run.play(report)
                progress = run.world.progress
        _conclude(job, progress)
        report(progress)


@dataclass
class _Run:
    """A run in progress: the judged world, the agent and the time of the last checkpoint."""

    folder: RunFolder
    world: JudgedWorld
    agent: Agent
    saved_steps: int
    """Agent steps before the last checkpoint."""
    showing: Showing
    next_checkpoint_at: float = 0.0
    """Time of the next checkpoint, as ``time.monotonic``."""

    def play(self, report: Callable[[Progress], None]) -> None:
        """Play until the budget is spent."""
        report(self.world.progress)  # from here on its time counts
        next_report = 0.0
        for turn in play(self.agent, self.world):
            if self.world.is_spent:
                break
            if turn.step.done[0] and self._is_time_for_checkpoint():
                self._save_checkpoint()
            self._show(turn)
            progress = self.world.progress
            if progress.elapsed_seconds >= next_report:
                report(progress)
                next_report = progress.elapsed_seconds + REPORT_INTERVAL_SECONDS
        self.world.conclude()
        self._save_checkpoint()

    def _show(self, turn: Turn) -> None:
        if self.showing.is_due():
            progress, (episode_return, num_steps) = self.world.progress, self.world.episode
            episode = np.array([episode_return]), np.array([num_steps])
            self.showing.show(
                turn.action,
                Standing(progress.num_steps, progress.num_episodes, progress.elapsed_seconds, *episode),
            )

    def _is_time_for_checkpoint(self) -> bool:
        num_steps = self.world.progress.num_steps - self.saved_steps
        return num_steps >= CHECKPOINT_STEPS or time.monotonic() >= self.next_checkpoint_at

    def _save_checkpoint(self) -> None:
        began = time.monotonic()
        save_state(self.folder.checkpoint, {**self.world.state(), "agent": self.agent.state()})
        self.saved_steps = self.world.progress.num_steps
        now = time.monotonic()
        self.next_checkpoint_at = now + min(CHECKPOINT_SECONDS, (now - began) / CHECKPOINT_SHARE)


@contextmanager
def _opened(job: Job, saved: dict[str, Any] | None) -> Iterator[_Run]:
    """Create the world and the agent of a run, restore them from the last checkpoint, and close them on exit."""
    plan, folder = job.plan, RunFolder(job.folder)
    world_seed, agent_seed = split_seed(job.seed, job.level)
    world = open_judged_world(
        plan.world,
        job.level,
        plan.agent.specs(),
        plan.rules,
        folder,
        seed=world_seed,
        records_movies=plan.records_movies,
        saved=saved,
    )
    with closing(world):
        agent = plan.agent.make(world_spec(world, num_timesteps=plan.rules.max_timesteps), agent_seed)
        if isinstance(agent, KeepsFiles):
            agent.keep_in(folder.replay, _most_steps_back(plan))
        if plan.agent.init is not None:
            begin_from(agent, plan.agent.name, Path(plan.agent.init), is_frozen=plan.agent.is_frozen)
        if saved:
            agent.restore(saved["agent"])
        elif (prefilling := job.prefilling(agent_seed)) is not None:
            for _ in fill(prefilling, agent):  # counts neither as steps nor as time
                pass
        with closing(Showing(folder.path, world.world)) as showing:
            yield _Run(folder, world, agent, world.progress.num_steps, showing)


def _most_steps_back(plan: Plan) -> int:
    """Upper bound of the replay buffer slots written after a checkpoint: a truncated episode takes one more.

    A quarter more than the steps is ample: episodes are hardly ever truncated after fewer than four steps.
    """
    most, limit = CHECKPOINT_STEPS + plan.world.rules.max_episode_steps, plan.rules.max_timesteps
    return (most if limit is None else min(most, limit)) * 5 // 4


def _conclude(job: Job, progress: Progress) -> None:
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


def _load_checkpoint(folder: RunFolder) -> dict[str, Any] | None:
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
