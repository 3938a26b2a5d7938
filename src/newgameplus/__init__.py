"""New Game Plus: an open Retro Contest in a box.

Train agents on some levels of emulated console games, judge them on levels they have never seen, and watch everything
they did. Importing this package imports no other and changes nothing in the process; each name below is loaded from its
module on first use. The only exception is Gymnasium: if it is already loaded, the games are registered there, which
``gymnasium.make("newgameplus:…")`` needs.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would take most of the import time
    from newgameplus.agents.interface import Agent
    from newgameplus.envs.contest import make_contest as make
    from newgameplus.envs.frame_skip import FrameSkip
    from newgameplus.envs.interface import ResumableWorld, World
    from newgameplus.envs.retro import FrameListener
    from newgameplus.envs.vector import make_vector
    from newgameplus.errors import NewGamePlusError
    from newgameplus.games.levels import Level, Split, find_level, find_split
    from newgameplus.movies.playback import Playback
    from newgameplus.movies.recorder import MovieRecorder
    from newgameplus.report.run import Run
    from newgameplus.session.session import Session
    from newgameplus.types import ActionSpec, ObservationSpec, Step, WorldSpec

__version__ = "0.1.0"

__all__ = [
    "ActionSpec",
    "Agent",
    "FrameListener",
    "FrameSkip",
    "Level",
    "MovieRecorder",
    "NewGamePlusError",
    "ObservationSpec",
    "Playback",
    "ResumableWorld",
    "Run",
    "Session",
    "Split",
    "Step",
    "World",
    "WorldSpec",
    "__version__",
    "find_level",
    "find_split",
    "make",
    "make_vector",
]

_DEFINED_IN = {
    "ActionSpec": "newgameplus.types:ActionSpec",
    "Agent": "newgameplus.agents.interface:Agent",
    "FrameListener": "newgameplus.envs.retro:FrameListener",
    "FrameSkip": "newgameplus.envs.frame_skip:FrameSkip",
    "Level": "newgameplus.games.levels:Level",
    "MovieRecorder": "newgameplus.movies.recorder:MovieRecorder",
    "NewGamePlusError": "newgameplus.errors:NewGamePlusError",
    "ObservationSpec": "newgameplus.types:ObservationSpec",
    "Playback": "newgameplus.movies.playback:Playback",
    "ResumableWorld": "newgameplus.envs.interface:ResumableWorld",
    "Run": "newgameplus.report.run:Run",
    "Session": "newgameplus.session.session:Session",
    "Split": "newgameplus.games.levels:Split",
    "Step": "newgameplus.types:Step",
    "World": "newgameplus.envs.interface:World",
    "WorldSpec": "newgameplus.types:WorldSpec",
    "find_level": "newgameplus.games.levels:find_level",
    "find_split": "newgameplus.games.levels:find_split",
    "make": "newgameplus.envs.contest:make_contest",
    "make_vector": "newgameplus.envs.vector:make_vector",
}
"""Module and name that define each public name."""


if not TYPE_CHECKING:  # so that type checkers find misspelt names

    def __getattr__(name: str) -> object:
        """Load a public name; from then on it is an ordinary attribute."""
        if name not in _DEFINED_IN:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module, _, attribute = _DEFINED_IN[name].partition(":")
        value = getattr(import_module(module), attribute)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """All public names, including those not loaded yet."""
    return sorted({*globals(), *__all__})


if "gymnasium" in sys.modules:
    import newgameplus.envs  # noqa: F401 - registers the games
