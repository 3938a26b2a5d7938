"""The contest's stochastic frame skip over any environment whose step is one frame."""

from __future__ import annotations

from copy import copy
from typing import Any, SupportsFloat

import gymnasium as gym

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, FrameSkip, StickyActions
from newgameplus.envs.inline import EnvInline
from newgameplus.types import Array


class StochasticFrameSkip(EnvInline, gym.Wrapper[Array, Any, Array, Any]):
    """Repeats an action for several frames, sometimes with one frame of delay, and sums the rewards.

    :class:`~newgameplus.envs.retro.RetroEnv` does the same itself, without drawing the frames between; this wrapper is
    for other environments. Random numbers come from the base environment's generator, so its seed determines them.

    Args:
        env: runs one frame per step.
        frame_skip: frames per action.
    """

    def __init__(self, env: gym.Env[Array, Any], frame_skip: FrameSkip = CONTEST_FRAME_SKIP) -> None:
        super().__init__(env)
        self._sticky: StickyActions[Any] = StickyActions(frame_skip)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode; its first action has no delay."""
        self._sticky.reset()
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Array, SupportsFloat, bool, bool, dict[str, Any]]:
        """Repeat an action for the frames of one step, or until the episode ends."""
        total = 0.0
        for held in self._sticky.frames(copy(action), self.np_random):
            observation, reward, terminated, truncated, info = self.env.step(held)
            total += float(reward)
            if terminated or truncated:
                break
        return observation, total, terminated, truncated, info
