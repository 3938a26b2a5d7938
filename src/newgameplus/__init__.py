"""New Game Plus: an open Retro Contest in a box.

Train agents on some levels of emulated console games, judge them on levels they have never seen, and watch everything
they did. Importing this package loads neither an emulator nor torch; its parts are imported when they are used.
"""

from __future__ import annotations

import sys

__version__ = "0.1.0"


def _register_when_gymnasium_loads() -> None:
    """Entry point of Gymnasium's plugin group: register our environments, but only for a program that imported us."""
    if "newgameplus" in sys.modules and "gymnasium" in sys.modules:
        from newgameplus.envs.registration import register_environments

        register_environments()


if "gymnasium" in sys.modules:
    _register_when_gymnasium_loads()
