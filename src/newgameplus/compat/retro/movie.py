"""stable-retro's ``Movie``: recorded buttons, read or written frame by frame."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from newgameplus.compat.retro.machine import RetroEmulator
from newgameplus.errors import UsageError
from newgameplus.movies.bk2 import Movie as Recording
from newgameplus.movies.bk2 import read_movie, write_movie


class Movie:
    """A movie that is read, or, with ``record``, written when it is closed, or else when the program ends.

    Args:
        path: path of the file.
        record: whether it is written.
        players: number of players of a movie that is written.

    Raises:
        MovieError: the movie cannot be read.
    """

    def __init__(self, path: str | Path, record: bool = False, players: int = 1) -> None:
        self._path = Path(path)
        self._read = None if record else read_movie(self._path)
        self.players = players if self._read is None else self._read.num_players
        self._game, self._platform = "", ""
        self._buttons: Sequence[str | None] = ()
        self._state: bytes | None = None
        self._frame = -1
        self._held = [0] * self.players
        self._masks: list[list[int]] = []
        if record:
            atexit.register(self.close)
        if self._read is not None:
            self._game, self._state = self._read.game, self._read.start_state

    def configure(self, game: str, emulator: RetroEmulator) -> None:
        """Name the game and the machine of a movie that is written."""
        console = emulator.emulator.core.console
        self._game, self._platform, self._buttons = game, console.name, console.buttons

    def get_game(self) -> str:
        """Name of the game."""
        return self._game

    def get_state(self) -> bytes:
        """Machine state before the first frame; empty if the movie starts from power-on."""
        return self._state or b""

    def set_state(self, state: bytes) -> None:
        """Set the machine state before the first frame."""
        self._state = bytes(state)

    def step(self) -> bool:
        """Go on to the next frame; return whether a movie that is read has one."""
        if self._read is None:
            self._masks.append(self._held)
            self._held = [0] * self.players
            return True
        self._frame += 1
        return self._frame < self._read.num_frames

    def get_key(self, key: int, player: int = 0) -> bool:
        """Whether a player holds button ``key`` in this frame.

        Raises:
            UsageError: there is no such frame.
        """
        if self._read is None or not 0 <= self._frame < self._read.num_frames:
            raise UsageError(f"The movie {self._path} is at no frame: call step() first, and while it returns True.")
        return bool(int(self._read.masks[self._frame, player]) >> key & 1)

    def set_key(self, key: int, is_held: bool, player: int = 0) -> None:
        """Hold or release button ``key`` of a player in the next frame that is written."""
        self._held[player] = self._held[player] & ~(1 << key) | (1 << key if is_held else 0)

    def close(self) -> None:
        """Write a movie that is recorded, unless it has no frames.

        Raises:
            MovieError: it cannot be written.
        """
        if self._read is None and self._masks:
            masks = np.array(self._masks, np.uint32)
            write_movie(self._path, Recording(self._game, self._platform, self._state, tuple(self._buttons), masks))
            self._masks = []
        atexit.unregister(self.close)
