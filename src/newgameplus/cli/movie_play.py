"""``ngp movie play``: watch a recorded episode in a window or in the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import click

from newgameplus.cli.consent import lua_option
from newgameplus.cli.movie_work import any_core_option


@click.command()
@click.argument("path", metavar="MOVIE", type=click.Path(path_type=Path))
@click.option(
    "--terminal/--window", "in_terminal", default=None, help="Where to show it.  [default: a window, over SSH here]"
)
@click.option("--scale", metavar="N", type=click.IntRange(1, 16), help="Show each line N pixels high in the window.")
@any_core_option
@lua_option
@click.option("--frames", type=click.IntRange(min=1), hidden=True, help="Stop after this many pictures.")
def play(path: Path, in_terminal: bool | None, scale: int | None, any_core: bool, frames: int | None) -> None:
    """Watch a movie in a window or in the terminal.

    MOVIE is a bk2 file. The terminal shows it in coloured half blocks. Space pauses, the arrows go five seconds back
    and on, comma and full stop one frame, minus and plus change the speed, Home and End go to the ends, Q leaves.
    """
    from newgameplus.session.film import Film

    if in_terminal is None:
        in_terminal = "SSH_CONNECTION" in os.environ
    if not in_terminal:
        from newgameplus.play.library import sdl

        sdl()
    with Film(path, any_core=any_core) as film:
        if in_terminal:
            from newgameplus.play.terminal import watch_in_terminal

            watch_in_terminal(film, path.name)
        else:
            from newgameplus.play.cinema import watch_in_window

            watch_in_window(film, path.name, scale=scale, max_turns=frames)
