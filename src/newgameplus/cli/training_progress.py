"""What ``ngp train`` tells while a run goes on: a live line on a terminal, one line per minute in a log file."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from newgameplus.cli.typed import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import ProgressColumn

    from newgameplus.envs.level_queue import LevelQueue
    from newgameplus.executor.interface import Executor
    from newgameplus.training.demonstrations import Prepared
    from newgameplus.training.plan import TrainingPlan
    from newgameplus.training.run import Report

_PREPARING = {
    "demonstrations": "remembered",
    "prefill": "remembered",
    "pretraining": "gradient steps",
    "collect": "steps read",
    "v": "gradient steps of V",
    "m": "gradient steps of M",
    "c": "generations in the dream",
}
"""What is counted in the stages of a preparation by our agents."""
_NARROW, _WIDE = 72, 112
"""Terminal widths from which the live line has room for numbers of steps and the time, and for all it tells."""


def follow(
    console: Console,
    plan: TrainingPlan,
    folder: Path,
    executor: Executor[Any] | None,
    stream: LevelQueue | None,
) -> Report | None:
    """Train, with a live line on a terminal, and one line per minute elsewhere."""
    from rich.progress import Progress

    from newgameplus.training.run import train as train_plan

    last: Report | None = None
    first: Report | None = None
    told = began = 0.0
    next_told = time.monotonic() + 60
    bar = Progress(*_columns(console.width), console=console, transient=True, disable=not console.is_terminal)
    with _stopping(console) as is_stopped, bar as progress:
        task = progress.add_task("", total=plan.total_steps, what="steps", speed="…", score="…", loss="")
        for report in train_plan(plan, folder, is_stopped, executor, stream):
            if (prepared := report.prepared) is not None:
                if is_stopped():
                    raise KeyboardInterrupt
                what = _counted_in(prepared.stage)
                progress.update(task, completed=prepared.num_steps, total=prepared.num_total, what=what)
                next_told = tell_prepared(console, prepared, next_told)
                if prepared.is_complete:
                    progress.reset(task, total=plan.total_steps, what="steps")
                continue
            if report.generation is not None:
                _tell_generation(console, report, began)
                began = report.elapsed_seconds
            first, last = first or report, report
            shown = _figures(first, report)
            progress.update(task, completed=report.num_steps, **shown)
            if not console.is_terminal and report is not first and report.elapsed_seconds >= told:
                told = report.elapsed_seconds + 60
                say(console, f"{report.num_steps:,} steps, {shown['speed']} steps/s, return {shown['score']}")
        if is_stopped() and last is not None and last.num_steps < plan.total_steps:
            raise KeyboardInterrupt
    return last


def tell_prepared(console: Console, prepared: Prepared, next_told: float) -> float:
    """Print the end of a stage, and in a log file how far it is from ``next_told`` on; return the next such moment."""
    if prepared.is_complete:
        say(console, prepared_in_words(prepared))
    elif not console.is_terminal and time.monotonic() >= next_told:
        say(console, f"{prepared.num_steps:,} of {prepared.num_total:,} {_counted_in(prepared.stage)}")
        return time.monotonic() + 60
    return next_told


def _tell_generation(console: Console, report: Report, began: float) -> None:
    from newgameplus.cli.generations import in_words

    assert report.generation is not None
    for line in in_words(report.generation, report.elapsed_seconds - began):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _columns(width: int) -> list[ProgressColumn]:
    """Columns of the live line that a terminal has room for."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    if width < _NARROW:
        return [TextColumn("{task.percentage:.0f}%  return {task.fields[score]}")]
    done = TextColumn("{task.completed:,.0f} of {task.total:,.0f} {task.fields[what]}")
    figures = " {task.fields[speed]} steps/s  return {task.fields[score]}"
    if width < _WIDE:
        return [done, TextColumn(figures), TimeRemainingColumn()]
    return [done, BarColumn(20), TextColumn(f"{figures}  {{task.fields[loss]}}"), TimeRemainingColumn()]


@contextmanager
def _stopping(console: Console) -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether Ctrl-C or a request to end has come; a second one interrupts at once."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)
        say(console, "Stopping: a checkpoint is written after this turn. Ctrl-C again leaves without one.")

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _counted_in(stage: str) -> str:
    return _PREPARING.get(stage, f"steps of {stage}")


def prepared_in_words(prepared: Prepared) -> str:
    """Return what a stage before the first step has come to, as a sentence."""
    if prepared.stage == "collect":
        return f"It has read {prepared.num_steps:,} steps of movies."
    if prepared.stage not in ("demonstrations", "prefill"):
        figures = ", ".join(f"{name} {figure:.3g}" for name, figure in prepared.figures.items())
        who = prepared.stage.upper() if len(prepared.stage) == 1 else "It"
        told = f"{who} learned from them in {prepared.num_steps:,} {_counted_in(prepared.stage)}"
        return f"{told}: {figures}." if figures else f"{told}."
    where = "in its replay buffer" if prepared.stage == "prefill" else "of demonstrations"
    told = f"It begins with {prepared.num_steps:,} transitions {where}"
    if prepared.num_exact is None:
        return f"{told}."
    share = prepared.num_exact / max(1, prepared.num_steps)
    return f"{told}, {share:.0%} of them by buttons that are an action of its own."


def _figures(first: Report, report: Report) -> dict[str, Any]:
    seconds = report.elapsed_seconds - first.elapsed_seconds
    loss = next((f"{name} {value:.3g}" for name, value in report.figures.items() if name.endswith("loss")), "")
    return {
        "speed": f"{(report.num_steps - first.num_steps) / seconds:,.0f}" if seconds > 0 else "…",
        "score": "…" if report.mean_return is None else f"{report.mean_return:,.1f}",
        "loss": loss,
    }
