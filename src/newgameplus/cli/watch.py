"""``ngp watch``: look at movies in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from newgameplus.cli.consent import lua_option

LOOPBACK = "127.0.0.1"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("places", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen at; by default a free one.")
@click.option(
    "--host", default=LOOPBACK, show_default=True,
    help="Address to listen at; 0.0.0.0 lets other machines in, such as a phone, if they have the token.",
)  # fmt: skip
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
@click.option(
    "--live", is_flag=True,
    help="Follow the training or evaluation in the folder PATH while it goes on; it may begin later.",
)  # fmt: skip
@lua_option
def watch(places: tuple[Path, ...], port: int, host: str, browser: bool, live: bool) -> None:
    """Look at movies in a browser: a library of them, and a player.

    Each PATH is a bk2 file, or a folder that is searched for them, such as results, a training run, or a folder of
    these. The address that is printed holds a token, without which nothing is shown. Ctrl-C ends the server.
    """
    from newgameplus.training.insight import open_insight
    from newgameplus.web.server import watch as serve

    serve(places, host=host, port=port, is_browser_opened=browser, is_live=live, tell=_tell, open_insight=open_insight)


def _tell(url: str) -> None:
    click.echo(f"Watch at {url}")
    click.echo("Ctrl-C ends.", err=True)
