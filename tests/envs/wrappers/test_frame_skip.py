"""The frame skip as a wrapper equals the one inside the base environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.wrappers.frame_skip import StochasticFrameSkip
from newgameplus.games.levels import Level


def test_the_wrapper_equals_the_frame_skip_of_the_base(level: Level, opened: Callable[[Any], Any]) -> None:
    actions = np.random.default_rng(0).integers(0, 2, (400, 12))

    def outcomes(env: Any) -> list[tuple[Any, ...]]:
        env.reset(seed=4)
        heard = []
        action = np.empty(12, np.int64)
        for choice in actions:
            action[:] = choice  # a caller may reuse its array while the last action is still held
            observation, *rest = env.step(action)
            heard.append((observation.tobytes(), *rest))
            if rest[1]:
                env.reset()
        env.close()
        return heard

    inside = outcomes(opened(RetroEnv(level, kind="ram", frame_skip=CONTEST_FRAME_SKIP)))
    assert any(is_over for _, _, is_over, _, _ in inside)
    assert outcomes(opened(StochasticFrameSkip(RetroEnv(level, kind="ram")))) == inside
