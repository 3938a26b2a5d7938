"""What a zone's pictures are, and the blocks that every zone draws in its own texture."""

from __future__ import annotations

from dataclasses import dataclass

from canvas import Pixels


@dataclass(frozen=True, slots=True)
class ZoneArt:
    """The pictures of one zone."""

    foreground: list[int]
    """Palette 0; its entry 0 is the backdrop."""
    background: list[int]
    """Palette 1."""
    blocks: dict[str, Pixels]
    """Name of each kind of block to its 16 × 16 pixels of the foreground's palette."""
    panorama: Pixels
    """512 × 224 pixels of the background's palette."""
    speed: list[int]
    """Speed of each of the panorama's 28 rows in 1/256 of the camera's."""
    cycle: tuple[int, int, int] = (0, 0, 0)
    """First entry of the foreground's palette that cycles, how many do, frames per step."""
    over: frozenset[str] = frozenset({"water_top"})
    """Blocks drawn in front of the sprites."""
