"""How long `ngp watch` takes: to read a library, to show its first page, to go to a frame, to play one movie or many.

The library holds hard links to one episode of Airstriker, as our recorder writes it, and for the scan of foreign movies
without what only ours say. Going to a frame is measured in headless Chromium, from the input event to the picture
drawn, or, with --no-browser, from the request to the picture inflated. Processor time of playing is that of the server
and its player process, not of the browser. Movies side by side are played at speed 16, by a page that draws at once:
a second of them that takes a quarter of a second was played at speed 4.

Run: python -m benchmarks.speed.watch [--movies 10000] [--seeks 200] [--rounds 5] [--no-browser]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from benchmarks.turns import median_and_interval, parse, parser, publish, temporary_folder
from newgameplus.envs.contest import make_contest
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.info import NOMINAL_FRAMES_PER_SECOND
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.types import NOTHING
from newgameplus.web.library import Library
from newgameplus.web.scan import Scanner

LEVEL = "Airstriker-Genesis-v0/Level1"
SEED = 2018
LIMITS = {
    "first page": 100.0,
    "1,000 movies of ours read": 500.0,
    "10 foreign movies read": 10 * 1000 / 150,
    "going to a frame, 95th percentile": 100.0,
}
GRIDS = (4, 16)
"""Numbers of movies side by side."""
CPU_LIMIT = 150.0
"""Milliseconds of processor time in a second of playing: 15 % of a core."""
SEEK_IN_PAGE = """
const [frame, done] = arguments, main = document.getElementById('main'), scrub = document.getElementById('scrub');
const begin = performance.now();
new MutationObserver((_, observer) => {
  if (main.dataset.shown !== String(frame)) return;
  observer.disconnect();
  requestAnimationFrame(() => done(performance.now() - begin));
}).observe(main, { attributes: true });
scrub.value = frame;
scrub.dispatchEvent(new Event('input'));
"""


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--movies", type=int, default=10_000)
    options.add_argument("--seeks", type=int, default=200)
    options.add_argument("--seconds", type=float, default=10.0, help="of playing")
    options.add_argument("--no-browser", action="store_true", help="leave Chromium out")
    arguments = parse(options, movies=60, seeks=5, seconds=0.5, no_browser=True)
    folder = temporary_folder()
    episode = record(folder / "episode", 100 if arguments.movies < 1000 else 4500)
    sides = (
        measure_library(folder, episode, arguments)
        | measure_player(episode, arguments)
        | measure_grid(folder, episode, arguments)
    )
    publish(
        {
            "figure": "watch",
            "what": f"ngp watch: a library of {arguments.movies:,} movies; a movie of {num_frames(episode):,} frames",
            "num_rounds": arguments.rounds,
            "unit": "milliseconds",
            "is_in_browser": not arguments.no_browser,
            "sides": sides,
            "ratios": [],
        },
        arguments.results,
        ("starlette", "uvicorn", "websockets"),
    )


def record(folder: Path, max_steps: int) -> Path:
    """Record an episode of random play, and return its movie."""
    recorder = MovieRecorder(folder)
    env = make_contest(find_level(LEVEL), observation_spec=NOTHING, max_episode_steps=max_steps, listeners=[recorder])
    env.action_space.seed(SEED)
    env.reset(seed=SEED)
    is_over = False
    while not is_over:
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        is_over = terminated or truncated
    env.close()
    return next(folder.glob("*.bk2"))


def num_frames(movie: Path) -> int:
    """Length of a movie."""
    return read_movie(movie).num_frames


def measure_library(folder: Path, episode: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Scans of movies of ours and of foreign ones, and the first page."""
    foreign = folder / "foreign.bk2"
    movie = read_movie(episode)
    write_movie(foreign, type(movie)(movie.game, movie.platform, movie.start_state, movie.buttons, movie.masks))
    ours, theirs = folder / "ours", folder / "theirs"
    linked(episode, ours, arguments.movies)
    linked(foreign, theirs, max(1, arguments.movies // 100))
    scans = [scan_seconds(ours, folder / f"cache-{turn}") for turn in range(arguments.rounds)]
    foreign_scans = [scan_seconds(theirs, folder / f"foreign-cache-{turn}") for turn in range(arguments.rounds)]
    with serving(ours) as server:
        pages = [server.seconds("/") for _ in range(10 * arguments.rounds)]
    per_thousand = [1e6 * seconds / arguments.movies for seconds in scans]
    per_ten = [1e4 * seconds / max(1, arguments.movies // 100) for seconds in foreign_scans]
    return {
        "first page": in_milliseconds("first page", [1e3 * seconds for seconds in pages]),
        "1,000 movies of ours read": in_milliseconds("1,000 movies of ours read", per_thousand),
        "10 foreign movies read": in_milliseconds("10 foreign movies read", per_ten),
    }


def in_milliseconds(name: str, values: list[float]) -> dict[str, Any]:
    """Median and interval beside the limit of a figure."""
    return median_and_interval(values, at_most=LIMITS.get(name))


def linked(movie: Path, folder: Path, number: int) -> None:
    """Make a folder of ``number`` hard links to a movie."""
    for index in range(number):
        run = folder / f"run-{index // 500}"
        run.mkdir(parents=True, exist_ok=True)
        os.link(movie, run / f"Airstriker-Genesis-v0-Level1-{index:06d}.bk2")


def scan_seconds(folder: Path, cache: Path) -> float:
    """Seconds of a scan into an empty cache."""
    scanner = Scanner(Library([folder], cache))
    begin = time.perf_counter()
    scanner.start()
    scanner.wait()
    return time.perf_counter() - begin


class Served:
    """A running ``ngp watch``, and a visitor of it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url
        self.origin = url.split("/?")[0].split("/movies")[0]
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._opener.open(url).read()
        while json.loads(self._opener.open(f"{self.origin}/scan.json?wait").read())["is_running"]:
            pass

    def seconds(self, path: str) -> float:
        """Seconds until a page has come."""
        begin = time.perf_counter()
        self._opener.open(self.origin + path).read()
        return time.perf_counter() - begin

    def connection(self, path: str = "/movies/1/play") -> ClientConnection:
        """A WebSocket to the only movie, or to another path."""
        cookie = "; ".join(f"{each.name}={each.value}" for each in self._jar)
        address = self.origin.replace("http", "ws") + path
        return connect(
            address, additional_headers={"Cookie": cookie}, origin=Origin(self.origin), compression=None, legacy=True
        )

    def processor_seconds(self) -> float:
        """Processor time of the server and its processes so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = {int(child) for task in tasks for child in task.read_text().split()}
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in (self.process.pid, *children))

    def memory_megabytes(self) -> float:
        """Memory of the largest of the server's processes."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = {int(child) for task in tasks for child in task.read_text().split()}
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in children]
        return max(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def serving(place: Path) -> Iterator[Served]:
    """Run ``ngp watch``."""
    command = [sys.executable, "-m", "newgameplus", "watch", "--no-browser", str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(process, process.stdout.readline().removeprefix("Watch at ").strip())
        finally:
            process.terminate()


def measure_player(episode: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Going to frames, and a while of playing."""
    length, rng = num_frames(episode), random.Random(SEED)
    frames = [rng.randrange(length) for _ in range(arguments.seeks)]
    with serving(episode) as server:
        with server.connection() as socket:
            survey(socket)
            by_request = [seek_seconds(socket, frame, number) for number, frame in enumerate(frames, start=1)]
            before = server.memory_megabytes()
            for number, frame in enumerate(frames * arguments.rounds, start=len(frames) + 1):
                seek_seconds(socket, frame, number)
            grown = server.memory_megabytes() - before
            spent = playing_seconds(server, socket, arguments.seconds)
        times = by_request if arguments.no_browser else seeks_in_browser(server.url, frames)
    milliseconds = sorted(1e3 * seconds for seconds in times)
    late = milliseconds[int(0.95 * len(milliseconds))]
    return {
        "going to a frame, median": in_milliseconds("going to a frame, median", milliseconds),
        "going to a frame, 95th percentile": in_milliseconds("going to a frame, 95th percentile", [late]),
        "processor time of a second at speed 1": median_and_interval([1e3 * spent], at_most=CPU_LIMIT),
        f"megabytes more after {len(frames) * arguments.rounds:,} seeks": median_and_interval([grown]),
    }


def survey(socket: ClientConnection) -> None:
    """Wait until the whole movie has been played once."""
    while True:
        message = socket.recv(600)
        if isinstance(message, bytes):
            socket.send('{"do": "drawn"}')
            continue
        said = json.loads(message)
        if said["is"] == "survey" and said["num_surveyed"] == said["num_frames"]:
            return


def seek_seconds(socket: ClientConnection, frame: int, generation: int) -> float:
    """Seconds until the picture of a frame has come and is inflated."""
    begin = time.perf_counter()
    socket.send(json.dumps({"do": "seek", "generation": generation, "frame": frame}))
    message = socket.recv(600)
    assert isinstance(message, bytes)
    zlib.decompress(message[-zlib_bytes(message) :])
    socket.send('{"do": "drawn"}')
    return time.perf_counter() - begin


def zlib_bytes(message: bytes) -> int:
    """Length of the picture at the end of a frame's message (newgameplus/web/messages.py)."""
    players, variables = message[1], int.from_bytes(message[2:4], "little")
    sound = int.from_bytes(message[32:36], "little")
    return len(message) - 36 - 4 * players - 8 * variables - sound


def playing_seconds(server: Served, socket: ClientConnection, seconds: float) -> float:
    """Processor time in a second of playing at speed 1."""
    socket.send(json.dumps({"do": "play", "generation": 2**31, "frame": 0, "speed": 1}))
    before, begin = server.processor_seconds(), time.perf_counter()
    while time.perf_counter() - begin < seconds:
        socket.recv(600)
        socket.send('{"do": "drawn"}')
    return (server.processor_seconds() - before) / (time.perf_counter() - begin)


def measure_grid(folder: Path, episode: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """A second of several movies side by side, as fast as it goes."""
    sides = {}
    for number in GRIDS:
        place = folder / f"grid-{number}"
        linked(episode, place, number)
        path = f"/grid/play?movies={','.join(map(str, range(1, number + 1)))}"
        with serving(place) as server, server.connection(path) as socket:
            survey_grid(socket)
            last = num_frames(episode) - 1
            taken = [1e3 * grid_seconds(socket, last, turn) for turn in range(1, arguments.rounds + 1)]
            used = server.memory_megabytes()
        sides[f"a second of {number} movies side by side, as fast as it goes"] = median_and_interval(taken)
        sides[f"megabytes of the process of {number} movies"] = median_and_interval([used])
    return sides


def survey_grid(socket: ClientConnection) -> None:
    """Wait until all movies have been played once, and their first frame has come."""
    has_frame = is_surveyed = False
    while not (has_frame and is_surveyed):
        message = socket.recv(600)
        if isinstance(message, bytes):
            has_frame = True
            socket.send('{"do": "drawn"}')
        else:
            said = json.loads(message)
            is_surveyed = is_surveyed or (said["is"] == "survey" and said["share"] == 1)


def grid_seconds(socket: ClientConnection, last: int, generation: int) -> float:
    """Seconds that a second of the movies takes at speed 16, from the first frame until the last."""
    begin = time.perf_counter()
    socket.send(json.dumps({"do": "play", "generation": generation, "frame": 0, "speed": 16}))
    at = 0
    while at < last:
        message = socket.recv(600)
        assert isinstance(message, bytes)
        at = int.from_bytes(message[8:12], "little")
        socket.send('{"do": "drawn"}')
    return (time.perf_counter() - begin) / last * NOMINAL_FRAMES_PER_SECOND


def seeks_in_browser(url: str, frames: list[int]) -> list[float]:
    """Seconds from the input event to the picture, in headless Chromium."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    profile = temporary_folder()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        driver.set_script_timeout(600)
        driver.get(url)
        surveyed = "return document.getElementById('agrees')?.textContent.startsWith('same')"
        WebDriverWait(driver, 600).until(lambda each: each.execute_script(surveyed))
        return [driver.execute_async_script(SEEK_IN_PAGE, frame) / 1e3 for frame in frames]
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
