"""Process many movies in parallel, each in its own process, so that a malformed movie crashes only its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from newgameplus.errors import NewGamePlusError
from newgameplus.executor.interface import Cancelled, Died, End, Executor, Returned, Task, Tell, Told
from newgameplus.executor.local import LocalExecutor, available_cores

ProgressTeller: TypeAlias = Callable[[int, int], None]
"""Callback that receives the number of frames done and the total."""
Work: TypeAlias = Callable[[Path, ProgressTeller], Any]
"""Function applied to one movie; a module-level function or a ``functools.partial`` of one."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """Progress on one movie."""

    path: Path
    num_done: int
    num_frames: int


@dataclass(frozen=True, slots=True)
class Done:
    """Work on one movie is finished."""

    path: Path
    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """Work on one movie has failed."""

    path: Path
    reason: str
    """One sentence."""


def work_side_by_side(
    work: Work, paths: Sequence[Path], num_workers: int | None = None, elsewhere: Executor[Any] | None = None
) -> Generator[Advanced | Done | Failed, None, None]:
    """Apply ``work`` to every movie in up to ``num_workers`` processes (None: one per CPU core); yield what happens.

    A movie that fails does not stop the others. Closing the generator ends the workers at once.

    Args:
        work: applied to each movie.
        paths: the movies.
        num_workers: number of processes on this machine.
        elsewhere: executor on machines that do not see this one's disk: movies are sent to it, and it stays open.
    """
    if elsewhere is not None:
        yield from _sent(work, paths, elsewhere)
        return
    with closing(LocalExecutor[Path](num_workers or available_cores())) as executor:
        for path in paths:
            executor.submit(movie_task(work, path))
        for event in executor.events():
            if isinstance(event, Told):
                yield Advanced(event.task.content, *event.content)
            elif isinstance(event, Returned | Died | Cancelled):
                yield outcome_of(event)


def _sent(
    work: Work, paths: Sequence[Path], executor: Executor[Any]
) -> Generator[Advanced | Done | Failed, None, None]:
    """Apply ``work`` to movies where their files have to be sent."""
    tasks: dict[Task[Any], Path] = {}
    for path in paths:
        try:
            content = (path, path.read_bytes())
        except OSError as error:
            yield Failed(path, f"The movie {path} cannot be read: {error.strerror}.")
            continue
        task = Task(partial(_outcome_of_sent, work), content, keeps_process=True, name=path.name)
        tasks[task] = path
        executor.submit(task)
    try:
        for event in executor.events():
            if isinstance(event, Told):
                yield Advanced(tasks[event.task], *event.content)
            elif isinstance(event, Returned):
                yield event.result
            elif isinstance(event, Died | Cancelled):
                path = tasks[event.task]
                yield Failed(path, crash_reason(path, event.how if isinstance(event, Died) else "was cancelled"))
    finally:
        for task in tasks:
            executor.cancel(task)


def _outcome_of_sent(work: Work, sent: tuple[Path, bytes], tell: Tell) -> Done | Failed:
    """Body of a task: apply ``work`` to a copy of a movie; what is said names the movie's own path."""
    path, content = sent
    with tempfile.TemporaryDirectory(prefix="movie-") as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(content)
        outcome = _outcome(work, copy, tell)
        if isinstance(outcome, Failed):
            return Failed(path, outcome.reason.replace(str(copy), str(path)))
        return Done(path, outcome.result)


def movie_task(work: Work, path: Path) -> Task[Path]:
    """Return the task of applying ``work`` to a movie; :func:`outcome_of` its end is the result."""
    return Task(partial(_outcome, work), path)


def outcome_of(end: End[Path]) -> Done | Failed:
    """Return the result of a task from :func:`movie_task`."""
    if isinstance(end, Returned):
        outcome: Done | Failed = end.result
        return outcome
    path = end.task.content
    return Failed(path, crash_reason(path, end.how if isinstance(end, Died) else "was cancelled"))


def crash_reason(path: Path, how: str) -> str:
    """Error message for a process that ended without a result.

    Args:
        path: the movie.
        how: description of the end, from :func:`newgameplus.executor.local.ending`.
    """
    return f"The process that worked on {path} {how}; the movie may be damaged."


def _outcome(work: Work, path: Path, tell: Tell) -> Done | Failed:
    try:
        return Done(path, work(path, lambda num_done, num_frames: tell((num_done, num_frames))))
    except BrokenPipeError:
        raise  # the parent process is gone
    except NewGamePlusError as error:
        return Failed(path, str(error))
    except OSError as error:
        where = f" at {error.filename}" if isinstance(error.filename, str) else ""
        return Failed(path, f"The work on {path} stopped{where}: {error.strerror or error}.")
