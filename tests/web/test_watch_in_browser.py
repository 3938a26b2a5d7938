"""The pages of a real server, as headless Chromium shows them: looking, clicking, going to frames, playing."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from newgameplus.movies.playback import Playback

from .looking import PHONE, nameless, shown_picture, straight, wait_for, wait_for_frame
from .visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def episode(server):
    """The first episode of the random agent, which has an outcome to compare with."""
    return Visitor(server.url).movie("seed-0/bk2/Airstriker-Genesis-v0-Level1-000000.bk2")


def text(browser, name):
    return browser.find_element(By.ID, name).text


def open_movie(browser, movie, query=""):
    browser.get(f"{browser.current_url.split('/?')[0].split('/movies')[0].rstrip('/')}/movies/{movie['id']}{query}")
    wait_for(browser, "return document.getElementById('main').dataset.shown")


def test_a_person_finds_a_movie_goes_to_frames_and_plays_it_to_the_end(browser, episode):
    pictures, returns = straight(episode["path"])
    last = len(pictures) - 1
    search = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    search.send_keys("seed-0 000000", Keys.ENTER)
    wait_for(browser, "return document.querySelectorAll('.movies tbody tr').length === 1")
    assert "random" in browser.find_element(By.CSS_SELECTOR, ".movies tbody").text
    wait_for(browser, "return document.querySelector('.movies img.loaded')?.naturalWidth === 160")
    browser.find_element(By.CSS_SELECTOR, ".movies .level a").click()
    wait_for_frame(browser, 0)
    assert shown_picture(browser) == pictures[0]
    browser.execute_script(
        "const scrub = document.getElementById('scrub'); scrub.value = 100; scrub.dispatchEvent(new Event('input'))"
    )
    wait_for_frame(browser, 100)
    assert shown_picture(browser) == pictures[100]
    assert text(browser, "frame") == "frame 100"
    assert float(text(browser, "return")) == returns[100]
    body = browser.find_element(By.TAG_NAME, "body")
    for keys, frame in ((".", 101), (",", 100), (Keys.ARROW_LEFT, 99), (Keys.END, last), (Keys.HOME, 0)):
        body.send_keys(keys)
        wait_for_frame(browser, frame)
        assert shown_picture(browser) == pictures[frame]
    wait_for(browser, "return document.getElementById('agrees').textContent.startsWith('same return')")
    browser.find_element(By.CSS_SELECTOR, "#speed option[value='4']").click()
    browser.find_element(By.ID, "play").click()
    wait_for_frame(browser, last)
    assert shown_picture(browser) == pictures[last]
    assert browser.find_element(By.ID, "play").get_attribute("aria-label") == "Play"
    wait_for(browser, f"return location.search.endsWith('frame={last}')")


def test_a_click_into_the_curve_goes_there_and_a_link_leads_back(browser, episode):
    open_movie(browser, episode)
    wait_for(browser, "return document.getElementById('agrees').textContent.startsWith('same return')")
    curve = browser.find_element(By.ID, "returns")
    ActionChains(browser).move_to_element(curve).click().perform()
    middle = (episode["num_frames"] - 1) / 2
    wait_for(browser, "return Number(document.getElementById('main').dataset.shown) > 0")
    shown = int(browser.find_element(By.ID, "main").get_attribute("data-shown"))
    assert shown == pytest.approx(middle, abs=2)
    wait_for(browser, f"return location.search.includes('frame={shown}')")
    browser.refresh()
    wait_for_frame(browser, shown)


def test_the_buttons_that_are_held_are_lit(browser, episode):
    with Playback(Path(episode["path"])) as playback:
        masks, names = playback.movie.masks[:, 0].tolist(), playback.movie.buttons
    frame = next(number for number, mask in enumerate(masks) if mask.bit_count() > 1)
    open_movie(browser, episode, f"?frame={frame}")
    wait_for_frame(browser, frame)
    held = [name for bit, name in enumerate(names) if name and masks[frame] >> bit & 1]
    assert browser.find_element(By.CSS_SELECTOR, ".pad figcaption").text == " + ".join(held)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".pad .held")) == len(held)


def test_all_movies_of_a_run_play_one_after_another(browser, episode):
    browser.get(f"{browser.current_url.split('/?')[0].rstrip('/')}/?run=results&sort=name&order=up")
    wait_for(browser, "return document.querySelector('.movies')")
    links = [link.get_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, ".movies .level a")]
    browser.get(f"{links[0]}&frame={episode['num_frames'] - 3}&autoplay=1")
    number = links[1].split("/movies/")[1].split("?")[0]
    wait_for(browser, f"return document.getElementById('main').dataset.movie === '{number}'")
    wait_for(browser, "return document.getElementById('play').classList.contains('playing')")


def test_a_movie_that_cannot_be_played_says_why(browser, server):
    movie = Visitor(server.url).movie("no-rom.bk2")
    browser.get(f"{browser.current_url.split('/?')[0].rstrip('/')}/movies/{movie['id']}")
    assert "ngp games import PATH" in browser.find_element(By.CSS_SELECTOR, "[role=alert]").text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(browser, episode, scheme):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.refresh()
    wait_for(browser, "return document.querySelector('.movies')")
    widths = "return [innerWidth, document.documentElement.scrollWidth]"
    assert browser.execute_script(widths) == [390, 390]
    red = browser.execute_script("return getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (int(red) < 128) == (scheme == "dark")
    open_movie(browser, episode)
    assert browser.execute_script(widths) == [390, 390]


def test_the_keyboard_reaches_everything_and_everything_has_a_name(browser, episode):
    open_movie(browser, episode)
    assert nameless(browser) == []
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("?")
    assert browser.find_element(By.ID, "keys").is_displayed()
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    wait_for(browser, "return !document.getElementById('keys').open")
    reached = []
    for _ in range(40):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        reached.append(browser.execute_script("return document.activeElement.id"))
    wanted = {"scrub", "back", "play", "forward", "speed", "sound", "link", "help", "all"}
    assert wanted <= set(reached)


def test_no_page_asks_anything_of_another_machine(browser, episode):
    open_movie(browser, episode)
    names = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    origin = browser.execute_script("return location.origin")
    assert names
    assert [name for name in names if not name.startswith(origin)] == []
