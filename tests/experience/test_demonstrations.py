"""Demonstrations are seen again as they were, with the returns that followed; some are held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.demonstrations import Demonstrations
from newgameplus.types import Array

SIDE, DISCOUNT = 3, 0.5


def shown(stack: int, lengths: list[int], folder: Path | None = None) -> tuple[Demonstrations, Array]:
    """Demonstrations of episodes of these lengths whose frames count up, and what was seen."""
    demonstrations, seen, frame = Demonstrations((SIDE, SIDE, stack), DISCOUNT), [], 0
    for length in lengths:
        frames = [frame + 1] * stack
        for place in range(length):
            frame += 1
            frames = [*frames[1:], frame] if place else [frame] * stack
            seen.append(np.broadcast_to(np.array(frames, np.uint8), (SIDE, SIDE, stack)))
            demonstrations.add(seen[-1], frame % 5, float(place), place == length - 1)
    demonstrations.close(np.random.default_rng(0), folder)
    return demonstrations, np.array(seen)


@pytest.mark.parametrize("stack", [1, 4, 6])
@pytest.mark.parametrize("has_file", [False, True])
def test_what_was_seen_is_seen_again_also_by_one_put_back(stack: int, has_file: bool, tmp_path: Path) -> None:
    folder = tmp_path if has_file else None
    demonstrations, seen = shown(stack, [5, 1, 9], folder)
    again = Demonstrations((SIDE, SIDE, stack), DISCOUNT)
    state = demonstrations.state()
    assert ("records" in state["frames"]) != has_file
    again.restore(state, folder)
    order = np.random.default_rng(1).permutation(15)
    for each in (demonstrations, again):
        assert np.array_equal(each.observation(order), seen[order])
        assert each.action.tolist() == [number % 5 for number in range(1, 16)]
        assert each.is_held_out.sum() == 1


def test_returns_are_discounted_and_end_with_their_demonstration() -> None:
    demonstrations, _ = shown(4, [3, 2])
    assert demonstrations.target.tolist() == [0 + 0.5 * (1 + 0.5 * 2), 1 + 0.5 * 2, 2, 0.5, 1]


def test_a_tenth_is_held_out_whole_episodes_as_far_as_possible() -> None:
    alone, _ = shown(1, [40])
    assert np.flatnonzero(alone.is_held_out).tolist() == [36, 37, 38, 39]
    many, _ = shown(1, [10] * 20)
    assert sorted(many.is_held_out.reshape(20, 10).sum(1).tolist()) == [0] * 18 + [10] * 2


def test_frames_that_are_not_there_are_missed_and_nothing_changes(tmp_path: Path) -> None:
    demonstrations, _ = shown(4, [5], tmp_path)
    other, _ = shown(4, [6])
    for folder in (None, tmp_path / "elsewhere"):
        with pytest.raises(StateError, match="frames of the demonstrations are missing"):
            other.restore(demonstrations.state(), folder)
    assert len(other) == 6
    with pytest.raises(UsageError, match="no demonstrations to learn from"):
        Demonstrations((SIDE, SIDE, 4), DISCOUNT).close(np.random.default_rng(0))


@pytest.mark.parametrize("has_file", [False, True])
def test_later_ones_take_the_place_of_the_oldest(has_file: bool, tmp_path: Path) -> None:
    folder = tmp_path if has_file else None
    demonstrations, seen = shown(4, [10, 3], folder)
    early = demonstrations.state()
    for number in range(4):
        demonstrations.add(np.full((SIDE, SIDE, 4), 100 + number, np.uint8), 1, 0.0, number == 3)
    demonstrations.extend(9, folder)
    assert len(demonstrations) == 9
    assert not demonstrations.is_held_out[5:].any()
    again = Demonstrations((SIDE, SIDE, 4), DISCOUNT)
    again.restore(demonstrations.state(), folder)
    for each in (demonstrations, again):
        found = each.observation(np.arange(9))
        assert np.array_equal(found[:5], seen[8:])
        assert found[5:, 0, 0, 0].tolist() == [100] * 4
        assert found[5:, 0, 0, -1].tolist() == [100, 101, 102, 103]
    again.restore(early, folder)
    assert np.array_equal(again.observation(np.arange(13)), seen)
