"""``ngp movie render``: videos, animated gifs and contact sheets of recorded episodes."""

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
    progress_bar,
    report_failures,
    targets_of,
    unfinished,
    work_on,
    workers_option,
)
from newgameplus.errors import MovieError

if TYPE_CHECKING:
    from newgameplus.movies.side_by_side import ProgressTeller
    from newgameplus.movies.video import Format, RenderOptions


@click.command()
@places_argument
@output_option
@click.option(
    "--format", "kind", type=click.Choice(["mp4", "gif", "png-sheet"]), default="mp4", show_default=True,
    help="Video with sound, animated gif, or contact sheet.",
)  # fmt: skip
@click.option("--speed", default=1, show_default=True, help="Show every K-th frame only; above 1 without sound.")
@click.option("--scale", default=1, show_default=True, help="Enlarge each pixel to K by K.")
@click.option("--max-seconds", type=float, help="Show only the first seconds of each movie.")
@click.option("--no-sound", is_flag=True, help="Leave the sound out.")
@click.option("--buttons", is_flag=True, help="Draw each player's controller, with the buttons held lit.")
@click.option("--max-mb", type=float, help="Size limit of a gif; lowers scale, rate and colours until it fits.")
@click.option("--grid", is_flag=True, help="Show all movies side by side in one video, grid.mp4.")
@overwrite_option
@any_core_option
@workers_option
@lua_option
def render(
    places: tuple[Path, ...],
    output: Path | None,
    kind: Format,
    speed: int,
    scale: int,
    max_seconds: float | None,
    no_sound: bool,
    buttons: bool,
    max_mb: float | None,
    grid: bool,
    overwrite: bool,
    any_core: bool,
    workers: int | None,
) -> int:
    """Make videos, animated gifs or contact sheets from movies.

    Each MOVIE is a bk2 file, or a folder that is searched for them.
    """
    from newgameplus.movies.info import find_movies
    from newgameplus.movies.video import SUFFIXES, RenderOptions

    options = RenderOptions(
        format=kind,
        speed=speed,
        scale=scale,
        sound=not no_sound,
        max_seconds=max_seconds,
        any_core=any_core,
        shows_buttons=buttons,
        max_bytes=None if max_mb is None else round(max_mb * 1e6),
    )
    if grid:
        paths = [path for path, _ in find_movies(list(places))]
        return _render_grid(paths, _grid_file(output), options, overwrite=overwrite)
    return _render_each(targets_of(places, output, SUFFIXES[kind]), options, workers, overwrite=overwrite)


def _render_each(targets: dict[Path, Path], options: RenderOptions, workers: int | None, *, overwrite: bool) -> int:
    from functools import partial

    wanted = unfinished(targets, overwrite=overwrite)
    done, failures = work_on(partial(_render_one, targets=wanted, options=options), list(wanted), workers, "Rendering")
    for event in done:
        target = wanted[event.path]
        click.echo(f"{target}  {event.result} pictures, {target.stat().st_size / 1e6:.2f} MB")
    return report_failures([failure.reason for failure in failures])


def _render_grid(paths: list[Path], target: Path, options: RenderOptions, *, overwrite: bool) -> int:
    from newgameplus.movies.grid import render_grid

    if target.exists() and not overwrite:
        raise MovieError(f"{target} exists and is left as it is; --overwrite replaces it.")
    make_folder(target.parent)
    with progress_bar() as bar:
        task = bar.add_task("Rendering the grid", total=None)
        num_pictures = render_grid(
            paths, target, options, lambda done, total: bar.update(task, completed=done, total=total)
        )
    click.echo(f"{target}  {num_pictures} pictures, {target.stat().st_size / 1e6:.2f} MB")
    return 0


def _grid_file(output: Path | None) -> Path:
    if output is None:
        return Path("grid.mp4")
    return output if output.suffix.lower() == ".mp4" else output / "grid.mp4"


def _render_one(path: Path, tell: ProgressTeller, *, targets: dict[Path, Path], options: RenderOptions) -> int:
    """Body of a worker of ``render``."""
    from newgameplus.movies.video import render as render_movie

    make_folder(targets[path].parent)
    return render_movie(path, targets[path], options, tell)
