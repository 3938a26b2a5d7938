"""Text that a terminal only shows: what other people's names and messages hold is never sent to it as a command.

Names of levels, movies, zip members, the errors of scripts and the metadata of files are other people's text. Control
characters in it would move the cursor, change the title or hide lines. All output of ``ngp`` goes through here: text
through a stream in the place of ``sys.stdout`` and ``sys.stderr``, tables and progress bars through a console that
tells its own control sequences from text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters but for tabs and ends of lines, what changes the direction of text, and halves of characters."""
_ENDS_OF_FIELDS = re.compile("[\t\n]")
_LONGEST_LINE = 1_000_000
"""Width of a pipe or a file, in characters."""


def printable(text: str, encoding: str | None = None) -> str:
    r"""Return ``text`` with escapes such as ``\x1b`` for everything that is not shown as itself.

    Args:
        text: any text, of one or more lines.
        encoding: encoding of the terminal; what it does not have is escaped, too. None for any.
    """
    text = _UNPRINTABLE.sub(_escape, text)
    return text.encode(encoding, "backslashreplace").decode(encoding) if encoding else text


def printable_field(text: str) -> str:
    r"""Return :func:`printable` text of a single line without tabs, such as a name in a table."""
    return _ENDS_OF_FIELDS.sub(_escape, printable(text))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


class PrintableStream:
    """A text stream that writes :func:`printable` text to another one."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        """The stream that it writes to."""

    def write(self, text: str) -> int:
        """Write text; return the number of its characters."""
        if not isinstance(text, str):
            raise TypeError("Only text can be made printable.")
        self.stream.write(printable(text, self.stream.encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines, which bring their ends."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError("Bytes cannot be made printable.")
        return getattr(self.stream, name)


@contextmanager
def printable_output() -> Iterator[None]:
    """Make all that this process writes to standard output and standard error printable."""
    before: tuple[Any, Any] = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (None if stream is None else PrintableStream(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def printable_number(value: float) -> str:
    """``6301.0003`` → ``6,301`` and ``-0.5`` → ``-0.50``: two decimals, none where they would be zeros."""
    text = f"{value:,.2f}".removesuffix(".00")
    return "0" if text == "-0" else text


def open_console(*, stderr: bool = False) -> Console:
    """Return a console of rich for standard output or standard error, whose text is printable.

    Into a pipe or a file it writes lines of any length: only a terminal has a width to wrap them at.
    """
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class PrintableConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                if segment.control:
                    yield segment
                else:
                    yield Segment(printable(segment.text, self.encoding), segment.style)

    stream: Any = sys.stderr if stderr else sys.stdout
    console = PrintableConsole(file=stream.stream if isinstance(stream, PrintableStream) else stream)
    if not console.is_terminal:
        console.width, console.soft_wrap = _LONGEST_LINE, True
    return console


def printable_time(seconds: float) -> str:
    """Return ``seconds`` as minutes and seconds, ``1:05.3``."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"
