"""Compare variants of training by ``ngp evaluate`` on levels generated for this purpose.

Choices are therefore never made on levels that agents are evaluated on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.runs.transfer import ngp
from benchmarks.turns import TINY, median_and_interval, parser, temporary_folder
from newgameplus.results.evaluations import Results

LEVELS_SEED = 77
Ways = Mapping[str, Sequence[str]]
"""Name of each variant, and its options of ``ngp evaluate``."""
Scores = dict[str, dict[str, float]]
"""Score of each level, by variant and by the level's state."""


def options_of(description: str | None, num_steps: int, num_levels: int, work: str) -> argparse.ArgumentParser:
    """Parser with the options of such scripts."""
    options = parser(description, num_rounds=1)
    options.add_argument("--steps", type=int, default=num_steps, help="agent steps on each level")
    options.add_argument("--levels", type=int, default=num_levels, help="how many, one of each zone first")
    work_folder = temporary_folder() if TINY in sys.argv else Path(work)
    options.add_argument("--work", type=Path, default=work_folder, help="where the evaluations lie")
    options.add_argument("--workers", type=int, help="levels side by side; by default one per core")
    options.add_argument("--ways", type=int, help="only the first so many")
    return options


TINY_WAYS: dict[str, Any] = {"steps": 16, "levels": 1, "workers": 1, "ways": 1}
"""Options of such scripts with ``--tiny``; ``work`` becomes a temporary folder."""


def first_ways(ways: Ways, arguments: argparse.Namespace) -> Ways:
    """Return the variants that are compared."""
    return dict(list(ways.items())[: arguments.ways])


def judge(agent: str, ways: Ways, arguments: argparse.Namespace, common: Sequence[str] = ()) -> Scores:
    """Evaluate every variant; each evaluation is kept, and resumed after an interruption."""
    split = generated_levels(arguments.work / f"levels-{arguments.levels}", arguments.levels)
    options = [*common, "--split", str(split), "--timesteps", str(arguments.steps), "--no-movies"]
    if arguments.workers:
        options += ["--workers", str(arguments.workers)]
    return {
        way: _scores(agent, [*own, *options], arguments.work / f"{agent}-{place}-{arguments.levels}-{arguments.steps}")
        for place, (way, own) in enumerate(ways.items())
    }


def described(figure: str, what: str, ways: Ways, scores: Scores, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the result: median and mean of each variant over the levels."""
    return {
        "figure": figure,
        "what": f"{what} on {arguments.levels} generated levels, {arguments.steps:,} steps each",
        "unit": "median score of the levels",
        "num_rounds": arguments.rounds,
        "sides": {way: median_and_interval(list(by_level.values())) for way, by_level in scores.items()},
        "means": {way: sum(by_level.values()) / len(by_level) for way, by_level in scores.items()},
        "levels": scores,
        "ratios": [],
        "ways": {way: list(options) for way, options in ways.items()},
        "seed_of_levels": LEVELS_SEED,
    }


def _scores(agent: str, options: Sequence[str], folder: Path) -> dict[str, float]:
    results = Results(folder)
    resume = ["--resume"] if results.manifest_path.is_file() else []
    ngp(["evaluate", agent, *options, "--results", str(folder), *resume])
    return {line["id"].rpartition("/")[2]: line["score"] for line in results.scores()["levels"]}


def generated_levels(folder: Path, count: int, seed: int = LEVELS_SEED) -> Path:
    """Return the folder of generated levels, created when first needed."""
    if not folder.is_dir():
        ngp(["levels", "generate", "--seed", str(seed), "--count", str(count), "-o", str(folder)])
    return folder
