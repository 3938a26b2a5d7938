"""The window: shows pictures in the right shape, and what is drawn over them."""

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
"""How much of the desktop a window may take at first."""
_AROUND = (10, 10, 14)


class Window:
    """One window with one picture in it.

    Args:
        title: its title.
        console: whose pictures it shows, by stable-retro's name.
        picture: the first picture, which gives the size.
        scale: how many pixels high each line is; None takes 3, or what the desktop has room for.
        is_fullscreen: whether to begin without borders.

    Raises:
        UsageError: SDL cannot open a window.
    """

    def __init__(
        self, title: str, console: str, picture: Array, *, scale: int | None = None, is_fullscreen: bool = False
    ) -> None:
        self.is_square = False
        """Whether pixels are shown as wide as high, instead of as a television showed them."""
        self.is_fullscreen = is_fullscreen
        self._console = console
        self._picture_size = height, width = picture.shape[:2]
        shape = self._shape(width, height)
        self._size = window_size(width, height, shape, scale or _fitting_scale(width, height, shape))
        self._open()
        self.set_title(title)
        pygame.mouse.set_visible(False)

    def set_title(self, title: str) -> None:
        """Name the window."""
        pygame.display.set_caption(f"{title} – New Game Plus")

    def show(self, picture: Array, draw_over: Callable[[pygame.Surface, Box], None]) -> None:
        """Show ``picture``, uint8 ``[H, W, 3]``, and what ``draw_over`` draws on the window around and over it."""
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
        """What the window shows now, uint8 ``[H, W, 3]``."""
        surface = pygame.display.get_surface()
        assert surface is not None
        return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))

    def toggle_fullscreen(self) -> None:
        """Fill the desktop, or be a window again."""
        if not self.is_fullscreen:
            self._size = pygame.display.get_window_size()
        self.is_fullscreen = not self.is_fullscreen
        self._open()

    def toggle_shape(self) -> None:
        """Show pixels square, or as a television showed them, with lines as high as before."""
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


def save_png(picture: Array, path: str) -> None:
    """Write ``picture``, uint8 ``[H, W, 3]``, as a PNG file.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        pygame.image.save(_surface(picture), path)
    except pygame.error as error:
        raise OSError(str(error)) from error


def _fitting_scale(width: int, height: int, shape: Fraction) -> int:
    desktop_width, desktop_height = pygame.display.get_desktop_sizes()[0]
    scales = range(DEFAULT_SCALE, 1, -1)
    sizes = {scale: window_size(width, height, shape, scale) for scale in scales}
    room = desktop_width * _MARGIN, desktop_height * _MARGIN
    return next((scale for scale in scales if sizes[scale][0] <= room[0] and sizes[scale][1] <= room[1]), 1)


def _enlarge(picture: Array, surface: pygame.Surface, box: Box) -> None:
    """Draw lines a whole number of pixels high, which is sharp; columns as near as can be, then smoothly."""
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
