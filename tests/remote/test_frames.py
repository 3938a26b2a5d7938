"""Observations lie in memory that an agent can only read, whatever it tries."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import pytest

from newgameplus.errors import UsageError
from newgameplus.remote.frames import SEALS, Frames, can_seal
from newgameplus.remote.messages import HEADER_BYTES, PICTURE_BYTES, Greeting, picture_at

pytestmark = pytest.mark.skipif(not can_seal(), reason="needs Linux: memory that can be sealed")

GREETING = Greeting(3, "uint8", (4, 5), "discrete", (7,), ("A",))
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
LIBC.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
LIBC.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
LIBC.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long)
MADV_REMOVE, PUNCH_HOLE_KEEP_SIZE, F_ADD_SEALS, F_SEAL_WRITE = 9, 3, 1033, 8


@pytest.fixture
def frames() -> Iterator[Frames]:
    with closing(Frames(GREETING)) as made:
        yield made


def call(result: int) -> None:
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def read_only_map(fd: int) -> int:
    address = LIBC.mmap(None, HEADER_BYTES, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    assert isinstance(address, int)
    return address


def write_through_proc(fd: int) -> None:
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    try:
        os.pwrite(again, b"evil", 0)
    finally:
        os.close(again)


ATTACKS: dict[str, Callable[[int], object]] = {
    "write": lambda fd: os.pwrite(fd, b"evil", 0),
    "truncate to less": lambda fd: os.ftruncate(fd, 0),
    "truncate to more": lambda fd: os.ftruncate(fd, 1 << 30),
    "map for writing": lambda fd: mmap.mmap(fd, HEADER_BYTES),
    "mprotect": lambda fd: call(LIBC.mprotect(read_only_map(fd), HEADER_BYTES, mmap.PROT_READ | mmap.PROT_WRITE)),
    "MADV_REMOVE": lambda fd: call(LIBC.madvise(read_only_map(fd), HEADER_BYTES, MADV_REMOVE)),
    "punch a hole": lambda fd: call(LIBC.fallocate(fd, PUNCH_HOLE_KEEP_SIZE, 0, HEADER_BYTES)),
    "write through /proc": write_through_proc,
    "truncate through /proc": lambda fd: os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_TRUNC),
    "add seals": lambda fd: fcntl.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE),
    "run it": lambda fd: os.execv(f"/proc/self/fd/{fd}", ["x"]),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_whoever_has_the_memory_cannot_change_it(frames: Frames, attack: str) -> None:
    assert frames.fd is not None
    frames.draw(1, np.full((3, 4, 5), 9, np.uint8), {})
    before = os.pread(frames.fd, 4 * HEADER_BYTES, 0)
    with pytest.raises(OSError, match=r"\[Errno"):
        ATTACKS[attack](frames.fd)
    assert os.pread(frames.fd, 4 * HEADER_BYTES, 0) == before
    assert os.fstat(frames.fd).st_size == picture_at(GREETING) + PICTURE_BYTES


def test_the_seals_are_read_back(frames: Frames) -> None:
    assert frames.fd is not None
    assert fcntl.fcntl(frames.fd, 1034) & SEALS == SEALS


def test_the_server_draws_into_two_slots_in_turn_with_the_number_before_and_after(frames: Frames) -> None:
    assert frames.fd is not None
    for seq in (1, 2, 3):
        slot, sent = frames.draw(seq, np.full((3, 4, 5), seq, np.uint8), {2: np.full((4, 5), 100 + seq, np.uint8)})
        assert (slot, sent) == (seq % 2, b"")
        assert os.pread(frames.fd, 16, 16 * slot) == seq.to_bytes(8, "little") * 2
        drawn = np.frombuffer(os.pread(frames.fd, 120, HEADER_BYTES * (1 + slot)), np.uint8)
        assert (drawn[:60] == seq).all()
        assert (drawn[100:] == 100 + seq).all()
    assert os.pread(frames.fd, 1, HEADER_BYTES) == b"\x02", "the slot of the other turn was left alone"


def test_without_memory_observations_are_given_as_bytes() -> None:
    greeting = Greeting(2, "uint8", (3,), "discrete", (7,), ("A",), has_memory=False)
    with closing(Frames(greeting)) as frames:
        assert frames.fd is None
        observation, last = np.array([[1, 2, 3], [4, 5, 6]], np.uint8), np.array([7, 8, 9], np.uint8)
        assert frames.draw(1, observation, {1: last})[1] == bytes(range(1, 10))
        assert frames.draw_picture(np.zeros((1, 1, 3), np.uint8)) == bytes(3)


def test_a_picture_that_does_not_fit_is_refused(frames: Frames) -> None:
    with pytest.raises(UsageError, match="too large"):
        frames.draw_picture(np.zeros((1000, 1000, 3), np.uint8))


def test_closing_twice_does_nothing() -> None:
    frames = Frames(GREETING)
    frames.close()
    frames.close()
