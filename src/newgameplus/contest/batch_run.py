"""Runs of a plan as the rows of one batch: each is judged, logged, recorded and saved as one that is played alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from newgameplus.contest.judged_rows import open_judged_rows
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job
from newgameplus.contest.run import begun, conclude, load_checkpoint, progress_of
from newgameplus.durable import hold
from newgameplus.results.runs import RunFolder
from newgameplus.training.loop import play
from newgameplus.training.seeds import split_seed
from newgameplus.training.together import Together


def play_batch(jobs: Sequence[Job], report: Callable[[int, Progress], None]) -> None:
    """Play runs to their ends as the rows of one batch, each from its last checkpoint if there is one.

    A run that is complete keeps its row, so that the others are computed as if it were played.

    Args:
        jobs: B runs of one plan, all on the same console.
        report: called with the number of a run and its progress from time to time, and when it is complete.

    Raises:
        NewGamePlusError: as :func:`newgameplus.contest.run.play_run`, of any of the runs; each can go on from its last
            checkpoint.
    """
    folders = [RunFolder(job.folder) for job in jobs]
    with ExitStack() as held:
        saved: dict[int, dict[str, Any] | None] = {}
        for row, folder in enumerate(folders):
            folder.path.mkdir(parents=True, exist_ok=True)
            held.enter_context(hold(folder.path, "--results"))
            if folder.is_complete():
                continue
            saved[row] = load_checkpoint(folder)
            if (progress := progress_of(saved[row])).is_complete:
                del saved[row]
                conclude(jobs[row], progress)
                report(row, progress)
        if saved:
            _play(jobs, folders, saved, report)


def _play(
    jobs: Sequence[Job],
    folders: Sequence[RunFolder],
    saved: dict[int, dict[str, Any] | None],
    report: Callable[[int, Progress], None],
) -> None:
    """Play the rows whose checkpoints are ``saved``, which is None where there is none yet."""
    plan = jobs[0].plan
    with ExitStack() as opened:
        world = opened.enter_context(
            open_judged_rows(
                plan.world,
                [job.level for job in jobs],
                plan.agent.specs(),
                plan.rules,
                folders,
                seeds=[split_seed(job.seed, job.level)[0] for job in jobs],
                saved=saved,
                records_movies=plan.records_movies,
            )
        )
        runs = {
            row: opened.enter_context(begun(jobs[row], judge, saved[row], partial(report, row), num_rows=len(jobs)))
            for row, judge in world.judges.items()
        }
        agents = Together(plan.own_agent, {row: run.agent for row, run in runs.items()}, len(jobs))
        for run in runs.values():
            run.begin()
        for turn in play(agents, world):
            ended = turn.step.done
            over = [
                row for row, run in runs.items() if run.follow(turn.action[row : row + 1], has_ended=bool(ended[row]))
            ]
            for row in over:
                del runs[row], agents.agents[row]
                judge = world.judges.pop(row)
                judge.close()
                conclude(jobs[row], judge.progress)
                report(row, judge.progress)
            if not runs:
                break
