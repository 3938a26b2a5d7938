"""Platforms, doors, hazards and other works, with palette 3."""

from __future__ import annotations

import numpy as np
from canvas import Pixels, blank, box, ellipse, from_text, grid, outline, polygon, shade, sphere, stroke
from treasures import star

OUTLINE, WHITE, GRAY, COAL, RED, ORANGE, YELLOW = 1, 2, 3, 4, 5, 6, 7
PLUM, VIOLET, PINK, BROWN, TAN = 11, 12, 13, 14, 15


def platform() -> Pixels:
    """The left half of a platform of planks with an iron end; the right half mirrors it."""
    made = blank(32, 16)
    made[box(made, 1, 1, 31, 9)] = TAN
    made[1, 1:] = made[2, 1:] = YELLOW
    made[box(made, 1, 8, 31, 2)] = BROWN
    for x in (11, 21):
        made[1:10, x] = BROWN
    made[5, 13:18] = made[6, 24:28] = made[4, 27:31] = BROWN
    made[box(made, 1, 1, 5, 9)] = GRAY
    made[box(made, 1, 1, 5, 1)] = WHITE
    made[box(made, 1, 8, 5, 2)] = COAL
    made[4, 3] = WHITE
    made[polygon(made, [(8, 10), (32, 10), (32, 14), (14, 14)])] = BROWN
    made[box(made, 24, 10, 8, 5)] = COAL
    made[box(made, 28, 11, 4, 3)] = ORANGE
    outline(made, OUTLINE)
    made[1:15, 31] = np.where(made[1:15, 31] == OUTLINE, made[1:15, 30], made[1:15, 31])
    return made


def falling() -> Pixels:
    """The left half of an old plank that hangs by ropes and will fall."""
    made = blank(32, 16)
    made[box(made, 1, 2, 31, 6)] = TAN
    made[2, 1:] = WHITE
    made[box(made, 1, 6, 31, 2)] = BROWN
    for x, depth in ((6, 9), (13, 11), (20, 9), (27, 12)):
        made[polygon(made, [(x - 4, 7), (x + 4, 7), (x + 1, depth), (x - 2, depth - 1)])] = BROWN
    for points in ([(9, 2), (11, 5), (10, 8)], [(24, 2), (22, 6), (23, 8)]):
        made[stroke(made, points, 1)] = OUTLINE
    for x in (3, 16, 29):
        made[4, x] = RED
        made[3, x] = ORANGE
    outline(made, OUTLINE)
    made[2:12, 31] = np.where(made[2:12, 31] == OUTLINE, made[2:12, 30], made[2:12, 31])
    return made


def crumble(is_broken: bool) -> Pixels:
    """A cracked stone, then its pieces."""
    made = blank(16, 16)
    if is_broken:
        for points in (
            [(0, 1), (6, 0), (7, 6), (2, 7)],
            [(9, 1), (15, 2), (14, 7), (10, 6)],
            [(2, 9), (7, 9), (6, 14), (3, 13)],
        ):
            made[polygon(made, points)] = TAN
        made[polygon(made, [(10, 9), (14, 10), (12, 15), (9, 13)])] = BROWN
        for x, y in ((2, 2), (11, 3), (4, 10)):
            made[y, x : x + 3] = YELLOW
        outline(made, OUTLINE)
        return made
    made[box(made, 0, 0, 16, 12)] = TAN
    made[0:2, :] = YELLOW
    made[box(made, 0, 9, 16, 3)] = BROWN
    for points in ([(5, 0), (4, 4), (7, 6), (6, 12)], [(7, 6), (11, 7), (12, 12)], [(12, 0), (13, 4)]):
        made[stroke(made, points, 1)] = OUTLINE
    for x in (2, 9, 13):
        made[polygon(made, [(x - 2, 12), (x + 2, 12), (x, 15)])] = BROWN
    outline(made, OUTLINE)
    made[:12, 0] = made[:12, 15] = OUTLINE
    return made


def door() -> Pixels:
    """Half of an iron door with warning stripes, 16 × 32."""
    made = blank(16, 32, GRAY)
    x, y = grid(made)
    made[:, 2:4] = WHITE
    made[:, 12:14] = COAL
    stripes = (y > 12) & (y < 20)
    made[stripes] = np.where(((x + y) // 4 % 2) < 1, YELLOW, OUTLINE)[stripes]
    made[12] = made[20] = OUTLINE
    for at in (3, 27):
        for column in (4, 10):
            made[at : at + 2, column : column + 2] = COAL
            made[at, column] = WHITE
    made[:, 0] = made[:, 15] = OUTLINE
    made[0] = COAL
    made[31] = OUTLINE
    return made


def breakable() -> Pixels:
    """Half of a cracked wall of stones, 32 × 32."""
    made = blank(32, 32, TAN)
    for row in range(4):
        top = row * 8
        made[top] = YELLOW
        made[top + 6] = BROWN
        made[top + 7] = OUTLINE
        for column in range(-1, 4):
            left = column * 11 + (row % 2) * 5
            for at, entry in ((left, OUTLINE), (left + 1, YELLOW), (left - 1, BROWN)):
                if 0 <= at < 32:
                    made[top : top + 7, at] = entry
    for points in (
        [(4, 0), (10, 6), (8, 13), (15, 18), (13, 25), (20, 32)],
        [(15, 18), (23, 15), (27, 8), (32, 6)],
        [(10, 6), (17, 4)],
        [(13, 25), (5, 28)],
    ):
        made[stroke(made, points, 1.9, 1.2)] = OUTLINE
    made[:, 0] = made[:, 31] = OUTLINE
    return made


def thorns(height: int) -> Pixels:
    """Four iron thorns that come out of the ground."""
    made = blank(32, 16)
    x, _ = grid(made)
    for middle in (4, 12, 20, 28):
        spike = polygon(made, [(middle, 16 - height), (middle + 3.5, 16), (middle - 3.5, 16)])
        made[spike] = GRAY
        made[spike & (x < middle)] = WHITE
        if height > 8:
            made[spike & (grid(made)[1] < 16 - height + 4)] = RED
    made[15] = COAL
    outline(made, OUTLINE)
    return made


def ball() -> Pixels:
    """An iron ball with spikes."""
    made = blank(24, 24)
    for turn in range(8):
        angle = turn * np.pi / 4
        dx, dy = np.cos(angle), np.sin(angle)
        made[
            polygon(
                made,
                [
                    (12 + dx * 11.6, 12 + dy * 11.6),
                    (12 - dy * 3 + dx * 6, 12 + dx * 3 + dy * 6),
                    (12 + dy * 3 + dx * 6, 12 - dx * 3 + dy * 6),
                ],
            )
        ] = WHITE if dy < 0.2 else GRAY
    outline(made, OUTLINE)
    body = blank(24, 24)
    shade(body, ellipse(body, 12, 12, 7.6), sphere(body, 12, 12, 8), (OUTLINE, COAL, COAL, GRAY, WHITE), 0.6)
    outline(body, OUTLINE)
    made[body > 0] = body[body > 0]
    return made


def chain() -> Pixels:
    """A link of a chain."""
    return from_text(
        "........\n..1111..\n.12331..\n.13..31.\n.13..31.\n..13341.\n..1111..\n........", {str(e): e for e in range(10)}
    )


def jet(phase: int) -> Pixels:
    """A tongue of fire, 16 × 32; two stand on one another."""
    made = blank(16, 32)
    x, y = grid(made)
    sway = np.sin(y * 0.35 + phase * 3.0) * 1.6
    for half, top, entry in ((7.2, 1, RED), (5.4, 6, ORANGE), (3.4, 12, YELLOW), (1.6, 18, WHITE)):
        width = half * np.clip((y - top) / 14, 0, 1) ** 0.5
        made[np.abs(x - 8 - sway) < width] = entry
    for at, row in ((3, 5), (12, 9)):
        made[ellipse(made, at + phase * 2 - 1, row - phase * 2, 1.4)] = RED
        made[ellipse(made, at + phase * 2 - 1, row - phase * 2, 0.8)] = ORANGE
    return made


def nozzle() -> Pixels:
    """The pipe that the fire comes from."""
    made = blank(16, 8)
    made[box(made, 2, 1, 12, 2)] = WHITE
    made[box(made, 2, 2, 12, 2)] = GRAY
    made[box(made, 4, 4, 8, 4)] = COAL
    made[box(made, 4, 4, 3, 4)] = GRAY
    made[1, 5:11] = ORANGE
    outline(made, OUTLINE)
    return made


def bumper(is_hit: bool) -> Pixels:
    """A round cushion with a star; it lights up and widens when it was touched."""
    made = blank(24, 24)
    radius = 11 if is_hit else 10
    shade(made, ellipse(made, 12, 12, radius), sphere(made, 12, 12, radius), (PLUM, VIOLET, PINK), 0.5)
    made[ellipse(made, 12, 12, radius - 3)] = OUTLINE
    shade(
        made,
        ellipse(made, 12, 12, radius - 3.8),
        sphere(made, 12, 12, radius),
        (ORANGE, YELLOW, WHITE) if is_hit else (RED, RED, ORANGE),
        0.4,
    )
    made[polygon(made, star(12, 12.4, radius - 4.4))] = WHITE if not is_hit else RED
    outline(made, OUTLINE)
    return made
