"""A movie in the terminal: what a real pseudo-terminal receives, and that it is left as it was."""

from __future__ import annotations

import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import numpy as np
import pytest

from newgameplus.cli.main import run
from newgameplus.envs.retro import RetroEnv
from newgameplus.games.levels import find_level
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.play.half_blocks import HalfBlocks

from .conftest import AIRSTRIKER

ROWS, COLUMNS = 24, 80
LEFT = "\x1b[?1049l"


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watched")
    env = RetroEnv(find_level(AIRSTRIKER), kind="none", listeners=[MovieRecorder(folder)])
    try:
        env.reset()
        for number in range(1200):
            env.advance(number // 20 % 2)
    finally:
        env.close()
    return next(folder.iterdir())


class Terminal:
    """``ngp movie play --terminal`` in a pseudo-terminal."""

    def __init__(self, movie: Path) -> None:
        self.ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.theirs = theirs
        self.before = termios.tcgetattr(theirs)
        self.received = ""
        command = [sys.executable, "-m", "newgameplus", "movie", "play", str(movie), "--terminal"]
        environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
            preexec_fn=lambda: ioctl(theirs, termios.TIOCSCTTY, 0),
        )  # fmt: skip

    def read_until(self, pattern: str) -> re.Match[str]:
        """Read until ``pattern`` occurs behind what was matched before."""
        while (found := re.search(pattern, self.received, re.DOTALL)) is None:
            self.received += os.read(self.ours, 2**16).decode(errors="replace")
        self.received = self.received[found.end() :]
        return found

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal(movie: Path) -> Iterator[Terminal]:
    opened = Terminal(movie)
    yield opened
    opened.close()


def test_it_shows_the_movie_and_keys_move_in_it(terminal: Terminal) -> None:
    terminal.read_until("\x1b.38;2;.*▀.*frame")
    terminal.press(" ")
    terminal.read_until("paused")
    terminal.press("\x1b[F")
    terminal.read_until(r"frame 1200 [^\x1b]*the end")
    terminal.press("\x1b[D")
    terminal.read_until(r"frame 900 ")
    terminal.press(",")
    terminal.read_until(r"frame 899 ")
    terminal.press("q")
    terminal.read_until(re.escape(LEFT))
    assert terminal.process.wait() == 0
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_the_terminal_is_as_before_after_ctrl_c(terminal: Terminal) -> None:
    terminal.read_until("▀.*frame")
    assert termios.tcgetattr(terminal.theirs) != terminal.before
    terminal.press("\x03")
    terminal.read_until(re.escape(LEFT))
    assert terminal.process.wait() in (0, 130, -signal.SIGINT)
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_without_a_terminal_it_is_refused(movie: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["movie", "play", str(movie), "--terminal"]) == 2
    assert "there is none here" in capsys.readouterr().err


def painted(text: str, screen: dict[tuple[int, int], tuple[int, ...]]) -> None:
    """Paint what :class:`HalfBlocks` wrote onto ``screen``."""
    place, colours = (0, 0), ()
    for code in re.findall(r"\x1b\[(\d+;\d+)H|\x1b\[38;2;([\d;]+)m|(▀)|\x1b\[0m", text):
        if code[0]:
            row, column = map(int, code[0].split(";"))
            place = (row - 1, column - 1)
        elif code[1]:
            colours = tuple(int(part) for part in code[1].replace(";48;2;", ";").split(";"))
        elif code[2]:
            screen[place] = colours
            place = (place[0], place[1] + 1)


def test_only_changes_are_drawn_and_the_screen_is_the_picture() -> None:
    blocks, random = HalfBlocks(), np.random.default_rng(1)
    picture = random.integers(0, 256, (20, 30, 3), np.uint8)
    screen: dict[tuple[int, int], tuple[int, ...]] = {}
    first = blocks.draw(picture, 30, 10, 1.5)
    painted(first, screen)
    changed = picture.copy()
    changed[7, 11] ^= 0x80
    second = blocks.draw(changed, 30, 10, 1.5)
    painted(second, screen)
    assert second.count("▀") == 1
    assert blocks.draw(changed, 30, 10, 1.5) == ""
    rounded = changed & np.uint8(0xF8)
    assert screen == {
        (row, column): (*rounded[2 * row, column].tolist(), *rounded[2 * row + 1, column].tolist())
        for row in range(10)
        for column in range(30)
    }


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (0, 0), (3, 40), (200, 1)])
def test_small_terminals_are_not_left(columns: int, rows: int) -> None:
    text = HalfBlocks().draw(np.zeros((224, 320, 3), np.uint8), columns, rows, 4 / 3)
    for row, column in re.findall(r"\x1b\[(\d+);(\d+)H", text):
        assert int(row) <= rows
        assert int(column) <= columns
