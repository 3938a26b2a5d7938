"""A library of real movies, and a real server of them, for all tests of the room."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest.evaluation import evaluate, manifest_of
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.envs.rules import WorldRules
from newgameplus.games.catalogue import find_game
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import Movie, read_movie, write_movie
from newgameplus.results.evaluations import Results
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan

from .looking import wait_for
from .table import Table
from .visitor import Visitor

LEVEL = "Airstriker-Genesis-v0/Level1"


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The random agent on Airstriker with two seeds, a few short episodes of each; look, do not touch."""
    path = tmp_path_factory.mktemp("evaluations") / "airstriker-random"
    plan = Plan(
        agent=AgentPlan("random", "default", configure(find_agent("random"), "default")),
        world=WorldPlan((find_level(LEVEL),), rules=WorldRules(max_episode_steps=60)),
        rules=with_budget(CONTEST, timesteps=150),
        seeds=(0, 1),
        split="airstriker",
    )
    folder = Results(path)
    folder.create(manifest_of(plan, ["ngp", "evaluate", "random"]))
    for _ in evaluate(folder, plan):
        pass
    return path


@pytest.fixture(scope="session")
def movies(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results, a movie of another core, and three that cannot be played; look, do not touch."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(results, folder / "results")
    par = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1")
    assert par is not None
    shutil.copy(par, folder / "par.bk2")
    (folder / "damaged.bk2").write_bytes(b"not a zip at all")
    movie = read_movie(par)
    write_movie(folder / "elsewhere.bk2", _renamed(movie, game="Nowhere-Genesis-v0"))
    write_movie(folder / "no-rom.bk2", _renamed(movie, game="SonicTheHedgehog-Genesis-v0"))
    return folder


def _renamed(movie: Movie, game: str) -> Movie:
    return replace(movie, game=game, extra={})


@dataclass(frozen=True)
class Server:
    """A running ``ngp watch``."""

    process: subprocess.Popen[str]
    url: str
    """Address with the token."""

    @property
    def origin(self) -> str:
        return self.url.split("/?")[0].rsplit("/movies", 1)[0]


def start_server(*arguments: object, python: Sequence[str] = (sys.executable, "-m", "newgameplus")) -> Server:
    command = [*python, "watch", "--no-browser", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Watch at http://"), line
    return Server(process, line.removeprefix("Watch at ").strip())


def stop_server(server: Server) -> None:
    server.process.terminate()
    server.process.wait(20)
    assert server.process.stdout is not None
    server.process.stdout.close()


@pytest.fixture(scope="session")
def server(movies: Path) -> Iterator[Server]:
    """A server of the library."""
    running = start_server(movies)
    try:
        yield running
    finally:
        stop_server(running)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of who plays."""
    return tmp_path_factory.mktemp("home-of-players")


@pytest.fixture(scope="module")
def table(home: Path) -> Iterator[Table]:
    """A server at which Airstriker is played."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(home))
        running = Table(LEVEL)
    yield running
    running.end()


@pytest.fixture
def browser(chromium: Any, server: Server) -> Iterator[Any]:
    """Chromium in the library of a server that has found all movies, with nothing logged."""
    Visitor(server.url).scanned()
    chromium.get(server.url)
    wait_for(chromium, "return document.querySelector('.movies')")
    chromium.execute_script("sessionStorage.clear()")
    chromium.get_log("browser")
    yield chromium
    logged = [entry for entry in chromium.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    troubles = [entry for entry in logged if entry["source"] != "rendering"]  # the tests read canvases often
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chromium.get("about:blank")  # what plays there would go on beside the next test
    assert troubles == []


def children_of(pid):
    """Processes whose parent is ``pid``."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(child) for task in path.parent.parent.iterdir() for child in (task / "children").read_text().split()}
