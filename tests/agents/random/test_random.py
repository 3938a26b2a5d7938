"""The random agent presses what its configuration says."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.agents.random.agent import Random
from newgameplus.agents.random.config import RandomConfig
from newgameplus.errors import UsageError
from newgameplus.types import WorldSpec

BUTTONS = ("B", None, "SELECT", "START", "UP", "DOWN", "LEFT", "RIGHT", "A")
SPEC = WorldSpec(4, BUTTONS, (0,), (9,))
NOTHING_SEEN = np.zeros((4, 0), np.uint8)


def draws(config: RandomConfig, num_steps: int = 2_000) -> np.ndarray:
    agent = Random(config, SPEC, 0)
    return np.concatenate([agent.act(NOTHING_SEEN) for _ in range(num_steps)])


def test_uniform_presses_every_button_half_of_the_time_and_independently() -> None:
    pressed = draws(Random.PRESETS["uniform"])
    assert np.abs(pressed.mean(axis=0) - 0.5).max() < 0.03
    assert np.abs(np.corrcoef(pressed.T) - np.eye(9)).max() < 0.06


def test_hold_right_is_a_sample_with_right_down() -> None:
    pressed = draws(Random.PRESETS["hold-right"])
    assert pressed[:, 7].all()
    assert np.abs(np.delete(pressed, 7, axis=1).mean(axis=0) - 0.5).max() < 0.03


def test_the_press_probability_may_be_anything_from_never_to_always() -> None:
    assert not draws(RandomConfig(press_probability=0.0), 50).any()
    assert draws(RandomConfig(press_probability=1.0), 50).all()


def test_a_button_that_the_console_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no button 'RIHGT'.*Did you mean RIGHT\?"):
        Random(RandomConfig(hold=("RIHGT",)), SPEC, 0)


def test_a_world_whose_actions_are_no_buttons_is_refused() -> None:
    with pytest.raises(UsageError, match="shape"):
        Random(RandomConfig(), WorldSpec(1, BUTTONS, (0,), (), num_actions=7), 0)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(UsageError, match="seed"):
        Random(RandomConfig(), SPEC, -1)
