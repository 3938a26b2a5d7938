"""The pictures of the tumbleweed itself, 32 × 32 pixels each, with palette 2; it looks to the right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from canvas import Pixels, blank, ellipse, outline, rotate_point, shade, sphere, stroke

OUTLINE, DARK, BROWN, GOLD, STRAW, WHITE = 1, 2, 3, 4, 5, 6
SHADOW, DUST, RED, YELLOW, ORANGE, WATER = 7, 8, 9, 10, 11, 14


@dataclass(frozen=True, slots=True)
class Twig:
    """A bent twig: an arc of a circle within the unit disc."""

    x: float
    y: float
    radius: float
    start: float
    length: float
    lightness: float


def _twigs() -> list[Twig]:
    random = np.random.default_rng(11)
    made = []
    for number in range(15):
        angle = number * 2.4
        away = 0.25 + 0.45 * random.random()
        made.append(
            Twig(
                x=away * math.cos(angle),
                y=away * math.sin(angle),
                radius=0.45 + 0.4 * random.random(),
                start=random.random() * 2 * math.pi,
                length=1.8 + 1.6 * random.random(),
                lightness=-0.12 if number % 3 == 0 else 0.16,
            )
        )
    return made


TWIGS = _twigs()
ENDS = tuple((0.45 * number + 0.2 * (number * 7 % 3), 1.04 + 0.05 * (number * 5 % 4)) for number in range(14))
"""Angle and length of the twigs' ends that stick out of the ball."""


@dataclass(slots=True)
class Ball:
    """Where the ball of twigs is drawn, how it is squeezed and how far it has turned."""

    x: float = 16
    y: float = 16
    rx: float = 12.2
    ry: float = 12.2
    turn: float = 0.0

    def at(self, u: float, v: float) -> tuple[float, float]:
        """The place of a point of the unit disc after turning and squeezing."""
        u, v = rotate_point(u, v, self.turn)
        return self.x + u * self.rx, self.y + v * self.ry

    def draw(self, pixels: Pixels) -> None:
        """Draws the tangle: dark inside, twigs lit from the upper left, ends sticking out."""
        light = sphere(pixels, self.x, self.y, self.rx, self.ry)
        for angle, length in ENDS:
            bent = [(r, angle + lean) for r, lean in ((0.8, 0.0), (0.97, 0.2), (length, 0.5))]
            points = [self.at(math.cos(at) * r, math.sin(at) * r) for r, at in bent]
            pixels[stroke(pixels, points, 1.6, 0.9)] = GOLD if math.sin(angle + self.turn * 6.28) < 0 else BROWN
        mask = ellipse(pixels, self.x, self.y, self.rx, self.ry)
        shade(pixels, mask, light * 0.8, (DARK, DARK, BROWN, BROWN), 0.8)
        for twig in TWIGS:
            for shadow in (True, False):
                self._twig(pixels, twig, light, shadow)

    def draw_face(self, pixels: Pixels, u: float, v: float) -> None:
        """Draws the smooth patch that eyes and mouth are on."""
        x, y = self.at(u, v)
        rx, ry = 0.56 * self.rx, 0.5 * self.ry
        patch = ellipse(pixels, x, y, rx, ry) & ellipse(pixels, self.x, self.y, self.rx - 0.6, self.ry - 0.6)
        shade(pixels, patch, sphere(pixels, x, y, rx, ry) + 0.1, (BROWN, GOLD, GOLD, STRAW), 0.7)

    def _twig(self, pixels: Pixels, twig: Twig, light: np.ndarray, shadow: bool) -> None:
        for part in range(60):
            angle = twig.start + twig.length * part / 59
            u, v = twig.x + twig.radius * math.cos(angle), twig.y + twig.radius * math.sin(angle)
            if math.hypot(u, v) > 0.97:
                continue
            x, y = self.at(u, v)
            column, row = int(x) + shadow, int(y) + shadow
            if not (0 <= column < pixels.shape[1] and 0 <= row < pixels.shape[0]) or pixels[row, column] == 0:
                continue
            bright = light[row, column] + twig.lightness
            lit = STRAW if bright > 0.78 else GOLD if bright > 0.42 else BROWN
            pixels[row, column] = DARK if shadow else lit


def _spots(pixels: Pixels, spots: str, x: int, y: int) -> None:
    """Small details from rows of hexadecimal entries, rows separated by blanks; a point leaves a pixel as it is."""
    for dy, row in enumerate(spots.split()):
        for dx, entry in enumerate(row):
            if entry != "." and 0 <= y + dy < 32 and 0 <= x + dx < 32:
                pixels[y + dy, x + dx] = int(entry, 16)


EYES = {
    "open": (
        ".1111.. 166661. 1666661 1666111 1666116 1666111 166661. .1111..",
        ".1111. 166661 166661 166111 166116 166111 166661 .1111.",
    ),
    "blink": (
        "....... ....... ....... 1111111 1333331 .11111. ....... .......",
        "...... ...... ...... 111111 133331 .1111. ...... ......",
    ),
    "fierce": (
        "11..... .111... 1661111 1666611 1666116 1666111 166661. .1111..",
        "....11 ..111. 111161 166661 166116 166111 166661 .1111.",
    ),
    "wide": (
        ".11111. 1666661 1666661 1661661 1661661 1666661 1666661 .11111.",
        ".1111. 166661 166661 166161 166161 166661 166661 .1111.",
    ),
    "cross": (
        "....... 11...11 .11.11. ..111.. .11.11. 11...11 ....... .......",
        "...... 11..11 .1111. ..11.. .1111. 11..11 ...... ......",
    ),
    "glad": (
        "....... ..111.. .11.11. 11...11 1.....1 ....... ....... .......",
        "...... ..11.. .1111. 11..11 1....1 ...... ...... ......",
    ),
    "down": (
        "....... .11111. 1333331 1111111 1666661 1661166 .11111. .......",
        "...... .1111. 133331 111111 166661 161166 .1111. ......",
    ),
}
"""Left and right eye of each mood."""


def _eyes(pixels: Pixels, mood: str, x: int, y: int) -> None:
    left, right = EYES[mood]
    _spots(pixels, left, x, y)
    _spots(pixels, right, x + 7, y)


def _foot(pixels: Pixels, x: float, y: float, hip: tuple[float, float]) -> None:
    """A red boot with its sole, on a short leg from the ball."""
    pixels[stroke(pixels, [hip, (x, y - 1)], 2)] = OUTLINE
    boot = blank(32, 32)
    boot[ellipse(boot, x + 0.6, y, 3.9, 2.3)] = RED
    boot[int(y) + 2 :, :] = 0
    boot[ellipse(boot, x - 0.6, y - 1.2, 1.8, 0.9)] = ORANGE
    outline(boot, OUTLINE)
    pixels[boot > 0] = boot[boot > 0]


def _finish(body: Pixels, behind: Pixels | None = None, before: Pixels | None = None) -> Pixels:
    """Outlines the body and lays it over what is behind it."""
    outline(body, OUTLINE)
    made = blank(32, 32) if behind is None else behind
    made[body > 0] = body[body > 0]
    if before is not None:
        made[before > 0] = before[before > 0]
    return made


def _dust(pixels: Pixels, puffs: tuple[tuple[float, float, float], ...]) -> None:
    for x, y, radius in puffs:
        pixels[ellipse(pixels, x, y, radius)] = DUST
        pixels[ellipse(pixels, x - radius * 0.25, y - radius * 0.3, radius * 0.55)] = WHITE


def _standing(mood: str, ball: Ball, feet: tuple[tuple[float, float], ...], eye: tuple[int, int] = (15, 9)) -> Pixels:
    """The ball on its feet, the far foot first."""
    behind, body, before = blank(32, 32), blank(32, 32), blank(32, 32)
    ball.draw(body)
    ball.draw_face(body, (eye[0] + 6 - ball.x) / ball.rx, (eye[1] + 8 - ball.y) / ball.ry)
    (far_x, far_y), (near_x, near_y) = feet
    _foot(behind, far_x, far_y, (ball.x + 4, ball.y + ball.ry - 2))
    _foot(before, near_x, near_y, (ball.x - 4, ball.y + ball.ry - 3))
    made = _finish(body, behind, before)
    _eyes(made, mood, *eye)
    return made


def _mouth(pixels: Pixels, kind: str, x: int, y: int) -> Pixels:
    shapes = {"smile": "1....1 .1111.", "open": ".1111. 199991 .1111.", "oh": ".11. 1991 1991 .11.", "flat": "11111."}
    _spots(pixels, shapes[kind], x, y)
    return pixels


def _walk() -> list[Pixels]:
    steps = (((21, 29), (10, 29)), ((16, 27), (15, 29)), ((11, 29), (20, 29)), ((15, 29), (16, 27)))
    made = []
    for number, feet in enumerate(steps):
        ball = Ball(y=15.5 if number % 2 else 16, turn=0.02 * (number % 2))
        made.append(_mouth(_standing("open", ball, feet, (15, 9 - number % 2)), "smile", 18, 18 - number % 2))
    return made


def _run() -> list[Pixels]:
    steps = (((24, 27), (6, 28)), ((17, 28), (13, 29)), ((8, 27), (22, 28)), ((13, 29), (18, 27)))
    made = []
    for number, feet in enumerate(steps):
        ball = Ball(x=16.5, y=15 if number % 2 else 16, rx=12.6, ry=11.8, turn=0.05 + 0.03 * (number % 2))
        picture = _standing("fierce", ball, feet, (16, 8 + (number + 1) % 2))
        made.append(_mouth(picture, "flat", 20, 18))
    return made


def _roll(turn: float, ball: Ball | None = None) -> Pixels:
    body = blank(32, 32)
    ball = Ball(y=18.4, rx=12.7, ry=12.7) if ball is None else ball
    ball.turn = turn
    ball.draw(body)
    for start in (0.0, 0.5):
        spiral = [ball.at(*rotate_point(0.12 + 0.8 * t / 20, 0, start + t / 34)) for t in range(21)]
        body[stroke(body, spiral, 2.6, 1.2)] = DARK
        body[stroke(body, spiral, 1.2, 0.8)] = STRAW
    ball.draw_face(body, 0.44, -0.1)
    made = _finish(body)
    for u in (0.18, 0.64):
        shut = [ball.at(u + du, -0.16 + dv) for du, dv in ((-0.2, -0.06), (-0.08, 0.1), (0.08, 0.1), (0.2, -0.06))]
        made[stroke(made, shut, 1.5)] = OUTLINE
    return made


def _crouch() -> Pixels:
    return _mouth(_standing("down", Ball(y=21.6, rx=13.6, ry=9.2), ((23, 30), (8, 30)), (16, 15)), "flat", 20, 24)


def _charge(number: int) -> Pixels:
    ball = Ball(x=17, y=20.6, rx=13, ry=10.6)
    body = _roll(0.3 * number, ball)
    dust = blank(32, 32)
    _dust(dust, (((3, 28, 2.6), (7, 30, 2)), ((2.5, 24, 2.2), (5, 29, 2.8)))[number])
    dust[body > 0] = body[body > 0]
    return dust


def _skid() -> Pixels:
    dust = blank(32, 32)
    _dust(dust, ((28, 29, 2.4), (30, 25, 1.8)))
    made = _standing("wide", Ball(x=14.5, y=15.6, turn=-0.06), ((24, 29), (18, 29)), (14, 8))
    made = _mouth(made, "oh", 19, 18)
    made[(made == 0) & (dust > 0)] = dust[(made == 0) & (dust > 0)]
    return made


def _hurt() -> Pixels:
    return _mouth(_standing("cross", Ball(y=15.4, turn=-0.12), ((26, 24), (7, 27)), (14, 8)), "oh", 18, 17)


def _die() -> Pixels:
    made = _standing("cross", Ball(y=16, turn=0.5, rx=12.4), ((22, 28), (9, 28)), (10, 8))
    _mouth(made, "open", 13, 18)
    _spots(made, ".11. 1991 .11.", 15, 20)
    return made


def _cheer(number: int) -> Pixels:
    body, arms, feet = blank(32, 32), blank(32, 32), blank(32, 32)
    ball = Ball(y=17 - number, rx=11.6, ry=11.6)
    ball.draw(body)
    ball.draw_face(body, 0, 0.05)
    reach = (6, 2)[number]
    for side in (-1, 1):
        arms[stroke(arms, [(16 + side * 9, 11), (16 + side * 14, reach + 2)], 2)] = GOLD
        arms[stroke(arms, [(16 + side * 13, reach + 4), (16 + side * 10, reach + 1)], 1.4)] = GOLD
    outline(arms, OUTLINE)
    for x in (10, 21):
        _foot(feet, x, 29, (x, 26))
    made = _finish(body, arms, feet)
    _eyes(made, "glad", 10, 10 - number)
    return _mouth(made, "open", 13, 17 - number)


def _swim(number: int) -> Pixels:
    feet = (((9, 28), (4, 23)), ((5, 24), (8, 28)))[number]
    made = _mouth(_standing("open", Ball(x=17, y=15.5, turn=0.03 * number), feet, (17, 8)), "oh", 22, 17)
    _spots(made, ".6 e. .6"[: 2 + 3 * number], 29, 3 + 2 * number)
    return made


def draw() -> dict[str, list[Pixels]]:
    """The frames of every pose, in the order of the ROM."""
    feet = ((21.0, 29.0), (10.0, 29.0))
    stand = [_mouth(_standing(mood, Ball(), feet), "smile", 18, 18) for mood in ("open", "blink")]
    return {
        "STAND": stand,
        "WALK": _walk(),
        "RUN": _run(),
        "ROLL": [_roll(number / 8) for number in range(8)],
        "CROUCH": [_crouch()],
        "CHARGE": [_charge(0), _charge(1)],
        "SKID": [_skid()],
        "HURT": [_hurt()],
        "DIE": [_die()],
        "CHEER": [_cheer(0), _cheer(1)],
        "SWIM": [_swim(0), _swim(1)],
    }
