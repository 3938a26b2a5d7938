"""The frame skip holds each frame what the contest's held."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, FrameSkip, StickyActions
from newgameplus.errors import UsageError


class Original:
    """The rule of 2018 in our words: what is in force changes on the first frame by chance, on the second for sure."""

    def __init__(self, num_frames: int, probability: float, random: np.random.Generator) -> None:
        self.num_frames, self.probability, self.random = num_frames, probability, random
        self.in_force: int | None = None

    def frames(self, action: int) -> list[int]:
        held = []
        for frame in range(self.num_frames):
            if self.in_force is None:
                self.in_force = action
            elif frame == 0:
                if self.random.random() > self.probability:
                    self.in_force = action
            elif frame == 1:
                self.in_force = action
            held.append(self.in_force)
        return held


@given(
    num_frames=st.integers(1, 6),
    probability=st.floats(0.01, 1.0),
    seed=st.integers(0, 1000),
    episodes=st.lists(st.lists(st.integers(0, 5), max_size=30), max_size=4),
)
def test_holds_what_the_contest_held(num_frames: int, probability: float, seed: int, episodes: list[list[int]]) -> None:
    random = np.random.default_rng(seed)
    sticky: StickyActions[int] = StickyActions(FrameSkip(num_frames, probability))
    original = Original(num_frames, probability, np.random.default_rng(seed))
    for episode in episodes:
        sticky.reset()
        original.in_force = None
        for action in episode:
            assert sticky.frames(action, random) == original.frames(action)


def test_a_quarter_of_the_contests_steps_is_one_frame_late() -> None:
    sticky: StickyActions[int] = StickyActions(CONTEST_FRAME_SKIP)
    random = np.random.default_rng(0)
    steps = [sticky.frames(step, random) for step in range(10_000)]
    late = [frames for step, frames in enumerate(steps) if frames[0] != step]
    assert abs(len(late) / len(steps) - 0.25) < 0.02
    assert all(frames[0] == frames[1] - 1 and len(set(frames[1:])) == 1 for frames in late)


def test_without_stickiness_no_random_number_is_drawn() -> None:
    random = np.random.default_rng(0)
    sticky: StickyActions[int] = StickyActions(FrameSkip(4))
    for action in range(5):
        assert sticky.frames(action, random) == [action] * 4
    assert random.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize(("num_frames", "probability"), [(0, 0.0), (4, -0.1), (4, 1.1)])
def test_an_impossible_frame_skip_is_refused(num_frames: int, probability: float) -> None:
    with pytest.raises(UsageError):
        FrameSkip(num_frames, probability)
