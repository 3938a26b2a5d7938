"""A training run or an evaluation as an object, which shows itself in a notebook, also while it goes on."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from newgameplus.inline import card, muted
from newgameplus.printable import printable_number
from newgameplus.report.curves import Line, colour_of, svg
from newgameplus.report.series import WINDOW, evenly, running_mean
from newgameplus.results.following import Followed, History, follow
from newgameplus.types import Array

_MOST_POINTS = 300
_MOST_LEVELS = 60


class Run:
    """A training run, or the results of an evaluation.

    In a notebook it shows how far it is, the mean returns over the agent steps and a table of the levels; each time as
    of then, so that the same cell, run again, shows what has come.

    Args:
        path: folder of the run.

    Raises:
        ResultsError: there is no run in the folder, or a file of it is corrupt.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._followed: Followed = follow(self.path)
        self._followed.look()

    @property
    def agent(self) -> str:
        """Name of the agent, with its preset unless that is the default."""
        return self._followed.agent

    def returns(self) -> dict[str, Array]:
        """Return of each episode so far, float64 ``[E]``, by level, or by level and seed."""
        return {name: np.array(history.returns, np.float64) for name, history in self._histories().items()}

    def steps(self) -> dict[str, Array]:
        """Agent steps of the run at the end of each episode so far, int64 ``[E]``, by level, or by level and seed."""
        return {name: np.array(history.steps, np.int64) for name, history in self._histories().items()}

    def __repr__(self) -> str:
        return f"<{self._followed.kind} of {self.agent} in {self.path}>"

    def _repr_html_(self) -> str:
        histories = self._histories()
        run = self._followed
        state = "goes on" if run.is_running() else "complete" if run.is_complete() else "stopped"
        fraction = sum(part.fraction for part in run.parts) / max(1, len(run.parts))
        num_steps, num_episodes = sum(p.num_steps for p in run.parts), sum(p.num_episodes for p in run.parts)
        said = f"{run.agent}: {state}, {fraction:.0%}, {num_steps:,} steps, {num_episodes:,} episodes"
        parts = [f"<div>{html.escape(said)}</div>"]
        if histories:
            what = f"mean return of {WINDOW} episodes over agent steps"
            curves = svg([_line(histories[name]) for name in sorted(histories)], what)
            parts += [curves, f"<div>{muted(what)}</div>", _table(histories)]
        return card(self.path.resolve().name, run.kind, *parts)

    def _histories(self) -> dict[str, History]:
        self._followed.look()
        return self._followed.histories


def _line(history: History) -> Line:
    steps, mean = np.array(history.steps, np.int64), running_mean(np.array(history.returns, np.float64))
    kept = evenly(len(steps), _MOST_POINTS)
    return Line(history.name, steps[kept], mean[kept])


def _table(histories: dict[str, History]) -> str:
    names = sorted(histories)
    head = _line_of("th", muted("level"), [muted(text) for text in ("episodes", "best", "mean", "last")])
    lines = "".join(_table_line(index, histories[name]) for index, name in enumerate(names[:_MOST_LEVELS]))
    more = muted(f"and {len(names) - _MOST_LEVELS} more") if len(names) > _MOST_LEVELS else ""
    style = "margin:4px 0 0;border-collapse:collapse;font-size:inherit"
    return f'<table style="{style}">{head}{lines}</table>{more}'


def _table_line(index: int, history: History) -> str:
    returns = np.array(history.returns, np.float64)
    numbers = (len(returns), returns.max(), returns[-WINDOW:].mean(), returns[-1])
    name = f'<span style="color:{colour_of(index)}">●</span> {html.escape(history.name)}'
    return _line_of("td", name, [printable_number(float(number)) for number in numbers])


def _line_of(tag: str, first: str, others: Sequence[str]) -> str:
    cells = [("left", first), *(("right", other) for other in others)]
    style = "font-weight:400;padding:1px 16px 1px 0"
    inner = "".join(f'<{tag} style="text-align:{side};{style}">{content}</{tag}>' for side, content in cells)
    return f'<tr style="background:none">{inner}</tr>'
