"""``ngp movie map``: a level with the trajectories of many episodes painted on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.cli.consent import lua_option
from newgameplus.cli.movie_work import (
    any_core_option,
    make_folder,
    overwrite_option,
    places_argument,
    report_failures,
    work_on,
    workers_option,
)
from newgameplus.errors import MovieError

if TYPE_CHECKING:
    from newgameplus.movies.map_poster import By
    from newgameplus.movies.side_by_side import ProgressTeller
    from newgameplus.movies.survey import Survey


@click.command("map")
@places_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("map.png"),
    show_default=True,
    help="The picture, a PNG file.",
)
@click.option(
    "--by", type=click.Choice(["return", "time"]), default="return", show_default=True,
    help="Colour by the episode's return, or by the time along it.",
)  # fmt: skip
@click.option("--heat", is_flag=True, help="Show how long episodes were where, and where they were stuck.")
@click.option("--level", metavar="GAME/STATE", help="The level, if the movies are of several.")
@overwrite_option
@any_core_option
@workers_option
@lua_option
def level_map(
    places: tuple[Path, ...],
    out: Path,
    by: By,
    heat: bool,
    level: str | None,
    overwrite: bool,
    any_core: bool,
    workers: int | None,
) -> int:
    """Paint the trajectories of many episodes on their level.

    The level is drawn from its data where the game tells how, and otherwise stitched from what the movies show. Each
    MOVIE is a bk2 file, or a folder that is searched for them.
    """
    from functools import partial

    from newgameplus.movies.info import find_movies
    from newgameplus.movies.level_map import of_one_level

    if out.exists() and not overwrite:
        raise MovieError(f"{out} exists and is left as it is; --overwrite replaces it.")
    paths = _movies_of(level, [path for path, _ in find_movies(list(places))])
    done, failures = work_on(partial(_survey_one, any_core=any_core), paths, workers, "Playing")
    if done:
        _write(out, of_one_level([event.result for event in done], level), by, is_heat=heat)
    return report_failures([failure.reason for failure in failures])


def _movies_of(level: str | None, paths: list[Path]) -> list[Path]:
    """Leave out movies that say that they are of another level, without playing them."""
    from newgameplus.movies.info import movie_info

    if level is None:
        return paths
    told = {}
    for path in paths:
        try:
            told[path] = movie_info(path).level
        except MovieError:
            told[path] = level  # playing it says what is wrong
    chosen = [path for path in paths if told[path] in (level, None)]
    if not chosen:
        known = ", ".join(sorted({name for name in told.values() if name}))
        raise MovieError(f"None of the movies is of the level {level}; they are of {known}.")
    return chosen


def _write(out: Path, surveys: list[Survey], by: By, *, is_heat: bool) -> None:
    import cv2

    from newgameplus.movies.level_map import level_name, level_picture
    from newgameplus.movies.map_poster import poster

    level = level_picture(surveys)
    trajectories = [survey.trajectory for survey in surveys if len(survey.trajectory.x)]
    sheet = poster(level, trajectories, level_name(surveys[0]), by=by, is_heat=is_heat)
    is_done, content = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert is_done
    make_folder(out.parent)
    try:
        out.write_bytes(content.tobytes())
    except OSError as error:
        raise MovieError(f"Cannot write {out}: {error.strerror}.") from error
    noun = "episode" if len(surveys) == 1 else "episodes"
    click.echo(f"{out}  {len(surveys)} {noun}, {level.size[0]} x {level.size[1]} pixels")


def _survey_one(path: Path, tell: ProgressTeller, *, any_core: bool) -> Survey:
    """Body of a worker."""
    from newgameplus.movies.survey import survey_movie

    return survey_movie(path, any_core=any_core, progress=tell)
