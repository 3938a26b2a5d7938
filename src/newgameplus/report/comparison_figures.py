"""Plots of a comparison as plotly figures in plain JSON; colours are set by the page, which knows its theme."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from newgameplus.contest.comparison import Interval
from newgameplus.report.figures import DASHES, SYMBOLS, Figure, packed
from newgameplus.report.standings import Comparison, Standing
from newgameplus.types import Array

NUM_COLOURS = 6
"""Series colours of a page; the next contenders repeat them with another dash and symbol."""


def ranking(found: Comparison) -> Figure:
    """Score of each contender, the best on top, with its interval over zones."""
    count = len(found.standings)
    traces = [
        _trace(
            number,
            "mark",
            x=[standing.mean],
            y=[count - number],
            mode="markers",
            marker={"size": 12, "symbol": _symbol(number)},
            error_x=_error(standing.mean, standing.interval),
            hovertemplate=f"{html.escape(standing.label)}<br>score %{{x:,.0f}}{_interval(standing)}<extra></extra>",
            showlegend=False,
        )
        for number, standing in enumerate(found.standings)
    ]
    layout = _layout("score", "") | {"height": 90 + 46 * count, "showlegend": False}
    layout["margin"] |= {"l": 14, "t": 20}
    layout["xaxis"] |= {"rangemode": "tozero", "tickformat": ",", "zeroline": False}
    layout["yaxis"] = {"visible": False, "range": [0.4, count + 0.85], "fixedrange": True}
    layout["annotations"] = [
        {
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": count - number + 0.36,
            "text": html.escape(standing.label),
            "showarrow": False,
        }
        for number, standing in enumerate(found.standings)
    ]
    return {"data": traces, "layout": layout}


def curves(found: Comparison) -> Figure:
    """Mean return of the last tenth of the steps along the way, over all levels."""
    traces = []
    for number, standing in enumerate(found.standings):
        known = ~np.isnan(standing.curve)
        traces.append(
            _line(number, standing, found.moments[known], standing.curve[known], "step %{x:,.0f}<br>%{y:,.0f}")
        )
    layout = _layout("agent steps on the level", "mean return")
    layout["xaxis"] |= {"range": [0, float(found.moments[-1]) * 1.02], "tickformat": "~s"}
    return {"data": traces, "layout": layout}


def profiles(found: Comparison) -> Figure:
    """Share of the runs that score more than each threshold, with its interval over zones."""
    traces = []
    for number, standing in enumerate(found.standings):
        if standing.band is not None:
            traces.append(_band(number, found.thresholds, *standing.band))
        traces.append(_line(number, standing, found.thresholds, standing.profile, "above %{x:,.0f}: %{y:.0%}"))
    layout = _layout("score τ", "share of runs above τ")
    layout["xaxis"] |= {"tickformat": ","}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.03]}
    return {"data": traces, "layout": layout}


def _line(number: int, standing: Standing, x: Array, y: Array, told: str) -> Figure:
    return _trace(
        number,
        "line",
        x=packed(x.astype(np.float64)),
        y=packed(y.astype(np.float64)),
        mode="lines" if len(x) > 1 else "markers",
        name=html.escape(standing.label),
        line={"width": 2.5, "dash": DASHES[number // NUM_COLOURS % len(DASHES)]},
        hovertemplate=f"{html.escape(standing.label)}<br>{told}<extra></extra>",
    )


def _band(number: int, x: Array, low: Array, high: Array) -> Figure:
    return _trace(
        number,
        "band",
        x=packed(np.concatenate((x, x[::-1]))),
        y=packed(np.concatenate((low, high[::-1]))),
        mode="lines",
        fill="toself",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def _trace(number: int, role: str, /, **settings: Any) -> Figure:
    return {"type": "scatter", "legendgroup": f"{number}", "meta": {"series": number, "role": role}} | settings


def _symbol(number: int) -> str:
    return SYMBOLS[number // NUM_COLOURS % len(SYMBOLS)]


def _error(mean: float, interval: Interval) -> Figure:
    low, high = interval or (mean, mean)
    ends = {"array": [max(0.0, high - mean)], "arrayminus": [max(0.0, mean - low)]}
    return {"type": "data", "symmetric": False, "thickness": 2.5, "width": 6, **ends}


def _interval(standing: Standing) -> str:
    if standing.interval is None:
        return ""
    return "<br>interval {:,.0f} to {:,.0f}".format(*standing.interval)


def _layout(x_title: str, y_title: str) -> Figure:
    return {
        "height": 400,
        "margin": {"l": 62, "r": 14, "t": 34, "b": 48},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        "hovermode": "closest",
        "xaxis": {"title": {"text": x_title}, "nticks": 6},
        "yaxis": {"title": {"text": y_title}, "tickformat": ",", "nticks": 7},
    }
