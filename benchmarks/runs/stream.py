"""Joint training on a stream of new levels, and on the 47 of tumbleweed-train, judged on levels that neither has seen.

Run: python -m benchmarks.runs.stream [--training-steps 4000000] [--work results/stream]; the same command resumes.

Both sides have the same preset, rows, steps and seed, and their policies are frozen. ``--fixed`` and ``--streamed``
take checkpoints of runs that are there already.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.runs.transfer import ngp, origin
from benchmarks.runs.ways import TINY_WAYS, described, judge, options_of
from benchmarks.turns import parse, publish
from newgameplus.contest.scores import sign_flip_p
from newgameplus.results.training_runs import TrainingFolder, checkpoint_at

FIXED, STREAMED = "47 levels", "a stream"
_TRAINING = {FIXED: ("--split", "tumbleweed-train"), STREAMED: ("--stream", "tumbleweed")}
"""Options of ``ngp train`` of each side."""


def _trained(side: str, arguments: argparse.Namespace) -> Path:
    """Return the newest checkpoint of a side, which is trained, or trained on, first."""
    folder = TrainingFolder(arguments.work / f"run-{side.replace(' ', '-')}")
    if folder.exists():
        ngp(["train", "--resume", "--run", str(folder.path)])
    else:
        rows = ["--num-envs", "2"] if arguments.tiny else []
        steps = ["--steps", str(arguments.training_steps), "--threads", "1", "--run", str(folder.path)]
        ngp(["train", "ppo", "--preset", "joint", *_TRAINING[side], *rows, *steps])
    return folder.checkpoints()[-1]


def main() -> None:
    """Train both sides unless their checkpoints are named, judge them, print and store."""
    options = options_of(__doc__, num_steps=50_000, num_levels=16, work="results/stream")
    options.add_argument("--training-steps", type=int, default=4_000_000, help="agent steps of each training run")
    options.add_argument("--fixed", type=Path, help="checkpoint of a run on tumbleweed-train")
    options.add_argument("--streamed", type=Path, help="checkpoint of a run on a stream")
    arguments = parse(options, **TINY_WAYS, training_steps=16)
    named = {FIXED: arguments.fixed, STREAMED: arguments.streamed}
    found = {
        side: _trained(side, arguments) if path is None else checkpoint_at(path).resolve()
        for side, path in named.items()
    }
    ways = {side: ("--preset", "joint", "--init", str(path), "--frozen") for side, path in found.items()}
    scores = judge("ppo", ways, arguments)
    result = described("stream", "Score of frozen joint PPO by what it was trained on", ways, scores, arguments)
    differences = [scores[STREAMED][level] - score for level, score in scores[FIXED].items()]
    result["ways"] = {side: list(_TRAINING[side]) for side in ways}
    result["init"] = {side: origin(path) for side, path in found.items()}
    result["difference"] = {"mean": sum(differences) / len(differences), "sign_flip_p": sign_flip_p(differences)}
    publish(result, arguments.results, ("torch",))


if __name__ == "__main__":
    main()
