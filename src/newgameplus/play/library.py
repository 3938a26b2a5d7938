"""The one place that imports SDL, through pygame-ce: an optional part of New Game Plus."""

from __future__ import annotations

import os
from types import ModuleType

from newgameplus.errors import UsageError

_NO_SCREEN = ("offscreen", "dummy")
"""Video drivers that show nothing; SDL falls back to the first where there is no display."""


def sdl() -> ModuleType:
    """The module ``pygame``, without its greeting.

    Raises:
        UsageError: it is not installed.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        import pygame
    except ImportError as error:
        raise UsageError(
            "Playing needs a window, sound and game controllers, which the package pygame-ce gives; "
            "install it with: pip install 'newgameplus[play]'"
        ) from error
    return pygame


def open_display() -> None:
    """Let SDL find a display.

    Raises:
        UsageError: there is none, or pygame-ce is not installed.
    """
    pygame = sdl()
    wanted = os.environ.get("SDL_VIDEODRIVER", "")
    try:
        pygame.display.init()
        found = str(pygame.display.get_driver())
    except pygame.error as error:
        raise UsageError(f"There is no display to play on ({error}); {_ADVICE}") from error
    if found in _NO_SCREEN and found != wanted:
        pygame.display.quit()
        raise UsageError(f"There is no display to play on; {_ADVICE}")


_ADVICE = (
    "run this on a desktop, set DISPLAY or WAYLAND_DISPLAY, or choose one of SDL's drivers with SDL_VIDEODRIVER "
    "(dummy shows nothing)."
)
