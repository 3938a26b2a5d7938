"""Progress and results of runs, read from their folders."""

from __future__ import annotations

from pathlib import Path

from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job
from newgameplus.contest.rules import Rules
from newgameplus.contest.scores import RunScore
from newgameplus.results.runs import RunFolder


def read_run(folder: Path, level: str, seed: int, rules: Rules) -> RunScore:
    """Return the result of a run so far, from its files; the number of frames is known only if it is finished.

    Raises:
        ResultsError: a file is corrupt, or a finished run's logs have been changed.
    """
    record = RunFolder(folder).read(counts_resets=rules.counts_resets, drops_last_episode=rules.drops_last_episode)
    episodes, summary = record.episodes, record.summary
    num_resets = len(episodes) + 1 if rules.counts_resets and episodes else 0
    num_steps = sum(episode.num_steps for episode in episodes)
    last_seconds = episodes[-1].elapsed_seconds if episodes else 0.0
    return RunScore(
        level=level,
        seed=seed,
        returns=tuple(episode.episode_return for episode in episodes),
        num_timesteps=num_steps + num_resets if summary is None else summary.num_timesteps,
        num_frames=None if summary is None else summary.num_frames,
        elapsed_seconds=last_seconds if summary is None else summary.elapsed_seconds,
        is_complete=summary is not None,
    )


def saved_progress(job: Job) -> Progress:
    """Return the progress of a run, from its files.

    Raises:
        ResultsError: a file is corrupt, or a finished run's logs have been changed.
    """
    run = read_run(job.folder, str(job.level), job.seed, job.plan.rules)
    num_resets = len(run.returns) + 1 if job.plan.rules.counts_resets and run.returns else 0
    return Progress(
        num_steps=run.num_timesteps - num_resets,
        num_resets=num_resets,
        num_frames=run.num_frames or 0,
        num_episodes=len(run.returns),
        sum_of_returns=sum(run.returns),
        best=run.summary.best,
        elapsed_seconds=run.elapsed_seconds,
        is_complete=run.is_complete,
    )
