"""gym-retro 0.6 over :mod:`newgameplus.compat.gym_retro`, which is imported when a name is asked for.

So a script can import what it does not use where New Game Plus is not installed, as in the sandbox of an entry with
packages of its own. A session shows no games.
"""

from __future__ import annotations

import os
from typing import Any

import gym
from newgameplus.remote.client import ADDRESS_VARIABLE, DESCRIPTOR_VARIABLE

_CONSTANTS = {
    "STATE_DEFAULT": ("State", "DEFAULT"),
    "STATE_NONE": ("State", "NONE"),
    "ACTIONS_ALL": ("Actions", "ALL"),
    "ACTIONS_FILTERED": ("Actions", "FILTERED"),
    "ACTIONS_DISCRETE": ("Actions", "DISCRETE"),
    "ACTIONS_MULTI_DISCRETE": ("Actions", "MULTI_DISCRETE"),
}
"""Members of enums under the names that they had before 0.6."""


def __getattr__(name: str) -> Any:
    """Return what is not defined here: ``State``, ``Actions``, ``Movie``, ``data`` and the constants before 0.6."""
    if name.startswith("__"):
        raise AttributeError(name)
    from newgameplus.compat import gym_retro

    kind, member = _CONSTANTS.get(name, (name, None))
    found = getattr(gym_retro, kind)
    return found if member is None else found[member]


class RetroEnv(gym.Env):
    """A game of one frame per step; attributes that are not here are those of the environment inside.

    Args:
        arguments: those of :class:`newgameplus.compat.retro.RetroEnv`.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        from newgameplus.compat import gym_retro

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


def make(game: str, state: Any = None, **kwargs: Any) -> RetroEnv:
    """Return a game.

    Args:
        game: its name.
        state: name of its start state, ``State.DEFAULT`` or ``State.NONE``; None for the default.
        kwargs: other arguments of :class:`RetroEnv`.

    Raises:
        FileNotFoundError: this program plays a session.
        NewGamePlusError: the game, its ROM or its state is not here.
    """
    refuse_in_session()
    return RetroEnv(game, **kwargs) if state is None else RetroEnv(game, state, **kwargs)


def refuse_in_session() -> None:
    """Refuse games where a session gives one.

    Raises:
        FileNotFoundError: this program plays a session.
    """
    if DESCRIPTOR_VARIABLE in os.environ or ADDRESS_VARIABLE in os.environ:
        raise FileNotFoundError(
            "A session shows no games: play the environment that it gives, gym_remote.client.RemoteEnv('tmp/sock')."
        )


def data_path() -> str:
    """Return the folder of the games' variables, scenarios and states."""
    from newgameplus.compat.gym_retro import data

    return data.path()


def _of_2018(space: Any) -> gym.Space:
    """Return gym's space of then for one of today."""
    kind, old = type(space).__name__, gym.spaces
    if kind == "Box":
        return old.Box(space.low, space.high, space.shape, space.dtype)
    if kind == "Discrete":
        return old.Discrete(space.n)
    return old.MultiBinary(space.n) if kind == "MultiBinary" else old.MultiDiscrete(space.nvec)
