"""Numbers that change over a run."""

from __future__ import annotations


def linear(start: float, end: float, fraction: float) -> float:
    """Return the value on the line from ``start`` to ``end``, ``fraction`` (clipped to 0 … 1) of the way along."""
    return start + (end - start) * min(1.0, max(0.0, fraction))
