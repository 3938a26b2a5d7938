"""What a person sees while an evaluation runs: a table that lives on a terminal, plain lines in a log file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from newgameplus.contest.rules import Rules
from newgameplus.contest.run import Job, Progress, saved_progress
from newgameplus.contest.workers import Advanced, Event, Failed, Finished, Started

_LINE_INTERVAL_SECONDS = 30.0
"""How often a log file gets a line."""


@dataclass
class _Row:
    job: Job
    state: str = "waiting"
    progress: Progress = field(default_factory=Progress)
    first: tuple[float, Progress] | None = None
    """When this sitting began, and how far the run was then: for its speed."""

    def advance(self, progress: Progress) -> None:
        """Take in how far the run is."""
        if self.first is None:
            self.first = (time.monotonic(), progress)
        self.progress = progress

    @property
    def fraction(self) -> float:
        """How much of the budget is spent."""
        return 1.0 if self.state == "done" else self.progress.fraction(self.job.rules)

    @property
    def steps_per_second(self) -> float | None:
        """Agent steps per second of this sitting."""
        if self.first is None:
            return None
        seconds = self.progress.elapsed_seconds - self.first[1].elapsed_seconds
        return (self.progress.num_steps - self.first[1].num_steps) / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Estimated time to the end of the run."""
        if self.first is None or self.state != "running":
            return None
        done = self.fraction - self.first[1].fraction(self.job.rules)
        seconds = self.progress.elapsed_seconds - self.first[1].elapsed_seconds
        return seconds / done * (1 - self.fraction) if done > 0 else None


class LiveTable:
    """Shows the events of an evaluation.

    Args:
        jobs: all runs of the evaluation, complete ones too.
        already_done: the runs that were complete before it began.
        rules: for the budget.
        console: where to show it.
    """

    def __init__(self, jobs: Sequence[Job], already_done: Sequence[Job], rules: Rules, console: Console) -> None:
        self._rows = {job.folder: _Row(job) for job in jobs}
        for job in already_done:
            self._rows[job.folder].state = "done"
            self._rows[job.folder].progress = saved_progress(job)
        self._rules = rules
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._last_shown = 0.0 if console.is_terminal else time.monotonic()

    def __enter__(self) -> LiveTable:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.update(self._table(list(self._rows.values())), refresh=True)
            self._live.stop()

    def show(self, event: Event) -> None:
        """Take in an event and redraw when it is time."""
        if isinstance(event, Started):
            self._rows[event.job.folder].state = "running"
        elif isinstance(event, Advanced):
            self._rows[event.job.folder].advance(event.progress)
        elif isinstance(event, Finished):
            self._rows[event.job.folder].state = "done"
        elif isinstance(event, Failed):
            self._rows[event.job.folder].state = "failed"
            self._console.print(f"[red]Failed:[/red] {event.reason}", highlight=False)
        if self._live:
            self._redraw()
        elif isinstance(event, Finished) or time.monotonic() - self._last_shown > _LINE_INTERVAL_SECONDS:
            self._print_line()

    def _redraw(self) -> None:
        if self._live and time.monotonic() - self._last_shown > 0.25:
            self._last_shown = time.monotonic()
            self._live.update(self._fitting(), refresh=True)

    def _print_line(self) -> None:
        self._last_shown = time.monotonic()
        rows = list(self._rows.values())
        num_done = sum(row.state == "done" for row in rows)
        self._console.print(
            f"{num_done} of {len(rows)} runs done, {sum(row.fraction for row in rows) / len(rows):.0%} of the budget, "
            f"{sum(row.progress.num_steps for row in rows):,} steps, {_left(rows)}",
            highlight=False,
        )

    def _fitting(self) -> RenderableType:
        """The table, cut to the rows that matter when the terminal is too low for all."""
        rows = list(self._rows.values())
        room = max(self._console.height - 6, 3)
        if len(rows) <= room:
            return self._table(rows)
        order = {"running": 0, "failed": 1, "waiting": 2, "done": 3}
        shown = sorted(rows, key=lambda row: order[row.state])[:room]
        counts = {state: sum(row.state == state for row in rows) for state in order}
        words = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        return Group(self._table(shown), Text(f"{len(rows)} runs: {words}; {_left(rows)}", style="dim"))

    def _table(self, rows: Sequence[_Row]) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column("level", overflow="ellipsis", no_wrap=True)
        table.add_column("seed", justify="right")
        table.add_column("", width=16)
        for name in ("steps", "episodes", "score", "best", "steps/s", "left"):
            table.add_column(name, justify="right")
        for row in rows:
            table.add_row(*_cells(row))
        return table


def _cells(row: _Row) -> tuple[RenderableType, ...]:
    progress, rules = row.progress, row.job.rules
    colour = {"done": "green", "failed": "red", "running": "cyan"}.get(row.state, "dim")
    if row.state in ("waiting", "failed"):
        bar: RenderableType = Text(row.state, style=colour)
    else:
        bar = ProgressBar(1.0, row.fraction, width=16, complete_style=colour, finished_style="green")
    speed, left = row.steps_per_second, row.seconds_left
    return (
        str(row.job.level),
        str(row.job.seed),
        bar,
        f"{progress.num_timesteps(rules):,}" if progress.num_steps else "",
        f"{progress.num_episodes:,}" if progress.num_steps else "",
        "" if progress.score is None else f"{progress.score:,.1f}",
        "" if progress.best is None else f"{progress.best:,.1f}",
        "" if speed is None else f"{speed:,.0f}",
        "" if left is None else duration(left),
    )


def _left(rows: Sequence[_Row]) -> str:
    """Estimate the time to the end of all runs from the budget's pace so far."""
    firsts = [row.first for row in rows if row.first]
    if not firsts:
        return "time left unknown"
    seconds = time.monotonic() - min(moment for moment, _ in firsts)
    done = sum(row.fraction - (row.first[1].fraction(row.job.rules) if row.first else row.fraction) for row in rows)
    rest = sum(1 - row.fraction for row in rows)
    return f"{duration(seconds / done * rest)} left" if done > 0 else "time left unknown"


def duration(seconds: float) -> str:
    """``75`` → ``1m15s``: at most two units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
