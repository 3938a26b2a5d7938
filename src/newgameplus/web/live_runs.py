"""The runs that can be followed: those at and below the places of the library, each with a number for its address."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import ResultsError
from newgameplus.report.series import WINDOW, evenly, running_mean
from newgameplus.results.following import Ended, Followed, History, Part, follow
from newgameplus.results.kinds import runs_below
from newgameplus.results.live import LiveRows
from newgameplus.types import Array

MAX_POINTS = 4000
"""Points of all curves of a kind together."""
FEWEST_POINTS, MOST_POINTS = 30, 400
"""Points of a curve."""
MAX_METRICS = 24
_X = re.compile(r"(player_?|screen_?|level_?|pos_?)?x(_?pos(ition)?)?", re.IGNORECASE)
_Y = re.compile(r"(player_?|screen_?|level_?|pos_?)?y(_?pos(ition)?)?", re.IGNORECASE)
_WAITING = "There is no run in {} yet; this page shows it as soon as it has begun."
_STOPPED = "The run was stopped before its end; go on with it with --resume, and this page follows."


class LiveRun:
    """One run, which may not have begun yet.

    Args:
        number: its number in addresses.
        path: its folder.
    """

    def __init__(self, number: int, path: Path) -> None:
        self.number, self.path = number, path
        self._followed: Followed | None = None
        self._lock = threading.Lock()

    def playing(self) -> list[tuple[int, Part]]:
        """Number and part of what is played now; empty if the run has not begun or has ended."""
        with self._lock:
            try:
                parts = self._run().parts
            except ResultsError:
                return []
        return [(number, part) for number, part in enumerate(parts) if part.is_running]

    def movie(self, part: int, number: int) -> Path | None:
        """Path of an episode's movie, None if there is none."""
        with self._lock:
            try:
                return self._run().movie(part, number)
            except ResultsError:
                return None

    def summary(self) -> dict[str, Any]:
        """What a list of runs says of it, without a look into its logs."""
        with self._lock:
            try:
                run = self._run()
            except ResultsError as error:
                return self._head() if self.is_waiting() else self._head(state="damaged", message=str(error))
            state = "running" if run.is_running() else "ended"
            return self._head(kind=run.kind, agent=run.agent, state=state, message=None)

    def status(self, known: str = "") -> dict[str, Any]:
        """All that its page shows besides pictures, as JSON types.

        Args:
            known: ``version`` of the curves that the page has; they are left out if nothing has come to them.
        """
        with self._lock:
            if self.is_waiting():
                return self._head()
            try:
                run = self._run()
                run.look()
            except ResultsError as error:
                self._followed = None
                return self._head(state="damaged", message=str(error))
            state = "running" if run.is_running() else "complete" if run.is_complete() else "stopped"
            message = _STOPPED if state == "stopped" else None
            head = self._head(kind=run.kind, agent=run.agent, state=state, message=message)
            return head | self._progress(run) | self._logged(run, known)

    def is_waiting(self) -> bool:
        """Whether there is no run yet."""
        return not runs_below(self.path, 0)

    def _run(self) -> Followed:
        if self._followed is None:
            self._followed = follow(self.path)
        return self._followed

    def _head(self, **known: Any) -> dict[str, Any]:
        """What is known of every run."""
        return {
            "number": self.number, "name": self.path.name, "path": str(self.path), "page": f"/live/{self.number}",
            "kind": None, "agent": None, "state": "waiting", "message": _WAITING.format(self.path), **known,
        }  # fmt: skip

    def _progress(self, run: Followed) -> dict[str, Any]:
        shown = {number: rows for number, part in enumerate(run.parts) if (rows := _shown(part)) is not None}
        fractions, rate = [], 0.0
        for number, part in enumerate(run.parts):
            rows = shown.get(number)
            fraction = part.fraction if rows is None else max(part.fraction, run.fraction(part, rows))
            seconds = part.elapsed_seconds if rows is None else rows.elapsed_seconds
            fractions.append(fraction)
            if seconds and part.is_running:
                rate += fraction / seconds
        left = len(fractions) - sum(fractions)
        return {
            "fraction": sum(fractions) / max(1, len(fractions)),
            "seconds_left": left / rate if rate > 0 else None,
            "num_steps": sum(_most(part.num_steps, shown.get(n), "num_steps") for n, part in enumerate(run.parts)),
            "num_episodes": sum(
                _most(part.num_episodes, shown.get(n), "num_episodes") for n, part in enumerate(run.parts)
            ),
            "num_parts": len(run.parts),
            "num_complete": sum(part.is_complete for part in run.parts),
            "rows": [row for number, rows in shown.items() for row in rows_of(run.parts[number], rows)],
        }

    def _logged(self, run: Followed, known: str) -> dict[str, Any]:
        num_points = sum(len(values) for _, values in run.metrics.values())
        version = f"{sum(len(each.returns) for each in run.histories.values())}.{num_points}.{len(run.last)}"
        if version == known:
            return {"version": version}
        limit = min(MOST_POINTS, max(FEWEST_POINTS, MAX_POINTS // max(1, len(run.histories))))
        metrics = list(run.metrics.items())[:MAX_METRICS]
        return {
            "version": version,
            "window": WINDOW,
            "levels": [_level(history, limit) for history in run.histories.values()],
            "metrics": [
                {
                    "name": name.replace("_", " "),
                    **_thinned(np.array(steps), mean=np.array(values), limit=MOST_POINTS // 2),
                }
                for name, (steps, values) in metrics
            ],
            "episodes": [self._episode(run, episode) for episode in reversed(run.last)],
        }

    def _episode(self, run: Followed, episode: Ended) -> dict[str, Any]:
        link = None
        if episode.movie is not None and run.movie(*episode.movie) is not None:
            link = f"/live/{self.number}/movies/{episode.movie[0]}/{episode.movie[1]}"
        return {
            "name": episode.name, "num_steps": episode.num_steps, "return": episode.episode_return,
            "length": episode.length, "movie": link,
        }  # fmt: skip


class LiveRuns:
    """All runs at and below some places.

    Args:
        places: folders of runs, folders of these, and folders in which a run may begin.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = tuple(places)
        self._lock = threading.Lock()
        self._by_path: dict[Path, LiveRun] = {}

    def all(self) -> list[LiveRun]:
        """Look for runs; return those found, and for a place that does not hold anything yet the place itself."""
        paths = [path for place in self._places for path in runs_below(place) or ([place] if is_empty(place) else [])]
        with self._lock:
            for path in paths:
                self._by_path.setdefault(path, LiveRun(len(self._by_path) + 1, path))
            return [self._by_path[path] for path in dict.fromkeys(paths)]

    def run(self, number: int) -> LiveRun | None:
        """Return the run with a number, None if there is none."""
        for runs in (lambda: tuple(self._by_path.values()), self.all):
            for run in runs():
                if run.number == number:
                    return run
        return None


def is_empty(place: Path) -> bool:
    """Whether a run may begin at a place: there is nothing, or an empty folder."""
    try:
        return not place.exists() or (place.is_dir() and next(place.iterdir(), None) is None)
    except OSError:
        return False


def rows_of(part: Part, shown: LiveRows) -> Iterator[dict[str, Any]]:
    """What the rows of a part do, as JSON types."""
    for row in shown.rows:
        yield {
            "name": row.level if len(shown.rows) > 1 or "·" not in part.name else part.name,
            "return": row.episode_return,
            "num_steps": row.num_steps,
            "num_stalled": row.num_stalled,
            "stalled_seconds": round(row.num_stalled * part.seconds_per_step, 1),
            "action": row.action,
            "place": _place(row.variables),
        }


def _place(variables: Mapping[str, int]) -> dict[str, int]:
    """Where the player is, if variables are called like it."""
    found = {}
    for name, pattern in (("x", _X), ("y", _Y)):
        value = next((value for key, value in variables.items() if pattern.fullmatch(key)), None)
        if value is not None:
            found[name] = value
    return found


def _shown(part: Part) -> LiveRows | None:
    try:
        return part.live.read() if part.is_running else None
    except ResultsError:
        return None


def _most(logged: int, shown: LiveRows | None, name: str) -> int:
    return logged if shown is None else max(logged, getattr(shown, name))


def _level(history: History, limit: int) -> dict[str, Any]:
    steps, returns = np.array(history.steps, np.int64), np.array(history.returns, np.float64)
    mean = running_mean(returns)
    return {
        "name": history.name,
        "num_episodes": len(returns),
        "best": float(returns.max()),
        "last": float(returns[-1]),
        "last_mean": float(mean[-1]),
        **_thinned(steps, limit=limit, returns=returns, mean=mean),
    }


def _thinned(steps: Array, *, limit: int, **columns: Array) -> dict[str, list[float]]:
    kept = evenly(len(steps), limit)
    curves: dict[str, list[float]] = {"steps": steps[kept].tolist()}
    return curves | {name: [float(f"{value:.6g}") for value in column[kept]] for name, column in columns.items()}
