"""One level, one seed: an agent plays until the budget is spent; every episode is logged and recorded.

Checkpoints are written where an episode has ended and it is time for one. A run that is killed at any moment and
resumed ends as if it had never stopped: what was written after its last checkpoint is cut off and played again.
"""

from __future__ import annotations

import shutil
import time
import zlib
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
from newgameplus.games.levels import Level
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.runs import RunFolder
from newgameplus.training.loop import play
from newgameplus.training.prefill import fill
from newgameplus.training.transfer import begin_from

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
        progress = Progress(**saved["progress"]) if saved else Progress()
        if not progress.is_complete:
            with _opened(job, saved) as run:
                run.play(report)
                progress = run.world.progress
        _conclude(job, progress)
        report(progress)


@dataclass
class _Run:
    """A run in play: the judged world, the agent and when they were saved."""

    folder: RunFolder
    world: JudgedWorld
    agent: Agent
    saved_steps: int
    """Agent steps before the last checkpoint."""
    next_checkpoint_at: float = 0.0
    """When it is time for another, as ``time.monotonic`` tells it."""

    def play(self, report: Callable[[Progress], None]) -> None:
        """Play until the budget is spent."""
        next_report = 0.0
        for turn in play(self.agent, self.world):
            if self.world.is_spent:
                break
            if turn.step.done[0] and self._is_time_for_checkpoint():
                self._save_checkpoint()
            progress = self.world.progress
            if progress.elapsed_seconds >= next_report:
                report(progress)
                next_report = progress.elapsed_seconds + REPORT_INTERVAL_SECONDS
        self.world.conclude()
        self._save_checkpoint()

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
    """Make the world and the agent of a run, put them where the last checkpoint left them, and close them after."""
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
            for _ in fill(prefilling, agent):  # no step and no second of it counts
                pass
        yield _Run(folder, world, agent, world.progress.num_steps)


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
        sum_of_returns=progress.sum_of_returns,
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
