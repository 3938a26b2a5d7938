"""Memory that a server draws observations into and that an agent can only read: a sealed memfd with two slots in turn.

After the seals nobody can write to it by a new way, resize it or change the seals, not even through ``/proc``; the
server's map was made before them and stays writable. Source: memfd_create(2), fcntl(2).
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import sys
from collections.abc import Mapping

import numpy as np

from newgameplus.errors import UsageError
from newgameplus.remote.messages import HEADER_BYTES, NUM_SLOTS, PICTURE_BYTES, Greeting, picture_at, slot_bytes
from newgameplus.types import Array

_MFD_NOEXEC_SEAL = 0x0008
_F_ADD_SEALS, _F_GET_SEALS = 1033, 1034
_F_SEAL_SEAL, _F_SEAL_SHRINK, _F_SEAL_GROW, _F_SEAL_FUTURE_WRITE = 0x1, 0x2, 0x4, 0x10
SEALS = _F_SEAL_SEAL | _F_SEAL_SHRINK | _F_SEAL_GROW | _F_SEAL_FUTURE_WRITE
"""Linux's numbers; not all have names in Python's fcntl."""


def can_seal() -> bool:
    """Whether this system has memory that can be sealed: Linux has."""
    return sys.platform == "linux"


class Frames:
    """Observations on their way to an agent; without memory they are given as bytes that follow their message.

    Args:
        greeting: shapes of the observations, and whether they lie in memory.

    Raises:
        UsageError: the system refuses the memory or its seals.
    """

    def __init__(self, greeting: Greeting) -> None:
        self._is_seen = greeting.row_bytes > 0
        self.fd: int | None = None
        """The sealed memory; None if there is none."""
        self._map: mmap.mmap | None = None
        size = picture_at(greeting) + (PICTURE_BYTES if greeting.has_memory else 0)
        if greeting.has_memory:
            self.fd, self._map = _sealed(size)
        shared = bytearray(size) if self._map is None else self._map
        self._numbers = memoryview(shared)[: 16 * NUM_SLOTS].cast("Q")
        memory = np.frombuffer(shared, np.uint8)
        self._slots: list[Array] = []
        self._finals: list[Array] = []
        rows, dtype = greeting.num_envs, np.dtype(greeting.dtype)
        for slot in range(NUM_SLOTS):
            begin = HEADER_BYTES + slot * slot_bytes(greeting)
            length = rows * greeting.row_bytes
            self._slots.append(memory[begin : begin + length].view(dtype).reshape(rows, *greeting.shape))
            last = memory[begin + length : begin + 2 * length] if greeting.is_same_step else memory[:0]
            self._finals.append(last.view(dtype).reshape(rows if greeting.is_same_step else 0, *greeting.shape))
        self._picture = memory[picture_at(greeting) :]

    def draw(self, seq: int, observation: Array, finals: Mapping[int, Array]) -> tuple[int, bytes]:
        """Copy an observation into the slot whose turn it is; return the slot, and what to send if it is no memory.

        Args:
            seq: number of the request that it answers.
            observation: ``[B, …]``.
            finals: last observation of each row whose episode ended and has begun again, by row index.
        """
        slot = seq % NUM_SLOTS
        self._numbers[2 * slot] = seq
        if self._is_seen:
            self._slots[slot][...] = observation
        for row, last in finals.items():
            self._finals[slot][row] = last
        self._numbers[2 * slot + 1] = seq
        if self._map is not None:
            return slot, b""
        ended = b"".join(self._finals[slot][row].tobytes() for row in sorted(finals))
        return slot, self._slots[slot].tobytes() + ended

    def draw_picture(self, picture: Array) -> bytes:
        """Copy a picture, uint8 ``[H, W, 3]``, into its place; return the bytes to send if it is no memory.

        Raises:
            UsageError: it is larger than its place.
        """
        if picture.nbytes > PICTURE_BYTES:
            raise UsageError(f"A picture of {picture.shape} is too large to be sent to an agent.")
        if self._map is None:
            return picture.tobytes()
        self._picture[: picture.nbytes] = picture.reshape(-1)
        return b""

    def close(self) -> None:
        """Give the memory back; a second call does nothing. The agent's map of it stays until it ends."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
        nothing = np.zeros(0, np.uint8)
        self._numbers, self._slots, self._finals, self._picture = memoryview(b""), [], [], nothing
        self._map = None


def _sealed(size: int) -> tuple[int, mmap.mmap]:
    """Return memory of ``size`` bytes that only its map can write to."""
    if not can_seal():
        raise UsageError("Memory can be sealed on Linux only: connect by TCP.")
    fd = _new_memory()
    try:
        os.ftruncate(fd, size)
        memory = mmap.mmap(fd, size)
        fcntl.fcntl(fd, _F_ADD_SEALS, SEALS)
        set_seals = fcntl.fcntl(fd, _F_GET_SEALS)
    except OSError as error:
        os.close(fd)
        raise UsageError(f"This system's memory cannot be sealed ({error.strerror}): Linux 5.1 is needed.") from error
    if set_seals & SEALS != SEALS:
        os.close(fd)
        raise UsageError("This system's memory was not sealed as asked: Linux 5.1 is needed.")
    return fd, memory


def _new_memory() -> int:
    """Return new memory that can be sealed, and not be run where the system can refuse it (Linux 6.3)."""
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create("ngp-observations", flags | _MFD_NOEXEC_SEAL)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return os.memfd_create("ngp-observations", flags)
