"""The report's plots as plotly figures in plain JSON; colours are set by the page, which knows its theme.

The ``meta`` of a trace gives its colour (``series``, a number) and its kind (``role``: ``line``, ``points``, ``ring``
or ``bar``).
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from newgameplus.report.evaluations import Evaluation, Run
from newgameplus.report.series import WINDOW, evenly, mean_so_far, running_mean
from newgameplus.types import Array

MAX_CURVE_POINTS = 400
"""Limit of points per curve; more than a screen resolves."""
MAX_SCATTER_POINTS = 2_000
"""Limit of episodes per scatter plot; SVG stays fast up to some thousands."""
OVERALL = "all levels"
"""Heading of the bars of a whole evaluation."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")

Figure = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """A run and its style, the same in every plot of the page."""

    run: Run
    name: str
    colour: int
    """Index of the page's series colour."""
    variant: int
    """Index of the dash and the symbol."""
    leads: bool
    """Whether its name is in the legend for all series of its colour."""


def series_of_level(evaluations: Sequence[Evaluation], position: int) -> list[Series]:
    """Return the runs of the level at ``position`` of ``all_levels`` that have an episode.

    They are coloured by evaluation, or by seed when there is only one evaluation.
    """
    level = all_levels(evaluations)[position]
    series = []
    for number, evaluation in enumerate(evaluations):
        runs = next((found.runs for found in evaluation.levels if str(found.level) == level), ())
        for variant, run in enumerate(run for run in runs if run.episodes):
            if len(evaluations) == 1:
                series.append(Series(run, f"seed {run.seed}", variant, variant, leads=True))
            else:
                series.append(Series(run, evaluation.label, number, variant, leads=variant == 0))
    return series


def all_levels(evaluations: Sequence[Evaluation]) -> list[str]:
    """Ids of the levels of all evaluations, each once, in order."""
    return list(dict.fromkeys(str(level.level) for evaluation in evaluations for level in evaluation.levels))


def score_curves(series: Sequence[Series]) -> Figure:
    """Mean return so far over timesteps; the right end of each line is the score of its run."""
    traces = []
    for line in series:
        kept = evenly(len(line.run.episodes), MAX_CURVE_POINTS)
        traces.append(
            _trace(
                line,
                "line",
                x=packed(line.run.timesteps[kept]),
                y=packed(mean_so_far(line.run.returns)[kept]),
                mode="lines+markers" if len(kept) < 3 else "lines",
                line={"width": 2.5, "dash": DASHES[line.variant % len(DASHES)]},
                hovertemplate=f"{_seed(line)}<br>timestep %{{x:,}}<br>mean so far %{{y:,.2f}}<extra></extra>",
            )
        )
    return {"data": traces, "layout": _over_time(series, "mean return so far")}


def episode_scatter(series: Sequence[Series], shown: Sequence[tuple[Run, int]] = ()) -> Figure:
    """Return of each episode against the timestep of its end, with a running mean; rings mark the ``shown`` movies."""
    traces = [_points(line, max(2, MAX_SCATTER_POINTS // max(1, len(series)))) for line in series]
    traces += [_running_mean(line) for line in series if len(line.run.episodes) > 1]
    traces += [_rings(line, [episode for run, episode in shown if run is line.run]) for line in series]
    return {"data": traces, "layout": _over_time(series, "return of the episode")}


def comparison(evaluations: Sequence[Evaluation], names: Mapping[str, str]) -> Figure:
    """Score of each evaluation, overall and by level, as bars with their intervals; ``names`` are those of levels."""
    levels = all_levels(evaluations)
    groups = [OVERALL, *levels] if len(levels) > 1 else levels
    pitch = len(evaluations) + 1.1
    traces = [_bars(evaluation, number, groups, pitch) for number, evaluation in enumerate(evaluations)]
    layout = _layout("score", "", legend=True) | {
        "height": 90 + int(len(groups) * pitch * 24),
        "annotations": [_heading(names.get(name, name), place * pitch - 0.85) for place, name in enumerate(groups)],
        "yaxis": {"visible": False, "range": [len(groups) * pitch - 0.5, -1.2], "fixedrange": True},
    }
    layout["margin"]["l"] = 2
    return {"data": traces, "layout": layout}


def num_left_out(series: Sequence[Series]) -> int:
    """Number of episodes that the scatter plot leaves out."""
    limit = max(2, MAX_SCATTER_POINTS // max(1, len(series)))
    return sum(max(0, len(line.run.episodes) - limit) for line in series)


def _points(line: Series, limit: int) -> Figure:
    kept = evenly(len(line.run.episodes), limit)
    extremes = [int(np.argmax(line.run.returns)), int(np.argmin(line.run.returns))]
    kept = np.unique(np.concatenate((kept, extremes))).astype(np.int64)
    details = np.stack((kept, line.run.lengths[kept]), axis=1).astype(np.int32)
    return _trace(
        line,
        "points",
        x=packed(line.run.timesteps[kept]),
        y=packed(line.run.returns[kept]),
        customdata=packed(details),
        mode="markers",
        marker={"symbol": SYMBOLS[line.variant % len(SYMBOLS)], **mark(len(kept))},
        hovertemplate=(
            f"{_seed(line)} · episode %{{customdata[0]}}<br>return %{{y:,.2f}}<br>"
            "%{customdata[1]:,} steps<extra></extra>"
        ),
    )


def mark(num_points: int) -> dict[str, float]:
    """Size in pixels and opacity of a marker: small and transparent if there are many."""
    if num_points < 60:
        return {"size": 7, "opacity": 0.85}
    return {"size": 6, "opacity": 0.5} if num_points < 400 else {"size": 4, "opacity": 0.4}


def _running_mean(line: Series) -> Figure:
    kept = evenly(len(line.run.episodes), MAX_CURVE_POINTS)
    return _trace(
        line,
        "line",
        x=packed(line.run.timesteps[kept]),
        y=packed(running_mean(line.run.returns)[kept]),
        mode="lines",
        line={"width": 2, "dash": DASHES[line.variant % len(DASHES)]},
        hovertemplate=f"{_seed(line)}<br>mean of {WINDOW} episodes %{{y:,.2f}}<extra></extra>",
        showlegend=False,
    )


def _rings(line: Series, episodes: Sequence[int]) -> Figure:
    ringed = np.array(sorted(episodes), dtype=np.int64)
    return _trace(
        line,
        "ring",
        x=packed(line.run.timesteps[ringed]),
        y=packed(line.run.returns[ringed]),
        mode="markers",
        marker={"size": 13, "symbol": "circle-open"},
        hoverinfo="skip",
        showlegend=False,
    )


def _bars(evaluation: Evaluation, number: int, groups: Sequence[str], pitch: float) -> Figure:
    """One bar per group, ``pitch`` apart, for the groups in which the evaluation has a score."""
    statistics = {str(found.level): found.statistics for found in evaluation.levels} | {OVERALL: evaluation.statistics}
    bars = [
        (place * pitch + number, name, found.score, found.interval)
        for place, name in enumerate(groups)
        if (found := statistics.get(name)) is not None and found.score is not None
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "name": html.escape(evaluation.label),
        "meta": {"series": number, "role": "bar"},
        "x": [score for _, _, score, _ in bars],
        "y": [place for place, _, _, _ in bars],
        "customdata": [[html.escape(name), _in_words(interval)] for _, name, _, interval in bars],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, interval[1] - score) if interval else 0.0 for _, _, score, interval in bars],
            "arrayminus": [max(0.0, score - interval[0]) if interval else 0.0 for _, _, score, interval in bars],
            "thickness": 1.5,
            "width": 4,
        },
        "width": 0.8,
        "offset": -0.4,
        "hovertemplate": (
            f"{html.escape(evaluation.label)}<br>%{{customdata[0]}}<br>"
            "score %{x:,.2f}%{customdata[1]}<extra></extra>"
        ),
    }


def _in_words(interval: tuple[float, float] | None) -> str:
    return f"<br>interval {interval[0]:,.2f} to {interval[1]:,.2f}" if interval else ""


def _heading(name: str, y: float) -> Figure:
    """Name of a group above its bars, where it also fits on a narrow screen."""
    text = f"<b>{name}</b>" if name == OVERALL else html.escape(_short(name))
    return {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "text": text, "showarrow": False, "align": "left"}


def _trace(line: Series, role: str, /, **settings: Any) -> Figure:
    return {
        "type": "scatter",
        "name": html.escape(line.name),
        "legendgroup": f"{line.colour}",
        "showlegend": line.leads,
        "meta": {"series": line.colour, "role": role},
    } | settings


def _over_time(series: Sequence[Series], y_title: str) -> Figure:
    layout = _layout("timesteps", y_title, len(series) > 1)
    layout["xaxis"]["range"] = [0, 1.04 * max((int(line.run.timesteps[-1]) for line in series), default=1)]
    return layout


def _layout(x_title: str, y_title: str, legend: bool) -> Figure:
    return {
        "height": 330,
        "margin": {"l": 58, "r": 14, "t": 34 if legend else 12, "b": 48},
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        "hovermode": "closest",
        "xaxis": {"title": {"text": x_title}, "tickformat": "~s", "nticks": 6},
        "yaxis": {"title": {"text": y_title}, "tickformat": ",", "nticks": 7},
    }


def _seed(line: Series) -> str:
    name = html.escape(line.name)
    return name if line.name.startswith("seed ") else f"{name} · seed {line.run.seed}"


def _short(level: str) -> str:
    return level if len(level) <= 44 else f"{level[:20]}…{level[-23:]}"


def packed(array: Array) -> dict[str, str]:
    """Plotly's compact encoding of an array: little-endian base64, exact."""
    kind = "f8" if array.dtype == np.float64 else "i4"
    if kind == "i4" and array.size and array.max() >= 2**31:
        kind = "f8"
    packed = {"dtype": kind, "bdata": base64.b64encode(array.astype(f"<{kind}").tobytes()).decode()}
    return packed if array.ndim == 1 else packed | {"shape": ", ".join(map(str, array.shape))}
