"""Score of a contest from the returns of episodes. Pure functions.

Notation: a *run* is one level played with one seed under one budget; ``R_e`` is the return of its episode ``e``.

* score of a run: the mean of ``R_e`` over all its episodes, learning included (contest rule of 2018);
* score of a level: the mean over its runs;
* score of the contest: the mean over levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from newgameplus.types import Array

CONFIDENCE = 0.95
"""Probability mass of every interval."""
NUM_RESAMPLES = 10_000
"""Bootstrap resamples per interval."""
_RESAMPLING_SEED = 2018
_MOST_EXACT = 16
"""Number of differences up to which all sign assignments are enumerated."""
_SMALLEST_SHARE = 1e-9
"""Lower bound of a share of resamples, so that its normal quantile is finite."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of returns or scores; None if there are none."""

    mean: float | None
    median: float | None
    best: float | None
    interquartile_mean: float | None

    def as_json(self) -> dict[str, float | None]:
        """The statistics by name."""
        return asdict(self)


def summarize(values: Sequence[float]) -> Summary:
    """Return the statistics of ``values``."""
    if len(values) == 0:
        return Summary(None, None, None, None)
    return Summary(
        mean=float(np.mean(values)),
        median=float(np.median(values)),
        best=float(np.max(values)),
        interquartile_mean=interquartile_mean(values),
    )


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half of ``values``: a quarter of them, rounded down, is cut from either end.

    Source: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", section 4.3;
    equal to ``scipy.stats.trim_mean(values, 0.25)``.

    Raises:
        ValueError: there are no values.
    """
    if len(values) == 0:
        raise ValueError("The interquartile mean of no values is not defined.")
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    num_cut = len(ordered) // 4
    return float(ordered[num_cut : len(ordered) - num_cut].mean())


def bootstrap_interval(scores: Sequence[Sequence[float]], confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Percentile interval of the mean over levels of the mean over seeds, by resampling the seeds of each level.

    Args:
        scores: for each level the scores of its runs, one per seed.
        confidence: probability mass inside the interval.

    Returns:
        Lower and upper end; None when a level has fewer than two runs, which say nothing about their spread.

    Source: stratified bootstrap as in Agarwal et al. 2021, section 4.1.
    """
    if not scores or any(len(level) < 2 for level in scores):
        return None
    random = np.random.default_rng(_RESAMPLING_SEED)
    total = np.zeros(NUM_RESAMPLES)
    for level in scores:
        values = np.asarray(level, dtype=np.float64)
        total += values[random.integers(len(values), size=(NUM_RESAMPLES, len(values)))].mean(axis=1)
    tail = (1 - confidence) / 2 * 100
    low, high = np.percentile(total / len(scores), [tail, 100 - tail])
    return float(low), float(high)


def clustered_interval(
    clusters: Sequence[Sequence[float]], confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Bias-corrected and accelerated (BCa) interval of the mean of all values, by resampling whole clusters.

    Levels of one zone are alike, so that they say less about other levels than as many levels of different zones: the
    zones are resampled, each with all of its levels.

    Args:
        clusters: the values of each cluster, for example the scores, or the paired differences, of a zone's levels.
        confidence: probability mass inside the interval.

    Returns:
        Lower and upper end; None for fewer than two clusters.

    Source: Efron 1987, "Better Bootstrap Confidence Intervals", section 3; for clusters of one value equal to
    ``scipy.stats.bootstrap(..., method="BCa")``.
    """
    if len(clusters) < 2:
        return None
    sums = np.array([sum(cluster) for cluster in clusters])
    sizes = np.array([len(cluster) for cluster in clusters])
    mean = sums.sum() / sizes.sum()
    drawn = draw_clusters(len(sums))
    resampled = sums[drawn].sum(1) / sizes[drawn].sum(1)
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    return bca_ends(resampled, mean, without, confidence)


def draw_clusters(num_clusters: int) -> Array:
    """Indices of the clusters of each resample, int64 ``[R, num_clusters]``, always the same."""
    return np.random.default_rng(_RESAMPLING_SEED).integers(num_clusters, size=(NUM_RESAMPLES, num_clusters))


def bca_ends(resampled: Array, estimate: float, without: Array, confidence: float) -> tuple[float, float]:
    """Ends of the BCa interval of any statistic.

    Args:
        resampled: float64 ``[R]``, the estimate of each resample.
        estimate: of the sample itself.
        without: float64 ``[N]``, the estimate without each part of the sample (jackknife).
        confidence: probability mass inside the interval.
    """
    normal = NormalDist()
    below = (np.mean(resampled < estimate) + np.mean(resampled <= estimate)) / 2
    bias = normal.inv_cdf(float(np.clip(below, _SMALLEST_SHARE, 1 - _SMALLEST_SHARE)))
    deviation = without.mean() - without
    spread = float((deviation**2).sum() ** 1.5)
    acceleration = float((deviation**3).sum()) / (6 * spread) if spread else 0.0
    ends = []
    for share in ((1 - confidence) / 2, (1 + confidence) / 2):
        shifted = bias + normal.inv_cdf(share)
        ends.append(normal.cdf(bias + shifted / (1 - acceleration * shifted)) * 100)
    low, high = np.percentile(resampled, ends)
    return float(low), float(high)


def sign_flip_p(differences: Sequence[float]) -> float:
    """Two-sided p value of paired differences: how often random signs give a mean at least as far from 0.

    Exact for up to 16 differences, else over 10,000 random assignments of signs. No claim that one agent is better than
    another should be made without it.

    Args:
        differences: for example, for each level, one agent's score minus another's.

    Raises:
        ValueError: there are no differences.

    Source: Fisher's randomisation test for matched pairs; equal to ``scipy.stats.permutation_test`` with
    ``permutation_type="samples"``.
    """
    if len(differences) == 0:
        raise ValueError("There are no differences to test.")
    values = np.asarray(differences, dtype=np.float64)
    count = len(values)
    if sign_flip_is_exact(count):
        signs = 1 - 2 * (np.arange(1 << count)[:, None] >> np.arange(count) & 1)
    else:
        signs = np.random.default_rng(_RESAMPLING_SEED).choice((-1, 1), size=(NUM_RESAMPLES, count))
        signs[0] = 1  # the sample itself is one of the assignments, so that p is never 0
    sums = np.abs(signs @ values)
    tolerance = 1e-9 * np.abs(values).sum()
    return float(np.mean(sums >= abs(values.sum()) - tolerance))


def sign_flip_is_exact(count: int) -> bool:
    """Whether :func:`sign_flip_p` of so many differences tries all signs, instead of drawing some (Monte Carlo)."""
    return count <= _MOST_EXACT


@dataclass(frozen=True, slots=True)
class RunScore:
    """Result of one level played with one seed."""

    level: str
    """Id of the level, ``Game/State``."""
    seed: int
    returns: tuple[float, ...]
    """Return of each episode, in order."""
    num_timesteps: int
    """Number of agent steps, counted as the rules say."""
    num_frames: int | None
    """Number of frames played; None if the run was interrupted."""
    elapsed_seconds: float
    is_complete: bool
    """Whether the budget was spent."""

    @property
    def summary(self) -> Summary:
        """Statistics over the episodes."""
        return summarize(self.returns)

    def as_json(self) -> dict[str, Any]:
        """Entry of the run in ``scores.json``."""
        summary = self.summary
        return {
            "seed": self.seed,
            "score": summary.mean,
            "median": summary.median,
            "best": summary.best,
            "interquartile_mean": summary.interquartile_mean,
            "num_episodes": len(self.returns),
            "num_timesteps": self.num_timesteps,
            "num_frames": self.num_frames,
            "elapsed_seconds": self.elapsed_seconds,
            "best_episode": int(np.argmax(self.returns)) if self.returns else None,
            "is_complete": self.is_complete,
        }


def contest_score(runs: Sequence[RunScore], format_version: int) -> dict[str, Any]:
    """Gather runs into the content of ``scores.json``.

    Levels without a finished episode have no score and are left out of the mean; ``is_complete`` is then false.
    """
    levels = {run.level: [other for other in runs if other.level == run.level] for run in runs}
    lines = [_level_line(level, of_level) for level, of_level in levels.items()]
    scores = [line["score"] for line in lines if line["score"] is not None]
    run_scores = [score for of_level in levels.values() for score in _scores_of(of_level)]
    by_level = [_scores_of(of_level) for of_level in levels.values()]
    everything = summarize([value for run in runs for value in run.returns])
    interval = bootstrap_interval(by_level)
    return {
        "format": format_version,
        "is_complete": all(run.is_complete for run in runs) and len(scores) == len(lines),
        "score": {
            "mean": float(np.mean(scores)) if scores else None,
            "median": float(np.median(scores)) if scores else None,
            "best": everything.best,
            "interquartile_mean": interquartile_mean(run_scores) if run_scores else None,
            "interval": list(interval) if interval else None,
            "confidence": CONFIDENCE,
            "num_seeds": len({run.seed for run in runs}),
        },
        "levels": lines,
    }


def _level_line(level: str, runs: Sequence[RunScore]) -> dict[str, Any]:
    summary = summarize([value for run in runs for value in run.returns])
    scores = _scores_of(runs)
    interval = bootstrap_interval([scores])
    return {
        "id": level,
        "score": float(np.mean(scores)) if scores else None,
        "median": summary.median,
        "best": summary.best,
        "interquartile_mean": summary.interquartile_mean,
        "interval": list(interval) if interval else None,
        "runs": [run.as_json() for run in runs],
    }


def _scores_of(runs: Sequence[RunScore]) -> list[float]:
    return [mean for run in runs if (mean := run.summary.mean) is not None]
