"""New Game Plus: an open Retro Contest in a box.

Train agents on some levels of emulated console games, judge them on levels they have never seen, and watch everything
they did. Importing this package loads neither an emulator nor torch; its parts are imported when they are used.
"""

from __future__ import annotations

from newgameplus.envs.plugin import register_with_gymnasium

__version__ = "0.1.0"

register_with_gymnasium()
