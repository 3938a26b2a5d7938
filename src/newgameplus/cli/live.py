"""Live display of an evaluation: a table on a terminal, plain lines in a log file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from newgameplus.cli.tables import counted
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job
from newgameplus.contest.run_scores import saved_progress
from newgameplus.contest.workers import Advanced, Event, Failed, Finished, Interrupted, Started
from newgameplus.games.levels import Level

_LINE_INTERVAL_SECONDS = 30.0
"""Interval of lines in a log file."""
_WIDE = 120
"""Terminal width from which there is room for bars, for the best episode and for long names."""
_LEAST_LEVEL = 12
"""Least width of a level's name; on a narrow terminal columns of numbers are left out for it."""
_COLUMNS = {"seed": 5, "": 8, "steps": 10, "episodes": 9, "score": 10, "best": 10, "steps/s": 8, "left": 7}
"""Columns beside the level and their largest widths, with the space before them; the nameless one is the state."""
_WIDE_EXTRA = 18
"""Characters that wide terminals spend on a bar as the state, and on more space."""
_LEFT_OUT_FIRST = ("best", "steps/s", "episodes", "left", "steps", "score", "seed")
_ORDER = ("running", "failed", "done", "waiting")
"""Order of rows if there is no room for all."""


@dataclass
class _RunLine:
    job: Job
    state: str = "waiting"
    progress: Progress = field(default_factory=Progress)
    first: tuple[float, Progress] | None = None
    """Time and progress at the start of this session, for the speed."""

    def advance(self, progress: Progress) -> None:
        """Update the progress of the run."""
        if self.first is None:
            self.first = (time.monotonic(), progress)
        self.progress = progress

    @property
    def fraction(self) -> float:
        """Fraction of the budget spent."""
        return 1.0 if self.state == "done" else self.progress.fraction(self.job.plan.rules)

    @property
    def steps_per_second(self) -> float | None:
        """Agent steps per second since the start of this session."""
        if self.first is None:
            return None
        seconds = self.progress.elapsed_seconds - self.first[1].elapsed_seconds
        return (self.progress.num_steps - self.first[1].num_steps) / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Estimated time to the end of the run."""
        if self.first is None or self.state != "running":
            return None
        done = self.fraction - self.first[1].fraction(self.job.plan.rules)
        seconds = self.progress.elapsed_seconds - self.first[1].elapsed_seconds
        return seconds / done * (1 - self.fraction) if done > 0 else None


class LiveTable:
    """Shows the events of an evaluation.

    Args:
        jobs: all runs of the evaluation, including complete and interrupted ones.
        console: console to show it on.

    Raises:
        ResultsError: a file of an earlier session is corrupt.
    """

    def __init__(self, jobs: Sequence[Job], console: Console) -> None:
        self._rows = {job.folder: _RunLine(job, progress=saved_progress(job)) for job in jobs}
        for row in self._rows.values():
            if row.progress.is_complete:
                row.state = "done"
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._last_shown = 0.0 if console.is_terminal else time.monotonic()

    def __enter__(self) -> LiveTable:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            begun = [row for row in self._rows.values() if row.state != "waiting"]
            self._live.update(self._table(begun), refresh=True)
            self._live.stop()

    def show(self, event: Event) -> None:
        """Process an event, and redraw if it is time."""
        if isinstance(event, Started):
            self._rows[event.job.folder].state = "running"
        elif isinstance(event, Advanced):
            self._rows[event.job.folder].advance(event.progress)
        elif isinstance(event, Interrupted):
            self._rows[event.job.folder].state = "waiting"
        elif isinstance(event, Finished):
            self._rows[event.job.folder].state = "done"
        elif isinstance(event, Failed):
            self._rows[event.job.folder].state = "failed"
            self._console.print(Text.assemble(("Failed: ", "red"), event.reason), soft_wrap=True)
        if self._live:
            self._redraw()
        elif isinstance(event, Finished) or time.monotonic() - self._last_shown > _LINE_INTERVAL_SECONDS:
            self._print_line()

    def _redraw(self) -> None:
        if self._live and time.monotonic() - self._last_shown > 0.25:
            self._last_shown = time.monotonic()
            self._live.update(self.picture(), refresh=True)

    def _print_line(self) -> None:
        self._last_shown = time.monotonic()
        rows = list(self._rows.values())
        num_done = sum(row.state == "done" for row in rows)
        self._console.print(
            f"{num_done} of {counted(len(rows), 'run')} done, "
            f"{sum(row.fraction for row in rows) / len(rows):.0%} of the budget, "
            f"{counted(sum(row.progress.num_steps for row in rows), 'step')}, {_left(rows)}",
            highlight=False,
        )

    def picture(self) -> RenderableType:
        """The table, reduced to the most important rows if the terminal is too low."""
        rows = list(self._rows.values())
        counts = {state: sum(row.state == state for row in rows) for state in _ORDER}
        words = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        summary = Text(f"{counted(len(rows), 'run')}: {words}; {_left(rows)}", style="dim")
        room = max(self._console.height - 6, 3)
        if len(rows) > room:
            rows = sorted(rows, key=lambda row: _ORDER.index(row.state))[:room]
        return Group(self._table(rows), summary)

    def _table(self, rows: Sequence[_RunLine]) -> Table:
        is_wide = self._console.width >= _WIDE
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2 if is_wide else 1, 0, 0))
        table.add_column("level", overflow="ellipsis", no_wrap=True)
        columns = _columns(self._console.width, has_seeds=len({row.job.seed for row in self._rows.values()}) > 1)
        for name in columns:
            table.add_column(name, justify="right" if name else "left", no_wrap=True)
        width = self._console.width - sum(map(_COLUMNS.__getitem__, columns)) - (_WIDE_EXTRA if is_wide else 0)
        for row in rows:
            cells = _cells(row, is_wide=is_wide)
            table.add_row(Text(_short(row.job.level, max(width, _LEAST_LEVEL))), *(cells[name] for name in columns))
        return table


def _columns(width: int, *, has_seeds: bool) -> list[str]:
    """Columns that a terminal has room for, beside a level's name."""
    columns = list(_COLUMNS)
    if width < _WIDE:
        columns.remove("best")
    for name in _LEFT_OUT_FIRST if has_seeds else ("seed", *_LEFT_OUT_FIRST):
        if sum(map(_COLUMNS.__getitem__, columns)) + _LEAST_LEVEL <= width:
            break
        if name in columns:
            columns.remove(name)
    return columns


def _short(level: Level, width: int) -> str:
    """A level's id in at most ``width`` characters; the game's name is shortened first."""
    if len(str(level)) <= width:
        return str(level)
    room = width - len(level.state) - 2
    return f"{level.game[:room]}…/{level.state}" if room > 0 else f"…{level.state[1 - width :]}"


def _cells(row: _RunLine, *, is_wide: bool) -> dict[str, RenderableType]:
    """Cells by the names of their columns."""
    progress, rules = row.progress, row.job.plan.rules
    colour = {"done": "green", "failed": "red", "running": "cyan"}.get(row.state, "dim")
    state: RenderableType = Text(f"{row.fraction:.0%}" if row.state == "running" else row.state, style=colour)
    if is_wide and row.state in ("running", "done"):
        state = ProgressBar(1.0, row.fraction, width=16, complete_style=colour, finished_style="green")
    speed, left = row.steps_per_second, row.seconds_left
    return {
        "seed": str(row.job.seed),
        "": state,
        "steps": f"{progress.num_timesteps(rules):,}" if progress.num_steps else "",
        "episodes": f"{progress.num_episodes:,}" if progress.num_steps else "",
        "score": "" if progress.score is None else f"{progress.score:,.1f}",
        "best": "" if progress.best is None else f"{progress.best:,.1f}",
        "steps/s": "" if speed is None else f"{speed:,.0f}",
        "left": "" if left is None else duration(left),
    }


def _left(rows: Sequence[_RunLine]) -> str:
    """Estimated time to the end of all runs, from their speed so far."""
    firsts = [row.first for row in rows if row.first]
    if not firsts:
        return "time left unknown"
    seconds = time.monotonic() - min(moment for moment, _ in firsts)
    done = sum(row.fraction - row.first[1].fraction(row.job.plan.rules) for row in rows if row.first)
    rest = sum(1 - row.fraction for row in rows)
    return f"{duration(seconds / done * rest)} left" if done > 0 else "time left unknown"


def duration(seconds: float) -> str:
    """``75`` → ``1m15s`` and ``43200`` → ``12h``: at most two units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m".removesuffix("00m")
    return f"{minutes}m{rest:02d}s".removesuffix("00s") if minutes else f"{rest}s"
