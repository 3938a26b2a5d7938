"""Times how long many episodes take to become one grid video, start-up included.

Target: 100 episodes of 60 seconds in less than 3 minutes on 2 cores.

Run: python -m benchmarks.speed.grid_video [--rounds 3] [--movies 100] [--seconds 60]
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.movie_bits import record
from benchmarks.play import AIRSTRIKER
from benchmarks.turns import median_and_interval, parse, parser, publish, temporary_folder
from newgameplus.executor.local import available_cores
from newgameplus.movies.grid import render_grid
from newgameplus.movies.video import RenderOptions

MOST_SECONDS = 180.0


def seconds_of(paths: list[Path], out: Path) -> float:
    """Time of rendering the grid once."""
    started = time.perf_counter()
    render_grid(paths, out, RenderOptions())
    return time.perf_counter() - started


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=3)
    options.add_argument("--movies", type=int, default=100)
    options.add_argument("--seconds", type=float, default=60.0, help="length of an episode")
    arguments = parse(options, movies=26, seconds=0.5)
    folder = temporary_folder()
    num_frames = round(60 * arguments.seconds)
    paths = [record(folder / str(number), num_frames, seed=number) for number in range(arguments.movies)]
    out = folder / "grid.mp4"
    times = [seconds_of(paths, out) for _ in range(arguments.rounds)]
    name = f"{arguments.movies} episodes of {arguments.seconds:g} s"
    publish(
        {
            "figure": "grid_video",
            "what": f"A grid video of many episodes, on {available_cores()} cores",
            "num_rounds": arguments.rounds,
            "unit": "seconds",
            "level": AIRSTRIKER,
            "num_movies": arguments.movies,
            "num_frames": num_frames,
            "size_bytes": out.stat().st_size,
            "sides": {name: median_and_interval(times, at_most=MOST_SECONDS)},
            "ratios": [],
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
