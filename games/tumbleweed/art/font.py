"""The letters: ASCII 32 to 90 in 8 × 8 pixels, palette 2, white over straw with a dark shadow."""

from __future__ import annotations

import numpy as np
from canvas import Mask, Pixels, blank

NUM_TILES = 64
SHADOW, WHITE, STRAW = 1, 6, 5

_GLYPHS = """
!4444404 "aaa0000 #aavavaa $4fke5u4 %op248j3 &cik8lid 'c480000 (2488842 )8422248 *0ha4ah0 +044v440 ,0000c48
-000v000 .00000cc /0124800 0ehjlphe 14c4444e 2eh1248v 3v2421he 426aiv22 5vgu11he 668guhhe 7v124888 8ehhehhe 9ehhf12c
:0cc0cc0 ;0cc0c48 <248g842 =00v0v00 >8421248 ?eh12404 @eh1dlle Aehhvhhh Buhhuhhu Cehggghe Duhhhhhu Evgguggv
Fvgguggg Gehgnhhf Hhhhvhhh Ie44444e J72222ic Khikokih Lggggggv Mhrllhhh Nhpljhhh Oehhhhhe Puhhuggg Qehhhlid
Ruhhukih Sfgge11u Tv444444 Uhhhhhhe Vhhhhha4 Whhhllrh Xhha4ahh Yhha4444 Zv1248gv
"""
"""Each letter and its seven rows, a digit in base 32 for five pixels; strokes are then doubled to the right."""
_WIDE = {
    "M": (0x63, 0x77, 0x7F, 0x6B, 0x63, 0x63, 0x63),
    "N": (0x63, 0x73, 0x7B, 0x6F, 0x67, 0x63, 0x63),
    "W": (0x63, 0x63, 0x63, 0x6B, 0x7F, 0x77, 0x63),
}
"""Letters whose strokes need seven pixels, as they are."""
_THIN = "#$%&*@"
"""Letters whose strokes are not doubled."""


def glyph(letter: str) -> Mask:
    """The pixels of a letter, 8 × 8, its strokes two pixels wide."""
    made = np.zeros((8, 8), dtype=bool)
    for y, row in enumerate(_WIDE.get(letter, ())):
        made[y, :7] = [bool(row >> (6 - x) & 1) for x in range(7)]
    if letter in _WIDE:
        return made
    rows = next((entry[1:] for entry in _GLYPHS.split() if entry[0] == letter), "0000000")
    for y, digit in enumerate(rows):
        for x in range(5):
            if int(digit, 32) >> (4 - x) & 1:
                made[y, x + 1 : x + 2 + (letter not in _THIN)] = True
    return made


def tile(letter: str, light: int = WHITE, low: int = STRAW, shadow: int = SHADOW) -> Pixels:
    """A letter in colours."""
    lit = glyph(letter)
    made = blank(8, 8)
    dark = np.zeros((8, 8), dtype=bool)
    for dy, dx in ((1, 0), (1, 1), (0, 1)):
        dark[dy:, dx:] |= lit[: 8 - dy, : 8 - dx]
    made[dark] = shadow
    made[lit] = light
    made[4:][lit[4:]] = low
    return made


def draw() -> list[Pixels]:
    """The 64 tiles of the font."""
    return [tile(chr(32 + number)) for number in range(NUM_TILES)]
