"""Schedules of hyperparameters over a run."""

from __future__ import annotations


def linear(start: float, end: float, fraction: float) -> float:
    """Return the linear interpolation from ``start`` to ``end`` at ``fraction``, which is clipped to [0, 1]."""
    return start + (end - start) * min(1.0, max(0.0, fraction))
