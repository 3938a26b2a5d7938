"""gym-retro's interface of 2018: ``import newgameplus.compat.gym_retro as retro`` instead of ``import retro``.

It is :mod:`newgameplus.compat.retro` with the old step: ``reset`` returns the observation alone, ``step`` four values,
and a picture is shown when ``render`` is called, and only then.
"""

from __future__ import annotations

from typing import Any

from newgameplus.compat.gym_retro.env import RetroEnv
from newgameplus.compat.retro import (
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
from newgameplus.compat.retro.integrations import Integrations

__all__ = [
    "Actions",
    "Movie",
    "Observations",
    "RetroEmulator",
    "RetroEnv",
    "State",
    "data",
    "get_core_path",
    "get_romfile_system",
    "get_system_info",
    "make",
]


def make(
    game: str,
    state: State | str = State.DEFAULT,
    inttype: Integrations = Integrations.DEFAULT,
    **kwargs: Any,
) -> RetroEnv:
    """Create an environment; ``kwargs`` are those of :class:`newgameplus.compat.retro.RetroEnv`.

    Raises:
        NewGamePlusError: as the environment does.
    """
    return RetroEnv(game, state, inttype=inttype, **kwargs)
