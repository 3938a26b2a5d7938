"""Watch a movie in a terminal, over SSH too: half blocks in colour, at the rate that the connection allows."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Iterator

from newgameplus.errors import UsageError
from newgameplus.play.geometry import shape_of
from newgameplus.play.half_blocks import HalfBlocks
from newgameplus.play.screening import KEYS, Screening
from newgameplus.session.film import Film

MAX_PICTURES_PER_SECOND = 30
_KEYS = {
    b"\x1b[D": "left",
    b"\x1bOD": "left",
    b"\x1b[C": "right",
    b"\x1bOC": "right",
    b"\x1b[H": "home",
    b"\x1bOH": "home",
    b"\x1b[1~": "home",
    b"\x1b[F": "end",
    b"\x1bOF": "end",
    b"\x1b[4~": "end",
    b"\x1b": "escape",
}
_LINES_BELOW = 2
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
"""Take the alternate screen, hide the cursor, and do not wrap lines."""
_LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"


def watch_in_terminal(film: Film, title: str) -> None:
    """Show a movie in the terminal until the person leaves; the terminal is then as before, after Ctrl-C too.

    Raises:
        UsageError: standard input or output is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("A movie is shown in a terminal, and there is none here; render it: ngp movie render.")
    with contextlib.suppress(KeyboardInterrupt), _taken_terminal():
        _watch(Screening(film), title)


def _watch(screening: Screening, title: str) -> None:
    blocks, size, below = HalfBlocks(), os.terminal_size((0, 0)), ""
    before = time.perf_counter()
    while not screening.is_left:
        now = time.perf_counter()
        due = screening.frames_due(now - before)
        before = now
        if due:
            screening.seek(screening.moment.frame + due)
        clear = ""
        if (present := shutil.get_terminal_size()) != size:
            size, clear = present, "\x1b[2J"
            blocks.forget()
        drawn, text = _picture(screening, blocks, size), _text(screening, title, size)
        _write(clear + drawn + (text if clear or text != below else ""))
        below = text
        left = 1 / MAX_PICTURES_PER_SECOND - (time.perf_counter() - now)
        for key in _keys(max(0.0, left)):
            screening.press(key)


def _picture(screening: Screening, blocks: HalfBlocks, size: os.terminal_size) -> str:
    """What draws the present picture, above the text."""
    picture = screening.moment.picture
    shape = shape_of(screening.film.movie.platform, picture.shape[1], picture.shape[0], is_square=False)
    return blocks.draw(picture, size.columns, max(0, size.lines - _LINES_BELOW), float(shape))


def _text(screening: Screening, title: str, size: os.terminal_size) -> str:
    """What writes the two lines below the picture."""
    at_end = "   the end" if screening.moment.frame >= screening.last_frame else ""
    lines = [screening.status() + at_end, f"{KEYS}   {title}"]
    rows = range(size.lines - _LINES_BELOW + 1, size.lines + 1)
    return "".join(
        f"\x1b[{row};1H\x1b[K{line[: size.columns]}" for row, line in zip(rows, lines, strict=True) if row > 0
    )


def _keys(seconds: float) -> Iterator[str]:
    """Wait up to ``seconds`` for keys and yield them."""
    descriptor = sys.stdin.fileno()
    if not select.select([descriptor], [], [], seconds)[0]:
        return
    typed = os.read(descriptor, 64)
    while typed:
        found = next((code for code in sorted(_KEYS, key=len, reverse=True) if typed.startswith(code)), typed[:1])
        typed = typed[len(found) :]
        yield _KEYS.get(found, found.decode("ascii", "replace").lower())


def _write(text: str) -> None:
    """Write to the terminal itself: standard output of ``ngp`` makes control sequences visible."""
    content = text.encode()
    while content:
        content = content[os.write(sys.stdout.fileno(), content) :]


@contextlib.contextmanager
def _taken_terminal() -> Iterator[None]:
    """Take the whole terminal and its keys; afterwards it is as it was."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        _write(_ENTER)
        yield
    finally:
        _write(_LEAVE)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
