"""From the returns of episodes to the score of a contest. Pure functions.

Notation: a *run* is one level played with one seed under one budget; ``R_e`` is the return of its episode ``e``.

* score of a run: the mean of ``R_e`` over all its episodes, learning included (contest rule of 2018);
* score of a level: the mean over its runs;
* score of the contest: the mean over levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

CONFIDENCE = 0.95
"""Probability mass of every interval."""
NUM_RESAMPLES = 10_000
"""Bootstrap resamples per interval."""
_RESAMPLING_SEED = 2018


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of some returns or scores; None where there are none."""

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


@dataclass(frozen=True, slots=True)
class RunScore:
    """What one level played with one seed came to."""

    level: str
    """The level's id, ``Game/State``."""
    seed: int
    returns: tuple[float, ...]
    """Return of each episode, in order."""
    num_timesteps: int
    """Agent steps, as the rules count them."""
    num_frames: int | None
    """Frames that the agent played; None where the run was interrupted."""
    elapsed_seconds: float
    is_complete: bool
    """Whether the budget was spent."""

    @property
    def summary(self) -> Summary:
        """Statistics over the episodes."""
        return summarize(self.returns)

    def as_json(self) -> dict[str, Any]:
        """The run's line in ``scores.json``."""
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
