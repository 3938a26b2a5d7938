"""Comparison of agents over levels, from the scores of their runs. Pure functions.

Notation: L levels; ``scores[l]`` holds the scores of the runs of level ``l``, one per seed, whose number may differ
from level to level; P moments of a run; Z zones.

Definitions: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", whose code is
rliable: interquartile mean, optimality gap, probability of improvement, performance profile. *Differences:* scores are
not normalised, since levels of a contest share one scale, so that a gap is in points; intervals resample zones, each
with all its levels and seeds, since levels of a zone are alike (rliable resamples the seeds of each level).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newgameplus.contest.scores import (
    CONFIDENCE,
    NUM_RESAMPLES,
    bca_ends,
    clustered_interval,
    draw_clusters,
    sign_flip_is_exact,
    sign_flip_p,
)
from newgameplus.types import Array

NUM_POINTS = 40
"""Number of points of a learning curve."""
WINDOW = 0.1
"""Share of the budget that each point of a curve averages over; the last point is the last tenth."""

Scores = Sequence[Sequence[float]]
"""For each level the scores of its runs."""
Interval = tuple[float, float] | None
"""Lower and upper end; None where it is not defined."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Score of one agent minus that of another on the same levels."""

    mean: float
    interval: Interval
    """Interval of the mean over zones."""
    p: float
    """Two-sided p value of random signs of the levels' differences."""
    is_exact: bool
    """Whether all signs were tried, instead of some drawn at random (Monte Carlo)."""


def zone_of(level: str) -> str:
    """Zone of a level ``Game/State`` or ``State``: its name up to the first dot of the state."""
    game, slash, state = level.rpartition("/")
    return f"{game}{slash}{state.partition('.')[0]}"


def values_by_zone(levels: Sequence[str], values: Sequence[float]) -> dict[str, list[float]]:
    """Return the values of each zone's levels, zones in the order of their first level.

    Args:
        levels: ``[L]``, ``Game/State`` or ``State``.
        values: ``[L]``, one for each level.
    """
    zones: dict[str, list[float]] = {}
    for level, value in zip(levels, values, strict=True):
        zones.setdefault(zone_of(level), []).append(float(value))
    return zones


def zone_interval(levels: Sequence[str], values: Sequence[float]) -> Interval:
    """Return the BCa interval of the mean of one value per level, by resampling zones: levels of one zone are alike.

    It says how far the mean over other zones of this kind might lie. The noise of seeds is in it, since it is in the
    values of every zone. None for fewer than two zones.

    Args:
        levels: ``[L]``, ``Game/State`` or ``State``.
        values: ``[L]``, for example scores, or paired differences of scores.
    """
    return clustered_interval(list(values_by_zone(levels, values).values()))


def level_means(scores: Scores) -> Array:
    """Mean over the runs of each level, float64 ``[L]``."""
    return np.array([np.mean(runs) for runs in scores], dtype=np.float64)


def difference(levels: Sequence[str], ours: Scores, theirs: Scores) -> Difference:
    """Compare two agents level by level."""
    gains = level_means(ours) - level_means(theirs)
    return Difference(
        float(gains.mean()),
        zone_interval(levels, gains.tolist()),
        sign_flip_p(gains.tolist()),
        sign_flip_is_exact(len(gains)),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for the number of comparisons, so that one false claim among all of them has at most p.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted


def improvement(ours: Scores, theirs: Scores) -> Array:
    """Return for each level the probability that a run of ours scores more than one of theirs, ties as half.

    The mean over levels is the probability of improvement (Agarwal et al. 2021, section 4.3).

    Returns:
        float64 ``[L]``.
    """
    return np.array(
        [
            (np.greater.outer(x, y).mean() + np.greater_equal.outer(x, y).mean()) / 2
            for x, y in zip(ours, theirs, strict=True)
        ]
    )


def optimality_gap(scores: Scores, optimum: float) -> Array:
    """Return for each level by how much its runs fall short of ``optimum`` on average; more than that counts as that.

    The mean over levels is the optimality gap (Agarwal et al. 2021, section 4.3), in points.

    Returns:
        float64 ``[L]``.
    """
    return level_means([np.maximum(optimum - np.asarray(runs, dtype=np.float64), 0.0).tolist() for runs in scores])


def performance_profile(scores: Scores, thresholds: Array) -> Array:
    """Return for each level the share of its runs that score more than each threshold.

    The mean over levels is the performance profile, run-score distribution (Agarwal et al. 2021, section 4.2).

    Args:
        scores: of each level.
        thresholds: float64 ``[T]``.

    Returns:
        float64 ``[L, T]``.
    """
    return np.array([np.greater.outer(np.asarray(runs, dtype=np.float64), thresholds).mean(0) for runs in scores])


def profile_band(levels: Sequence[str], shares: Array) -> tuple[Array, Array] | None:
    """Return the pointwise percentile interval of a performance profile over zones, float64 ``[T]`` twice.

    Args:
        levels: ``[L]``.
        shares: ``[L, T]`` of :func:`performance_profile`.

    Returns:
        Lower and upper ends; None for fewer than two zones.
    """
    zones = [zone_of(level) for level in levels]
    names = list(dict.fromkeys(zones))
    if len(names) < 2:
        return None
    belongs = np.array([[zone == name for zone in zones] for name in names], dtype=np.float64)
    counts = _counts(len(names))
    resampled = counts @ (belongs @ shares) / (counts @ belongs.sum(1))[:, None]
    tail = (1 - CONFIDENCE) / 2 * 100
    low, high = np.percentile(resampled, [tail, 100 - tail], axis=0)
    return low, high


def interquartile_interval(levels: Sequence[str], scores: Scores) -> Interval:
    """Return the BCa interval over zones of the interquartile mean of all runs; None for fewer than two zones."""
    zones = [zone_of(level) for level, runs in zip(levels, scores, strict=True) for _ in runs]
    names = list(dict.fromkeys(zones))
    if len(names) < 2:
        return None
    values = np.array([score for runs in scores for score in runs], dtype=np.float64)
    order = np.argsort(values, kind="stable")
    index = np.array([names.index(zone) for zone in zones])[order]
    once = np.ones((1, len(names)), dtype=np.int64)
    estimate = _interquartile_means(values[order], once[:, index])[0]
    without = _interquartile_means(values[order], (once - np.eye(len(names), dtype=np.int64))[:, index])
    return bca_ends(_interquartile_means(values[order], _counts(len(names))[:, index]), estimate, without, CONFIDENCE)


def _interquartile_means(ordered: Array, counts: Array) -> Array:
    """Interquartile mean, float64 ``[R]``, of the values ``[N]`` in rising order, each ``counts[r, n]`` times."""
    ends = counts.cumsum(1)
    total = ends[:, -1:]
    low, high = total // 4, total - total // 4
    kept = np.clip(ends, low, high) - np.clip(ends - counts, low, high)
    means: Array = (kept * ordered).sum(1) / kept.sum(1)
    return means


def _counts(num_zones: int) -> Array:
    """How often each resample draws each zone, int64 ``[R, Z]``."""
    drawn = draw_clusters(num_zones)
    counts = np.zeros((NUM_RESAMPLES, num_zones), dtype=np.int64)
    np.add.at(counts, (np.arange(NUM_RESAMPLES)[:, None], drawn), 1)
    return counts


def learning_curve(episodes: Sequence[tuple[int, float]], num_steps: int) -> Array:
    """Return the mean return of the episodes that ended in the last tenth of the budget before each of 40 moments.

    Args:
        episodes: steps and return of each, in order.
        num_steps: the budget; the last moment is its end, so that the last mean is that of the last tenth.

    Returns:
        float64 ``[P]``; NaN where no episode ended.
    """
    ends = np.cumsum([length for length, _ in episodes])
    returns = np.array([value for _, value in episodes], dtype=np.float64)
    means = np.full(NUM_POINTS, np.nan)
    for point, moment in enumerate(num_steps * np.arange(1, NUM_POINTS + 1) / NUM_POINTS):
        inside = (ends <= moment) & (ends > moment - WINDOW * num_steps)
        if inside.any():
            means[point] = returns[inside].mean()
    return means


def carried(curve: Array) -> Array:
    """Return a curve whose gaps hold the last mean before them; NaN remains where no episode has ended yet."""
    last = np.maximum.accumulate(np.where(np.isnan(curve), 0, np.arange(len(curve))))
    filled: Array = curve[last]
    return filled
