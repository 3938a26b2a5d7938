"""Difficulty of Tumbleweed's validation levels: scores of random play, play to the right, JERK and the par movies.

Each player is evaluated by ``ngp evaluate`` under the contest's rules; the par movies' scores are the recorded ones. An
interrupted run is resumed from its results in --work.

Run: python -m benchmarks.runs.tumbleweed_calibration [--jerk-steps 1000000] [--steps 100000] [--work DIR]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.turns import parse, parser, publish, temporary_folder
from newgameplus.games.levels import find_split
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.record import episode_record
from newgameplus.open_games.proof import par_path

SPLIT = "tumbleweed-validation"
PLAYERS: dict[str, tuple[str, ...]] = {
    "random": ("random",),
    "always right": ("random", "--preset", "hold-right", "--set", "press_probability=0"),
    "right, other buttons at random": ("random", "--preset", "hold-right"),
    "JERK": ("jerk",),
}
WANTED = {"random": (None, 800.0), "always right": (None, 1500.0), "JERK": (1500.0, 4500.0), "par": (9000.0, None)}
"""Lower and upper bound of each mean score; for par, of every level's."""


def evaluate(name: str, steps: int, work: Path) -> dict[str, Any]:
    """Evaluate a player; return the content of ``scores.json``, with the seconds of this session."""
    results = work / f"{name.replace(',', '').replace(' ', '-')}-{steps}"
    command = [sys.executable, "-m", "newgameplus", "evaluate"]
    if (results / "manifest.json").is_file():
        command += ["--resume", "--results", str(results)]
    else:
        command += [*PLAYERS[name], "--split", SPLIT, "--timesteps", str(steps), "--no-movies"]
        command += ["--results", str(results)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=sys.stderr)
    scores: dict[str, Any] = json.loads((results / "scores.json").read_text())
    return scores | {"wall_seconds": round(time.perf_counter() - start, 1)}


def par_scores() -> dict[str, float]:
    """Score of the par movie of each validation level, by state."""
    return {level.state: par_score(par_path(level)) for level in find_split(SPLIT).levels}


def par_score(movie: Path) -> float:
    """Return recorded in a movie."""
    value = episode_record(read_movie(movie).extra, str(movie)).episode_return
    if value is None:
        sys.exit(f"{movie} does not say its return; prove the level anew.")
    return value


def table_of(scores: dict[str, dict[str, Any]], par: dict[str, float]) -> dict[str, dict[str, float]]:
    """Score of each player on each level, by state."""
    return {
        state: {
            name: round(line["score"], 1)
            for name, result in scores.items()
            for line in result["levels"]
            if line["id"].endswith(f"/{state}")
        }
        | {"par": round(value, 1)}
        for state, value in par.items()
    }


def is_within(value: float, bounds: tuple[float | None, float | None]) -> bool:
    """Whether a mean is within its bounds."""
    low, high = bounds
    return (low is None or value > low) and (high is None or value < high)


def main() -> None:
    """Judge every player, print the table and store it."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("--steps", type=int, default=100_000, help="steps per level of those that learn nothing")
    options.add_argument("--jerk-steps", type=int, default=1_000_000, help="steps per level of JERK")
    options.add_argument("--work", type=Path, default=Path("results/tumbleweed-calibration"))
    arguments = parse(options, steps=4, jerk_steps=4, work=temporary_folder())
    par = par_scores()
    steps = {name: arguments.jerk_steps if name == "JERK" else arguments.steps for name in PLAYERS}
    scores = {name: evaluate(name, steps[name], arguments.work) for name in PLAYERS}
    means = {name: scores[name]["score"]["mean"] for name in PLAYERS} | {"par": min(par.values())}
    levels = table_of(scores, par)
    print(f"{'level':16}" + "".join(f"{name[:12]:>13}" for name in [*PLAYERS, "par"]))
    for state, line in levels.items():
        print(f"{state:16}" + "".join(f"{line[name]:13.1f}" for name in [*PLAYERS, "par"]))
    result = {
        "figure": "tumbleweed_calibration",
        "what": "Contest scores on tumbleweed-validation, one seed; of par the lowest level's",
        "unit": "contest score",
        "num_rounds": 1,
        "num_steps": steps,
        "sides": {name: {"median": round(mean, 1), "interval": [mean, mean]} for name, mean in means.items()},
        "ratios": [],
        "wanted": {name: list(bounds) for name, bounds in WANTED.items()},
        "is_met": {name: is_within(means[name], bounds) for name, bounds in WANTED.items()},
        "levels": levels,
        "wall_seconds": {name: scores[name]["wall_seconds"] for name in PLAYERS},
    }
    publish(result, arguments.results)
    print(f"Within the bounds: {result['is_met']}")


if __name__ == "__main__":
    main()
