"""Fine-tuning a jointly trained learner on one level, and what keeps it from forgetting.

Run: python -m benchmarks.runs.fine_tuning ppo --init runs/transfer/ppo [--steps 30000] [--work results/fine-tuning]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.runs.transfer import ngp, origin
from benchmarks.runs.ways import TINY_WAYS, described, first_ways, judge, options_of
from benchmarks.turns import parse, publish
from newgameplus.results.training_runs import checkpoint_at

_AS_FROM_NOTHING = ("--preset", "tuned", "--set", "learning_rate=1e-4")
_LONG = (*_AS_FROM_NOTHING, "--set", "rollout_steps=1024")
WAYS = {
    "ppo": {
        "only plays": ("--preset", "fine-tuned", "--frozen"),
        "learns as from nothing": _AS_FROM_NOTHING,
        "… in stretches of 1,024 steps": _LONG,
        "… remembers the spread of advantages": (
            *_LONG, "--set", "advantage_memory=0.99", "--set", "entropy_weight=0.002"
        ),
        "… stays near where it began (fine-tuned)": ("--preset", "fine-tuned"),
    },
    "rainbow": {
        "only plays": ("--preset", "tuned", "--frozen"),
        "learns as from nothing": ("--preset", "tuned"),
        "… more slowly": ("--preset", "tuned", "--set", "learning_rate=6e-5"),
    },
}  # fmt: skip
"""Options of ``ngp evaluate`` of each way of fine-tuning, by agent."""


def _tiny_run(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.work / "joint"
    ngp(["train", arguments.agent, "--preset", "joint", "--steps", "16", "--num-envs", "1", "--run", str(folder)])
    return folder


def main() -> None:
    """Evaluate every way, print and store; the same command resumes after an interruption."""
    options = options_of(__doc__, num_steps=30_000, num_levels=8, work="results/fine-tuning")
    options.add_argument("agent", choices=WAYS)
    options.add_argument("--init", type=Path, help="the run of joint training")
    arguments = parse(options, **TINY_WAYS)
    if arguments.init is None:
        if not arguments.tiny:
            options.error("name the run of joint training with --init")
        arguments.init = _tiny_run(arguments)
    agent, ways = arguments.agent, first_ways(WAYS[arguments.agent], arguments)
    scores = judge(agent, ways, arguments, ("--init", str(arguments.init)))
    result = described(f"fine_tuning_{agent}", f"Score of a joint {agent} by how it goes on", ways, scores, arguments)
    publish(result | {"init": origin(checkpoint_at(arguments.init))}, arguments.results, ("torch",))


if __name__ == "__main__":
    main()
