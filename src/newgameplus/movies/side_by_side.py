"""Work on many movies at once: each in a process of its own, so that a movie from elsewhere crashes that alone."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from newgameplus.errors import NewGamePlusError
from newgameplus.executor.local import Died, Returned, Tell, Told, available_cores, side_by_side

ProgressTeller: TypeAlias = Callable[[int, int], None]
"""Is told how many frames are done and how many there are."""
Work: TypeAlias = Callable[[Path, ProgressTeller], Any]
"""What is done with one movie; a function of a module or a ``functools.partial`` of one."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """Work on a movie has come further."""

    path: Path
    num_done: int
    num_frames: int


@dataclass(frozen=True, slots=True)
class Done:
    """Work on a movie is done."""

    path: Path
    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """Work on a movie came to nothing."""

    path: Path
    reason: str
    """One sentence."""


def work_side_by_side(
    work: Work, paths: Sequence[Path], num_workers: int | None = None
) -> Generator[Advanced | Done | Failed, None, None]:
    """Do ``work`` for every movie in up to ``num_workers`` processes (None: one per core) and tell what happens.

    A movie that fails does not stop the others. Closing the generator ends the workers at once.
    """
    with closing(side_by_side(partial(_outcome, work), paths, num_workers or available_cores())) as events:
        for event in events:
            if isinstance(event, Told):
                yield Advanced(event.task, *event.content)
            elif isinstance(event, Returned):
                yield event.result
            elif isinstance(event, Died):
                yield Failed(event.task, crash_reason(event.task, event.how))


def crash_reason(path: Path, how: str) -> str:
    """One sentence about a process that ended without a word.

    Args:
        path: the movie.
        how: as :func:`newgameplus.executor.local.ending` says it.
    """
    return f"The process that worked on {path} {how}; the movie may be damaged."


def _outcome(work: Work, path: Path, tell: Tell) -> Done | Failed:
    try:
        return Done(path, work(path, lambda num_done, num_frames: tell((num_done, num_frames))))
    except BrokenPipeError:
        raise  # whoever waited for us is gone
    except NewGamePlusError as error:
        return Failed(path, str(error))
    except OSError as error:
        where = f" at {error.filename}" if isinstance(error.filename, str) else ""
        return Failed(path, f"The work on {path} stopped{where}: {error.strerror or error}.")
