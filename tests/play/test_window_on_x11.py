"""A real window on a real display: keys that the X server sends reach the game, and its picture reaches the screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from newgameplus.cli.main import run
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.verify import verify_movie
from newgameplus.results.evaluations import Results
from newgameplus.session.session import Session

from .conftest import AIRSTRIKER

SIZE = (800, 600)
PATIENCE_SECONDS = 30.0

missing = [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"needs {' and '.join(missing)}: apt install xvfb xdotool")


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An X server of its own, on a free display, and the file that holds what its screen shows."""
    folder = tmp_path_factory.mktemp("screen")
    read, write = os.pipe()
    screen = ["-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", str(folder)]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *screen, "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    yield f":{number}", folder / "Xvfb_screen0"
    server.terminate()
    server.wait()


def screen_of(file: Path) -> np.ndarray:
    """The screen, uint8 ``[H, W, 3]``, from the server's frame buffer: an X window dump in 32-bit pixels."""
    content = file.read_bytes()
    pixels = np.frombuffer(content[-SIZE[0] * SIZE[1] * 4 :], np.uint8).reshape(SIZE[1], SIZE[0], 4)
    return pixels[:, :, 2::-1]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def num_frames(movie: Path) -> int:
    """Frames that the movie on disk has so far."""
    return read_movie(movie).num_frames if movie.exists() else 0


def test_a_key_that_is_pressed_moves_the_ship(display: tuple[str, Path], tmp_path: Path) -> None:
    movie = tmp_path / "played.bk2"
    environment = os.environ | {"DISPLAY": display[0], "SDL_AUDIODRIVER": "dummy", HOME_VARIABLE: str(tmp_path)}
    environment.pop("SDL_VIDEODRIVER", None)
    command = [sys.executable, "-m", "newgameplus", "play", AIRSTRIKER, "--record", str(movie), "--scale", "2"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as game:

        def xdotool(*words: str) -> None:
            subprocess.run(["xdotool", *words], env=environment, check=True)

        try:
            wait_until(lambda: num_frames(movie) > 1)
            xdotool("keydown", "Left")
            held_from = num_frames(movie)
            wait_until(lambda: num_frames(movie) > held_from + 120)
            picture = screen_of(display[1])
            xdotool("keyup", "Left")
            xdotool("key", "Escape")
            told, _ = game.communicate(timeout=PATIENCE_SECONDS)
        finally:
            game.kill()
    assert game.returncode == 0
    assert told.startswith(str(movie))
    assert np.unique(picture.reshape(-1, 3), axis=0).shape[0] > 5  # stars, ships and words

    left = 1 << 6
    masks = read_movie(movie).masks[1:, 0].tolist()
    assert masks.count(left) > 60
    assert verify_movie(movie).outcome == "same"
    assert _memory_after(masks) != _memory_after([0] * len(masks))


def _memory_after(masks: list[int]) -> bytes:
    session = Session(find_level(AIRSTRIKER))
    session.follow(masks)
    memory = session.memory()
    session.close()
    return memory


@pytest.mark.nightly
def test_a_person_is_judged_in_a_window_and_the_results_are_those_of_an_agent(
    display: tuple[str, Path], tmp_path: Path
) -> None:
    results = Results(tmp_path / "me")
    environment = os.environ | {"DISPLAY": display[0], "SDL_AUDIODRIVER": "dummy", HOME_VARIABLE: str(tmp_path)}
    environment.pop("SDL_VIDEODRIVER", None)
    judged = ["play", AIRSTRIKER, "--rules", "contest", "--timesteps", "40", "--results", str(results.path)]
    command = [sys.executable, "-m", "newgameplus", *judged, "--scale", "2"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as game:

        def xdotool(*words: str) -> None:
            subprocess.run(["xdotool", *words], env=environment, check=True)

        try:
            folder = results.run("Airstriker-Genesis-v0-Level1", 0)
            wait_until(lambda: np.unique(screen_of(display[1]).reshape(-1, 3), axis=0).shape[0] > 5)
            xdotool("key", "z")
            xdotool("keydown", "Left")
            wait_until(folder.is_complete)
            xdotool("keyup", "Left")
            xdotool("key", "Escape")
            told, _ = game.communicate(timeout=PATIENCE_SECONDS)
        finally:
            game.kill()
    assert game.returncode == 0
    assert "Look at it: ngp report" in told
    (movie,) = folder.movies.iterdir()
    assert read_movie(movie).masks[1:, 0].tolist().count(1 << 6) > 60
    assert verify_movie(movie).outcome == "same"
    assert run(["report", str(results.path), "-o", str(tmp_path / "report.html")]) == 0
    assert run(["compare", str(results.path)]) == 0
    assert run(judged) == 0  # the same command again has nothing to play
