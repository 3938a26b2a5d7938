"""What a run shows of its rows while somebody looks, in a folder ``live`` beside its logs.

::

    RUN/live/
      wanted   touched each second by who looks
      rows     what the rows do, replaced some times a second, as long as ``wanted`` is fresh

The run removes the folder when it ends. ``rows`` is a line of JSON followed by the pictures as RGB, one after another.
Reading treats it as untrusted.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import ResultsError
from newgameplus.fields import pick
from newgameplus.types import Array

FORMAT = 1
"""Version of ``rows``."""
MAX_PICTURES = 16
"""Rows whose pictures are shown."""
MAX_ROWS = 256
"""Rows that are shown."""
WANTED_SECONDS = 5.0
"""Time for which a touch of ``wanted`` counts."""
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class LiveRow:
    """What a row does."""

    level: str
    episode_return: float
    """Return of the episode so far."""
    num_steps: int
    """Agent steps of the episode so far."""
    num_stalled: int
    """Agent steps since the last new maximum of the return, as far as somebody has looked."""
    action: str
    """Buttons of the last action."""
    variables: Mapping[str, int]
    """The game's variables."""


@dataclass(frozen=True, slots=True)
class LiveRows:
    """What a run shows at one moment."""

    num_steps: int
    """Agent steps of the run, over all rows."""
    num_episodes: int
    elapsed_seconds: float
    """Time spent playing, without interruptions."""
    num_rows: int
    """Number of rows of the run; there may be more than are shown."""
    share: float
    """Share of the run's time that showing takes."""
    rows: tuple[LiveRow, ...]
    pictures: tuple[Array | None, ...] = ()
    """Pictures of the first rows, uint8 ``[H, W, 3]``; None where nothing was drawn."""


class LiveFolder:
    """The folder ``live`` of a run.

    Args:
        run: the run's folder.
    """

    def __init__(self, run: Path) -> None:
        self.path = run / "live"
        self._wanted, self._rows = self.path / "wanted", self.path / "rows"

    def ask(self) -> None:
        """Ask the run to show its rows, for the next ``WANTED_SECONDS``.

        Raises:
            ResultsError: the folder cannot be written.
        """
        try:
            self.path.mkdir(exist_ok=True)
            self._wanted.touch()
        except OSError as error:
            raise ResultsError(
                f"Cannot write to {self.path} ({error.strerror}), so the run is not told to show its rows: "
                "watch it as a user who may write there."
            ) from error

    def is_wanted(self) -> bool:
        """Whether somebody looks."""
        try:
            return time.time() - self._wanted.stat().st_mtime < WANTED_SECONDS
        except OSError:
            return False

    def show(self, shown: LiveRows) -> None:
        """Replace what is shown.

        Raises:
            OSError: the folder cannot be written.
        """
        sizes = [None if picture is None else picture.shape[:2] for picture in shown.pictures]
        head = {"format": FORMAT, "sizes": sizes, **asdict(replace(shown, pictures=()))}
        unfinished = self.path / ".rows"
        with unfinished.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            for picture in shown.pictures:
                if picture is not None:
                    file.write(np.ascontiguousarray(picture).data)
        # Some file systems write a file at once to disk if it replaces another, and one that is soon deleted never.
        self._rows.unlink(missing_ok=True)
        unfinished.rename(self._rows)

    def stamp(self) -> int | None:
        """What differs once something else is shown; None if nothing is."""
        try:
            return self._rows.stat().st_mtime_ns
        except OSError:
            return None

    def read(self) -> LiveRows | None:
        """Return what is shown; None if nothing is.

        Raises:
            ResultsError: the file is damaged.
        """
        try:
            with self._rows.open("rb") as file:
                if os.fstat(file.fileno()).st_size > _MAX_BYTES:
                    raise ResultsError(f"{self._rows} is damaged: it is larger than {_MAX_BYTES >> 20} MB.")
                content = file.read()
        except OSError:
            return None
        head, _, pixels = content.partition(b"\n")
        try:
            return _parsed(json.loads(head), pixels)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ResultsError(f"{self._rows} is damaged ({error}); the run replaces it while it plays.") from error

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)


def _parsed(head: Any, pixels: bytes) -> LiveRows:
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    rows = tuple(pick(LiveRow, row) for row in head["rows"][:MAX_ROWS])
    for row in rows:
        if not isinstance(row.variables, dict) or not all(type(value) is int for value in row.variables.values()):
            raise ValueError("a variable is no whole number")
    shown = pick(LiveRows, head | {"rows": rows, "pictures": ()})
    if not all(map(math.isfinite, (shown.elapsed_seconds, shown.share, *(row.episode_return for row in rows)))):
        raise ValueError("a number is infinite")
    return replace(shown, pictures=tuple(_pictures(head["sizes"][:MAX_PICTURES], pixels)))


def _pictures(sizes: Sequence[Any], pixels: bytes) -> Iterator[Array | None]:
    at = 0
    for size in sizes:
        if size is None:
            yield None
            continue
        height, width = size
        if type(height) is not int or type(width) is not int or min(height, width) < 1:
            raise ValueError("a picture has no size")
        end = at + 3 * height * width
        if end > len(pixels):
            raise ValueError("a picture is cut off")
        yield np.frombuffer(pixels, np.uint8, end - at, at).reshape(height, width, 3)
        at = end
