"""Window that shows the picture at its aspect ratio, with the overlay on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pygame

from newgameplus.errors import UsageError
from newgameplus.play.geometry import Box, place, shape_of, window_size
from newgameplus.types import Array

DEFAULT_SCALE = 3
_MARGIN = Fraction(9, 10)
"""Largest part of the desktop that a new window takes."""
_AROUND = (10, 10, 14)


class Window:
    """A window with one picture.

    Args:
        title: its title.
        console: stable-retro's name of the console, which gives the aspect ratio.
        picture: first picture, which gives the size.
        scale: height of each line in pixels; None takes 3, or what fits on the desktop.
        is_fullscreen: start in fullscreen mode.

    Raises:
        UsageError: SDL cannot open a window.
    """

    def __init__(
        self, title: str, console: str, picture: Array, *, scale: int | None = None, is_fullscreen: bool = False
    ) -> None:
        self.is_square = False
        """Whether pixels are shown square instead of in the television's aspect ratio."""
        self.is_fullscreen = is_fullscreen
        self._console = console
        self._picture_size = height, width = picture.shape[:2]
        shape = self._shape(width, height)
        self._size = window_size(width, height, shape, scale or _fitting_scale(width, height, shape))
        self._open()
        self.set_title(title)
        pygame.mouse.set_visible(False)

    def set_title(self, title: str) -> None:
        """Set the window's title."""
        pygame.display.set_caption(f"{title} – New Game Plus")

    def show(self, picture: Array, draw_over: Callable[[pygame.Surface, Box], None]) -> None:
        """Show ``picture``, uint8 ``[H, W, 3]``, then call ``draw_over`` to draw on the window."""
        surface = pygame.display.get_surface()
        if surface is None:
            return
        self._picture_size = height, width = picture.shape[:2]
        box = place(width, height, self._shape(width, height), surface.get_size())
        surface.fill(_AROUND)
        _enlarge(picture, surface, box)
        draw_over(surface, box)
        pygame.display.flip()

    def contents(self) -> Array:
        """Current content of the window, uint8 ``[H, W, 3]``."""
        surface = pygame.display.get_surface()
        assert surface is not None
        return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))

    def toggle_fullscreen(self) -> None:
        """Switch between fullscreen and a window."""
        if not self.is_fullscreen:
            self._size = pygame.display.get_window_size()
        self.is_fullscreen = not self.is_fullscreen
        self._open()

    def toggle_shape(self) -> None:
        """Switch between square pixels and the television's aspect ratio; the height of lines stays."""
        height, width = self._picture_size
        lines = place(width, height, self._shape(width, height), pygame.display.get_window_size()).height
        self.is_square = not self.is_square
        if not self.is_fullscreen:
            self._size = math.ceil(lines * self._shape(width, height)), lines
            self._open()

    def _shape(self, width: int, height: int) -> Fraction:
        return shape_of(self._console, width, height, is_square=self.is_square)

    def _open(self) -> None:
        try:
            if self.is_fullscreen:
                pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
            else:
                pygame.display.set_mode(self._size, pygame.RESIZABLE)
        except pygame.error as error:
            raise UsageError(f"SDL cannot open a window of {self._size[0]} by {self._size[1]}: {error}.") from error


def _fitting_scale(width: int, height: int, shape: Fraction) -> int:
    desktop_width, desktop_height = pygame.display.get_desktop_sizes()[0]
    scales = range(DEFAULT_SCALE, 1, -1)
    sizes = {scale: window_size(width, height, shape, scale) for scale in scales}
    room = desktop_width * _MARGIN, desktop_height * _MARGIN
    return next((scale for scale in scales if sizes[scale][0] <= room[0] and sizes[scale][1] <= room[1]), 1)


def _enlarge(picture: Array, surface: pygame.Surface, box: Box) -> None:
    """Scale lines by an integer, which keeps them sharp; columns by the nearest integer, then smoothly."""
    small = _surface(picture).convert(surface)
    height, width = picture.shape[:2]
    target = surface.subsurface(pygame.Rect(box).clip(surface.get_rect()))
    if target.get_height() < height:
        pygame.transform.smoothscale(small, target.get_size(), target)
        return
    if target.get_width() % width:
        columns = -(-target.get_width() // width) * width
        wide = pygame.transform.scale(small, (columns, height))
        small = pygame.transform.smoothscale(wide, (target.get_width(), height))
    pygame.transform.scale(small, target.get_size(), target)


def _surface(picture: Array) -> pygame.Surface:
    height, width = picture.shape[:2]
    return pygame.image.frombuffer(np.ascontiguousarray(picture).tobytes(), (width, height), "RGB")
