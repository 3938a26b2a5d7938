"""Paint a map: a level with the trajectories of many episodes, or with the time spent in each place, and a legend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias

import cv2
import numpy as np

from newgameplus.movies.heat import CELL_PIXELS, Spot, heat_map, stuck_spots
from newgameplus.movies.lettering import BACKGROUND, BRIGHT, DIM, draw_text, text_width
from newgameplus.movies.level_map import LevelPicture
from newgameplus.movies.map_colours import ENDING_WORDS, Colour, colour_at
from newgameplus.movies.trajectory import Ending, Trajectory
from newgameplus.printable import printable_number, printable_time
from newgameplus.types import Array

By: TypeAlias = Literal["return", "time"]
"""What colours a trajectory: the return of its episode, or the time along it."""
DIMMED = 0.7
"""Brightness of the level below trajectories."""
NO_PLAYER = "Where the player is the game does not tell; shown is the middle of the picture."
FRAMES_PER_SECOND = 60
MARGIN = 24
MIN_WIDTH = 960
"""Width of the poster at least, so that the legend fits."""
_TITLE_HEIGHT, _LEGEND_HEIGHT = 72, 104
_DARK: Colour = (12, 12, 16)
_SHIFT = 4
"""Bits behind the point in coordinates that are given to OpenCV."""


def poster(
    level: LevelPicture, trajectories: Sequence[Trajectory], title: str, *, by: By = "return", is_heat: bool = False
) -> Array:
    """Return a picture of a level and what happened in it, uint8 ``[H, W, 3]``, RGB.

    Args:
        level: the level.
        trajectories: the episodes.
        title: first line.
        by: what colours the trajectories.
        is_heat: show the time spent in each place instead of trajectories.
    """
    painted = painted_level(level, trajectories, by=by, is_heat=is_heat)
    height, width = painted.shape[:2]
    total_width = max(MIN_WIDTH, width + 2 * MARGIN)
    sheet = np.empty((height + _TITLE_HEIGHT + _LEGEND_HEIGHT + MARGIN, total_width, 3), np.uint8)
    sheet[:] = BACKGROUND
    left = (total_width - width) // 2
    sheet[_TITLE_HEIGHT : _TITLE_HEIGHT + height, left : left + width] = painted
    draw_text(sheet, title, MARGIN, 34, colour=BRIGHT, size=0.8)
    draw_text(sheet, _summary(trajectories, level), MARGIN, 58, colour=DIM, size=0.45)
    spots = stuck_spots(trajectories, level.origin, level.size)
    _legend(sheet, _TITLE_HEIGHT + height + MARGIN, trajectories, level, spots, by=by, is_heat=is_heat)
    return sheet


def painted_level(level: LevelPicture, trajectories: Sequence[Trajectory], *, by: By, is_heat: bool) -> Array:
    """The level with what is painted on it, uint8 ``[H, W, 3]``, RGB."""
    canvas = _dimmed(level.pixels)
    if is_heat:
        _paint_heat(canvas, level, trajectories)
        for number, spot in enumerate(stuck_spots(trajectories, level.origin, level.size), 1):
            _mark_spot(canvas, (spot.x - level.origin[0], spot.y - level.origin[1]), number)
        return canvas
    low, high = value_range(trajectories, by)
    for trajectory in sorted(trajectories, key=lambda each: each.episode_return):
        _paint_trajectory(canvas, level.origin, trajectory, by, (low, high))
    for trajectory in trajectories:
        _mark_ends(canvas, level.origin, trajectory)
    return canvas


def value_range(trajectories: Sequence[Trajectory], by: By) -> tuple[float, float]:
    """Lowest and highest value of the colour scale."""
    if by == "time":
        return 0.0, float(max((each.num_frames for each in trajectories), default=0)) / FRAMES_PER_SECOND
    returns = [each.episode_return for each in trajectories] or [0.0]
    return min(returns), max(returns)


def _dimmed(pixels: Array) -> Array:
    """The level with less colour and light, so that what is painted on it stands out."""
    grey = pixels.mean(axis=2, keepdims=True)
    dimmed: Array = ((0.3 * grey + 0.7 * pixels) * DIMMED).astype(np.uint8)
    return dimmed


def _paint_trajectory(
    canvas: Array, origin: tuple[int, int], trajectory: Trajectory, by: By, limits: tuple[float, float]
) -> None:
    span = limits[1] - limits[0] or 1.0
    points = np.stack([trajectory.x - origin[0], trajectory.y - origin[1]], axis=1) << _SHIFT
    starts = np.flatnonzero(trajectory.breaks())
    parts = [part for part in np.split(np.arange(len(points)), starts[1:]) if len(part) > 1]
    for part in parts:
        cv2.polylines(canvas, [points[part]], False, _DARK, 4, cv2.LINE_AA, _SHIFT)
    for part in parts:
        if by == "return":
            colour = colour_at((trajectory.episode_return - limits[0]) / span if limits[1] > limits[0] else 1.0)
            cv2.polylines(canvas, [points[part]], False, colour, 2, cv2.LINE_AA, _SHIFT)
            continue
        for begin in range(0, len(part) - 1, 8):
            piece = part[begin : begin + 9]
            colour = colour_at(float(trajectory.frames[piece[0]]) / FRAMES_PER_SECOND / span)
            cv2.polylines(canvas, [points[piece]], False, colour, 2, cv2.LINE_AA, _SHIFT)


def _mark_ends(canvas: Array, origin: tuple[int, int], trajectory: Trajectory) -> None:
    for index in trajectory.deaths:
        draw_mark(canvas, (int(trajectory.x[index]) - origin[0], int(trajectory.y[index]) - origin[1]), "death")
    if len(trajectory.x) and trajectory.ending != "death":
        at = int(trajectory.x[-1]) - origin[0], int(trajectory.y[-1]) - origin[1]
        draw_mark(canvas, at, trajectory.ending)


def draw_mark(canvas: Array, at: tuple[int, int], ending: Ending) -> None:
    """Draw how an episode ended: a cross for death, a star for the goal, a ring for the limit, a square otherwise.

    What lies outside, as below a pit, is marked at the border.
    """
    x, y = at = min(max(at[0], 8), canvas.shape[1] - 9), min(max(at[1], 8), canvas.shape[0] - 9)
    if ending == "death":
        for colour, thickness in ((_DARK, 5), ((255, 255, 255), 2)):
            for sign in (1, -1):
                cv2.line(canvas, (x - 5, y - 5 * sign), (x + 5, y + 5 * sign), colour, thickness, cv2.LINE_AA)
    elif ending == "goal":
        angles = np.arange(10) * np.pi / 5 - np.pi / 2
        radii = np.where(np.arange(10) % 2, 4, 10)
        star = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1).round().astype(np.int32)
        cv2.polylines(canvas, [star], True, _DARK, 4, cv2.LINE_AA)
        cv2.fillPoly(canvas, [star], (255, 255, 255), cv2.LINE_AA)
    elif ending == "cut":
        cv2.circle(canvas, at, 5, _DARK, 4, cv2.LINE_AA)
        cv2.circle(canvas, at, 5, (255, 255, 255), 2, cv2.LINE_AA)
    else:
        cv2.rectangle(canvas, (x - 4, y - 4), (x + 4, y + 4), _DARK, 4)
        cv2.rectangle(canvas, (x - 4, y - 4), (x + 4, y + 4), (255, 255, 255), 2)


def _paint_heat(canvas: Array, level: LevelPicture, trajectories: Sequence[Trajectory]) -> None:
    """Lay the time spent in each cell over the level, on a logarithmic scale."""
    heat = heat_map(trajectories, level.origin, level.size)
    if not heat.any():
        return
    scale = np.log1p(heat) / np.log1p(heat.max())
    colours = np.array([[colour_at(float(share)) for share in row] for row in scale], np.uint8)
    height, width = canvas.shape[:2]
    large = colours.repeat(CELL_PIXELS, axis=0).repeat(CELL_PIXELS, axis=1)[:height, :width]
    weight = np.where(heat > 0, 0.35 + 0.55 * scale, 0.0).repeat(CELL_PIXELS, axis=0).repeat(CELL_PIXELS, axis=1)
    weight = weight[:height, :width, None]
    canvas[:] = (canvas * (1 - weight) + large * weight).astype(np.uint8)


def _mark_spot(canvas: Array, at: tuple[int, int], number: int) -> None:
    text = str(number)
    centre = (at[0], max(12, at[1] - 40))
    cv2.line(canvas, centre, at, (255, 255, 255), 1, cv2.LINE_AA)
    cv2.circle(canvas, centre, 11, (255, 255, 255), cv2.FILLED, cv2.LINE_AA)
    draw_text(canvas, text, centre[0] - text_width(text, 0.5) // 2, centre[1] + 6, colour=_DARK, size=0.5)


def _summary(trajectories: Sequence[Trajectory], level: LevelPicture) -> str:
    counts = Counter(each.ending for each in trajectories)
    ends = ", ".join(f"{counts[ending]} {words}" for ending, words in ENDING_WORDS.items() if counts[ending])
    seconds = sum(each.num_frames for each in trajectories) / FRAMES_PER_SECOND
    origin = "drawn from the level's data" if level.is_drawn else "stitched from what the movies show"
    noun = "episode" if len(trajectories) == 1 else "episodes"
    told = f"{len(trajectories)} {noun}, {printable_time(seconds)} of play: {ends or 'none could be placed'}."
    return f"{told} Level {origin}.{'' if level.has_player else ' ' + NO_PLAYER}"


def _legend(
    sheet: Array, top: int, trajectories: Sequence[Trajectory], level: LevelPicture, spots: Sequence[Spot], *,
    by: By, is_heat: bool,
) -> None:  # fmt: skip
    left = MARGIN
    ramp = np.array([colour_at(at / 255) for at in range(256)], np.uint8)
    sheet[top : top + 14, left : left + 256] = ramp
    if is_heat:
        heat = heat_map(trajectories, level.origin, level.size)
        most = float(heat.max()) / max(1.0, float(heat.sum()))
        low, high, what = "0", f"{most:.1%}", f"share of time per {CELL_PIXELS} x {CELL_PIXELS} pixels, log scale"
    else:
        values = value_range(trajectories, by)
        texts = [printable_time(value) if by == "time" else printable_number(round(value, 1)) for value in values]
        low, high, what = texts[0], texts[1], "time since the start" if by == "time" else "return of the episode"
    draw_text(sheet, low, left, top + 32, colour=BRIGHT, size=0.45)
    draw_text(sheet, high, left + 256 - text_width(high, 0.45), top + 32, colour=BRIGHT, size=0.45)
    draw_text(sheet, what, left, top + 54, colour=DIM, size=0.45)
    x = left + 300
    if is_heat:
        _list_spots(sheet, x, top, spots)
        return
    for number, (ending, words) in enumerate(ENDING_WORDS.items()):
        column, row = divmod(number, 2)
        at = x + 12 + column * 220, top + 8 + row * 32
        draw_mark(sheet, at, ending)
        draw_text(sheet, words, at[0] + 18, at[1] + 5, colour=BRIGHT, size=0.45)


def _list_spots(sheet: Array, left: int, top: int, spots: Sequence[Spot]) -> None:
    """Name the places where most of the time without progress was spent, two columns of three."""
    for number, spot in enumerate(spots[:6], 1):
        column, row = divmod(number - 1, 3)
        text = f"{number}  x {spot.x}, y {spot.y}: {spot.share:.0%} of the time without progress"
        draw_text(sheet, text, left + column * 350, top + 12 + row * 24, colour=BRIGHT, size=0.42)
    if not spots:
        draw_text(sheet, "no time without progress", left, top + 12, colour=DIM, size=0.42)
