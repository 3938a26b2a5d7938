"""Curves as SVG, for pages and notebooks without scripts; text and axes take the colour of what is around them."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from newgameplus.types import Array

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 8, 24


@dataclass(frozen=True, slots=True)
class Line:
    """One curve."""

    name: str
    steps: Array
    """int64 ``[P]``."""
    values: Array
    """float64 ``[P]``."""


def colour_of(index: int) -> str:
    """Colour of the curve with an index, such that neighbours differ."""
    return f"oklch(0.66 0.15 {round(index * 137.5 + 250) % 360})"


def svg(lines: Sequence[Line], what: str) -> str:
    """Return curves over agent steps.

    Args:
        lines: the curves.
        what: what they show, for those who do not see them.
    """
    drawn = [line for line in lines if len(line.values)]
    low, high = _bounds(drawn)
    last = max((int(line.steps[-1]) for line in drawn), default=1) or 1

    def x(step: float) -> float:
        return _LEFT + step / last * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="currentColor" '
        f'stroke-opacity=".15"/><text x="{_LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{_short(tick)}</text>'
        for tick in _ticks(low, high)
    ]
    parts += [
        f'<text x="{x(tick):.1f}" y="{HEIGHT - 6}" text-anchor="middle">{_short(tick)}</text>'
        for tick in _ticks(0, last)
        if x(tick) < WIDTH - 20
    ]
    for index, line in enumerate(drawn):
        points = " ".join(
            f"{x(s):.1f},{y(v):.1f}" for s, v in zip(line.steps.tolist(), line.values.tolist(), strict=True)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour_of(index)}" stroke-width="2" '
            f'stroke-linejoin="round"><title>{html.escape(line.name)}</title></polyline>'
        )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{html.escape(what)}" style="max-width:100%;height:auto;font:11px system-ui,sans-serif" '
        f'fill="currentColor">{"".join(parts)}</svg>'
    )


def _bounds(lines: Sequence[Line]) -> tuple[float, float]:
    low = min((float(line.values.min()) for line in lines), default=0.0)
    high = max((float(line.values.max()) for line in lines), default=1.0)
    if 0 < low < (high - low) / 2:
        low = 0.0
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers between two."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _short(number: float) -> str:
    """1234567 → 1.2M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"
