"""The numbers of a comparison: every contender's standing, and the paired differences of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from newgameplus.contest.comparison import (
    Difference,
    Interval,
    carried,
    difference,
    holm,
    improvement,
    interquartile_interval,
    learning_curve,
    level_means,
    optimality_gap,
    performance_profile,
    profile_band,
    zone_interval,
    zone_of,
)
from newgameplus.contest.scores import CONFIDENCE, bootstrap_interval, interquartile_mean
from newgameplus.report.contenders import Contender, levels_of_all
from newgameplus.report.evaluations import Run
from newgameplus.types import Array

OPTIMUM = 10_000.0
"""Most that an episode can earn under the contest's scenario."""
CONTEST_SCENARIO = "contest"
NUM_THRESHOLDS = 101
"""Number of scores at which a performance profile is computed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one contender came to, over the levels that all have played."""

    contender: Contender
    scores: tuple[tuple[float, ...], ...]
    """Scores of the runs of each level."""
    mean: float
    """Mean over levels of the mean over seeds: the contest's score."""
    interval: Interval
    """Interval of the mean over zones."""
    seeds_interval: Interval
    """Interval of the mean over seeds, on these levels; None with one seed."""
    interquartile_mean: float
    interquartile_interval: Interval
    gap: float | None
    """Optimality gap in points; None where the most that an episode can earn is not known."""
    gap_interval: Interval
    last_tenth: float | None
    """Mean return of the episodes that ended in the last tenth of the steps; None where none ended in a run."""
    best: float
    """Mean over levels and seeds of the best episode's return."""
    curve: Array
    """Learning curve, float64 ``[P]``; NaN before an episode has ended in every run."""
    profile: Array
    """Performance profile at the comparison's thresholds, float64 ``[T]``."""
    band: tuple[Array, Array] | None
    """Interval of the profile over zones, float64 ``[T]`` twice."""

    @property
    def label(self) -> str:
        """Label of the contender, which says so if it is a ceiling."""
        return f"{self.contender.label} (ceiling)" if self.contender.is_ceiling else self.contender.label

    @property
    def by_level(self) -> Array:
        """Mean over the seeds of each level, float64 ``[L]``."""
        return level_means(self.scores)

    @property
    def retention(self) -> float | None:
        """Share of the best that is kept: the last tenth divided by the mean of the best episodes."""
        return self.last_tenth / self.best if self.last_tenth is not None and self.best > 0 else None

    @property
    def num_seeds(self) -> tuple[int, int]:
        """Least and greatest number of seeds of a level."""
        counts = [len(runs) for runs in self.scores]
        return min(counts), max(counts)


@dataclass(frozen=True, slots=True)
class Pair:
    """One contender beside one of lower rank, by their numbers in the ranking."""

    one: int
    other: int
    difference: Difference
    p_holm: float
    """p value adjusted for all pairs of the comparison (Holm)."""
    improvement: float
    """Probability that a run of the first scores more than one of the second on the same level."""
    improvement_interval: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of contenders."""

    levels: tuple[str, ...]
    """Ids of the levels that all of them have played."""
    standings: tuple[Standing, ...]
    """Competitors, ranked by their mean, and after them the ceilings."""
    pairs: tuple[Pair, ...]
    """Pairs of competitors."""
    optimum: float | None
    thresholds: Array
    """Scores of the performance profiles, float64 ``[T]``."""
    moments: Array
    """Agent steps of the points of learning curves, float64 ``[P]``."""

    @property
    def num_competitors(self) -> int:
        """Number of standings that are ranked; the others, after them, are ceilings."""
        return sum(not standing.contender.is_ceiling for standing in self.standings)

    @property
    def zones(self) -> list[str]:
        """Zones of the levels, each once."""
        return list(dict.fromkeys(map(zone_of, self.levels)))

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON types."""
        return {
            "levels": list(self.levels),
            "num_zones": len(self.zones),
            "confidence": CONFIDENCE,
            "optimum": self.optimum,
            "agents": [_standing_as_json(standing, self.levels) for standing in self.standings],
            "differences": [self._pair_as_json(pair) for pair in self.pairs],
            "profile_thresholds": self.thresholds.tolist(),
            "curve_steps": self.moments.tolist(),
        }

    def _pair_as_json(self, pair: Pair) -> dict[str, Any]:
        found = pair.difference
        return {
            "of": self.standings[pair.one].label,
            "minus": self.standings[pair.other].label,
            "mean": found.mean,
            "interval": found.interval,
            "p": found.p,
            "p_is_exact": found.is_exact,
            "p_holm": pair.p_holm,
            "probability_of_improvement": pair.improvement,
            "probability_interval": pair.improvement_interval,
        }


def compare(contenders: Sequence[Contender], optimum: float | None = None) -> Comparison:
    """Compare contenders over the levels that all of them have played.

    Args:
        contenders: the contenders.
        optimum: most that an episode can earn; by default 10,000 where all levels are judged by the contest's scenario.

    Raises:
        ResultsError: they have no level in common.
    """
    levels = levels_of_all(contenders)
    if optimum is None and all(run.level.scenario == CONTEST_SCENARIO for run in _runs(contenders[0], levels)):
        optimum = OPTIMUM
    every = [float(run.returns.mean()) for one in contenders for run in _runs(one, levels)]
    thresholds = np.linspace(min(0.0, *every), optimum or max(1.0, *every), NUM_THRESHOLDS)
    num_steps = max(int(run.timesteps[-1]) for one in contenders for run in _runs(one, levels))
    standings = [_standing(one, levels, optimum, thresholds) for one in contenders]
    standings.sort(key=lambda standing: (standing.contender.is_ceiling, -standing.mean))
    competitors = [standing for standing in standings if not standing.contender.is_ceiling]
    points = len(standings[0].curve)
    return Comparison(
        tuple(levels),
        tuple(standings),
        tuple(_pairs(competitors, levels)),
        optimum,
        thresholds,
        num_steps * np.arange(1, points + 1) / points,
    )


def _runs(contender: Contender, levels: Sequence[str]) -> list[Run]:
    return [run for level in levels for run in contender.runs[level]]


def _standing(contender: Contender, levels: Sequence[str], optimum: float | None, thresholds: Array) -> Standing:
    scores = tuple(tuple(float(run.returns.mean()) for run in contender.runs[level]) for level in levels)
    means = level_means(scores)
    gaps = None if optimum is None else optimality_gap(scores, optimum)
    shares = performance_profile(scores, thresholds)
    curves = [np.stack([_curve(run) for run in contender.runs[level]]) for level in levels]
    last = float(np.mean([of_level[:, -1].mean() for of_level in curves]))
    return Standing(
        contender=contender,
        scores=scores,
        mean=float(means.mean()),
        interval=zone_interval(levels, means.tolist()),
        seeds_interval=bootstrap_interval(scores),
        interquartile_mean=interquartile_mean([score for runs in scores for score in runs]),
        interquartile_interval=interquartile_interval(levels, scores),
        gap=None if gaps is None else float(gaps.mean()),
        gap_interval=None if gaps is None else zone_interval(levels, gaps.tolist()),
        last_tenth=None if np.isnan(last) else last,
        best=float(np.mean([np.mean([run.returns.max() for run in contender.runs[level]]) for level in levels])),
        curve=np.mean([np.mean([carried(curve) for curve in of_level], axis=0) for of_level in curves], axis=0),
        profile=shares.mean(0),
        band=profile_band(levels, shares),
    )


def _curve(run: Run) -> Array:
    steps_and_returns = [(episode.num_steps, episode.episode_return) for episode in run.episodes]
    return learning_curve(steps_and_returns, int(run.timesteps[-1]))


def _pairs(standings: Sequence[Standing], levels: Sequence[str]) -> list[Pair]:
    numbers = list(combinations(range(len(standings)), 2))
    found = [difference(levels, standings[one].scores, standings[other].scores) for one, other in numbers]
    adjusted = holm([each.p for each in found])
    pairs = []
    for (one, other), each, p_holm in zip(numbers, found, adjusted, strict=True):
        better = improvement(standings[one].scores, standings[other].scores)
        interval = zone_interval(levels, better.tolist())
        pairs.append(Pair(one, other, each, p_holm, float(better.mean()), interval))
    return pairs


def _standing_as_json(standing: Standing, levels: Sequence[str]) -> dict[str, Any]:
    return {
        "label": standing.label,
        "is_ceiling": standing.contender.is_ceiling,
        "results": [str(evaluation.path) for evaluation in standing.contender.evaluations],
        "git_commits": list(standing.contender.commits),
        "num_seeds": list(standing.num_seeds),
        "mean": standing.mean,
        "interval": standing.interval,
        "seeds_interval": standing.seeds_interval,
        "interquartile_mean": standing.interquartile_mean,
        "interquartile_interval": standing.interquartile_interval,
        "optimality_gap": standing.gap,
        "optimality_gap_interval": standing.gap_interval,
        "last_tenth": standing.last_tenth,
        "best": standing.best,
        "retention": standing.retention,
        "levels": {level: list(runs) for level, runs in zip(levels, standing.scores, strict=True)},
        "profile": standing.profile.tolist(),
        "curve": [None if np.isnan(mean) else mean for mean in standing.curve.tolist()],
    }
