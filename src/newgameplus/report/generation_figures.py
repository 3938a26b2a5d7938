"""Plots of generations as plotly figures in plain JSON: fitness, time, species, and the winner's network.

In addition to the roles of ``figures`` there is ``area``, a line whose area is filled.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from newgameplus.report.figures import Figure, packed
from newgameplus.report.generations import Generation, Link, Winner

HEIGHT = 260
NETWORK_HEIGHT = 460
_MARGIN = {"l": 60, "r": 12, "t": 34, "b": 44}
_RIGHT = {"hidden": 1.5, "outputs": 2.0}
"""Where nodes stand; the picture's width is 1."""


def fitness(generations: Sequence[Generation]) -> Figure:
    """Fitness of the best and mean fitness of each generation."""
    numbers = packed(np.array([one.number for one in generations], np.int64))
    traces = [
        _line(numbers, [getattr(one, field) for one in generations], name, colour, dash)
        for colour, (field, name, dash) in enumerate((("fitness", "best", "solid"), ("mean", "mean", "dash")))
    ]
    return {"data": traces, "layout": _layout("fitness", has_legend=True)}


def seconds(generations: Sequence[Generation]) -> Figure:
    """Time of each generation."""
    numbers = packed(np.array([one.number for one in generations], np.int64))
    trace = _line(numbers, [one.seconds for one in generations], "seconds", 0, "solid")
    layout = _layout("seconds", has_legend=False)
    layout["yaxis"]["rangemode"] = "tozero"
    return {"data": [trace], "layout": layout}


def species(generations: Sequence[Generation]) -> Figure:
    """Sizes of the species after each generation, one upon the other."""
    numbers = packed(np.array([one.number for one in generations], np.int64))
    traces = []
    for place, number in enumerate(sorted({name for one in generations for name in one.species})):
        sizes = np.array([one.species.get(number, 0) for one in generations], np.int64)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "stackgroup": "species",
                "name": f"species {number}",
                "meta": {"series": place, "role": "area"},
                "x": numbers,
                "y": packed(sizes),
                "line": {"width": 0.5},
                "hovertemplate": f"generation %{{x}}<br>species {number}: %{{y}}<extra></extra>",
            }
        )
    return {"data": traces, "layout": _layout("genomes", has_legend=False)}


def network(winner: Winner) -> Figure:
    """The winner's network: pixels at their places, hidden nodes, outputs, and its strongest connections."""
    places = {**_pixels(winner), **_column(winner.hidden, _RIGHT["hidden"])}
    places |= _column(range(len(winner.outputs)), _RIGHT["outputs"])
    known = [link for link in winner.links if link.source in places and link.target in places]
    traces = [
        _links([link for link in known if (link.weight > 0) == is_positive], places, name, colour)
        for colour, (is_positive, name) in enumerate(((True, "positive weight"), (False, "negative weight")))
    ]
    names = {**{key: f"node {key}" for key in winner.hidden}, **dict(enumerate(winner.outputs))}
    traces.append(_nodes({key: places[key] for key in names}, names))
    hidden_axis = {"visible": False, "fixedrange": True}
    return {
        "data": traces,
        "layout": {
            "height": NETWORK_HEIGHT,
            "margin": {"l": 8, "r": 8, "t": 34, "b": 8},
            "showlegend": True,
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
            "hovermode": "closest",
            "shapes": [{"type": "rect", "x0": 0, "x1": 1, "y0": 0, "y1": 1, "line": {"width": 1}}],
            "xaxis": {**hidden_axis, "range": [-0.03, 2.5]},
            "yaxis": {**hidden_axis, "range": [-0.03, 1.03]},
        },
    }


def _pixels(winner: Winner) -> dict[int, tuple[float, float]]:
    """Place of each pixel that a drawn connection reads."""
    height, width = winner.picture
    sources = {link.source for link in winner.links if link.source < 0}
    return {
        key: (((-1 - key) % width + 0.5) / width, 1 - ((-1 - key) // width + 0.5) / height) for key in sorted(sources)
    }


def _column(keys: Sequence[int], x: float) -> dict[int, tuple[float, float]]:
    return {key: (x, 1 - (place + 0.5) / len(keys)) for place, key in enumerate(keys)}


def _links(links: Sequence[Link], places: dict[int, tuple[float, float]], name: str, colour: int) -> Figure:
    x: list[float | None] = []
    y: list[float | None] = []
    for link in links:
        (from_x, from_y), (to_x, to_y) = places[link.source], places[link.target]
        x += [from_x, to_x, None]
        y += [from_y, to_y, None]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "meta": {"series": colour, "role": "points"},
        "x": x,
        "y": y,
        "line": {"width": 0.8},
        "marker": {"size": 3},
        "opacity": 0.6,
        "hoverinfo": "skip",
    }


def _nodes(places: dict[int, tuple[float, float]], names: dict[int, str]) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "meta": {"series": 2, "role": "points"},
        "x": [x for x, _ in places.values()],
        "y": [y for _, y in places.values()],
        "text": [html.escape(names[key]) if x == _RIGHT["outputs"] else "" for key, (x, _) in places.items()],
        "textposition": "middle right",
        "hovertext": [html.escape(names[key]) for key in places],
        "hoverinfo": "text",
        "marker": {"size": 9},
        "showlegend": False,
    }


def _line(x: Any, values: Sequence[float], name: str, colour: int, dash: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) < 3 else "lines",
        "name": name,
        "meta": {"series": colour, "role": "line"},
        "x": x,
        "y": packed(np.array(values, np.float64)),
        "line": {"width": 2, "dash": dash},
        "hovertemplate": f"generation %{{x}}<br>{name} %{{y:,.4~g}}<extra></extra>",
    }


def _layout(what: str, *, has_legend: bool) -> dict[str, Any]:
    return {
        "height": HEIGHT,
        "margin": dict(_MARGIN),
        "showlegend": has_legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        "hovermode": "closest",
        "xaxis": {"title": {"text": "generation"}, "tickformat": ",", "nticks": 8},
        "yaxis": {"title": {"text": what}, "tickformat": "~s", "nticks": 5},
    }
