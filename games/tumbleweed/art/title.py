"""The picture of the title: the logo over a desert in the evening, the tumbleweed in front."""

from __future__ import annotations

import math

import font
import numpy as np
from canvas import BAYER, Pixels, blank, ellipse, grid, outline, polygon, rotate_point, shade, sphere, stamp, stroke
from palette import palette
from player import TWIGS, Ball

WIDTH, HEIGHT = 320, 224
PALETTE = palette("103 100 310 530 641 764 777 214 425 700 634 740 765 422 311 760")
"""Entries 1 to 6, 9 and 11 as in the player's palette."""
OUTLINE, DARK, BROWN, GOLD, STRAW, WHITE, RED, ORANGE, YELLOW = 1, 2, 3, 4, 5, 6, 9, 11, 15
SKY = (0, 7, 8, 10, 12)
MESA, SHADE = 13, 14

LETTERS = {
    "T": (((2, 2), (18, 2)), ((10, 2), (10, 30))),
    "U": (((2, 2), (2, 22), (5, 28), (10, 30), (15, 28), (18, 22), (18, 2)),),
    "M": (((1, 30), (3, 2), (10, 18), (17, 2), (19, 30)),),
    "B": (
        ((3, 30), (3, 2), (11, 2), (16, 6), (15, 12), (10, 15), (16, 18), (18, 24), (13, 30), (3, 30)),
        ((3, 15), (10, 15)),
    ),
    "L": (((3, 2), (3, 30), (17, 30)),),
    "E": (((17, 2), (3, 2), (3, 30), (17, 30)), ((3, 16), (13, 16))),
    "W": (((1, 2), (5, 30), (10, 12), (15, 30), (19, 2)),),
    "D": (((3, 30), (3, 2), (10, 2), (16, 6), (18, 16), (16, 26), (10, 30), (3, 30)),),
}  # fmt: skip
"""The strokes of the logo's letters, 20 × 32."""


def _logo() -> Pixels:
    """The name in wooden letters on an arc, lit from above."""
    made = blank(WIDTH, 88)
    face = np.zeros(made.shape, dtype=bool)
    for number, letter in enumerate("TUMBLEWEED"):
        middle = number - 4.5
        tilt = middle * 0.0045
        left, top = 160 + middle * 29.0 - 10, 22 + middle * middle * 0.75 + (number % 2) * 2
        for line in LETTERS[letter]:
            turned = [rotate_point(x - 10, (y - 16) * 1.15, tilt) for x, y in line]
            face |= stroke(made, [(left + 10 + dx, top + 18 + dy) for dx, dy in turned], 7.4)
    _, rows = grid(made)
    tops = np.where(face, np.where(np.roll(face, 1, 0), 0, 1), 0)
    shade(made, face, 1.15 - (rows - 18) / 58, (BROWN, GOLD, ORANGE, YELLOW, YELLOW, STRAW), 0.7)
    made[(tops > 0) | (face & (np.roll(tops, 1, 0) > 0))] = WHITE
    low = face & ~np.roll(face, -1, 0)
    made[low | (face & np.roll(low, -1, 0))] = BROWN
    outline(made, DARK, diagonal=True)
    outline(made, OUTLINE, diagonal=True)
    thrown = np.roll(np.roll(made > 0, 3, 0), 2, 1)
    made[thrown & (made == 0)] = OUTLINE
    return made


def _hero() -> Pixels:
    """The tumbleweed, three times as large as in the game."""
    made = blank(96, 96)
    ball = Ball(48, 46, 37, 37)
    for number in range(22):
        angle = number * 0.286 * 2 + (number % 3) * 0.1
        bent = [(r, angle + lean) for r, lean in ((0.85, 0.0), (0.98, 0.14), (1.1 + 0.03 * (number % 4), 0.36))]
        points = [ball.at(math.cos(at) * r, math.sin(at) * r) for r, at in bent]
        made[stroke(made, points, 3.4, 1.4)] = GOLD if math.sin(angle) < 0 else BROWN
    light = sphere(made, 48, 46, 37)
    body = ellipse(made, 48, 46, 37)
    shade(made, body, light * 0.8, (DARK, DARK, BROWN, BROWN), 0.6)
    for twig in TWIGS:
        for half in (0.0, 0.5):
            spread = [twig.start + half + twig.length * part / 24 for part in range(25)]
            inner = [(twig.x + twig.radius * math.cos(a), twig.y + twig.radius * math.sin(a)) for a in spread]
            line = [ball.at(u, v) for u, v in inner if math.hypot(u, v) < 0.97]
            if len(line) < 2:
                continue
            made[stroke(made, [(x + 1.6, y + 1.6) for x, y in line], 2.4) & body] = DARK
            bright = light + twig.lightness - half * 0.2
            entries = np.where(bright > 0.78, STRAW, np.where(bright > 0.42, GOLD, BROWN)).astype(np.uint8)
            mask = stroke(made, line, 2.2) & body
            made[mask] = entries[mask]
    patch = ellipse(made, 64, 50, 20, 18) & ellipse(made, 48, 46, 35)
    shade(made, patch, sphere(made, 64, 50, 20, 18) + 0.1, (BROWN, GOLD, GOLD, STRAW), 0.7)
    boots = _boots()
    outline(made, OUTLINE, diagonal=True)
    in_front = (boots > 0) & ((made == 0) | (grid(made)[1] > 80))
    made[in_front] = boots[in_front]
    _face(made)
    return made


def _boots() -> Pixels:
    made = blank(96, 96)
    for x in (33, 66):
        made[ellipse(made, x + 2, 88, 12, 7)] = RED
        made[ellipse(made, x - 2, 85, 5, 2.4)] = ORANGE
    made[94:] = 0
    outline(made, OUTLINE, diagonal=True)
    return made


def _face(made: Pixels) -> None:
    for x, radius in ((56, 10.0), (76, 8.6)):
        made[ellipse(made, x, 38, radius + 1.6, radius + 3.6)] = OUTLINE
        made[ellipse(made, x, 38, radius, radius + 2)] = WHITE
        made[ellipse(made, x + 4, 39, radius * 0.5, radius * 0.62)] = OUTLINE
        made[ellipse(made, x + 5.6, 36, 1.8)] = WHITE
    made[stroke(made, [(55, 57), (61, 61), (68, 61), (75, 56)], 2.6)] = OUTLINE
    made[stroke(made, [(60, 60), (68, 60)], 1.6)] = RED


def _mesas(made: Pixels) -> None:
    for left, top, width in ((-10, 112, 70), (70, 126, 40), (214, 120, 52), (262, 104, 80)):
        right = left + width
        shoulder = [(right - 12, top), (right - 9, top + 6), (right, 160)]
        made[polygon(made, [(left, 160), (left + 9, top + 6), (left + 12, top), *shoulder])] = MESA
        made[polygon(made, [(right - 26, 160), (right - 22, top), *shoulder])] = SHADE
        made[top : top + 2, max(0, left + 12) : right - 22] = ORANGE


def _words(made: Pixels, text: str, x: int, y: int) -> None:
    for number, letter in enumerate(text):
        stamp(made, font.tile(letter, WHITE, STRAW, OUTLINE), x + number * 8, y)


def draw() -> Pixels:
    """The picture, 320 × 224."""
    made = blank(WIDTH, HEIGHT)
    rows = np.arange(160)
    level = (rows + 0.5) / 160 * (len(SKY) - 1)
    chosen = np.clip(np.floor(level[:, None] + (BAYER[rows % 4] - 0.5) * 0.9 + 0.5), 0, len(SKY) - 1).astype(int)
    made[:160] = np.tile(np.asarray(SKY, dtype=np.uint8)[chosen], (1, WIDTH // 4))
    x, y = grid(made)
    sun = ellipse(made, 160, 142, 36)
    shade(made, sun, 1 - (y - 104) / 66, (ORANGE, YELLOW, STRAW, WHITE), 0.8)
    for row in range(112, 160, 8):
        made[sun & (np.abs(y - row) < (row - 104) / 24)] = 12
    _mesas(made)
    ground = y > 156 + 3 * np.sin(x / 40)
    shade(made, ground, (y - 156) / 60, (BROWN, DARK, DARK, OUTLINE), 0.9)
    made[ground & (y < 158 + 3 * np.sin(x / 40))] = STRAW
    stamp(made, _logo(), 0, 8)
    _words(made, "A NEW GAME PLUS GAME", 80, 96)
    stamp(made, _hero(), 8, 122)
    _cactus(made, 276, 186)
    return made


def _cactus(made: Pixels, x: int, foot: int) -> None:
    """A cactus against the light."""
    picture = blank(WIDTH, HEIGHT)
    for points, width in (
        ([(x, foot), (x, foot - 62)], 13.0),
        ([(x, foot - 24), (x - 17, foot - 26), (x - 17, foot - 46)], 8.0),
        ([(x, foot - 32), (x + 16, foot - 34), (x + 16, foot - 54)], 8.0),
    ):
        picture[stroke(picture, points, width)] = SHADE
    for dx, top, low in ((-5, 62, 4), (-20, 46, 28), (13, 54, 36)):
        picture[stroke(picture, [(x + dx, foot - top), (x + dx, foot - low)], 1.6)] = ORANGE
    outline(picture, OUTLINE)
    stamp(made, picture, 0, 0)
