"""``ngp watch --live`` of an evaluation that begins after the page: its rows, its logs, its movies, its end."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from websockets.sync.client import connect

from newgameplus.durable import hold, is_held
from newgameplus.results.json_lines import JsonLines
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.web.live_feed import Feed
from newgameplus.web.live_runs import LiveRun, LiveRuns

from .conftest import LEVEL, Server, start_server, stop_server
from .looking import PHONE, nameless, wait_for
from .visitor import Visitor

EVALUATE = ("evaluate", "random", "--split", "airstriker", "--timesteps", "100000000")


@dataclass
class Live:
    """A server that was begun before its run, and the run."""

    server: Server
    visitor: Visitor
    folder: Path
    before: dict[str, Any]
    """What the page said before the run."""
    process: subprocess.Popen[bytes]

    def status(self, query: str = "") -> dict[str, Any]:
        return self.visitor.json(f"/live/1.json{query}")

    @contextmanager
    def rows(self, number: int = 1) -> Iterator[Any]:
        address, headers = self.visitor.address, {"Cookie": self.visitor.cookie}
        url, origin = f"ws://{address}/live/{number}/rows", f"http://{address}"
        with connect(url, additional_headers=headers, origin=origin, compression=None) as socket:
            yield socket


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live") / "results" / "mine"
    server = start_server("--live", folder)
    visitor = Visitor(server.url)
    before = visitor.json("/live/1.json")
    log = (folder.parent.parent / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "newgameplus", *EVALUATE, "--results", str(folder)], stdout=log, stderr=log
    )
    try:
        yield Live(server, visitor, folder, before, process)
    finally:
        process.kill()
        process.wait()
        log.close()
        stop_server(server)


def parse(message: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    (length,) = struct.unpack_from("<I", message)
    head, at, pictures = json.loads(message[4 : 4 + length]), 4 + length, []
    for row in head["rows"]:
        if row["picture"]:
            end = at + row["picture"]["num_bytes"]
            shape = (row["picture"]["height"], row["picture"]["width"], 3)
            pictures.append(np.frombuffer(zlib.decompress(message[at:end]), np.uint8).reshape(shape))
            at = end
    assert at == len(message)
    return head, pictures


def next_rows(socket: Any) -> tuple[dict[str, Any], list[np.ndarray]]:
    while isinstance(message := socket.recv(30), str):
        socket.send("drawn")
    socket.send("drawn")
    return parse(message)


def test_a_page_that_is_opened_before_the_run_waits_for_it(live: Live) -> None:
    assert live.server.url.split("?")[0].endswith("/live/1")
    assert live.before["state"] == "waiting"
    assert live.before["message"].startswith(f"There is no run in {live.folder} yet")


def test_its_rows_are_shown_while_somebody_looks(live: Live) -> None:
    with live.rows() as socket:
        head, pictures = next_rows(socket)
        later, _ = next_rows(socket)
    assert [row["name"] for row in head["rows"]] == [LEVEL]
    assert later["rows"] != head["rows"]
    assert 0 <= later["share"] <= 0.0101
    assert pictures[0].any(), "drawn, although the agent observes nothing"
    status = live.status()
    assert (status["state"], status["kind"], status["agent"]) == ("running", "evaluation", "random")
    assert 0 < status["fraction"] < 1
    assert status["rows"][0]["name"] == LEVEL


def test_its_logs_are_told_as_they_are_written(live: Live) -> None:
    with live.rows() as socket:
        while not (status := live.status()).get("levels"):
            next_rows(socket)
    monitor = live.folder / "levels/Airstriker-Genesis-v0-Level1/seed-0/monitor.csv"
    returns = [float(line.split(",")[0]) for line in monitor.read_text().splitlines()[1:]]
    [level] = status["levels"]
    num = level["num_episodes"]
    assert level["best"] == max(returns[:num])
    assert level["last"] == returns[num - 1]
    assert level["returns"] == returns[:num]
    assert level["mean"][-1] == pytest.approx(np.mean(returns[max(0, num - 20) : num]), rel=1e-5)
    assert level["steps"] == sorted(level["steps"])


def test_an_episode_leads_to_its_movie(live: Live) -> None:
    with live.rows() as socket:
        while not (status := live.status()).get("episodes"):
            next_rows(socket)
    link = next(episode["movie"] for episode in status["episodes"] if episode["movie"])
    code, headers, _ = live.visitor.get(link)
    assert code == 303
    movie = live.visitor.json(f"{headers['location']}.json")
    assert movie["episode"] == int(link.rpartition("/")[2])
    assert movie["agent"] == "random"
    assert live.visitor.get(f"{link}9999999")[0] == 404
    assert live.visitor.get("/live/7")[0] == 404
    assert live.visitor.get("/live/7.json")[0] == 404


@pytest.mark.browser
def test_the_page_shows_pictures_curves_and_episodes(live: Live, chromium: Any) -> None:
    chromium.get(live.server.url)
    wait_for(chromium, "return Number(document.getElementById('main').dataset.shown) > 2")
    wait_for(chromium, "return document.querySelector('#levels td:nth-child(2)')?.textContent > 0")
    assert chromium.find_element(By.ID, "state").get_attribute("data-state") == "running"
    size = chromium.execute_script("const c = document.querySelector('.tile canvas'); return [c.width, c.height]")
    assert size == [320, 224]
    is_drawn = """
    const canvas = document.querySelector(arguments[0]);
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte !== 0);
    """
    assert chromium.execute_script(is_drawn, ".tile canvas")
    assert chromium.execute_script(is_drawn, "#curve")
    chromium.find_element(By.CSS_SELECTOR, "#levels button").click()
    wait_for(chromium, "return document.querySelector('#levels tr').getAttribute('aria-current') === 'true'")
    assert chromium.find_element(By.ID, "level").get_attribute("value") == LEVEL
    assert nameless(chromium) == []
    try:
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        chromium.refresh()
        wait_for(chromium, "return Number(document.getElementById('main').dataset.shown) > 1")
        widths = chromium.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert widths == [390, 390]
    chromium.get(live.server.url.replace("/live/1", "/"))
    wait_for(chromium, "return !document.getElementById('live').hidden")
    chromium.find_element(By.ID, "live").click()
    wait_for(chromium, "return location.pathname === '/live/1' && document.querySelector('#ended a')")
    chromium.find_element(By.CSS_SELECTOR, "#ended a").click()
    wait_for(chromium, "return location.pathname.startsWith('/movies/')")


def test_a_run_that_is_ended_before_its_time_says_so(live: Live) -> None:
    live.process.terminate()
    live.process.wait()
    while is_held(live.folder / "levels/Airstriker-Genesis-v0-Level1/seed-0"):
        pass  # its worker ends by itself
    status = live.status()
    assert status["state"] == "stopped"
    assert "--resume" in status["message"]
    assert status["levels"]
    assert status["rows"] == []


@pytest.fixture
def training(tmp_path: Path) -> TrainingFolder:
    """A training run as an earlier version left it."""
    folder = TrainingFolder(tmp_path / "run")
    folder.create({"agent": {"name": "ppo", "preset": "joint"}, "total_steps": 1000})
    for name, lines in (
        (
            "episodes",
            [
                (400, {"level": LEVEL, "return": 1.0, "length": 10}),
                (500, {"level": LEVEL, "return": 3.0, "length": 10}),
            ],
        ),
        ("metrics", [(400, {"learning/value_loss": 0.25})]),
    ):
        log = JsonLines(folder.log(name))
        for num_steps, line in lines:
            log.write(num_steps, line)
        log.close()
    return folder


def test_a_run_that_does_not_show_itself_is_told_of(training: TrainingFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newgameplus.web.live_feed.WANTED_SECONDS", 0.0)
    run = LiveRun(1, training.path)
    feed = Feed(run)
    with hold(training.path, "--run"):
        while (said := feed.next()) is None:
            pass
        assert "does not show its rows" in json.loads(said)["message"]
        assert feed.next() is None, "said once"
        status = run.status()
    assert status["state"] == "running"
    assert status["fraction"] == 0.5
    assert status["metrics"] == [{"name": "value loss", "steps": [400], "mean": [0.25]}]
    assert run.status(status["version"]).get("levels") is None
    assert Feed(LiveRun(1, training.path)).next() is None, "nobody plays"


def test_runs_are_numbered_as_they_are_found(training: TrainingFolder, tmp_path: Path) -> None:
    runs = LiveRuns([tmp_path, tmp_path / "later"])
    assert [(run.number, run.path.name) for run in runs.all()] == [(1, "run"), (2, "later")]
    (tmp_path / "later").mkdir()
    other = TrainingFolder(tmp_path / "later" / "one")
    other.create({"agent": {"name": "ppo", "preset": "default"}, "total_steps": 10})
    assert [(run.number, run.path.name) for run in runs.all()] == [(3, "one"), (1, "run")]
    found = runs.run(2)
    assert found is not None
    assert found.summary()["state"] == "waiting"
    other.manifest_path.write_text("{")
    again = LiveRun(9, other.path)
    assert again.summary()["state"] == again.status()["state"] == "damaged"
