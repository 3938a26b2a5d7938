"""Objects drawn with the player's palette: what is collected, pressed and passed."""

from __future__ import annotations

import math

from canvas import Pixels, blank, box, ellipse, from_text, grid, outline, polygon, shade, sphere, stroke

OUTLINE, BROWN, WOOD, GOLD, STRAW, WHITE = 1, 2, 3, 4, 5, 6
IRON, STEEL, RED, YELLOW, ORANGE, GREEN, LEAF, SKY, BLUE = 7, 8, 9, 10, 11, 12, 13, 14, 15


def star(x: float, y: float, radius: float, turn: float = 0.0) -> list[tuple[float, float]]:
    """The corners of a star with five points."""
    return [
        (
            x + radius * (1 if k % 2 == 0 else 0.45) * math.sin(k * math.pi / 5 + turn),
            y - radius * (1 if k % 2 == 0 else 0.45) * math.cos(k * math.pi / 5 + turn),
        )
        for k in range(10)
    ]


def coin(half_width: float) -> Pixels:
    """A gold coin seen at an angle."""
    made = blank(16, 16)
    made[ellipse(made, 8, 8, half_width, 6.4)] = ORANGE
    if half_width > 3:
        made[ellipse(made, 7.6, 7.6, half_width - 0.9, 5.4)] = YELLOW
        made[ellipse(made, 8, 8, half_width - 2.3, 3.9)] = ORANGE
        made[ellipse(made, 7.5, 7.6, half_width - 2.9, 3.2)] = STRAW
        made[stroke(made, [(8 - half_width * 0.62, 5.4), (8 - half_width * 0.3, 3)], 1.2)] = WHITE
        made[box(made, 7.5, 5.5, 1, 5)] = WOOD
    else:
        made[box(made, 7, 2, 1, 12)] = YELLOW
        made[box(made, 7, 4, 1, 4)] = WHITE
    outline(made, OUTLINE)
    return made


def sparkle(size: float) -> Pixels:
    """A star of light."""
    made = blank(16, 16)
    for points in (
        [(8, 8 - size), (9.4, 8), (8, 8 + size), (6.6, 8)],
        [(8 - size, 8), (8, 6.6), (8 + size, 8), (8, 9.4)],
    ):
        made[polygon(made, points)] = YELLOW
    made[ellipse(made, 8, 8, max(1.0, size * 0.3))] = WHITE
    if size > 7:
        made[ellipse(made, 8, 8, 2.6)] = 0
    return made


def spring(is_stretched: bool) -> Pixels:
    """A red cushion on a coil."""
    made = blank(16, 16)
    top = 0 if is_stretched else 6
    made[box(made, 2, 13, 12, 3)] = IRON
    made[box(made, 2, 13, 12, 1)] = STEEL
    for y in range(top + 4, 13, 2):
        made[stroke(made, [(4, y + 1), (12, y)], 1.3)] = STEEL if (y // 2) % 2 else WHITE
    made[box(made, 1, top + 1, 14, 3)] = RED
    made[box(made, 2, top + 1, 11, 1)] = ORANGE
    made[box(made, 3, top + 1, 4, 1)] = STRAW
    outline(made, OUTLINE)
    return made


def diagonal(is_stretched: bool) -> Pixels:
    """A spring that throws to the upper right."""
    made = blank(16, 16)
    reach = 4.5 if is_stretched else 1.0
    made[polygon(made, [(0, 16), (0, 5), (11, 16)])] = IRON
    made[polygon(made, [(1, 14), (1, 8), (7, 14)])] = STEEL
    x, y = 6 + reach, 10 - reach
    made[stroke(made, [(5, 11), (x, y)], 3.4)] = STEEL
    made[stroke(made, [(5, 10), (x - 0.5, y - 1)], 1)] = WHITE
    made[stroke(made, [(x - 4.5, y - 4.5), (x + 4.5, y + 4.5)], 3.4)] = RED
    made[stroke(made, [(x - 4, y - 4.8), (x + 4, y + 3.2)], 1)] = ORANGE
    outline(made, OUTLINE)
    return made


def switch(is_pressed: bool) -> Pixels:
    """A button in its plate, red, or green once it is pressed."""
    made = blank(24, 8)
    top = 4 if is_pressed else 1
    made[box(made, 6, top, 12, 4)] = LEAF if is_pressed else RED
    made[box(made, 7, top, 9, 1)] = WHITE if is_pressed else ORANGE
    made[box(made, 1, 6, 22, 2)] = STEEL
    made[box(made, 2, 5, 20, 1)] = WHITE
    made[7, :] = OUTLINE
    outline(made, OUTLINE)
    return made


def checkpoint(is_passed: bool) -> Pixels:
    """A post with a lantern that burns, and a flag that is up, once it was passed."""
    made = blank(16, 32)
    made[box(made, 7, 8, 3, 24)] = WOOD
    made[box(made, 7, 8, 1, 24)] = GOLD
    made[box(made, 4, 29, 9, 3)] = IRON
    made[box(made, 4, 29, 9, 1)] = STEEL
    if is_passed:
        made[polygon(made, [(10, 11), (16, 14), (10, 18)])] = LEAF
        made[polygon(made, [(10, 12), (14, 14), (10, 14)])] = WHITE
    else:
        made[polygon(made, [(10, 20), (14, 24), (10, 27)])] = IRON
    made[box(made, 3, 2, 11, 8)] = YELLOW if is_passed else BLUE
    made[ellipse(made, 8.5, 6, 3.4)] = WHITE if is_passed else IRON
    made[box(made, 2, 9, 13, 2)] = STEEL
    made[polygon(made, [(1, 3), (8.5, 0), (16, 3)])] = RED if is_passed else IRON
    outline(made, OUTLINE)
    return made


def _coin_sign(made: Pixels) -> None:
    made[ellipse(made, 12, 12, 5, 5.4)] = OUTLINE
    made[ellipse(made, 12, 12, 4, 4.4)] = YELLOW
    made[ellipse(made, 12, 12, 2, 2.6)] = ORANGE
    made[box(made, 11.5, 10, 1, 4)] = STRAW


def _shield_sign(made: Pixels) -> None:
    for inset, entry in ((0.0, OUTLINE), (1.0, BLUE), (2.2, SKY)):
        corners = [
            (7 + inset, 7 + inset * 0.8),
            (17 - inset, 7 + inset * 0.8),
            (17 - inset, 12),
            (12, 18.5 - inset * 1.4),
        ]
        made[polygon(made, [*corners, (7 + inset, 12)])] = entry
    made[box(made, 9, 9, 2, 4)] = WHITE


def _life_sign(made: Pixels) -> None:
    for shrink, entry in ((0.0, OUTLINE), (1.0, RED)):
        for x in (9.6, 14.4):
            made[ellipse(made, x, 10, 3.6 - shrink)] = entry
        made[polygon(made, [(6.6 + shrink, 11), (17.4 - shrink, 11), (12, 18.6 - shrink * 1.3)])] = entry
    made[ellipse(made, 9.2, 9.4, 1.1)] = WHITE


def chest(content: str) -> Pixels:
    """A wooden box with a sign of what is in it: coins, shield or life."""
    made = blank(24, 24)
    made[box(made, 1, 1, 22, 22)] = GOLD
    for y in (6, 11, 16):
        made[y, 2:22] = WOOD
    made[box(made, 1, 1, 22, 2)] = STRAW
    made[box(made, 1, 1, 2, 22)] = STRAW
    made[box(made, 1, 21, 22, 2)] = WOOD
    made[box(made, 21, 1, 2, 22)] = WOOD
    for x in (2, 19):
        for y in (2, 19):
            made[box(made, x, y, 3, 3)] = BROWN
            made[y, x] = STEEL
    made[ellipse(made, 12, 12, 7.6)] = BROWN
    made[ellipse(made, 12, 12, 6.8)] = WHITE
    {"coins": _coin_sign, "shield": _shield_sign, "life": _life_sign}[content](made)
    outline(made, OUTLINE)
    return made


def goal_sign(phase: int) -> Pixels:
    """The sign of the goal: a round board with a star, its bulbs taking turns."""
    made = blank(32, 32)
    made[box(made, 14, 26, 4, 6)] = WOOD
    made[box(made, 14, 26, 1, 6)] = GOLD
    made[ellipse(made, 16, 15, 14.4)] = RED
    made[ellipse(made, 16, 15, 11.4)] = OUTLINE
    shade(made, ellipse(made, 16, 15, 10.6), sphere(made, 16, 15, 12), (BLUE, BLUE, SKY), 0.6)
    made[polygon(made, star(16, 15.5, 9.6))] = OUTLINE
    made[polygon(made, star(16, 15.5, 8.2))] = YELLOW
    made[polygon(made, star(15.4, 15, 4.6))] = WHITE if phase else STRAW
    for bulb in range(12):
        angle = bulb * math.pi / 6
        x, y = 16 + 12.9 * math.cos(angle), 15 + 12.9 * math.sin(angle)
        made[ellipse(made, x, y, 1.2)] = WHITE if (bulb + phase) % 2 else ORANGE
    outline(made, OUTLINE)
    return made


def goal_post() -> Pixels:
    """The post under the goal's sign."""
    made = blank(32, 32)
    made[box(made, 14, 0, 4, 28)] = WOOD
    made[box(made, 14, 0, 1, 28)] = GOLD
    made[box(made, 17, 0, 1, 28)] = BROWN
    made[polygon(made, [(18, 5), (31, 7), (27, 11), (31, 15), (18, 14)])] = RED
    made[polygon(made, [(18, 5), (29, 7), (26, 9), (18, 8)])] = ORANGE
    made[polygon(made, [(14, 7), (2, 9), (5, 12.5), (2, 16), (14, 16)])] = WHITE
    made[polygon(made, [(14, 12), (4, 12), (2, 16), (14, 16)])] = STEEL
    made[box(made, 6, 28, 20, 4)] = IRON
    made[box(made, 6, 28, 20, 1)] = STEEL
    outline(made, OUTLINE)
    return made


def shield() -> Pixels:
    """A bubble round the player, every second pixel, so that it stays visible."""
    made = blank(32, 32)
    x, y = grid(made)
    rim = ellipse(made, 16, 16, 15.9) & ~ellipse(made, 16, 16, 14.6)
    soft = ellipse(made, 16, 16, 14.6) & ~ellipse(made, 16, 16, 12.8) & ((x + y) % 2 < 1)
    made[rim] = SKY
    made[soft] = SKY
    made[stroke(made, [(5, 13), (7, 8), (12, 4.5)], 1.6)] = WHITE
    made[ellipse(made, 25, 23, 1.3)] = WHITE
    return made


def bubble() -> Pixels:
    """A bubble of air."""
    return from_text(
        "..eeee..\n.e....e.\ne.66...e\ne.6....e\ne......e\ne.....ee\n.e...ee.\n..eeee..", {"e": SKY, "6": WHITE}
    )


def head() -> Pixels:
    """The tumbleweed's face beside the number of lives: 16 × 8, from its standing picture."""
    made = blank(16, 8)
    light = sphere(made, 7.5, 4.5, 7, 5)
    shade(made, ellipse(made, 7.5, 4.2, 6.4, 3.7), light, (WOOD, GOLD, GOLD, STRAW), 0.8)
    outline(made, OUTLINE)
    for x in (6, 10):
        made[box(made, x, 2, 3, 4)] = WHITE
        made[3:5, x + 2] = OUTLINE
        made[3:6, x - 1] = OUTLINE
    return made
