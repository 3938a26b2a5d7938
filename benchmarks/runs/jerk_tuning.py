"""JERK's preset `returning` and variants of it on generated levels, and all presets on the validation levels.

    python -m benchmarks.runs.jerk_tuning tuning      variants, on levels that are generated for this purpose
    python -m benchmarks.runs.jerk_tuning presets     all presets, on tumbleweed-validation
    python -m benchmarks.runs.jerk_tuning table       write the tables of docs/agents/jerk.md from the results

The first two go on where they were stopped when the same command is given again, and publish one result for each
number of steps.
"""

from __future__ import annotations

import argparse
import datetime
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.jerk_page import write_page
from benchmarks.runs.transfer import ngp
from benchmarks.runs.ways import generated_levels
from benchmarks.turns import TINY, median_and_interval, parse, parser, publish, temporary_folder
from newgameplus.agents.jerk.agent import Jerk
from newgameplus.contest.scores import clustered_interval, sign_flip_p
from newgameplus.games.levels import Level
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor

LEVEL_SEEDS = (31801, 31802)
"""Seed of each set of generated levels."""
JUDGED_SPLIT = "tumbleweed-validation"
PRESETS = {name: ("--preset", name) for name in Jerk.PRESETS if name != "contest-2018"}
"""Options of ``ngp evaluate`` of each preset; ``contest-2018`` is ``default`` where the budget is a million steps."""
VARIANTS = ("fresh_share=0", "reach=150", "schedule=late", "further_ratio=1000", "jump_steps=8", "candidates=1")
TUNING = {"returning": ("--preset", "returning")} | {
    variant: ("--preset", "returning", "--set", variant) for variant in VARIANTS
}
"""Options of ``ngp evaluate`` of each variant; the others are compared with the first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an agent came to on a level, over all seeds."""

    score: float
    last_tenth: float
    """Mean return of the episodes that ended in the last tenth of the steps; of the last episode if there is none."""
    best: float
    """Return of the best episode."""


def outcomes(results: Results) -> dict[str, Outcome]:
    """Return what an evaluation came to, by the state of the level."""
    manifest = results.manifest()
    num_steps, seeds = manifest["rules"]["max_timesteps"], manifest["seeds"]
    found = {}
    for line in manifest["levels"]:
        level = Level(line["game"], line["state"], line["scenario"])
        runs = [_outcome(results.run(level.folder_name, seed).monitor, num_steps) for seed in seeds]
        found[level.state] = Outcome(*(statistics.fmean(values) for values in zip(*runs, strict=True)))
    return found


def _outcome(monitor: Path, num_steps: int) -> tuple[float, float, float]:
    returns, late, end = [], [], 0
    for episode in read_monitor(monitor):
        end += episode.num_steps
        returns.append(episode.episode_return)
        if end > 0.9 * num_steps:
            late.append(episode.episode_return)
    if not returns:
        sys.exit(f"No episode ended within {num_steps:,} steps ({monitor}); more --steps are needed.")
    return statistics.fmean(returns), statistics.fmean(late or returns[-1:]), max(returns)


def judged(
    ways: Mapping[str, Sequence[str]], splits: Sequence[str], num_steps: int, arguments: argparse.Namespace
) -> dict[str, dict[str, Outcome]]:
    """Evaluate every way on every split; return the outcomes by way and by level."""
    common = ["--timesteps", str(num_steps), "--seeds", str(arguments.seeds), "--no-movies"]
    if arguments.workers:
        common += ["--workers", str(arguments.workers)]
    found: dict[str, dict[str, Outcome]] = {}
    for way, options in ways.items():
        found[way] = {}
        for split in splits:
            place = "-".join((Path(split).name, str(num_steps), *(part.lstrip("-") for part in options)))
            results = Results(arguments.work / place)
            resume = ["--resume"] if results.manifest_path.is_file() else []
            ngp(["evaluate", "jerk", *options, "--split", split, *common, "--results", str(results.path), *resume])
            name = Path(split).name  # two sets have levels of the same name
            found[way] |= {f"{state} of {name}": outcome for state, outcome in outcomes(results).items()}
        print(f"{way}: {_mean(found[way], 'score'):.1f}", flush=True)
    return found


def described(
    what: str, splits: Sequence[str], num_steps: int, found: dict[str, dict[str, Outcome]], num_seeds: int
) -> dict[str, Any]:
    """Return the result: means over the levels, intervals over zones, and paired differences to the first way."""
    scores = {way: {level: outcome.score for level, outcome in levels.items()} for way, levels in found.items()}
    first = next(iter(found))
    return {
        "figure": f"jerk_{what}_{num_steps}",
        "what": f"Score of JERK on {' and '.join(Path(split).name for split in splits)}, {num_steps:,} steps a level, "
        f"{num_seeds} {'seed' if num_seeds == 1 else 'seeds'}",
        "unit": "median score of the levels",
        "num_rounds": 1,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "num_steps": num_steps,
        "num_seeds": num_seeds,
        "sides": {way: median_and_interval(list(levels.values())) for way, levels in scores.items()},
        "means": {
            way: {name: _mean(levels, name) for name in Outcome.__dataclass_fields__} for way, levels in found.items()
        },
        "intervals": {way: by_zone(levels) for way, levels in scores.items()},
        "differences": [
            difference(way, first, levels, scores[first]) for way, levels in scores.items() if way != first
        ],
        "ratios": [],
        "levels": scores,
    }


def difference(way: str, other: str, scores: Mapping[str, float], others: Mapping[str, float]) -> dict[str, Any]:
    """Return mean, interval over zones and sign-flip p of the paired differences of two ways' scores by level."""
    gains = {level: score - others[level] for level, score in scores.items()}
    values = list(gains.values())
    return {
        "of": way,
        "to": other,
        "mean": statistics.fmean(values),
        "interval": by_zone(gains),
        "p": sign_flip_p(values),
    }


def by_zone(values: Mapping[str, float]) -> tuple[float, float] | None:
    """Return the interval of the mean of one value per level, by resampling zones."""
    zones: dict[str, list[float]] = {}
    for level, value in values.items():
        zones.setdefault(level.partition(".")[0], []).append(value)
    return clustered_interval(list(zones.values()))


def _mean(levels: Mapping[str, Outcome], name: str) -> float:
    return statistics.fmean(getattr(outcome, name) for outcome in levels.values())


def main() -> None:
    """Do one of the three."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("what", choices=("tuning", "presets", "table"))
    options.add_argument("--steps", type=int, nargs="+", help="agent steps on each level; several, one after another")
    options.add_argument("--levels", type=int, default=8, help="of each generated set, one of each zone first")
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--ways", type=int, help="only the first so many presets or variants")
    options.add_argument("--split", default=JUDGED_SPLIT, help="where presets are judged")
    options.add_argument("--workers", type=int, help="levels side by side; by default one per core")
    work = temporary_folder() if TINY in sys.argv else Path("results/jerk-tuning")
    options.add_argument("--work", type=Path, default=work, help="where the evaluations lie")
    arguments = parse(options, steps=[500], levels=1, seeds=1, ways=2, workers=1)
    if arguments.what == "table":
        write_page(arguments.results)
        return
    is_tuning = arguments.what == "tuning"
    ways = dict(list((TUNING if is_tuning else PRESETS).items())[: arguments.ways])
    splits = [arguments.split]
    if is_tuning:
        folders = [arguments.work / f"levels-{seed}" for seed in LEVEL_SEEDS]
        splits = [
            str(generated_levels(folder, arguments.levels, seed))
            for folder, seed in zip(folders, LEVEL_SEEDS, strict=True)
        ]
    for num_steps in arguments.steps or ([30_000] if is_tuning else [50_000, 100_000]):
        found = judged(ways, splits, num_steps, arguments)
        publish(described(arguments.what, splits, num_steps, found, arguments.seeds), arguments.results)


if __name__ == "__main__":
    main()
