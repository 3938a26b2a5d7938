"""``ngp play``: a person plays a level."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.consent import lua_option
from newgameplus.cli.judged_play import check_judged, judged_options, play_judged
from newgameplus.errors import NotFoundError
from newgameplus.printable import printable_number

if TYPE_CHECKING:
    from newgameplus.games.levels import Level
    from newgameplus.session.session import Session

DEFAULT_SPLIT = "tumbleweed-validation"
"""Split whose first level is played if none is named."""
LOOPBACK = "127.0.0.1"
ONLY_IN_A_WINDOW = ("scale", "fullscreen", "mute", "frames")
ONLY_ON_THE_WEB = ("port", "host", "browser")
MAX_SCALE = 16
"""Limit of the scale; more would exceed any screen."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("level_id", metavar="[LEVEL]", required=False)
@click.option("--scale", metavar="N", type=click.IntRange(1, MAX_SCALE), help="Show each line N pixels high.")
@click.option("--fullscreen", is_flag=True, help="Start in fullscreen mode.")
@click.option("--mute", is_flag=True, help="Start muted.")
@click.option(
    "--record", metavar="PATH", type=click.Path(path_type=Path),
    help="Movie to write: a name ending in .bk2, or a folder.  [default: movies in your NGP_HOME]",
)  # fmt: skip
@lua_option
@click.option("--core", metavar="NAME", help="Play on this emulator core instead of the game's own.")
@click.option(
    "--movie",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Continue from the end of this movie, in a new one.",
)
@click.option("--frames", type=click.IntRange(min=1), hidden=True, help="Stop after this many turns.")
@judged_options
@click.option("--web", is_flag=True, help="Play in a browser instead of a window.")
@click.option("--port", type=click.IntRange(0, 65535), help="With --web: port to listen at; by default a free one.")
@click.option("--host", help=f"With --web: address to listen at; 0.0.0.0 lets a phone in.  [default: {LOOPBACK}]")
@click.option("--browser/--no-browser", default=None, help="With --web: open the page in the browser.")
@click.pass_context
def play(
    ctx: click.Context,
    /,
    level_id: str | None,
    scale: int | None,
    fullscreen: bool,
    mute: bool,
    record: Path | None,
    core: str | None,
    movie: Path | None,
    frames: int | None,
    web: bool,
    port: int | None,
    host: str | None,
    browser: bool | None,
    **judged: Any,
) -> None:
    """Play a level yourself, with keyboard or game controller, in a window or with --web in a browser.

    LEVEL is Game/State, as ngp levels lists them; without it the first one of tumbleweed-validation is played.
    Arrows move, Z X C and A S D are the buttons, Enter starts; F1 shows all keys. Everything is recorded as a movie.
    With --rules you are judged like an agent, for a budget, and ngp report and ngp compare take the results.
    """
    check_judged(ctx)
    _check_options(ctx, ONLY_IN_A_WINDOW if web else ONLY_ON_THE_WEB, "does nothing with" if web else "needs")
    if not web:
        from newgameplus.play.library import sdl

        sdl()
    if judged["rules"] is not None:
        from newgameplus.play.program import Options

        play_judged(ctx, Options(scale, fullscreen, mute, max_turns=frames))
        return
    from newgameplus.session.beginning import read_beginning

    level = None if level_id is None and movie is not None else _level(level_id)
    beginning = None if movie is None else read_beginning(movie, level)
    if beginning is not None and core not in (None, beginning.core):
        raise click.UsageError(f"The movie {movie} was recorded on {beginning.core}, so it cannot go on on {core}.")
    chosen = beginning.level if beginning is not None else level
    assert chosen is not None
    if web:
        _play_in_browser(chosen, movie, record, core, host or LOOPBACK, port or 0, browser is not False)
        return
    from newgameplus.play.program import Options
    from newgameplus.play.program import play as play_level

    options = Options(scale, fullscreen, mute, record, core, frames)
    _report(play_level(chosen, options, beginning))


def _check_options(ctx: click.Context, names: tuple[str, ...], what: str) -> None:
    """Refuse options of the other way to play."""
    for name in names:
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name} {what} --web.")


def _play_in_browser(
    level: Level, movie: Path | None, record: Path | None, core: str | None, host: str, port: int, has_browser: bool
) -> None:
    """Serve the page, after the checks that a window makes before it opens."""
    from newgameplus.session.live_movie import movie_paths
    from newgameplus.web.seat import Asked
    from newgameplus.web.server import play as serve

    level.integration.rom()
    movie_paths(record, level)
    asked = Asked(level, None if movie is None else str(movie.resolve()), record and record.resolve(), core)
    serve(asked, host=host, port=port, is_browser_opened=has_browser, tell=_tell, tell_movie=click.echo)


def _tell(url: str) -> None:
    click.echo(f"Play at {url}")
    click.echo("Ctrl-C ends.", err=True)


def _level(level_id: str | None) -> Level:
    from newgameplus.games.levels import find_level, find_split

    if level_id is not None:
        return find_level(level_id)
    try:
        return find_split(DEFAULT_SPLIT).levels[0]
    except (NotFoundError, IndexError):
        raise click.UsageError("Missing argument 'LEVEL'. See: ngp levels") from None


def _report(session: Session) -> None:
    """Print the path of the movie."""
    if session.movie_path is not None:
        told = printable_number(session.episode_return)
        click.echo(f"{session.movie_path}  {session.num_frames} frames, return {told}")
