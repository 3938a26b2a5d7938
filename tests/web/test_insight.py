"""What the agent saw, over HTTP and WebSockets, and as headless Chromium shows it."""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from websockets.sync.client import ClientConnection, connect

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.rules import WorldRules
from newgameplus.games.levels import find_level
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.insight import Insight, open_insight
from newgameplus.training.plan import TrainingPlan, begin
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan
from newgameplus.web.insight import InsightScene

from .conftest import LEVEL, Server, start_server, stop_server
from .looking import PHONE, nameless, wait_for
from .visitor import Visitor

pytestmark = pytest.mark.usefixtures("one_thread")

FIELDS = {"encoder": "dqn-2013", "rollout_steps": "16", "batch_size": "32", "num_hidden": "16"}
HASTY = {"num_epochs": "8", "learning_rate": "0.2", "max_gradient_norm": "100", "entropy_weight": "0"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training run of PPO that soon is sure of itself; the third of its watched episodes has its checkpoint."""
    folder = tmp_path_factory.mktemp("runs") / "ppo"
    plan = TrainingPlan(
        agent=AgentPlan("ppo", "default", configure(find_agent("ppo"), "default", FIELDS | HASTY)),
        world=WorldPlan((find_level(LEVEL),), rules=WorldRules(max_episode_steps=40)),
        num_envs=2,
        total_steps=192,
        checkpoint_steps=64,
        watch_steps=64,
    )
    begin(plan, folder)
    for _ in train(plan, folder):
        pass
    return folder


@pytest.fixture(scope="module")
def watched(run: Path, movies: Path) -> Iterator[Server]:
    """A server of the run and of movies that no agent played, or one that computes nothing."""
    running = start_server(run, movies)
    try:
        yield running
    finally:
        stop_server(running)


@pytest.fixture(scope="module")
def visitor(watched: Server) -> Visitor:
    return Visitor(watched.url)


@pytest.fixture
def episode(visitor: Visitor) -> dict[str, Any]:
    """The last of the watched episodes."""
    return visitor.movie("movies/Airstriker-Genesis-v0-Level1-000002.bk2")


@contextmanager
def looking(visitor: Visitor, number: int, query: str = "") -> Iterator[ClientConnection]:
    with connect(
        f"ws://{visitor.address}/movies/{number}/insight{query}",
        additional_headers={"Cookie": visitor.cookie},
        origin=f"http://{visitor.address}",  # type: ignore[arg-type]
        compression=None,
    ) as socket:
        yield socket


def parsed(message: str | bytes) -> tuple[dict[str, Any], bytes]:
    assert isinstance(message, bytes)
    [size] = struct.unpack_from("<I", message)
    return json.loads(message[4 : 4 + size]), zlib.decompress(message[4 + size :])


def next_answer(socket: ClientConnection, told: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The next answer; what is told before it is kept by its kind."""
    while isinstance(message := socket.recv(60), str):
        said = json.loads(message)
        told[said["is"]] = said
        assert said["is"] != "failed", said
    return parsed(message)


def known(path: str) -> Insight:
    insight = open_insight(path)
    while insight.num_known < insight.num_steps:
        insight.advance()
    return insight


def test_a_frame_is_answered_with_what_the_agent_saw_and_computed(visitor, episode):
    told: dict[str, Any] = {}
    with closing(known(episode["path"])) as insight, looking(visitor, episode["id"]) as socket:
        for frame in (0, 100, 5, insight.num_frames - 1, 2**32 - 1):
            socket.send(json.dumps({"do": "look", "frame": frame}))
            facts, observation = next_answer(socket, told)
            wanted, deflated = insight.look(min(frame, insight.num_frames - 1))
            assert facts == wanted
            assert observation == zlib.decompress(deflated)
        assert told["opened"] == {"is": "opened", **insight.about()}
        while told["curve"]["num_known"] < insight.num_steps:
            told["curve"] = json.loads(socket.recv(60))
        assert told["curve"] == {"is": "curve", **insight.curve(1000)}
        assert told["curve"]["num_other"] == 0


def test_all_steps_are_there_as_json(visitor, episode):
    content = visitor.json(f"/movies/{episode['id']}/insight.json")
    with closing(known(episode["path"])) as insight:
        assert content == insight.about() | {"steps": [insight.step(step) for step in range(insight.num_steps)]}
    assert len(visitor.json(f"/movies/{episode['id']}/insight.json?weights=0")["steps"]) == 40


def test_where_nobody_knows_the_agent_a_sentence_says_so(visitor, episode):
    movie = visitor.movie("par.bk2")
    status, _, content = visitor.get(f"/movies/{movie['id']}/insight.json")
    assert status == 409
    assert "nobody knows who played it" in json.loads(content)["error"]
    assert b'id="insight"' not in visitor.get(f"/movies/{movie['id']}")[2]
    assert b'id="insight"' in visitor.get(f"/movies/{episode['id']}")[2]
    with looking(visitor, episode["id"], "?weights=99") as socket:
        assert "no longer there" in json.loads(socket.recv(60))["reason"]
    with looking(visitor, 10**6) as socket:
        assert "no such movie in the library" in json.loads(socket.recv(60))["reason"]


def test_the_newest_question_alone_is_answered(run):
    path = next((run / "movies").iterdir())
    with closing(InsightScene(open_insight(str(path)))) as scene:
        for frame in (9, 81, -1, 1.5, "3", None):
            scene.ask(json.dumps({"do": "look", "frame": frame}), 0.0)
        for text in ('{"do": "seek", "frame": 3}', '{"do": "look"}', "[]", "{", "x" * 9999):
            scene.ask(text, 0.0)
        messages = []
        while scene.seconds_to_wait(0.0) == 0.0:
            messages.append(scene.go_on(0.0))
        answers = [parsed(message) for message in messages if isinstance(message, bytes)]
        assert [(facts["frame"], facts["step"]) for facts, _ in answers] == [(81, 20)]
        curves = [json.loads(message) for message in messages if isinstance(message, str)]
        assert len(curves) == 21
        assert scene.seconds_to_wait(0.0) is None


def test_surprises_are_the_least_probable_actions(run):
    first = sorted((run / "movies").iterdir())[0]
    with closing(known(str(first))) as insight:  # with later weights than those that played it
        steps = [insight.step(step) for step in range(insight.num_steps)]
        rare = {step["first_frame"] for step in steps if step["numbers"][step["action"]] < 0.05}
        assert rare
        assert {each["frame"] for each in insight.curve(9)["surprises"]} == rare
        assert insight.curve(9)["num_other"] is None


def test_without_torch_one_sentence_says_what_to_install(run, tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    server = start_server(run, python=("env", f"PYTHONPATH={path}", sys.executable, "-m", "newgameplus"))
    try:
        visitor = Visitor(server.url)
        movie = visitor.movie("movies/Airstriker-Genesis-v0-Level1-000002.bk2")
        with looking(visitor, movie["id"]) as socket:
            failed = json.loads(socket.recv(60))
        assert failed["is"] == "failed"
        assert "No module named 'torch'; install it with: " in failed["reason"]
        with visitor.playing(movie["id"], frame=3) as playing:
            assert playing.frame().number == 3
    finally:
        stop_server(server)


@pytest.fixture
def browser(chromium, watched):
    """Chromium at the run's server, with nothing logged."""
    chromium.get(watched.url)
    wait_for(chromium, "return document.querySelector('.movies')")
    chromium.execute_script("sessionStorage.clear()")
    chromium.get_log("browser")
    yield chromium
    logged = [entry for entry in chromium.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert [entry for entry in logged if entry["source"] != "rendering"] == []


def open_panel(browser, watched, movie, frame=0):
    browser.get(f"{watched.origin}/movies/{movie['id']}?frame={frame}")
    wait_for(browser, f"return document.getElementById('main').dataset.shown === '{frame}'")
    if not browser.execute_script("return document.getElementById('insight').open"):
        browser.find_element(By.TAG_NAME, "body").send_keys("o")
    wait_for_look(browser, frame)


def wait_for_look(browser, frame):
    wait_for(browser, f"return document.getElementById('insight').dataset.shown === '{frame}'")


CHOSEN = "return document.querySelector('#insight-actions .chosen')?.innerText.replace(/\\s+/g, ' ')"
PICTURES = """
return [...document.querySelectorAll('#insight-seen canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, at) => data[4 * at]);
});
"""


@pytest.mark.browser
def test_the_panel_goes_along_with_the_frame(browser, watched, episode):
    with closing(known(episode["path"])) as insight:
        open_panel(browser, watched, episode, 41)
        body = browser.find_element(By.TAG_NAME, "body")
        for key, frame in (("", 41), (".", 42), (Keys.HOME, 0), (Keys.END, insight.num_frames - 1)):
            body.send_keys(key)
            wait_for_look(browser, frame)
            facts, deflated = insight.look(frame)
            share = f"{100 * facts['numbers'][facts['action']]:.1f} %"
            assert browser.execute_script(CHOSEN) == f"{facts['chosen']} chosen {share}"
            assert browser.find_element(By.ID, "insight-value").text == f"{facts['value']:.3f}"
            seen = np.frombuffer(zlib.decompress(deflated), np.uint8).reshape(84, 84, 4)
            assert np.array_equal(np.array(browser.execute_script(PICTURES)), seen.reshape(-1, 4).T)
        wait_for(browser, "return document.getElementById('insight-progress').textContent === ''")
        assert "those of the movie in every step" in browser.find_element(By.ID, "insight-agrees").text
        ActionChains(browser).move_to_element(browser.find_element(By.ID, "insight-curve")).click().perform()
        wait_for(browser, "return document.getElementById('frame').textContent !== 'frame 160'")
        middle = int(browser.find_element(By.ID, "frame").text.removeprefix("frame "))
        assert abs(middle - insight.num_frames / 2) < 3
        wait_for_look(browser, middle)


@pytest.mark.browser
def test_other_weights_can_be_picked_and_surprises_gone_to(browser, watched, visitor):
    movie = visitor.movie("movies/Airstriker-Genesis-v0-Level1-000000.bk2")
    open_panel(browser, watched, movie)
    assert "was played at step 64" in browser.find_element(By.ID, "insight-exact").text
    wait_for(browser, "return document.getElementById('insight-progress').textContent === ''")
    surprise = browser.find_element(By.ID, "insight-surprise")
    surprise.click()
    wait_for(browser, "return Number(document.getElementById('insight').dataset.shown) > 0")
    assert float(browser.execute_script(CHOSEN).split()[-2]) < 5
    before = browser.find_element(By.ID, "insight-value").text
    names = [option.text for option in browser.find_elements(By.CSS_SELECTOR, "#insight-weights option")]
    assert len(names) >= 2
    browser.find_element(By.CSS_SELECTOR, "#insight-weights option:last-child").click()
    wait_for(browser, f"return !['', '{before}'].includes(document.getElementById('insight-value').textContent)")
    assert browser.execute_script("return document.getElementById('insight-weights').selectedIndex") == len(names) - 1


@pytest.mark.browser
def test_it_fits_on_a_phone_and_stays_open_on_the_next_page(browser, watched, episode, visitor):
    open_panel(browser, watched, episode)
    assert nameless(browser) == []
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    open_panel(browser, watched, visitor.movie("seed-0/bk2/Airstriker-Genesis-v0-Level1-000000.bk2"))
    assert "computes neither" in browser.find_element(By.ID, "insight-note").text
    browser.back()
    wait_for_look(browser, 0)
    assert browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    browser.find_element(By.TAG_NAME, "body").send_keys("o")
    wait_for(browser, "return document.getElementById('insight-body').hidden")
