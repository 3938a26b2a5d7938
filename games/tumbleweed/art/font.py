"""The letters: ASCII 32 to 90 in 8 × 8 pixels, palette 2."""

from __future__ import annotations

import numpy as np
from canvas import Pixels, blank

NUM_TILES = 64
WHITE, SHADOW = 6, 1

_ROWS = """
!:2222202 ":55 ':22 (:1244421 ):4211124 *:0525250 +:00272 ,:0000024 -:0007 .:0000006 /:1122244
0:2555552 1:2622227 2:7115747 3:7113117 4:5557111 5:7447117 6:7447557 7:7112222 8:7557557 9:7557117
::0220220 ?:7113202 =:00707 A:2555755 B:6556556 C:3444443 D:6555556 E:7446447 F:7446444 G:3445553 H:5557555
I:7222227 J:1111152 K:5566655 L:4444447 M:5775555 N:6555555 O:2555552 P:6556444 Q:2555573 R:6556655
S:3442116 T:7222222 U:5555557 V:5555552 W:5555775 X:5552555 Y:5552222 Z:7112447
"""


def draw() -> list[Pixels]:
    """The 64 tiles of the font."""
    tiles = [blank(8, 8) for _ in range(NUM_TILES)]
    for glyph in _ROWS.split():
        letter, rows = glyph[0], glyph[2:]
        for y, digits in enumerate(rows):
            bits = np.array([int(digits) >> 2 & 1, int(digits) >> 1 & 1, int(digits) & 1])
            tiles[ord(letter) - 32][y, 1:7] = np.repeat(bits, 2) * WHITE
    return tiles
