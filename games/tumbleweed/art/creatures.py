"""The enemies and what they spit, with palette 3; they look to the right."""

from __future__ import annotations

import math

from canvas import Pixels, blank, box, ellipse, outline, polygon, shade, sphere, stroke

OUTLINE, WHITE, GRAY, COAL, RED, ORANGE, YELLOW = 1, 2, 3, 4, 5, 6, 7
DEEP_GREEN, GREEN, LIME, PLUM, VIOLET, PINK, BROWN, TAN = 8, 9, 10, 11, 12, 13, 14, 15


def _eye(made: Pixels, x: float, y: float, radius: float = 2.0) -> None:
    made[ellipse(made, x, y, radius)] = WHITE
    made[ellipse(made, x + radius * 0.45, y + 0.2, radius * 0.5)] = OUTLINE


def beetle(phase: int) -> Pixels:
    """A horned beetle with a ringed shell."""
    made = blank(24, 16)
    for number, x in enumerate((5, 10, 15)):
        foot = x + (1.6 if (number + phase) % 2 else -1.6)
        made[stroke(made, [(x, 11), (foot, 15)], 1.8)] = COAL
    made[ellipse(made, 19, 10, 3.6, 3.4)] = VIOLET
    made[polygon(made, [(20, 7.5), (23.5, 1), (22.6, 9)])] = WHITE
    made[polygon(made, [(22, 6), (23.5, 1), (22.8, 8)])] = YELLOW
    outline(made, OUTLINE)
    shell = blank(24, 16)
    dome = ellipse(shell, 10, 12, 9.4, 10.4) & (box(shell, 0, 0, 24, 13))
    shade(shell, dome, sphere(shell, 9, 10, 10, 11), (PLUM, VIOLET, VIOLET, PINK), 0.5)
    for x in (5, 10, 15):
        shell[stroke(shell, [(x - 1, 13), (x, 7), (x + (x - 10) * 0.12, 2)], 1.1) & dome] = PLUM
    shell[12][shell[12] > 0] = ORANGE
    shell[11][shell[11] > 0] = YELLOW
    outline(shell, OUTLINE)
    made[shell > 0] = shell[shell > 0]
    _eye(made, 20.2, 9, 1.9)
    made[stroke(made, [(18.5, 6.4), (22, 7.4)], 1)] = OUTLINE
    return made


def hare(is_up: bool) -> Pixels:
    """A desert hare with long ears, sitting or in the air."""
    made = blank(16, 24)
    lift = 0 if is_up else 3
    for x, lean in ((6, -2.4), (9.5, -0.4)):
        tip = (x + lean * (2.2 if is_up else 1), 1.5 + lift)
        made[stroke(made, [(x, 9 + lift), tip], 3.2, 2)] = TAN
        made[stroke(made, [(x, 8 + lift), (tip[0] * 0.9 + x * 0.1, tip[1] + 1)], 1)] = PINK
    shade(made, ellipse(made, 7, 16.5 + lift * 0.5, 5.2, 5), sphere(made, 6, 16, 6, 6), (BROWN, TAN, TAN, YELLOW), 0.5)
    shade(made, ellipse(made, 9.5, 10.5 + lift, 4.6, 3.8), sphere(made, 9, 10 + lift, 5, 4), (BROWN, TAN, YELLOW), 0.4)
    made[ellipse(made, 2.2, 18 + lift * 0.4, 1.9)] = WHITE
    if is_up:
        made[stroke(made, [(5, 20), (2, 23)], 2.6)] = TAN
        made[stroke(made, [(10, 19), (13.5, 21)], 2.2)] = TAN
    else:
        made[ellipse(made, 6, 22, 4.4, 1.6)] = TAN
        made[box(made, 10, 20, 2, 4)] = TAN
    made[ellipse(made, 9, 17 + lift * 0.6, 2.4, 2.6)] = WHITE
    outline(made, OUTLINE)
    _eye(made, 10.6, 9.6 + lift, 1.8)
    made[int(11 + lift), 13] = RED
    made[stroke(made, [(8.6, 7.4 + lift), (11.6, 8 + lift)], 1)] = OUTLINE
    return made


def spitter(is_open: bool) -> Pixels:
    """A plant with a great mouth."""
    made = blank(24, 24)
    made[stroke(made, [(9, 24), (7, 18), (10, 12)], 3)] = GREEN
    made[stroke(made, [(8, 23), (6.2, 18), (9, 13)], 1)] = LIME
    for points, entry in (
        ([(9, 23), (3, 19), (0.5, 21)], GREEN),
        ([(10, 23), (16, 18), (21, 21)], GREEN),
        ([(9, 22.6), (3.4, 18.4)], LIME),
        ([(10, 22.6), (16, 17.6)], LIME),
    ):
        made[stroke(made, points, 3.4 if entry == GREEN else 1.2, 1)] = entry
    outline(made, OUTLINE)
    bulb = blank(24, 24)
    whole = ellipse(bulb, 11.5, 9, 9, 8)
    shade(bulb, whole, sphere(bulb, 10.5, 8, 10, 9), (DEEP_GREEN, GREEN, GREEN, LIME), 0.5)
    for x, y, radius in ((5.5, 8, 1.4), (9, 14, 1.3), (7, 4.4, 1.1)):
        bulb[ellipse(bulb, x, y, radius)] = YELLOW
    gape = 4.4 if is_open else 1.4
    bulb[polygon(bulb, [(9, 9.5), (24, 9.5 - gape * 1.3), (24, 9.5 + gape * 1.3)])] = 0
    outline(bulb, OUTLINE)
    inner = polygon(bulb, [(9, 9.5), (19.5, 9.5 - gape), (18, 9.5), (19.5, 9.5 + gape)])
    bulb[inner] = RED
    for x in (13, 16.5):
        tooth = gape * (x - 9) / 11
        bulb[polygon(bulb, [(x - 1.3, 9 - tooth), (x + 1.3, 9 - tooth - 0.4), (x, 9.6 - tooth * 0.3)])] = WHITE
        bulb[polygon(bulb, [(x - 1.3, 10 + tooth), (x + 1.3, 10 + tooth + 0.4), (x, 9.6 + tooth * 0.3)])] = WHITE
    made[bulb > 0] = bulb[bulb > 0]
    _eye(made, 12.6, 4.6, 2)
    made[stroke(made, [(10.4, 2), (14.6, 3)], 1.1)] = OUTLINE
    return made


def bat(phase: int) -> Pixels:
    """A bat with its wings up or down."""
    made = blank(24, 16)
    tip, elbow = ((1.5, 3.5), (12.5, 9.0))[phase]
    for side in (-1, 1):
        wing = [
            (12, 7),
            (12 + side * 6, elbow - 0.5),
            (12 + side * 11.5, tip),
            (12 + side * 10, (tip + 12) / 2 + 0.5),
            (12 + side * 7.4, (tip + 11) / 2),
            (12 + side * 5.4, (tip + 12) / 2 + 2),
            (12, 11),
        ]
        made[polygon(made, wing)] = VIOLET
        made[stroke(made, [(12, 8), (12 + side * 6, elbow + 0.5), (12 + side * 11, tip + 0.5)], 1.3)] = PINK
    outline(made, OUTLINE)
    body = blank(24, 16)
    for x in (9, 15):
        body[polygon(body, [(x - 2, 6), (x + (x - 12) * 0.3, 1), (x + 2, 6)])] = PLUM
    shade(body, ellipse(body, 12, 9, 4.4, 4.8), sphere(body, 11, 8, 5, 5), (PLUM, VIOLET, PINK), 0.5)
    outline(body, OUTLINE)
    made[body > 0] = body[body > 0]
    _eye(made, 11.6, 8, 1.6)
    _eye(made, 15, 8, 1.6)
    made[11, 11:16] = OUTLINE
    made[12, 12] = made[12, 14] = WHITE
    return made


def seed(phase: int) -> Pixels:
    """A spiky seed, turning."""
    made = blank(8, 8)
    for spike in range(4):
        angle = spike * math.pi / 2 + phase * math.pi / 4
        made[stroke(made, [(4, 4), (4 + 3.2 * math.cos(angle), 4 + 3.2 * math.sin(angle))], 1.2)] = RED
    made[ellipse(made, 4, 4, 2.6)] = ORANGE
    made[ellipse(made, 3.4, 3.4, 1.2)] = YELLOW
    outline(made, OUTLINE)
    return made
