"""The reel keeps what was latest within its memory, and forgets what the player has taken back."""

from __future__ import annotations

import numpy as np

from newgameplus.session.reel import Reel, Snapshot

NOISE = np.random.default_rng(0)


def picture(frame: int) -> np.ndarray:
    return np.full((8, 6, 3), frame, np.uint8)


def filled(max_bytes: int = 10**6) -> Reel:
    reel = Reel(max_bytes)
    for frame in range(0, 40, 2):
        reel.add_picture(frame, picture(frame))
        if frame % 10 == 0:
            reel.add_snapshot(Snapshot.of(frame, bytes([frame]) * 100, (frame,)))
    return reel


def test_a_frame_between_two_pictures_shows_the_earlier() -> None:
    for frame in (0, 4, 5, 38, 99):
        shown = filled().picture(frame)
        assert shown is not None
        assert np.array_equal(shown, picture(min(frame // 2 * 2, 38)))


def test_there_is_no_picture_before_the_first() -> None:
    reel = Reel()
    assert reel.first_frame is None
    assert reel.picture(7) is None
    reel.add_picture(8, picture(8))
    assert reel.picture(7) is None


def test_the_snapshot_lies_strictly_before_the_frame() -> None:
    found = [filled().snapshot_before(frame) for frame in (0, 10, 11, 39)]
    assert [snapshot and snapshot.frame for snapshot in found] == [None, 0, 10, 30]
    assert found[2] is not None
    assert found[2].machine() == bytes([10]) * 100


def test_a_machine_that_cannot_be_saved_has_none_in_its_snapshot() -> None:
    assert Snapshot.of(3, None, (1, 2)).machine() is None


def test_what_is_cut_is_gone_and_takes_no_memory() -> None:
    reel = filled()
    before = reel.size_bytes
    reel.cut(15)
    last, snapshot = reel.picture(30), reel.snapshot_before(30)
    assert last is not None
    assert np.array_equal(last, picture(14))
    assert snapshot is not None
    assert snapshot.frame == 10
    assert reel.size_bytes < before
    reel.clear()
    assert reel.size_bytes == 0


def test_the_oldest_goes_when_memory_is_full_but_never_the_last() -> None:
    reel = Reel(max_bytes=20_000)
    for frame in range(100):
        reel.add_picture(frame, NOISE.integers(0, 256, (40, 40, 3), np.uint8))
        reel.add_snapshot(Snapshot.of(frame, NOISE.bytes(100), ()))
    assert reel.size_bytes <= 20_000
    assert reel.first_frame is not None
    assert 90 < reel.first_frame < 100
    oldest = reel.snapshot_before(reel.first_frame + 1)
    assert oldest is not None
    assert oldest.frame <= reel.first_frame
    reel.add_picture(100, NOISE.integers(0, 256, (400, 400, 3), np.uint8))
    assert reel.first_frame == 100
