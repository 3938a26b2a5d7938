"""New Game Plus: an open Retro Contest in a box.

Train agents on some levels of emulated console games, judge them on levels they have never seen, and watch everything
they did. Importing this package loads neither an emulator nor torch; its parts are imported when they are used.
"""

from __future__ import annotations

import os

from newgameplus.envs.plugin import register_with_gymnasium

__version__ = "0.1.0"

# Threads of torch that wait burn their core for a while, hundreds of milliseconds where it is oversubscribed. Consoles
# play on the same cores and other programs run too, so they are put to sleep soon; it counts before torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

register_with_gymnasium()
