"""Sound comes out in even chunks, whole, and a little longer or shorter when the sound card's clock is another."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.play.sound_queue import MAX_STRETCH, SoundQueue

RATE, SAMPLES = 44_100, 735


def tone(frame: int) -> np.ndarray:
    times = np.arange(frame * SAMPLES, (frame + 1) * SAMPLES) / RATE
    wave = 10_000 * np.sin(2 * np.pi * 440 * times)
    return np.stack([wave, wave], axis=1).astype(np.int16)


def play(seconds: float, card_rate: float, queue: SoundQueue) -> tuple[np.ndarray, int]:
    """A sound card that plays chunk after chunk at its own rate; return what it played and how often it began."""
    played, num_starts, ahead = [np.empty((0, 2), np.int16)], 0, 0.0
    for frame in range(round(seconds * RATE / SAMPLES)):
        queue.push(tone(frame), num_ahead=ahead)
        ahead = max(0.0, ahead - SAMPLES * card_rate / RATE)
        while ahead < queue.chunk and (chunk := queue.take(is_start=ahead == 0.0)) is not None:
            num_starts += ahead == 0.0
            played.append(chunk)
            ahead += len(chunk)
    return np.concatenate(played), num_starts


@pytest.mark.parametrize("card_rate", [RATE, RATE * 1.003, RATE * 0.997])
def test_a_sound_card_with_another_clock_neither_runs_dry_nor_falls_behind(card_rate: float) -> None:
    queue = SoundQueue(SAMPLES)
    played, num_starts = play(60, card_rate, queue)
    assert num_starts == 1
    assert queue.num_waiting < 3 * queue.chunk
    assert len(played) == pytest.approx(60 * card_rate, rel=2e-3)


def test_a_sound_card_far_off_does_run_dry_here() -> None:
    assert play(60, RATE * 1.05, SoundQueue(SAMPLES))[1] > 1


def test_there_is_no_step_between_frames_or_chunks() -> None:
    played, _ = play(5, RATE * 1.002, SoundQueue(SAMPLES))
    steepest = 10_000 * 2 * np.pi * 440 / RATE
    assert np.abs(np.diff(played[2000:, 0].astype(int))).max() < 1.1 * steepest


@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0])
def test_sound_lasts_as_long_as_its_frames_are_shown(speed: float) -> None:
    queue = SoundQueue(SAMPLES)
    queue.push(tone(0), speed=speed)
    assert queue.num_waiting == pytest.approx(SAMPLES / speed, rel=MAX_STRETCH + 1e-2)


def test_what_nobody_plays_does_not_pile_up() -> None:
    queue = SoundQueue(SAMPLES)
    for frame in range(600):
        queue.push(tone(frame))
    assert queue.num_waiting <= 5 * queue.chunk
    queue.clear()
    assert queue.num_waiting == 0
    assert queue.take() is None


def test_volume_scales_the_sound() -> None:
    loud, soft = SoundQueue(SAMPLES), SoundQueue(SAMPLES)
    soft.volume = 0.25
    for queue in (loud, soft):
        queue.push(tone(0))
        queue.push(tone(1))
    first, second = loud.take(), soft.take()
    assert first is not None
    assert second is not None
    assert np.abs(first / 4 - second).max() <= 1


def test_a_frame_without_sound_adds_none() -> None:
    queue = SoundQueue(SAMPLES)
    queue.push(np.empty((0, 2), np.int16))
    assert queue.num_waiting == 0
