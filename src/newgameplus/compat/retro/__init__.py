"""stable-retro's interface: ``import newgameplus.compat.retro as retro`` instead of ``import stable_retro as retro``.

Environments, movies and listings are this package's own, on its engine; any number of environments may be open in a
process. ``newgameplus.compat.gym_retro`` is the same with the four-value step of gym-retro.
"""

from __future__ import annotations

from typing import Any

from newgameplus.compat.retro import data
from newgameplus.compat.retro.enums import Actions, Observations, State
from newgameplus.compat.retro.env import RetroEnv
from newgameplus.compat.retro.integrations import Integrations
from newgameplus.compat.retro.machine import RetroEmulator
from newgameplus.compat.retro.movie import Movie
from newgameplus.compat.retro.systems import get_core_path, get_romfile_system, get_system_info

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
    """Create an environment; ``kwargs`` are those of :class:`~newgameplus.compat.retro.env.RetroEnv`.

    Raises:
        NewGamePlusError: as the environment does.
    """
    return RetroEnv(game, state, inttype=inttype, **kwargs)
