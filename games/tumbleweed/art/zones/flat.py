"""A zone in flat colours, until its own pictures are drawn."""

from __future__ import annotations

from blocks import ZoneArt
from canvas import Pixels, blank
from palette import palette

from newgameplus.tumbleweed.terrain import TERRAIN


def draw() -> ZoneArt:
    """Blocks as their shapes alone."""
    blocks: dict[str, Pixels] = {}
    for terrain in TERRAIN:
        made = blank(16, 16)
        for x, height in enumerate(terrain.heights):
            made[16 - height :, x] = 3
            made[16 - height : 18 - height, x] = 6
        if terrain.name.startswith("water"):
            made[:] = 14
        if terrain.name in ("thorns", "lava"):
            made[made > 0] = 12
        if terrain.name.startswith(("loop", "decoration")):
            made[4:12, 4:12] = 9
        blocks[terrain.name] = made
    background = blank(512, 224, 1)
    background[140:] = 2
    return ZoneArt(
        foreground=palette("257 100 310 531 642 250 460 670 130 350 470 777 600 750 357 467"),
        background=palette("000 257 235 124"),
        blocks=blocks,
        panorama=background,
        speed=[16] * 17 + [64] * 11,
    )
