"""``ngp movie``: show, render and verify recorded episodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.cli.consent import lua_option
from newgameplus.errors import MovieError, UsageError
from newgameplus.printable import printable_number

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from newgameplus.movies.info import MovieInfo
    from newgameplus.movies.side_by_side import Done, Failed, ProgressTeller, Work
    from newgameplus.movies.verify import Verdict
    from newgameplus.movies.video import Format, RenderOptions

FAILED, DIFFERENT = 2, 1
"""Exit codes: a movie could not be read or played; a movie differs from the recording."""

_places = click.argument("places", metavar="MOVIE...", nargs=-1, required=True, type=click.Path(path_type=Path))
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per movie, in a list.")
_any_core = click.option("--any-core", is_flag=True, help="Also play movies recorded on another core build.")
_workers = click.option(
    "--workers", type=click.IntRange(min=1), help="Parallel processes; by default one per CPU core."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def movie() -> None:
    """Show, render and verify recorded episodes.

    Each MOVIE is a bk2 file, or a folder that is searched for them.
    """


@movie.command()
@_places
@_as_json
def info(places: tuple[Path, ...], as_json: bool) -> int:
    """Show the contents of movies, without playing them.

    Each MOVIE is a bk2 file, or a folder that is searched for them.
    """
    from dataclasses import asdict

    from newgameplus.movies.info import find_movies, movie_info

    described, failures = [], []
    for path, _ in find_movies(list(places)):
        try:
            described.append(movie_info(path))
        except MovieError as error:
            failures.append(str(error))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in described], indent=1))
    else:
        _print_infos(described)
    return _report_failures(failures)


@movie.command()
@_places
@_as_json
@_any_core
@_workers
@lua_option
def verify(places: tuple[Path, ...], as_json: bool, any_core: bool, workers: int | None) -> int:
    """Play movies and compare them with the recorded values.

    Return, length, buttons, start state, and the memory of every second are compared; the first second that differs is
    named. Each MOVIE is a bk2 file, or a folder that is searched for them. Exit code 1: a movie differs. Exit code 2: a
    movie could not be read or played.
    """
    from dataclasses import asdict
    from functools import partial

    from newgameplus.movies.info import find_movies

    paths = [path for path, _ in find_movies(list(places))]
    done, failures = _work(partial(_verify_one, any_core=any_core), paths, workers, "Verifying")
    verdicts: list[Verdict] = [event.result for event in done]
    if as_json:
        click.echo(json.dumps([asdict(verdict) for verdict in verdicts], indent=1))
    else:
        _print_verdicts(verdicts)
    failed = _report_failures([failure.reason for failure in failures])
    return failed or (DIFFERENT if any(verdict.differences for verdict in verdicts) else 0)


@movie.command()
@_places
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Output folder; by default beside each movie.",
)
@click.option(
    "--format", "kind", type=click.Choice(["mp4", "gif", "png-sheet"]), default="mp4", show_default=True,
    help="Video with sound, animated gif, or contact sheet.",
)  # fmt: skip
@click.option("--speed", default=1, show_default=True, help="Show every K-th frame only; above 1 without sound.")
@click.option("--scale", default=1, show_default=True, help="Enlarge each pixel to K by K.")
@click.option("--max-seconds", type=float, help="Show only the first seconds of each movie.")
@click.option("--no-sound", is_flag=True, help="Leave the sound out.")
@click.option("--grid", is_flag=True, help="Show all movies side by side in one video, grid.mp4.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist; otherwise their movies are skipped.")
@_any_core
@_workers
@lua_option
def render(
    places: tuple[Path, ...],
    output: Path | None,
    kind: Format,
    speed: int,
    scale: int,
    max_seconds: float | None,
    no_sound: bool,
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
        format=kind, speed=speed, scale=scale, sound=not no_sound, max_seconds=max_seconds, any_core=any_core
    )
    found = find_movies(list(places))
    if grid:
        return _render_grid([path for path, _ in found], _grid_file(output), options, overwrite=overwrite)
    targets = {}
    for path, relative in found:
        target = path if output is None else output / relative
        targets[path] = target.with_suffix(SUFFIXES[options.format])
    _check_distinct(targets)
    return _render_each(targets, options, workers, overwrite=overwrite)


def _render_each(targets: dict[Path, Path], options: RenderOptions, workers: int | None, *, overwrite: bool) -> int:
    from functools import partial

    wanted = {path: target for path, target in targets.items() if overwrite or not target.exists()}
    for path, target in targets.items():
        if path not in wanted:
            click.echo(f"{target} exists and is left as it is; --overwrite replaces it.", err=True)
    done, failures = _work(partial(_render_one, targets=wanted, options=options), list(wanted), workers, "Rendering")
    for event in done:
        target = wanted[event.path]
        click.echo(f"{target}  {event.result} pictures, {target.stat().st_size / 1e6:.2f} MB")
    return _report_failures([failure.reason for failure in failures])


def _render_grid(paths: list[Path], target: Path, options: RenderOptions, *, overwrite: bool) -> int:
    from newgameplus.movies.grid import render_grid

    if target.exists() and not overwrite:
        raise MovieError(f"{target} exists and is left as it is; --overwrite replaces it.")
    _make_folder(target.parent)
    with _progress() as bar:
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


def _check_distinct(targets: dict[Path, Path]) -> None:
    by_target: dict[Path, Path] = {}
    for path, target in targets.items():
        other = by_target.setdefault(target, path)
        if other != path:
            raise UsageError(f"{other} and {path} would both become {target}; give each its own folder with -o.")


def _verify_one(path: Path, tell: ProgressTeller, *, any_core: bool) -> Verdict:
    """Body of a worker of ``verify``."""
    from newgameplus.movies.verify import verify_movie

    return verify_movie(path, any_core=any_core, progress=tell)


def _render_one(path: Path, tell: ProgressTeller, *, targets: dict[Path, Path], options: RenderOptions) -> int:
    """Body of a worker of ``render``."""
    from newgameplus.movies.video import render as render_movie

    _make_folder(targets[path].parent)
    return render_movie(path, targets[path], options, tell)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MovieError(f"Cannot make the folder {folder}: {error.strerror}.") from error


def _work(work: Work, paths: Sequence[Path], workers: int | None, title: str) -> tuple[list[Done], list[Failed]]:
    """Apply ``work`` to all ``paths`` behind a progress bar; results in the order of ``paths``."""
    from newgameplus.movies.side_by_side import Advanced, Done, work_side_by_side

    done: dict[Path, Done] = {}
    failures: list[Failed] = []
    tasks: dict[Path, TaskID] = {}
    with _progress() as bar:
        overall = bar.add_task(title, total=len(paths))
        for event in work_side_by_side(work, paths, workers):
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


def _progress() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from newgameplus.printable import open_console

    console = open_console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _report_failures(failures: list[str]) -> int:
    for failure in failures:
        click.echo(f"Error: {failure}", err=True)
    return FAILED if failures else 0


def _print_infos(described: list[MovieInfo]) -> None:
    from newgameplus.cli.tables import print_fields, print_title

    for one in described:
        print_title(one.path)
        print_fields(_info_fields(one))


def _info_fields(one: MovieInfo) -> dict[str, str]:
    record = one.record
    minutes, seconds = divmod(one.seconds, 60)
    held = ", ".join(
        f"{name} {num_frames / one.num_frames:.0%}" for name, num_frames in one.buttons.items() if num_frames
    )
    players = "" if one.num_players == 1 else f", {one.num_players} players"
    told = None if record.episode_return is None else printable_number(record.episode_return)
    return {
        "game": f"{one.game} ({one.platform}{players})",
        "level": one.level or "not recorded",
        "scenario": record.scenario or "not recorded",
        "length": f"{one.num_frames} frames, {int(minutes)}:{seconds:04.1f} at 60 frames per second",
        "return": told or "not recorded",
        "buttons": held or "none held",
        "format": f"{one.dialect}, {'complete' if one.is_complete else 'cut short'}, {one.size_bytes} bytes",
        "state": "power-on" if one.state_sha256 is None else f"SHA-256 {one.state_sha256}",
        "ROM": f"SHA-1 {record.rom_sha1}" if record.rom_sha1 else "not recorded",
        "core": f"{record.core_name} {record.core_version}" if record.core_sha256 else "not recorded",
    }


def _print_verdicts(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        played = f"{verdict.num_frames} frames, return {printable_number(verdict.episode_return)}"
        if verdict.outcome == "same":
            text = f"as recorded: {played}"
        elif verdict.outcome == "different":
            text = f"DIFFERENT: {'; '.join(verdict.differences)}"
        else:
            text = f"played, nothing to compare with: {played}{'' if verdict.is_complete else ', cut short'}"
        click.echo(f"{verdict.path}  {text}")
    counts = {outcome: sum(v.outcome == outcome for v in verdicts) for outcome in ("same", "different")}
    if len(verdicts) > 1:
        click.echo(f"{counts['same']} of {len(verdicts)} movies as recorded, {counts['different']} different.")
