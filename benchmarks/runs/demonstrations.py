"""Joint training that begins with demonstrations against joint training from nothing, with the same number of steps.

Run: python -m benchmarks.runs.demonstrations [--joint-steps 100000] [--steps 2000] [--levels 8]

PPO learns on the training levels, with and without their par movies; then each policy plays, frozen, on generated
levels that none of them has seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.runs.transfer import ngp
from benchmarks.runs.ways import TINY_WAYS, described, judge, options_of
from benchmarks.turns import parse, publish
from newgameplus.results.training_runs import TrainingFolder

_DEMONSTRATIONS = ("--preset", "demonstrations", "--demonstrations", "par")
TRAININGS = {
    "from nothing": ("--preset", "joint"),
    "imitation, then rewards alone": (*_DEMONSTRATIONS, "--set", "cloning_weight=0"),
    "imitation, then rewards and imitation": _DEMONSTRATIONS,
}
"""Options of ``ngp train`` of each way."""
IMITATION = "imitation alone"
"""The weights with which the last of them begins its first step."""
EPISODE_STEPS = 1_500
_TINY_FIELDS = ("--set", "num_hidden=8", "--set", "cloning_epochs=1", "--set", "rollout_steps=8")


def _train(way: str, options: Sequence[str], arguments: argparse.Namespace) -> Path:
    """Train, or go on after an interruption; return the run's folder, which also keeps its first checkpoint."""
    folder: Path = arguments.work / way.replace(" ", "-").replace(",", "")
    if TrainingFolder(folder).manifest_path.is_file():
        ngp(["train", "--resume", "--run", str(folder)])
        return folder
    steps = str(arguments.joint_steps)
    world = ["--split", "tumbleweed-train", "--episode-steps", str(EPISODE_STEPS)]
    tiny = ["--num-envs", "2", *_TINY_FIELDS] if arguments.tiny else []
    run = ["--steps", steps, "--checkpoint-every", steps, "--threads", "1", "--run", str(folder)]
    ngp(["train", "ppo", *options, *world, *tiny, *run])
    return folder


def _begun(folder: Path) -> dict[str, float]:
    """Metrics of the imitation before the first step; empty if there was none."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {name.partition("/")[2]: value for name, value in lines[0].items() if name.startswith("pretraining/")}


def main() -> None:
    """Train in every way, judge, print and store; the same command resumes after an interruption."""
    options = options_of(__doc__, num_steps=2_000, num_levels=8, work="results/demonstrations")
    options.add_argument("--joint-steps", type=int, default=100_000, help="agent steps of joint training")
    arguments = parse(options, **TINY_WAYS, joint_steps=32)
    runs = {way: _train(way, own, arguments) for way, own in TRAININGS.items()}
    weights = runs | {IMITATION: TrainingFolder(runs["imitation, then rewards and imitation"]).checkpoints()[0]}
    ways = {way: ("--init", str(path), "--frozen") for way, path in weights.items()}
    scores = judge("ppo", ways, arguments)
    what = f"Frozen score after {arguments.joint_steps:,} steps of joint PPO"
    result: dict[str, Any] = described("demonstrations", what, ways, scores, arguments)
    begun = {way: _begun(folder) for way, folder in runs.items()}
    publish(result | {"ways": {**TRAININGS}, "begun": begun}, arguments.results, ("torch",))


if __name__ == "__main__":
    main()
