"""``ngp movie``: play, show, compare, render, map, export and verify recorded episodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.cli.consent import lua_option
from newgameplus.cli.movie_export import export
from newgameplus.cli.movie_map import level_map
from newgameplus.cli.movie_play import play
from newgameplus.cli.movie_render import render
from newgameplus.cli.movie_work import (
    any_core_option,
    places_argument,
    progress_bar,
    report_failures,
    work_on,
    workers_option,
)
from newgameplus.cli.on import elsewhere, on_option
from newgameplus.errors import MovieError
from newgameplus.printable import printable_number, printable_time

if TYPE_CHECKING:
    from newgameplus.movies.diff import Comparison
    from newgameplus.movies.info import MovieInfo
    from newgameplus.movies.side_by_side import ProgressTeller
    from newgameplus.movies.verify import Verdict

DIFFERENT = 1
"""Exit code: a movie differs from the recording, or from another movie."""

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per movie, in a list.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def movie() -> None:
    """Play, show, compare, render, map, export and verify recorded episodes.

    Each MOVIE is a bk2 file, or a folder that is searched for them.
    """


movie.add_command(export)
movie.add_command(level_map)
movie.add_command(play)
movie.add_command(render)


@movie.command()
@places_argument
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
    return report_failures(failures)


@movie.command()
@places_argument
@_as_json
@any_core_option
@workers_option
@on_option
@lua_option
def verify(places: tuple[Path, ...], as_json: bool, any_core: bool, workers: int | None, address: str) -> int:
    """Play movies and compare them with the recorded values.

    Return, length, buttons, start state, and the memory of every second are compared; the first second that differs is
    named. Each MOVIE is a bk2 file, or a folder that is searched for them. Exit code 1: a movie differs. Exit code 2: a
    movie could not be read or played.
    """
    from contextlib import ExitStack
    from dataclasses import asdict, replace
    from functools import partial

    from newgameplus.movies.info import find_movies

    paths = [path for path, _ in find_movies(list(places))]
    with ExitStack() as opened:
        cluster = elsewhere(address, (), workers)
        if cluster is not None:
            opened.callback(cluster.close)
        done, failures = work_on(partial(_verify_one, any_core=any_core), paths, workers, "Verifying", cluster)
    verdicts: list[Verdict] = [replace(event.result, path=str(event.path)) for event in done]
    if as_json:
        click.echo(json.dumps([asdict(verdict) for verdict in verdicts], indent=1))
    else:
        _print_verdicts(verdicts)
    failed = report_failures([failure.reason for failure in failures])
    return failed or (DIFFERENT if any(verdict.differences for verdict in verdicts) else 0)


@movie.command()
@click.argument("first", metavar="MOVIE", type=click.Path(path_type=Path))
@click.argument("second", metavar="MOVIE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@any_core_option
@lua_option
def diff(first: Path, second: Path, as_json: bool, any_core: bool) -> int:
    """Find the first frame where two movies of one game diverge.

    Each MOVIE is a bk2 file. They are played side by side, and buttons, memory, picture and return are compared. Exit
    code 1: they differ. Exit code 2: a movie could not be read or played.
    """
    from dataclasses import asdict

    from newgameplus.movies.diff import diff_movies

    with progress_bar() as bar:
        task = bar.add_task("Comparing", total=None)
        found = diff_movies(
            first,
            second,
            any_core=any_core,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
    else:
        _print_comparison(found)
    return DIFFERENT if found.differences else 0


def _verify_one(path: Path, tell: ProgressTeller, *, any_core: bool) -> Verdict:
    """Body of a worker of ``verify``."""
    from newgameplus.movies.verify import verify_movie

    return verify_movie(path, any_core=any_core, progress=tell)


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


def _print_comparison(found: Comparison) -> None:
    from newgameplus.cli.tables import print_table

    if not found.differences:
        click.echo(f"The movies are the same: {found.num_frames[0]} frames.")
        return
    first = found.differences[0]
    place = f"frame {first.frame}, {printable_time(first.seconds)}"
    click.echo(f"{found.paths[0]} and {found.paths[1]} diverge at {place}.")
    rows = [[each.aspect, str(each.frame), printable_time(each.seconds), *each.values] for each in found.differences]
    print_table(["differs in", "frame", "time", "first movie", "second movie"], rows)
