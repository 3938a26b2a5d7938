"""Action wrappers: a discrete set of button combinations instead of one number per button."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from newgameplus.envs.actions import ActionMeaning
from newgameplus.envs.inline import EnvInline
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import UsageError
from newgameplus.games.action_sets import resolved
from newgameplus.types import ActionSpec, Array


class Discretizer(EnvInline, gym.ActionWrapper[Array, Any, Array]):
    """Discrete set of button combinations, over any environment whose actions are one 0 or 1 per button.

    Source: ``SonicDiscretizer`` of the 2018 baselines. :class:`~newgameplus.envs.retro.RetroEnv` does the same itself
    when given the set as its ActionSpec; this wrapper is for other environments.

    Args:
        env: its base environment names its ``buttons``.
        action_spec: of kind ``set``, such as ``SONIC_7``; with its combinations, unless the base is a ``RetroEnv``.

    Raises:
        UsageError: ``env`` has other actions, or lacks one of the buttons.
    """

    def __init__(self, env: gym.Env[Array, Array], action_spec: ActionSpec) -> None:
        super().__init__(env)
        buttons = getattr(env.unwrapped, "buttons", None)
        if buttons is None or not isinstance(env.action_space, spaces.MultiBinary):
            raise UsageError(f"The buttons of {env} have no names, or its actions are not one number per button.")
        if action_spec.kind != "set":
            raise UsageError(f"A Discretizer needs an ActionSpec of kind 'set', not {action_spec.kind!r}.")
        if isinstance(env.unwrapped, RetroEnv):
            action_spec = resolved(action_spec, env.unwrapped.level.integration.console)
        self._meaning = ActionMeaning(action_spec, buttons, (), lambda mask: mask)
        self._num_buttons = len(buttons)
        self.action_space = self._meaning.space

    def action(self, action: Any) -> Array:
        """Return the buttons of a discrete action, int8 ``[buttons]``."""
        mask = self._meaning.mask(action)
        return np.array([mask >> bit & 1 for bit in range(self._num_buttons)], np.int8)
