"""A short trial of an entry, in the sandbox in which it would be judged."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from newgameplus.contest.entry_plan import EntryPlan
from newgameplus.contest.entry_run import STRICT, check_sandbox, play_in_sandbox
from newgameplus.contest.evaluation import check_levels
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST
from newgameplus.games.levels import Level
from newgameplus.remote.ends import End
from newgameplus.results.runs import RunFolder
from newgameplus.training.worlds import WorldPlan, with_actions

NUM_STEPS = 500
"""Steps of a trial."""
MAX_SECONDS = 120.0
"""Time that it may take."""
LIMITS = replace(STRICT, max_wall_clock_seconds=MAX_SECONDS, step_seconds=2.0, bank_seconds=20.0, first_seconds=60.0)
"""Limits of its session: a smaller bank than the contest's, so that a slow agent is found soon."""


def check_entry(
    entry: EntryPlan, level: Level, sandbox: str, report: Callable[[Progress], None] = lambda _: None
) -> End:
    """Let an entry play ``NUM_STEPS`` steps, and return how its session ended; nothing is kept.

    Args:
        entry: the entry.
        level: level to play.
        sandbox: name of the sandbox.
        report: called with the progress from time to time.

    Raises:
        SessionFailedError: it did not get so far.
        NewGamePlusError: the entry, the level or the sandbox cannot be had.
    """
    world = with_actions(WorldPlan((level,)), entry.specs()[1])
    rules = replace(CONTEST, max_timesteps=NUM_STEPS, max_wall_clock_seconds=MAX_SECONDS)
    plan = Plan(entry, world, rules, seeds=(0,), records_movies=False, sandbox=sandbox)
    check_levels(plan)
    check_sandbox(plan)
    with tempfile.TemporaryDirectory(prefix="entry-check-") as name:
        folder = RunFolder(Path(name) / "run")
        play_in_sandbox(Job(plan, level, seed=0, folder=folder.path), report, LIMITS)
        return End.from_json(json.loads(folder.end.read_text(encoding="utf-8")))
