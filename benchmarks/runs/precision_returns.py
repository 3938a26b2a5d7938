"""What PPO earns when torch computes its network, and when kernels do, in float32 and in bfloat16.

Run: python -m benchmarks.runs.precision_returns [--steps 25000] [--levels 2] [--seeds 2] [--work results/precision]

Every side trains on the same levels with the same seeds, one row and one thread each. Rounding makes two runs different
ones within a few updates, so that only their returns can be compared: differences are paired by level and seed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.runs.ways import LEVELS_SEED, generated_levels
from benchmarks.turns import TINY, median_and_interval, parse, parser, publish, temporary_folder
from newgameplus.contest.scores import bootstrap_interval, sign_flip_p
from newgameplus.nn.cpu.compiled import KERNELS_VARIABLE, runnable_sets
from newgameplus.results.training_runs import TrainingFolder

TORCH = "torch, float32"
METRIC = "learning/initial_log_ratio_std"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training run earned."""

    mean_return: float
    """Of all episodes."""
    largest_log_ratio_std: float
    """Largest standard deviation, in nats, of the log-probability ratios before an update."""


def sides() -> dict[str, tuple[str, str]]:
    """Return what computes each side, by name: the value of ``NGP_KERNELS`` and the precision."""
    found = {TORCH: ("off", "float32")}
    for name in runnable_sets():
        precision = "bfloat16" if name.endswith("bf16") else "float32"
        found[f"kernels {name}, {precision}"] = (name, precision)
    return found


def train(arguments: argparse.Namespace, side: tuple[str, str], level: Path, seed: int) -> Outcome:
    """Train on one level and return what was earned; a run that is complete is not repeated, and another goes on."""
    kernels, precision = side
    folder = TrainingFolder(arguments.work / f"{kernels}-{level.name}-{seed}-{arguments.steps}")
    options = ["--split", str(level), "--preset", "tuned", "--set", f"precision={precision}", "--num-envs", "1"]
    options += ["--steps", str(arguments.steps), "--seed", str(seed), "--device", "cpu", "--threads", "1"]
    command = ["train", "ppo", *(["--resume"] if folder.exists() else options), "--run", str(folder.path)]
    done = subprocess.run(
        [sys.executable, "-m", "newgameplus", *command],
        env=os.environ | {KERNELS_VARIABLE: kernels},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"ngp {' '.join(command)} failed: {done.stderr}")
    returns = [episode["return"] for episode in folder.lines("episodes")]
    spreads = [line[METRIC] for line in folder.lines("metrics") if METRIC in line]
    if not returns:
        sys.exit(f"No episode ended in {folder.path}; more --steps are needed.")
    return Outcome(statistics.fmean(returns), max(spreads, default=0.0))


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train every side on every level with every seed; return the result."""
    levels = [
        generated_levels(arguments.work / f"level-{number}", 1, LEVELS_SEED + number)
        for number in range(arguments.levels)
    ]
    tasks = [(level, seed) for level in levels for seed in range(arguments.seeds)]
    earned: dict[str, list[Outcome]] = {}
    with ThreadPoolExecutor(arguments.workers) as pool:
        told = {
            name: [pool.submit(partial(train, arguments, side), *task) for task in tasks]
            for name, side in sides().items()
        }
        for name, futures in told.items():
            earned[name] = [future.result() for future in futures]
            print(f"{name}: {statistics.fmean(one.mean_return for one in earned[name]):.1f}", flush=True)
    returns = {name: [one.mean_return for one in outcomes] for name, outcomes in earned.items()}
    return {
        "figure": "precision_returns",
        "what": f"Mean return of PPO (preset tuned) over {arguments.steps:,} steps of {arguments.levels} generated "
        f"levels, {arguments.seeds} seeds each, by what computes the network",
        "unit": "mean return",
        "num_rounds": arguments.rounds,
        "sides": {name: median_and_interval(values) for name, values in returns.items()},
        "ratios": [],
        "differences": [
            difference(name, values, returns[TORCH], arguments.seeds)
            for name, values in returns.items()
            if name != TORCH
        ],
        "returns": returns,
        "notes": [
            f"{name}: log-probability ratios before an update spread by at most "
            f"{max(one.largest_log_ratio_std for one in outcomes):.1e} nats."
            for name, outcomes in earned.items()
        ],
        "seed_of_levels": LEVELS_SEED,
    }


def difference(name: str, values: Sequence[float], others: Sequence[float], num_seeds: int) -> dict[str, Any]:
    """Mean of the paired differences, its interval by resampling seeds within levels, and the sign-flip p value."""
    pairs = [value - other for value, other in zip(values, others, strict=True)]
    by_level = [pairs[begin : begin + num_seeds] for begin in range(0, len(pairs), num_seeds)]
    interval, p = bootstrap_interval(by_level), sign_flip_p(pairs)
    return {"of": name, "to": TORCH, "mean": statistics.fmean(pairs), "interval": interval, "p": p}


def main() -> None:
    """Train every side, print and store; the same command goes on after an interruption."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("--steps", type=int, default=25_000, help="agent steps on each level")
    options.add_argument("--levels", type=int, default=2, help="number of levels")
    options.add_argument("--seeds", type=int, default=2, help="runs of each side on each level")
    options.add_argument("--workers", type=int, default=os.cpu_count(), help="runs side by side")
    work = temporary_folder() if TINY in sys.argv else Path("results/precision")
    options.add_argument("--work", type=Path, default=work, help="where the runs lie")
    arguments = parse(options, steps=2_000, levels=1, seeds=1, workers=2)
    if len(sides()) == 1:
        sys.exit("There are no kernels to measure on this machine.")
    publish(measure(arguments), arguments.results, ("torch",))


if __name__ == "__main__":
    main()
