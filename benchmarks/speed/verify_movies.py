"""How fast movies are verified, against the emulator core alone; and what the marks cost while movies are recorded.

One core of the processor. The core alone runs the same frames of the same movies from the same states, without pictures
and sound, and does nothing else; it is opened anew for each movie, as verifying does. Recording plays the contest's
steps with the same random actions, with and without marks.

Targets: verifying runs at 0.9 of the core's own speed, and recording with marks at 0.99 of that without.

Run: python -m benchmarks.speed.verify_movies [--rounds 10] [--seconds 60] [--movies 3]
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.movie_bits import record
from benchmarks.play import AIRSTRIKER
from benchmarks.turns import Ratio, Side, parse, parser, publish, ratios, raw, speeds, take_turns, temporary_folder
from newgameplus.emulator.cores import core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.envs.contest import make_contest
from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import find_level
from newgameplus.movies import recorder
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.marks import MARK_BYTES
from newgameplus.movies.verify import verify_movie
from newgameplus.types import WARPED

VERIFYING, CORE_ALONE = "verifying", "the core alone"
MARKED, UNMARKED = "recording with marks", "recording without marks"
LEAST_SPEED, LEAST_RECORDING = 0.9, 0.99
FRAMES_PER_STEP = 4


def verifying(paths: Sequence[Path]) -> Callable[[], None]:
    """A side that verifies movies one after the other."""

    def run() -> None:
        for path in paths:
            assert verify_movie(path).outcome == "same"

    return run


def core_alone(paths: Sequence[Path]) -> Callable[[], None]:
    """A side that runs the movies' frames on the core and does nothing else."""
    movies = [read_movie(path) for path in paths]

    def run() -> None:
        for movie in movies:
            game = find_game(movie.game)
            core = core_of(game.console, movie.extra["core"]["name"])
            emulator = NativeEmulator(game.rom(), core, game.core_options)
            assert movie.start_state is not None
            emulator.load(movie.start_state)
            console = emulator.console
            for masks in movie.masks.tolist():
                console.run(masks, False)
            emulator.close()

    return run


def recording(num_steps: int, *, has_marks: bool) -> Callable[[], None]:
    """A side that plays the contest's steps with random actions and records movies."""
    if not has_marks:
        vars(recorder)["mark_of"] = lambda memory: bytes(MARK_BYTES)
    level = find_level(AIRSTRIKER)

    def run() -> None:
        folder = Path(tempfile.mkdtemp(prefix="ngp-bench-"))
        env = make_contest(level, observation_spec=WARPED, listeners=[recorder.MovieRecorder(folder)])
        env.action_space.seed(0)
        env.reset(seed=0)
        for _ in range(num_steps):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                env.reset()
        env.close()
        shutil.rmtree(folder)

    return run


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=10)
    options.add_argument("--seconds", type=float, default=60.0, help="length of a movie")
    options.add_argument("--movies", type=int, default=3)
    arguments = parse(options, seconds=2.0, movies=1)
    num_frames, folder = round(60 * arguments.seconds), temporary_folder()
    paths = [record(folder / str(number), num_frames, seed=number) for number in range(arguments.movies)]
    num_steps = num_frames * arguments.movies // FRAMES_PER_STEP
    sides: dict[str, Side] = {
        VERIFYING: partial(verifying, paths),
        CORE_ALONE: partial(core_alone, paths),
        MARKED: partial(recording, num_steps, has_marks=True),
        UNMARKED: partial(recording, num_steps, has_marks=False),
    }
    rounds = list(take_turns(sides, arguments.rounds, core=0))
    wanted = [Ratio(VERIFYING, CORE_ALONE, LEAST_SPEED), Ratio(MARKED, UNMARKED, LEAST_RECORDING)]
    publish(
        {
            "figure": "verify_movies",
            "what": "Verifying movies beside the core alone, and recording with and without marks, on one core",
            "unit": "frames per second",
            "level": AIRSTRIKER,
            "num_frames": num_frames,
            "num_movies": arguments.movies,
            "num_rounds": arguments.rounds,
            "sides": speeds(rounds, num_frames * arguments.movies),
            "ratios": ratios(rounds, wanted),
            "seconds": raw(rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
