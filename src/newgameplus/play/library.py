"""The only module that imports SDL, through the optional dependency pygame-ce."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType

from newgameplus.errors import UsageError, install_line

_NO_SCREEN = ("offscreen", "dummy")
"""Video drivers without output; SDL falls back to the first if there is no display."""
_ADVICE = (
    "run this on a desktop, set DISPLAY or WAYLAND_DISPLAY, choose one of SDL's drivers with SDL_VIDEODRIVER (dummy "
    "shows nothing), or use a browser: ngp play --web, ngp watch."
)


def sdl() -> ModuleType:
    """Import ``pygame`` without its greeting.

    Raises:
        UsageError: it is not installed.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        import pygame
    except ImportError as error:
        raise UsageError(
            "Playing needs a window, sound and game controllers, which the package pygame-ce gives; play in a browser "
            f"with ngp play --web, or install it with: {install_line('play')}"
        ) from error
    return pygame


def open_display() -> None:
    """Initialise SDL's video output.

    Raises:
        UsageError: there is no display, or pygame-ce is not installed.
    """
    pygame = sdl()
    wanted = os.environ.get("SDL_VIDEODRIVER", "")
    try:
        with no_chatter():
            pygame.display.init()
        found = str(pygame.display.get_driver())
    except pygame.error as error:
        raise UsageError(f"There is no display to play on ({error}); {_ADVICE}") from error
    if found in _NO_SCREEN and found != wanted:
        pygame.display.quit()
        raise UsageError(f"There is no display to play on; {_ADVICE}")
    if found == "x11":  # SDL would hand each picture to OpenGL, which takes six times as long where there is no GPU
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")


@contextlib.contextmanager
def no_chatter() -> Iterator[None]:
    """Silence what system libraries write to stderr about missing devices, bypassing Python."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
