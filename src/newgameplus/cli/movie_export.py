"""``ngp movie export``: tables of recorded episodes, with a row per frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.cli.consent import lua_option
from newgameplus.cli.movie_work import (
    any_core_option,
    make_folder,
    output_option,
    overwrite_option,
    places_argument,
    report_failures,
    targets_of,
    unfinished,
    work_on,
    workers_option,
)

if TYPE_CHECKING:
    from newgameplus.movies.export import TableFormat
    from newgameplus.movies.side_by_side import ProgressTeller


@click.command()
@places_argument
@click.option("--csv", "kind", flag_value="csv", default=True, help="Write text, the default.")
@click.option("--npz", "kind", flag_value="npz", help="Write an array of numpy per column.")
@click.option("--parquet", "kind", flag_value="parquet", help="Write parquet; needs pyarrow.")
@output_option
@overwrite_option
@any_core_option
@workers_option
@lua_option
def export(
    places: tuple[Path, ...],
    kind: TableFormat,
    output: Path | None,
    overwrite: bool,
    any_core: bool,
    workers: int | None,
) -> int:
    """Write tables of what happened in each frame of movies.

    The columns are the frame's number and time, reward, return so far, whether the episode is over, the buttons, and
    all variables of the game. Each MOVIE is a bk2 file, or a folder that is searched for them.
    """
    from functools import partial

    from newgameplus.movies.export import check_format

    check_format(kind)
    wanted = unfinished(targets_of(places, output, f".{kind}"), overwrite=overwrite)
    work = partial(_export_one, targets=wanted, kind=kind, any_core=any_core)
    done, failures = work_on(work, list(wanted), workers, "Exporting")
    for event in done:
        target = wanted[event.path]
        click.echo(f"{target}  {event.result} frames, {target.stat().st_size / 1e6:.2f} MB")
    return report_failures([failure.reason for failure in failures])


def _export_one(
    path: Path, tell: ProgressTeller, *, targets: dict[Path, Path], kind: TableFormat, any_core: bool
) -> int:
    """Body of a worker."""
    from newgameplus.movies.export import export_movie

    make_folder(targets[path].parent)
    return export_movie(path, targets[path], kind, any_core=any_core, progress=tell)
