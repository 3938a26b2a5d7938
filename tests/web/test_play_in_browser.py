"""A person plays in headless Chromium: keys, controller and fingers, the movie of it, and the person's own keys."""

from __future__ import annotations

from pathlib import Path

import pygame
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from newgameplus.emulator.compiled import engine
from newgameplus.emulator.cores import consoles
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.verify import verify_movie
from newgameplus.play.controls import Controls
from newgameplus.session.keys import read_keys

from .looking import PHONE, nameless, shown_picture, straight, wait_for
from .visitor import Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(engine() is None, reason="the native engine is not built here"),
]
GENESIS = consoles()["Genesis"]
BIT = {name: 1 << bit for bit, name in enumerate(GENESIS.buttons)}


@pytest.fixture
def game(chromium, table):
    """Chromium at a level that nobody has begun to play; afterwards the page is left, and nothing was logged."""
    chromium.get(table.url)
    stands(chromium, "waiting")
    chromium.get_log("browser")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    if chromium.find_elements(By.CSS_SELECTOR, "main.play:not(.left)"):
        leave(chromium, table)
    logged = [entry for entry in chromium.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert [entry["message"] for entry in logged if entry["source"] != "rendering"] == []


def leave(browser, table):
    """Leave the page; return the movie, of which the server prints a line if anything was played."""
    has_played = browser.find_element(By.ID, "main").get_attribute("data-frame") != "0"
    browser.execute_script("document.getElementById('keys').close()")
    browser.find_element(By.CSS_SELECTOR, ".controls [data-command=leave]").click()
    wait_for(browser, "return document.querySelector('.left')")
    return Path(table.line().split()[0]) if has_played else None


def stands(browser, how):
    wait_for(browser, f"return document.getElementById('main').dataset.stands === '{how}'")


def keys(browser, *names, kind="key_down"):
    chain = ActionChains(browser, duration=0)
    for name in names:
        chain = getattr(chain, kind)(name)
    chain.perform()


def tap(browser, name):
    ActionChains(browser, duration=0).key_down(name).key_up(name).perform()


def frame(browser):
    return int(browser.find_element(By.ID, "main").get_attribute("data-frame"))


def wait_for_frames(browser, num_frames):
    first = frame(browser)
    wait_for(browser, f"return Number(document.getElementById('main').dataset.frame) >= {first + num_frames}")


def test_a_person_plays_pauses_goes_back_and_watches_the_movie(game, table):
    before = shown_picture(game)
    assert "" not in [cell.text for cell in game.find_elements(By.CSS_SELECTOR, "#variables td")]
    keys(game, Keys.ARROW_RIGHT, "x")
    wait_for_frames(game, 70)
    assert shown_picture(game) != before
    assert game.find_element(By.CSS_SELECTOR, ".pad figcaption").text == "B + RIGHT"
    wait_for(game, "return document.getElementById('latency').textContent.endsWith(' ms')")
    keys(game, Keys.ARROW_RIGHT, "x", kind="key_up")
    tap(game, "p")
    stands(game, "paused")
    stopped = frame(game)
    tap(game, ",")
    wait_for(game, f"return document.getElementById('main').dataset.frame === '{stopped - 1}'")
    tap(game, "p")
    keys(game, Keys.BACKSPACE)
    wait_for(game, "return document.getElementById('sign').textContent.includes('Rewind')")
    wait_for(game, f"return Number(document.getElementById('main').dataset.frame) < {stopped - 20}")
    keys(game, Keys.BACKSPACE, kind="key_up")
    wait_for_frames(game, 5)
    tap(game, Keys.ESCAPE)
    wait_for(game, "return document.querySelector('.left')")
    path = Path(table.line().split()[0])
    shown = frame(game)
    assert game.find_element(By.ID, "kept-path").text == str(path)
    verdict = verify_movie(path)
    assert verdict.outcome == "same"
    assert verdict.num_frames == pytest.approx(shown + 1, abs=3)
    masks = set(read_movie(path).masks[1:, 0].tolist())
    assert BIT["RIGHT"] | BIT["B"] in masks
    game.find_element(By.ID, "watch").click()
    wait_for(game, "return document.getElementById('main').dataset.shown === '0'")
    assert shown_picture(game) == straight(path)[0][0]


def test_a_reload_goes_on_and_nothing_is_lost(game, table):
    tap(game, "x")
    wait_for_frames(game, 30)
    game.refresh()
    stands(game, "waiting")
    first = Path(table.line().split()[0])
    wait_for(game, f"return document.getElementById('noted').textContent.includes('{first.name} is kept')")
    assert frame(game) == read_movie(first).num_frames - 1
    tap(game, "x")
    wait_for_frames(game, 10)
    second = leave(game, table)
    kept, going_on = read_movie(first).masks, read_movie(second).masks
    assert going_on[: len(kept)].tolist() == kept.tolist()
    assert [verify_movie(path).outcome for path in (first, second)] == ["same", "same"]


def test_the_next_level_begins_in_the_same_page_and_in_a_movie_of_its_own(game, table, home):
    game.get(f"http://{table.visitor.address}/play?level=Tumbleweed-Genesis-v0/Mesa.Act3")
    stands(game, "waiting")
    tap(game, "n")
    stands(game, "playing")
    following = game.find_element(By.ID, "level").text
    assert following != "Mesa.Act3"
    wait_for_frames(game, 5)
    names = [row.text for row in game.find_elements(By.CSS_SELECTOR, "#variables th")]
    assert len(set(names)) == len(names) > 0
    assert leave(game, table) == home / "movies" / f"Tumbleweed-Genesis-v0-{following}-000000.bk2"


def test_a_person_takes_over_a_movie_at_a_frame(browser, server):
    episode = Visitor(server.url).movie("seed-0/bk2/Airstriker-Genesis-v0-Level1-000000.bk2")
    browser.get(f"{server.origin}/movies/{episode['id']}?frame=100")
    wait_for(browser, "return document.getElementById('main').dataset.shown === '100'")
    picture = shown_picture(browser)
    tap(browser, "t")
    wait_for(browser, "return document.getElementById('main').dataset.stands === 'waiting'")
    assert (frame(browser), shown_picture(browser)) == (100, picture)
    keys(browser, Keys.ARROW_LEFT)
    wait_for_frames(browser, 30)
    keys(browser, Keys.ARROW_LEFT, kind="key_up")
    tap(browser, Keys.ESCAPE)
    wait_for(browser, "return document.querySelector('.left')")
    path = Path(browser.find_element(By.ID, "kept-path").text)
    assert verify_movie(path).outcome == "same"
    masks = read_movie(path).masks[:, 0].tolist()
    assert masks[:101] == read_movie(Path(episode["path"])).masks[:101, 0].tolist()
    assert BIT["LEFT"] in masks[101:]
    browser.find_element(By.ID, "watch").click()
    wait_for(browser, "return document.getElementById('main').dataset.shown === '0'")
    assert str(path) in browser.find_element(By.CSS_SELECTOR, ".about").text


def test_keys_that_are_changed_on_the_page_are_read_by_the_window(game, table, home, monkeypatch):
    tap(game, Keys.F1)
    wait_for(game, "return document.getElementById('keys').open")
    game.find_element(By.CSS_SELECTOR, "[data-place='Genesis keyboard A']").click()
    tap(game, "x")
    assert "X is the key of B. Press it again to take it" in game.find_element(By.ID, "keys-note").text
    tap(game, "x")
    wait_for(game, "return document.getElementById('keys-note').textContent === 'Kept.'")
    game.find_element(By.CSS_SELECTOR, "[data-place='commands keyboard pause']").click()
    ActionChains(game, duration=0).key_down(Keys.CONTROL).key_down("q").key_up("q").key_up(Keys.CONTROL).perform()
    wait_for(game, "return document.querySelector(\"[data-place='commands keyboard pause']\").textContent === 'Ctrl Q'")
    game.find_element(By.CSS_SELECTOR, "#keys form button:not([type])").click()
    keys(game, "x")
    wait_for(game, "return document.querySelector('.pad figcaption').textContent === 'A'")
    keys(game, "x", kind="key_up")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    controls = Controls(GENESIS, read_keys(home / "keys.toml"))
    event = {"key": pygame.K_x, "scancode": pygame.KSCAN_X, "mod": 0}
    controls.handle(pygame.Event(pygame.KEYDOWN, event))
    assert controls.take_mask() == BIT["A"]
    chord = {"key": pygame.K_q, "scancode": pygame.KSCAN_Q, "mod": pygame.KMOD_LCTRL}
    request = controls.handle(pygame.Event(pygame.KEYDOWN, chord))
    assert request == next(each.request for each in controls.actions if each.name == "pause")
    controls.close()
    pygame.display.quit()
    tap(game, Keys.F1)
    game.find_element(By.ID, "usual").click()
    wait_for(game, "return document.getElementById('keys-note').textContent.startsWith('These are the usual')")
    assert not (home / "keys.toml").exists()


def test_fingers_play_on_a_phone_on_which_nothing_is_wider_than_the_screen(game):
    game.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    game.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})
    game.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    wait_for(game, "return matchMedia('(pointer: coarse)').matches")
    assert game.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    spots = game.execute_script("""
    document.querySelector('.pad').scrollIntoView({ block: 'center' });
    return [...document.querySelectorAll('.pad .key')].map((key) => {
      const { x, y, width, height } = key.getBoundingClientRect();
      return { name: key.textContent, x: x + width / 2, y: y + height / 2 };
    });""")
    spot = {each["name"]: each for each in spots}
    between = {"x": (spot["▸"]["x"] + spot["▾"]["x"]) / 2, "y": (spot["▸"]["y"] + spot["▾"]["y"]) / 2}
    touches = [between | {"id": 0}, {"x": spot["B"]["x"], "y": spot["B"]["y"], "id": 1}]
    game.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touches})
    wait_for(game, "return document.querySelector('.pad figcaption').textContent === 'B + DOWN + RIGHT'")
    game.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for(game, "return document.querySelector('.pad figcaption').textContent === 'no button'")


def test_a_controller_is_plugged_in_plays_and_is_gone(game):
    game.execute_script("""
    const gamepad = {
      id: 'Test pad', index: 0, connected: true, mapping: 'standard', axes: [0, -1, 0, 0],
      buttons: Array.from({ length: 17 }, (_, at) => ({ pressed: at === 0, value: Number(at === 0) })),
    };
    navigator.getGamepads = () => [gamepad];
    dispatchEvent(Object.assign(new Event('gamepadconnected'), { gamepad }));
    """)
    wait_for(game, "return document.querySelector('.pad figcaption').textContent === 'B + UP'")
    assert game.find_element(By.ID, "controller").text == "Test pad"
    game.execute_script("""
    const [gamepad] = navigator.getGamepads();
    navigator.getGamepads = () => [];
    dispatchEvent(Object.assign(new Event('gamepaddisconnected'), { gamepad }));
    """)
    wait_for(game, "return document.querySelector('.pad figcaption').textContent === 'no button'")


def test_everything_on_the_page_has_a_name_and_the_keyboard_reaches_it(game):
    assert nameless(game) == []
    reached = set()
    for _ in range(30):  # while nobody plays, Tab goes through the page
        tap(game, Keys.TAB)
        reached.add(game.execute_script("return document.activeElement.dataset.command ?? document.activeElement.id"))
    assert {"begin", "pause", "rewind", "frame_back", "slot", "save", "restart", "mute", "help", "leave"} <= reached
    names = game.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    origin = game.execute_script("return location.origin")
    assert [name for name in names if not name.startswith(origin)] == []
