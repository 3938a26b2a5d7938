"""Plots of training runs as plotly figures in plain JSON; a run has the same colour in each.

In addition to the roles of ``figures`` there is ``outline``, a bar drawn as an outline only.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from newgameplus.report.figures import MAX_CURVE_POINTS, Figure, mark, packed
from newgameplus.report.series import evenly, running_mean
from newgameplus.report.training_runs import MEAN, Curve, LevelEpisodes, TrainingRun, Watched
from newgameplus.types import Array

MAX_POINTS = 6_000
"""Limit of episodes drawn as markers on the whole page."""
LARGE, SMALL, SMALLEST = 360, 230, 190
"""Heights of plots in pixels: a single plot, one of many, the value estimates of an episode."""
_BAR = 22
"""Height of an action among the bars, in pixels."""
_MARGIN = {"l": 54, "r": 12, "t": 10, "b": 34}


def mean_returns(runs: Sequence[TrainingRun]) -> Figure:
    """Mean return of recent episodes over all levels, a line per run."""
    figure = learning(runs, MEAN, "mean of the levels")
    figure["layout"] |= {"height": LARGE, "showlegend": len(runs) > 1}
    figure["layout"]["margin"] = {**_MARGIN, "l": 68, "t": 34 if len(runs) > 1 else 12, "b": 48}
    figure["layout"]["xaxis"]["title"] = {"text": "agent steps"}
    figure["layout"]["yaxis"] = {"title": {"text": "return"}, "tickformat": ",", "nticks": 7}
    return figure


def level_returns(runs: Sequence[TrainingRun], level: str, top: tuple[float, float], num_plots: int) -> Figure:
    """Episodes of a level, their running mean, and rings for the watched ones.

    Args:
        runs: the runs, each in its own colour.
        level: id of the level.
        top: lowest and highest return of the plot's axis.
        num_plots: number of such plots on the page, which share the limit of markers.
    """
    traces: list[Figure] = []
    limit = max(20, MAX_POINTS // (num_plots * len(runs)))
    for colour, run in enumerate(runs):
        of_level = next((found for found in run.levels if found.level == level), None)
        if of_level is not None:
            traces += _episodes(of_level, run, colour, limit)
        seen = [one for one in run.watched if one.level == level]
        traces += [_rings(seen, run, colour, "ring" if len(runs) == 1 else "points")] if seen else []
    layout = _layout(SMALL, runs)
    low, high = top
    room = 0.06 * (high - low) or 1.0
    layout["yaxis"] = {"range": [low - room, high + room], "tickformat": "~s", "nticks": 5}
    return {"data": traces, "layout": layout}


def range_of_game(runs: Sequence[TrainingRun], game: str) -> tuple[float, float]:
    """Lowest and highest return in any level of a game, always including 0, so that its plots share one scale."""
    returns = [level.returns for run in runs for level in run.levels if level.level.partition("/")[0] == game]
    watched = [one.episode_return for run in runs for one in run.watched if one.level.partition("/")[0] == game]
    values = np.concatenate([*returns, np.array([0.0, *watched])])
    return float(values.min()), float(values.max())


def learning(runs: Sequence[TrainingRun], name: str, said: str | None = None) -> Figure:
    """A learner's metric over the steps, a line per run that has it; ``said`` is its display name."""
    traces = [
        _line(run.curves[name], run, colour, said or name.rpartition("/")[2].replace("_", " "))
        for colour, run in enumerate(runs)
        if name in run.curves
    ]
    layout = _layout(SMALL, runs)
    numbers = {float(value) for run in runs if name in run.curves for value in run.curves[name].values}
    if len(numbers) == 1:
        (constant,) = numbers
        layout["yaxis"]["range"] = sorted((0.0, 2 * constant)) if constant else [-1.0, 1.0]
    return {"data": traces, "layout": layout}


def action_shares(runs: Sequence[TrainingRun], action: str) -> Figure:
    """Share of an action among those taken (solid) and as greedy action (dashed), in each watched episode."""
    traces = []
    for colour, run in enumerate(runs):
        for kind, dash, shares in (
            ("drawn", "solid", [(one.num_steps, one.drawn.get(action)) for one in run.watched]),
            ("likeliest", "dash", [(one.num_steps, one.likeliest.get(action)) for one in run.watched]),
        ):
            known = [(steps, share) for steps, share in shares if share is not None]
            if known:
                curve = Curve(np.array([x for x, _ in known], np.int64), np.array([y for _, y in known], np.float64))
                traces.append(_line(curve, run, colour, kind, dash, ".0%"))
    layout = _layout(SMALLEST, runs)
    layout["yaxis"] |= {"range": [-0.04, 1.04], "tickformat": ".0%", "nticks": 3}
    return {"data": traces, "layout": layout}


def shares(episode: Watched, colour: int) -> Figure:
    """Bars of an episode: share of each action among those taken, and in outline as greedy action."""
    actions = list(episode.drawn)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": kind,
            "meta": {"series": colour, "role": role},
            "x": packed(np.array([of_kind.get(action, 0.0) for action in actions])),
            "y": [html.escape(action) for action in actions],
            "hovertemplate": f"%{{y}}<br>{kind} %{{x:.0%}}<extra></extra>",
        }
        for kind, role, of_kind in (("drawn", "bar", episode.drawn), ("likeliest", "outline", episode.likeliest))
        if of_kind
    ]
    return {
        "data": traces,
        "layout": {
            "height": 44 + _BAR * len(actions),
            "margin": {**_MARGIN, "l": 8, "r": 20, "t": 4},
            "showlegend": False,
            "barmode": "group",
            "bargap": 0.3,
            "bargroupgap": 0.0,
            "xaxis": {"range": [0, 1], "tickformat": ".0%", "nticks": 5, "fixedrange": True},
            "yaxis": {"autorange": "reversed", "automargin": True, "fixedrange": True, "ticklen": 4},
        },
    }


def values(episode: Watched, colour: int, top: tuple[float, float]) -> Figure:
    """Value estimates along an episode; ``top`` is the lowest and highest value of the plot's axis."""
    steps = np.linspace(0, episode.length, len(episode.values)).round().astype(np.int64)
    trace = {
        "type": "scatter",
        "mode": "lines",
        "meta": {"series": colour, "role": "line"},
        "x": packed(steps),
        "y": packed(episode.values),
        "line": {"width": 2},
        "hovertemplate": "step %{x:,}<br>value %{y:.3~g}<extra></extra>",
    }
    low, high = top
    room = 0.08 * (high - low) or 1.0
    return {
        "data": [trace],
        "layout": {
            "height": SMALLEST - 30,
            "margin": {**_MARGIN, "l": 40, "r": 20},
            "showlegend": False,
            "hovermode": "closest",
            "xaxis": {"range": [0, episode.length], "tickformat": ",", "nticks": 5, "fixedrange": True},
            "yaxis": {"range": [low - room, high + room], "nticks": 4, "fixedrange": True},
        },
    }


def _episodes(level: LevelEpisodes, run: TrainingRun, colour: int, limit: int) -> list[Figure]:
    marked, drawn = evenly(len(level.returns), limit), evenly(len(level.returns), MAX_CURVE_POINTS // 2)
    points = {
        "type": "scatter",
        "mode": "markers",
        "meta": {"series": colour, "role": "points"},
        "x": packed(level.steps[marked]),
        "y": packed(level.returns[marked]),
        "customdata": packed(level.lengths[marked]),
        "marker": {**mark(max(60, len(marked))), "size": 4},
        "showlegend": False,
        "hovertemplate": f"{html.escape(run.label)}<br>after %{{x:,}} steps<br>return %{{y:,.2f}}<br>"
        "%{customdata:,} steps long<extra></extra>",
    }
    mean = Curve(level.steps[drawn], running_mean(level.returns)[drawn])
    return [points, _line(mean, run, colour, "mean of 20 episodes")]


def _rings(episodes: Sequence[Watched], run: TrainingRun, colour: int, role: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "meta": {"series": colour, "role": role},
        "x": packed(np.array([one.num_steps for one in episodes], np.int64)),
        "y": packed(np.array([one.episode_return for one in episodes], np.float64)),
        "marker": {"size": 10, "symbol": "circle-open", "line": {"width": 1.5}},
        "showlegend": False,
        "hovertemplate": f"{html.escape(run.label)}, watched<br>after %{{x:,}} steps<br>"
        "return %{y:,.2f}<extra></extra>",
    }


def _line(
    curve: Curve, run: TrainingRun, colour: int, what: str, dash: str = "solid", number_format: str = ",.4~g"
) -> Figure:
    kept: Array = evenly(len(curve.steps), MAX_CURVE_POINTS)
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(kept) < 3 else "lines",
        "name": html.escape(run.label),
        "meta": {"series": colour, "role": "line"},
        "x": packed(curve.steps[kept]),
        "y": packed(curve.values[kept]),
        "line": {"width": 2, "dash": dash},
        "hovertemplate": f"{html.escape(run.label)}<br>after %{{x:,}} steps<br>{html.escape(what)} "
        f"%{{y:{number_format}}}<extra></extra>",
    }


def _layout(height: int, runs: Sequence[TrainingRun]) -> dict[str, Any]:
    """Layout of one of many plots, all with the same range of steps for comparison."""
    return {
        "height": height,
        "margin": dict(_MARGIN),
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        "hovermode": "closest",
        "xaxis": {"tickformat": "~s", "nticks": 5, "range": [0, 1.02 * max(max(run.num_done for run in runs), 1)]},
        "yaxis": {"exponentformat": "e", "nticks": 5},
    }
