"""Time to judge frozen PPO on eleven levels: the runs as the rows of batches, against a process each.

Every turn is a whole ``ngp evaluate ppo --frozen`` without movies, on all cores, start and checkpoints included. The
weights decide what is played, hardly how long it takes: without ``--init`` they are new ones. Target: 3.

Run: python -m benchmarks.speed.frozen_evaluation [--rounds 2] [--steps 5000] [--init RUN]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.turns import Ratio, Side, median_and_interval, parse, parser, publish, ratios, raw, take_turns
from newgameplus.games.levels import find_split
from newgameplus.results.training_runs import FORMAT

SPLIT = "tumbleweed-validation"
ALONE, TOGETHER = "a process each", "rows of batches"
WAYS = {ALONE: "--no-batch", TOGETHER: "--batch"}


def evaluation(way: str, init: str, levels: list[str], num_steps: int) -> Callable[[], None]:
    """A side whose turn is a whole evaluation."""
    command = [sys.executable, "-m", "newgameplus", "evaluate", "ppo", "--preset", "joint", "--init", init, "--frozen"]
    command += [part for level in levels for part in ("--level", level)]
    command += ["--timesteps", str(num_steps), "--no-movies", "--json", way]

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            whole = [*command, "--results", str(Path(folder) / "results")]
            done = subprocess.run(whole, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)

    return run


def new_weights(folder: Path) -> str:
    """Write a checkpoint of a policy that has learned nothing."""
    from newgameplus.agents.ppo.agent import Ppo
    from newgameplus.results.checkpoints import save_state
    from newgameplus.types import WorldSpec

    config = Ppo.PRESETS["joint"]
    agent = Ppo(config, WorldSpec(1, (), (84, 84, 4), (), num_actions=10), seed=0)
    save_state(folder / "weights.safetensors", {"format": FORMAT, "agent": agent.state()})
    return str(folder / "weights.safetensors")


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=2)
    options.add_argument("--steps", type=int, default=5000, help="agent steps on each level")
    options.add_argument("--init", help="a training run of the preset joint, or its checkpoint")
    arguments = parse(options, steps=4)
    levels: list[Any] = list(find_split(SPLIT).levels)
    named = [str(level) for level in (levels[:2] if arguments.steps < 100 else levels)]
    with tempfile.TemporaryDirectory() as folder:
        init = arguments.init or new_weights(Path(folder))
        sides: dict[str, Side] = {
            name: partial(evaluation, way, init, named, arguments.steps) for name, way in WAYS.items()
        }
        rounds = list(take_turns(sides, arguments.rounds))
    publish(
        {
            "figure": "frozen_evaluation",
            "what": f"Seconds for {len(named)} levels of {arguments.steps} agent steps each, start included",
            "unit": "seconds",
            "num_steps": len(named) * arguments.steps,
            "num_rounds": len(rounds),
            "sides": {name: median_and_interval([turns[name].clock for turns in rounds]) for name in sides},
            "ratios": ratios(rounds, [Ratio(TOGETHER, ALONE, 3.0)]),
            "seconds": raw(rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
