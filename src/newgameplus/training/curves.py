"""One page about a training run: returns, what the learner says of itself, and what it was seen to do."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from newgameplus.agents import find_agent
from newgameplus.durable import write_atomically
from newgameplus.errors import ResultsError
from newgameplus.training.plan import TrainingPlan, read_plan

PAGE = "curves.html"
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
"""
_LAYOUT = {"template": "plotly_white", "margin": {"l": 60, "r": 20, "t": 10, "b": 45}, "height": 380}

Figure = dict[str, Any]
"""A plotly figure, plain JSON."""


def write_curves(folder: Path) -> Path:
    """Write a page about the run in ``folder`` that asks nothing of any network; return where it lies.

    Raises:
        ResultsError: there is no run, a log is damaged, or the page cannot be written.
    """
    plan = read_plan(folder)
    metrics, watched = (_lines(folder / f"{name}.jsonl") for name in ("metrics", "watched"))
    page = folder / PAGE
    try:
        write_atomically(page, _render(plan, list(_sections(plan, metrics, watched))))
    except OSError as error:
        raise ResultsError(f"Cannot write {page}: {error.strerror or error}.") from error
    return page


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} is damaged ({error}); resume the run, or begin a new one.") from error


def _sections(
    plan: TrainingPlan, metrics: list[dict[str, Any]], watched: list[dict[str, Any]]
) -> Iterator[tuple[str, Figure]]:
    """The headings and figures for which there is something to show."""
    names = sorted({name for line in metrics for name in line})
    returns = [name for name in names if name.startswith("return/")]
    if returns:
        yield "Mean return of recent episodes", _curves(metrics, returns, hidden=len(returns) > 9)
    for name in names:
        if name.startswith("learning/"):
            yield name.removeprefix("learning/").replace("_", " ").capitalize(), _curves(metrics, [name])
    seen = [line for line in watched if "values" in line]
    if seen:
        yield "Actions in the first and the last episode that was watched", _actions(plan, [seen[0], seen[-1]])
        yield "Value along them", _values([seen[0], seen[-1]])


def _curves(metrics: list[dict[str, Any]], names: Iterable[str], hidden: bool = False) -> Figure:
    """One curve over steps per name; of many, all but the mean wait in the legend."""
    traces = []
    for name in names:
        points = [(line["num_steps"], line[name]) for line in metrics if line.get(name) is not None]
        x, y = [x for x, _ in points], [y for _, y in points]
        visible = "legendonly" if hidden and name != "return/mean" else True
        label = name.partition("/")[2]
        traces.append({"type": "scatter", "mode": "lines", "name": label, "x": x, "y": y, "visible": visible})
    return {"data": traces, "layout": {**_LAYOUT, "xaxis": {"title": {"text": "steps"}}}}


def _actions(plan: TrainingPlan, episodes: list[dict[str, Any]]) -> Figure:
    """Shares of the actions as they were taken, and as they would have been by always taking the best."""
    _, action_spec = find_agent(plan.agent).specs(plan.config)
    labels = ["+".join(combo) or "nothing" for combo in action_spec.combos]
    traces = []
    for episode in episodes:
        for key, word in (("actions", "taken"), ("likeliest", "thought best")):
            shares = episode[key]
            traces.append({"type": "bar", "name": _named(episode, word), "x": labels[: len(shares)], "y": shares})
    return {"data": traces, "layout": {**_LAYOUT, "yaxis": {"title": {"text": "share of the steps"}}}}


def _values(episodes: list[dict[str, Any]]) -> Figure:
    traces = []
    for episode in episodes:
        values, length = episode["values"], episode["length"]
        steps = [round(i * length / len(values)) for i in range(len(values))]
        traces.append({"type": "scatter", "mode": "lines", "name": _named(episode, ""), "x": steps, "y": values})
    return {"data": traces, "layout": {**_LAYOUT, "xaxis": {"title": {"text": "step of the episode"}}}}


def _named(episode: dict[str, Any], what: str) -> str:
    return f"{what} after {episode['num_steps']:,} steps".strip()


def _render(plan: TrainingPlan, sections: list[tuple[str, Figure]]) -> str:
    from plotly.graph_objects import Figure as Drawing
    from plotly.io import to_html

    num_levels = min(len(plan.levels), plan.num_envs)
    title = html.escape(f"{plan.agent} ({plan.preset}), levels: {num_levels}, steps: {plan.num_steps:,}")
    parts = [f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"]
    parts.append(f"<h1>{title}</h1>")
    if not sections:
        parts.append("<p>There are no figures yet.</p>")
    for number, (heading, figure) in enumerate(sections):
        drawn = to_html(
            Drawing(figure),
            config={"displayModeBar": False},
            include_plotlyjs=number == 0,
            full_html=False,
            div_id=f"figure-{number}",
        )
        parts.append(f"<h2>{html.escape(heading)}</h2>{drawn}")
    return "\n".join(parts) + "\n"
