"""Time of JERK for eight runs on all cores, movies and checkpoints included, by emulator.

Every turn is a whole ``ngp evaluate jerk``: on the reference backend, as before there was an engine, on the engine with
the same core, and on the engine with picodrive. Targets against the first: 1.3 and 3.5.

Run: python -m benchmarks.speed.jerk_many [--rounds 2] [--steps 1500] (the published figure: --steps 100000)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.play import AIRSTRIKER, SEED, picodrive_level
from benchmarks.turns import Ratio, Side, median_and_interval, parse, parser, publish, ratios, raw, take_turns
from newgameplus.emulator.backends import BACKEND_VARIABLE
from newgameplus.games.folders import GAMES_VARIABLE

NUM_RUNS = 8
BEFORE, SAME_CORE, PICODRIVE_SIDE = "reference backend", "engine, genesis_plus_gx", "engine, picodrive"
RATIOS = [Ratio(SAME_CORE, BEFORE, 1.3), Ratio(PICODRIVE_SIDE, BEFORE, 3.5)]


def evaluation(level: str, num_steps: int, variables: Mapping[str, str]) -> Callable[[], None]:
    """A side whose turn is a whole evaluation, with some environment variables."""
    command = [sys.executable, "-m", "newgameplus", "evaluate", "jerk", "--level", level, "--seeds", str(NUM_RUNS)]
    command += ["--seed", str(SEED), "--timesteps", str(num_steps), "--json"]

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            whole = [*command, "--results", str(Path(folder) / "results")]
            done = subprocess.run(whole, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)

    return run


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=2)
    options.add_argument("--steps", type=int, default=1500, help="agent steps of each of the eight runs")
    arguments = parse(options, steps=4)
    picodrive = str(picodrive_level())
    games = {GAMES_VARIABLE: os.environ.pop(GAMES_VARIABLE)}
    native, reference = {BACKEND_VARIABLE: "native"}, {BACKEND_VARIABLE: "reference"}
    sides: dict[str, Side] = {
        BEFORE: partial(evaluation, AIRSTRIKER, arguments.steps, reference),
        SAME_CORE: partial(evaluation, AIRSTRIKER, arguments.steps, native),
        PICODRIVE_SIDE: partial(evaluation, picodrive, arguments.steps, native | games),
    }
    rounds = list(take_turns(sides, arguments.rounds))
    publish(
        {
            "figure": "jerk_many",
            "what": f"Seconds for {NUM_RUNS} runs of {arguments.steps} agent steps each, start included",
            "unit": "seconds",
            "level": AIRSTRIKER,
            "num_steps": NUM_RUNS * arguments.steps,
            "num_rounds": len(rounds),
            "sides": {name: median_and_interval([turns[name].clock for turns in rounds]) for name in sides},
            "ratios": ratios(rounds, RATIOS),
            "seconds": raw(rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
