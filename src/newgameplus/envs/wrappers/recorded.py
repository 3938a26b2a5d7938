"""Recorded buttons instead of actions: the steps of an episode once more, with what an agent observed in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsFloat

import gymnasium as gym

from newgameplus.envs.inline import EnvInline
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import UsageError
from newgameplus.types import Array


class Recorded(EnvInline, gym.Wrapper[Array, Any, Array, Any]):
    """Holds recorded buttons whatever the actions are: also those that a sticky action delayed.

    Put it below the wrappers of the observation, which then see what they saw when the episode was recorded.

    Args:
        env: a bare environment.
        masks: button mask of each frame of an episode after the one that the reset runs.
        frames_per_step: frames of each step; the last step may have fewer.

    Raises:
        UsageError: ``env`` is wrapped.
    """

    def __init__(self, env: RetroEnv, masks: Sequence[int], frames_per_step: int) -> None:
        super().__init__(env)
        if not isinstance(env, RetroEnv):
            raise UsageError(f"Recorded buttons are held by a bare RetroEnv; {env} is none.")
        self._base = env
        self._steps = [masks[at : at + frames_per_step] for at in range(0, len(masks), frames_per_step)]
        self._num_played = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin the episode."""
        self._num_played = 0
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Array, SupportsFloat, bool, bool, dict[str, Any]]:
        """Hold the buttons of the next step.

        Raises:
            UsageError: the recorded episode is over.
        """
        if self._num_played == len(self._steps):
            raise UsageError("The recorded episode is over: call reset() before step().")
        self._num_played += 1
        return self._base.hold(self._steps[self._num_played - 1])
