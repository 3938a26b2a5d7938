"""What a training run counts is what was played, and only what can be learned from."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.errors import IntegrationError
from newgameplus.training.loop import Turn
from newgameplus.training.tracker import Tracker
from newgameplus.types import Step


@pytest.mark.parametrize("reward", [float("nan"), float("inf"), -float("inf")])
def test_a_reward_that_cannot_be_learned_from_is_refused_by_the_level_s_name(reward: float) -> None:
    never = np.zeros(2, np.bool_)
    step = Step(np.zeros((2, 0), np.uint8), np.array([1.0, reward]), never, never, {})
    with pytest.raises(IntegrationError, match="Odd/Start pays a reward that is NaN or infinite"):
        Tracker(2).follow(Turn(np.zeros(2, np.int64), step), ["Even/Start", "Odd/Start"])
