"""What happens to a policy of joint training that goes on to learn on one level, and what keeps it from forgetting.

The levels are generated for this alone, one of each zone, so that nothing is chosen by levels on which agents are
judged. Each way to go on is judged by ``ngp evaluate`` under the contest's rules.

Run: python -m benchmarks.runs.fine_tuning --init runs/transfer/ppo [--steps 30000] [--work results/fine-tuning]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.runs.transfer import ngp, origin
from benchmarks.turns import median_and_interval, parser, publish
from newgameplus.contest.results import Results
from newgameplus.training.transfer import checkpoint_at

LEVELS_SEED, NUM_LEVELS = 77, 8
_AS_FROM_NOTHING = ("--preset", "tuned", "--set", "learning_rate=1e-4")
_LONG = (*_AS_FROM_NOTHING, "--set", "num_steps=1024")
WAYS = {
    "only plays": ("--preset", "fine-tuned", "--frozen"),
    "learns as from nothing": _AS_FROM_NOTHING,
    "… in stretches of 1,024 steps": _LONG,
    "… remembers the spread of advantages": (*_LONG, "--set", "advantage_memory=0.99", "--set", "entropy_weight=0.002"),
    "… stays near where it began (fine-tuned)": ("--preset", "fine-tuned"),
}
"""Each way to go on to the options of ``ngp evaluate`` that it is."""


def judge(init: Path, way: str, num_steps: int, work: Path) -> dict[str, float]:
    """Return state to score of every level, played in this way from the checkpoint ``init``."""
    results = Results(work / f"way-{list(WAYS).index(way)}-{num_steps}")
    options = [*WAYS[way], "--init", str(init), "--split", str(levels(work)), "--timesteps", str(num_steps)]
    resume = ["--resume"] if results.manifest_path.is_file() else []
    ngp(["evaluate", "ppo", *options, "--results", str(results.path), "--no-movies", *resume])
    return {line["id"].rpartition("/")[2]: line["score"] for line in results.scores()["levels"]}


def levels(work: Path) -> Path:
    """Return the folder of the levels, made when it is first wanted."""
    folder = work / "levels"
    if not folder.is_dir():
        options = ["--seed", str(LEVELS_SEED), "--count", str(NUM_LEVELS), "-o", str(folder)]
        ngp(["levels", "generate", *options])
    return folder


def main() -> None:
    """Judge every way, print and store; the same command goes on where it was stopped."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("--init", type=Path, required=True, help="the run of joint training")
    options.add_argument("--steps", type=int, default=30_000, help="agent steps on each level")
    options.add_argument("--work", type=Path, default=Path("results/fine-tuning"), help="where the evaluations lie")
    arguments = options.parse_args()
    scores = {way: judge(arguments.init, way, arguments.steps, arguments.work) for way in WAYS}
    publish(described(scores, arguments), arguments.results, ("torch",))


def described(scores: dict[str, dict[str, float]], arguments: Any) -> dict[str, Any]:
    """Return the result: the median over the levels, and how many times as much that is as without learning."""
    return {
        "figure": "fine_tuning",
        "what": f"Score of a joint PPO on {NUM_LEVELS} new levels, {arguments.steps:,} steps each, by how it goes on",
        "unit": "median score of the levels",
        "num_rounds": arguments.rounds,
        "sides": {way: median_and_interval(list(by_level.values())) for way, by_level in scores.items()},
        "means": {way: sum(by_level.values()) / len(by_level) for way, by_level in scores.items()},
        "levels": scores,
        "ratios": [],
        "ways": {way: list(ways) for way, ways in WAYS.items()},
        "init": origin(checkpoint_at(arguments.init)),
    }


if __name__ == "__main__":
    main()
