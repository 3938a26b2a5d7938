"""Run the server of ``ngp watch`` and of ``ngp play --web`` until Ctrl-C."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from newgameplus.errors import MovieError, ResultsError, UsageError
from newgameplus.results.kinds import runs_below
from newgameplus.web.app import make_app
from newgameplus.web.guard import Address
from newgameplus.web.insight import OpenInsight
from newgameplus.web.library import Library
from newgameplus.web.live_runs import is_empty
from newgameplus.web.scan import SUFFIX, Scanner, find_movies
from newgameplus.web.seat import Asked, Seat
from newgameplus.web.site import Site

LOOPBACK = "127.0.0.1"
_GOODBYE_SECONDS = 1
_MAX_MESSAGE_BYTES = 4096


def check_places(places: Sequence[Path]) -> None:
    """Check that there are movies at and below ``places``.

    Raises:
        MovieError: a place does not exist, is a file but no movie, or there is no movie in any of them.
    """
    for place in places:
        if not place.exists():
            raise MovieError(f"There is no file or folder {place}.")
        if not place.is_dir() and place.suffix.lower() != SUFFIX:
            raise MovieError(f"{place} is no movie: movies end in {SUFFIX}.")
    if next(find_movies(tuple(places)), None) is None:
        named = " and ".join(map(str, places))
        raise MovieError(f"There are no movies (*{SUFFIX}) in {named}.")


def check_runs(places: Sequence[Path]) -> None:
    """Check that there are runs at and below ``places``, or that one may begin there.

    Raises:
        ResultsError: a place holds something else.
    """
    for place in places:
        if not is_empty(place) and not runs_below(place):
            raise ResultsError(
                f"There is no run in {place}: name the folder of a training run or of the results of an evaluation, or "
                "one that does not exist yet."
            )


def listen(host: str, port: int) -> socket.socket:
    """Open a socket.

    Args:
        host: name or address of this machine.
        port: 0 for any free one.

    Raises:
        UsageError: the port is taken or not allowed, or the host is no address of this machine.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"{host} is no address of this machine ({error.strerror}); give another --host.") from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(place)
        opened.listen()
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} is in use by another program; give another --port, or none for one that is free."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise UsageError(f"Port {port} is not allowed here; give another --port, such as {port + 8000}.") from error
        raise UsageError(f"Cannot listen at {host}, port {port}: {error.strerror}; give another --host.") from error
    return opened


def watch(
    places: Sequence[Path],
    *,
    host: str = LOOPBACK,
    port: int = 0,
    is_browser_opened: bool = True,
    is_live: bool = False,
    tell: Callable[[str], None] = print,
    open_insight: OpenInsight | None = None,
) -> None:
    """Serve the movies at and below ``places`` until Ctrl-C.

    Args:
        places: movies, and folders that are searched for them.
        host: name or address to listen at.
        port: 0 for any free one.
        is_browser_opened: whether to open the page in the default browser.
        is_live: begin with the runs at and below ``places``, which may not exist yet, instead of the movies.
        tell: called with the address once the server listens.
        open_insight: looks into the agents of movies, in a player process; None leaves that out.

    Raises:
        MovieError: there is no movie.
        ResultsError: ``is_live``, and there is no run.
        UsageError: host or port cannot be used.
    """
    (check_runs if is_live else check_places)(places)
    library = Library(places)
    with listen(host, port) as opened:
        address = Address(host, opened.getsockname()[1])
        site = Site(library, Scanner(library), open_insight)
        path = _first_page(site, places, is_live=is_live)
        serve(site, opened, address, path, is_browser_opened=is_browser_opened, tell=tell)


def play(
    asked: Asked,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    is_browser_opened: bool = True,
    tell: Callable[[str], None] = print,
    tell_movie: Callable[[str], None] = print,
) -> None:
    """Serve a level to be played, and the movies in the folder that they are recorded in, until Ctrl-C.

    Args:
        asked: level or movie, and where to record.
        host: name or address to listen at.
        port: 0 for any free one.
        is_browser_opened: whether to open the page in the default browser.
        tell: called with the address once the server listens.
        tell_movie: called with a line for each movie that is kept.

    Raises:
        UsageError: host or port cannot be used, or the folder of movies cannot be made.
    """
    try:
        asked.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder of movies {asked.folder} cannot be made: {error.strerror}.") from error
    library = Library([asked.folder])
    with listen(host, port) as opened:
        address = Address(host, opened.getsockname()[1])
        site = Site(library, Scanner(library), seat=Seat(asked, tell_movie))
        serve(site, opened, address, "/play", is_browser_opened=is_browser_opened, tell=tell)


def serve(
    site: Site,
    opened: socket.socket,
    address: Address,
    path: str,
    *,
    is_browser_opened: bool,
    tell: Callable[[str], None],
) -> None:
    """Serve a site until Ctrl-C.

    Args:
        site: what the pages need.
        opened: where to listen.
        address: the same, and the secret.
        path: page to begin with.
        is_browser_opened: whether to open it in the default browser.
        tell: called with its address once the server listens.
    """
    url = address.url(path, _shown_host(address.host))

    def began() -> None:
        tell(url)
        if is_browser_opened:
            open_browser(url)

    config = uvicorn.Config(
        make_app(site, address, began),
        log_level="error",
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=_MAX_MESSAGE_BYTES,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )
    try:
        uvicorn.Server(config).run(sockets=[opened])
    except KeyboardInterrupt:
        pass
    finally:
        site.scanner.close()


def _first_page(site: Site, places: Sequence[Path], *, is_live: bool) -> str:
    if is_live:
        runs = site.runs.all()
        return f"/live/{runs[0].number}" if len(runs) == 1 else "/live"
    if len(places) > 1 or not places[0].is_file():
        return "/"
    movie = site.scanned(places[0])
    return "/" if movie is None else f"/movies/{movie.id}"


def open_browser(url: str) -> None:
    """Open a page in the default browser, if there is a screen: a browser in a terminal would hide the address."""
    if sys.platform != "linux" or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        webbrowser.open(url)
    elif (wslview := shutil.which("wslview")) is not None:  # WSL: the browser of Windows
        subprocess.run([wslview, url], check=False)


def _shown_host(host: str) -> str:
    """Name of the host in the address that is shown: a phone cannot open 0.0.0.0."""
    if host not in ("0.0.0.0", "::"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # documentation network: nothing is sent
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])
