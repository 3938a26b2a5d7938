"""gym-retro 0.6 over :mod:`newgameplus.compat.gym_retro`; a sandbox shows no games."""

from __future__ import annotations

import os
from typing import Any

import gym
from newgameplus.compat import gym_retro
from newgameplus.compat.gym_retro import (
    Actions,
    Movie,
    Observations,
    RetroEmulator,
    State,
    data,
    get_core_path,
    get_romfile_system,
    get_system_info,
)
from newgameplus.errors import NewGamePlusError, UsageError
from newgameplus.remote.client import DESCRIPTOR_VARIABLE

__all__ = [
    "ACTIONS_ALL",
    "ACTIONS_DISCRETE",
    "ACTIONS_FILTERED",
    "ACTIONS_MULTI_DISCRETE",
    "STATE_DEFAULT",
    "STATE_NONE",
    "Actions",
    "Movie",
    "Observations",
    "RetroEmulator",
    "RetroEnv",
    "State",
    "data",
    "data_path",
    "get_core_path",
    "get_romfile_system",
    "get_system_info",
    "make",
]

STATE_DEFAULT, STATE_NONE = State.DEFAULT, State.NONE
ACTIONS_ALL, ACTIONS_FILTERED = Actions.ALL, Actions.FILTERED
ACTIONS_DISCRETE, ACTIONS_MULTI_DISCRETE = Actions.DISCRETE, Actions.MULTI_DISCRETE


class RetroEnv(gym.Env):
    """A game of one frame per step; attributes that are not here are those of the environment inside.

    Args:
        arguments: those of :class:`newgameplus.compat.retro.RetroEnv`.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self._inside = gym_retro.RetroEnv(*arguments, **keywords)
        self.action_space = _of_2018(self._inside.action_space)
        self.observation_space = _of_2018(self._inside.observation_space)
        self.metadata = {"render.modes": ["human", "rgb_array"], "video.frames_per_second": 60.0}
        self.BUTTONS, self.NUM_BUTTONS = self._inside.buttons, self._inside.num_buttons

    @property
    def initial_state(self) -> bytes | None:
        """Machine state that later episodes begin with; None for power-on."""
        state: bytes | None = self._inside.initial_state
        return state

    @initial_state.setter
    def initial_state(self, state: bytes | None) -> None:
        self._inside.initial_state = state

    def reset(self, **kwargs: Any) -> Any:
        """Begin an episode; return its first observation."""
        return self._inside.reset()

    def step(self, action: Any) -> Any:
        """Run one frame; return observation, reward, whether the episode is over, and the variables."""
        return self._inside.step(action)

    def render(self, mode: str = "human", **kwargs: Any) -> Any:
        """Show the picture in a window, or return it (``rgb_array``)."""
        return None if kwargs.get("close") else self._inside.render(mode)

    def seed(self, seed: Any = None) -> Any:
        """Seed the next reset; a game has no random numbers of its own."""
        return self._inside.seed(seed)

    def close(self) -> None:
        """Finish the movie, close the window and free the machine."""
        self._inside.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._inside, name)


def make(game: str, state: Any = State.DEFAULT, **kwargs: Any) -> RetroEnv:
    """Return a game.

    Args:
        game: its name.
        state: name of its start state, ``State.DEFAULT`` or ``State.NONE``.
        kwargs: other arguments of :class:`RetroEnv`.

    Raises:
        NewGamePlusError: the game, its ROM or its state is not here; in a sandbox none is.
    """
    try:
        return RetroEnv(game, state, **kwargs)
    except NewGamePlusError:
        if DESCRIPTOR_VARIABLE not in os.environ:
            raise
        raise UsageError(
            "A session shows no games: play the environment that it gives, gym_remote.client.RemoteEnv('tmp/sock')."
        ) from None


def data_path() -> str:
    """Return the folder of the games' variables, scenarios and states."""
    return data.path()


def _of_2018(space: Any) -> gym.Space:
    """Return gym's space of then for one of today."""
    kind, old = type(space).__name__, gym.spaces
    if kind == "Box":
        return old.Box(space.low, space.high, space.shape, space.dtype)
    if kind == "Discrete":
        return old.Discrete(space.n)
    return old.MultiBinary(space.n) if kind == "MultiBinary" else old.MultiDiscrete(space.nvec)
