"""A line chart as SVG, the same bytes for the same numbers."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 920, 460
LEFT, RIGHT, TOP, BOTTOM = 64, 270, 16, 48
INK, GRID, PAPER = "#333333", "#e2e2e2", "#ffffff"
FONT = "font-family='system-ui, sans-serif' font-size='13'"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart."""

    name: str
    colour: str
    dash: str
    """Dash pattern as in ``stroke-dasharray``; empty for a solid line."""
    points: Sequence[tuple[float, float]]
    """Points from left to right."""


def line_chart(lines: Sequence[Line], x_title: str, y_title: str) -> str:
    """Return the lines as SVG, with both axes from 0, and each line labelled near its right end."""
    points = [point for line in lines for point in line.points]
    x_ticks, y_ticks = (ticks(max((point[axis] for point in points), default=1.0)) for axis in (0, 1))
    x_end, y_end = max((x for x, _ in points), default=1.0), y_ticks[-1]

    def place(x: float, y: float) -> tuple[float, float]:
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + width * x / x_end, TOP + height * (1 - max(y, 0.0) / y_end)

    parts = [f"<rect width='{WIDTH}' height='{HEIGHT}' fill='{PAPER}'/>"]
    for value in y_ticks:
        _, y = place(0, value)
        parts.append(f"<path d='M{LEFT} {y:.1f}H{WIDTH - RIGHT}' stroke='{GRID}'/>")
        parts.append(_text(LEFT - 8, y + 4, f"{value:,.0f}", "end"))
    for value in x_ticks:
        if value <= x_end:
            parts.append(_text(place(value, 0)[0], HEIGHT - BOTTOM + 20, f"{value:,.0f}", "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_title, "middle"))
    turned = f" transform='rotate(-90 14 {HEIGHT / 2})'"
    parts.append(_text(14, HEIGHT / 2, y_title, "middle", turned))
    drawn = [line for line in lines if line.points]
    heights = apart([place(*line.points[-1])[1] for line in drawn], 17, TOP + 6, HEIGHT - BOTTOM)
    for line, height in zip(drawn, heights, strict=True):
        parts += _line(line, [place(x, y) for x, y in line.points], height)
    size = f"viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}'"
    return "\n".join([f"<svg xmlns='http://www.w3.org/2000/svg' {size}>", *parts, "</svg>", ""])


def ticks(highest: float, num: int = 5) -> list[float]:
    """Return about ``num`` round values from 0 to ``highest`` or just above."""
    if highest <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(highest / num))
    step = next(power * factor for factor in (1, 2, 5, 10) if highest / (power * factor) <= num)
    return [step * index for index in range(math.ceil(highest / step) + 1)]


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Return heights near the wanted ones, in the same order, ``least`` apart and within the limits if they fit."""
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    placed: list[float] = []
    for index in order:
        placed.append(max(wanted[index], placed[-1] + least if placed else low))
    limit = high
    for position in reversed(range(len(placed))):
        placed[position] = min(placed[position], limit)
        limit = placed[position] - least
    heights = [0.0] * len(wanted)
    for index, height in zip(order, placed, strict=True):
        heights[index] = height
    return heights


def _line(line: Line, places: Sequence[tuple[float, float]], height: float) -> list[str]:
    style = f"stroke='{line.colour}' stroke-width='2.2'" + (f" stroke-dasharray='{line.dash}'" if line.dash else "")
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    begin = WIDTH - RIGHT
    mark = f"M{places[-1][0]:.1f} {places[-1][1]:.1f}L{begin + 16} {height:.1f}"
    return [
        f"<path d='M{path}' fill='none' {style} stroke-linejoin='round'/>",
        f"<path d='{mark}' stroke='{line.colour}' stroke-opacity='0.35'/>",
        f"<path d='M{begin + 16} {height:.1f}h26' {style}/>",
        _text(begin + 48, height + 4, line.name, "start"),
    ]


def _text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {FONT} fill='{INK}' text-anchor='{anchor}'{more}>{html.escape(words)}</text>"
