"""What the commands of ``ngp movie`` share: options, work on many movies behind a progress bar, and its failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.errors import MovieError, UsageError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from newgameplus.executor.interface import Executor
    from newgameplus.movies.side_by_side import Done, Failed, Work

FAILED = 2
"""Exit code: a movie could not be read or played."""

places_argument = click.argument("places", metavar="MOVIE...", nargs=-1, required=True, type=click.Path(path_type=Path))
any_core_option = click.option("--any-core", is_flag=True, help="Also play movies recorded on another core build.")
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), help="Parallel processes; by default one per CPU core."
)
output_option = click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Output folder; by default beside each movie.",
)
overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace files that exist; otherwise their movies are skipped."
)


def targets_of(places: Sequence[Path], output: Path | None, suffix: str) -> dict[Path, Path]:
    """Find the movies at ``places``; return the file that each becomes, in ``output`` or beside it.

    Raises:
        MovieError: a place holds no movies.
        UsageError: two movies would become the same file.
    """
    from newgameplus.movies.info import find_movies

    targets, by_target = {}, dict[Path, Path]()
    for path, relative in find_movies(list(places)):
        target = (path if output is None else output / relative).with_suffix(suffix)
        other = by_target.setdefault(target, path)
        if other != path:
            raise UsageError(f"{other} and {path} would both become {target}; give each its own folder with -o.")
        targets[path] = target
    return targets


def unfinished(targets: Mapping[Path, Path], *, overwrite: bool) -> dict[Path, Path]:
    """Return those of ``targets`` that are to be written, and tell which exist and are left as they are."""
    wanted = {path: target for path, target in targets.items() if overwrite or not target.exists()}
    for path, target in targets.items():
        if path not in wanted:
            click.echo(f"{target} exists and is left as it is; --overwrite replaces it.", err=True)
    return wanted


def make_folder(folder: Path) -> None:
    """Make a folder for output if it is missing.

    Raises:
        MovieError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MovieError(f"Cannot make the folder {folder}: {error.strerror}.") from error


def work_on(
    work: Work,
    paths: Sequence[Path],
    workers: int | None,
    title: str,
    elsewhere: Executor[Any] | None = None,
) -> tuple[list[Done], list[Failed]]:
    """Apply ``work`` to ``paths``, here or ``elsewhere``, behind a progress bar; results in the order of ``paths``."""
    from newgameplus.movies.side_by_side import Advanced, Done, work_side_by_side

    done: dict[Path, Done] = {}
    failures: list[Failed] = []
    tasks: dict[Path, TaskID] = {}
    with progress_bar() as bar:
        overall = bar.add_task(title, total=len(paths))
        for event in work_side_by_side(work, paths, workers, elsewhere):
            task = tasks.get(event.path)
            if isinstance(event, Advanced):
                if task is None:
                    task = tasks[event.path] = bar.add_task(f"  {event.path.name}", total=event.num_frames)
                bar.update(task, completed=event.num_done)
                continue
            if task is not None:
                bar.remove_task(task)
            bar.advance(overall)
            if isinstance(event, Done):
                done[event.path] = event
            else:
                failures.append(event)
    return [done[path] for path in paths if path in done], failures


def progress_bar() -> Progress:
    """Return a progress bar on standard error, which shows only on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from newgameplus.printable import open_console

    console = open_console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def report_failures(failures: list[str]) -> int:
    """Print what failed; return the exit code."""
    for failure in failures:
        click.echo(f"Error: {failure}", err=True)
    return FAILED if failures else 0
