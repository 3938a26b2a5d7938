"""Data of the plots from the episodes of a run. Pure functions."""

from __future__ import annotations

import numpy as np

from newgameplus.types import Array

WINDOW = 20
"""Window of the running mean, in episodes."""


def mean_so_far(returns: Array) -> Array:
    """Mean of the first 1, 2, …, E returns, float64 ``[E]``; the last is the score of the run."""
    return np.cumsum(returns) / np.arange(1, len(returns) + 1)


def running_mean(returns: Array, window: int = WINDOW) -> Array:
    """Mean of the last ``window`` returns up to each episode, fewer at the start; float64 ``[E]``."""
    total = np.concatenate(([0.0], np.cumsum(returns)))
    ends = np.arange(1, len(returns) + 1)
    starts = np.maximum(ends - window, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def evenly(num_values: int, max_values: int) -> Array:
    """Indices, int64, of at most ``max_values`` (two or more) evenly spaced values, including first and last."""
    if num_values <= max_values:
        return np.arange(num_values)
    return np.linspace(0, num_values - 1, max_values).round().astype(np.int64)


def median_episode(returns: Array) -> int:
    """Index of the first episode whose return is the lower median, which is that of a played episode."""
    lower_median = np.sort(returns)[(len(returns) - 1) // 2]
    return int(np.flatnonzero(returns == lower_median)[0])
