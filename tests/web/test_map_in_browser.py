"""The map of a real server in headless Chromium: looked at, moved, and followed to a movie."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .looking import PHONE, nameless, shown_picture, wait_for, wait_for_frame
from .visitor import Visitor

pytestmark = pytest.mark.browser

LEVEL = "Tumbleweed-Genesis-v0/Canyon.Act1"
_FIND_WAY = """
const canvas = document.getElementById('map');
const box = canvas.getBoundingClientRect();
for (let top = 0; top < box.height; top += 4) {
  const place = { clientX: box.left + Math.round(box.width / 2), clientY: box.top + top };
  canvas.dispatchEvent(new PointerEvent('pointermove', place));
  if (canvas.classList.contains('over')) return [Math.round(box.width / 2), top];
}
"""
"""Move the pointer down the middle of the map until it is over a way; return that place of the canvas."""


@pytest.fixture
def opened(browser, server):
    Visitor(server.url).scanned()
    browser.get(f"{server.origin}/?level={LEVEL}")
    browser.find_element(By.LINK_TEXT, "map").click()
    wait_for(
        browser,
        "return document.querySelectorAll('#episodes a').length === 1 && document.getElementById('busy').hidden",
    )
    return browser


def picture(browser):
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    return shown_picture(browser, "#map")


def test_a_person_looks_at_a_map_and_opens_the_movie_by_keyboard(opened):
    assert opened.find_element(By.ID, "high").text
    canvas = opened.find_element(By.ID, "map")
    before = picture(opened)
    seen = {before}
    for key in (Keys.ARROW_RIGHT, "+", "-", "0", "n"):
        canvas.send_keys(key)
        seen.add(picture(opened))
    assert len(seen) >= 5
    assert "reached the goal" in opened.find_element(By.ID, "tip").text
    canvas.send_keys(Keys.ENTER)
    wait_for(opened, "return location.pathname.startsWith('/movies/')")
    frame = int(opened.current_url.split("frame=")[1])
    assert frame > 600
    wait_for_frame(opened, frame)


def test_a_click_on_a_way_opens_the_movie_there(opened):
    canvas = opened.find_element(By.ID, "map")
    left, top = opened.execute_script(_FIND_WAY)
    assert "episode" in opened.find_element(By.ID, "tip").text or "movie" in opened.find_element(By.ID, "tip").text
    offset = (left - canvas.size["width"] // 2, top - canvas.size["height"] // 2)
    ActionChains(opened).move_to_element_with_offset(canvas, *offset).click().perform()
    wait_for(opened, "return location.pathname.startsWith('/movies/') && location.search.includes('frame=')")


def test_return_time_and_heat_are_chosen(opened):
    shown = {picture(opened)}
    for value in ("time", "heat"):
        opened.execute_script(f"document.querySelector('input[value={value}]').click()")
        shown.add(picture(opened))
    assert len(shown) == 3
    assert "of the time in a cell" in opened.find_element(By.ID, "what").text


def test_the_map_fits_a_phone_and_everything_has_a_name(opened):
    assert nameless(opened) == []
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_page_of_a_movie_leads_to_its_way(browser, server):
    visitor = Visitor(server.url)
    visitor.scanned()
    movie = visitor.json(f"/movies.json?level={LEVEL}")["movies"][0]
    browser.get(f"{server.origin}/movies/{movie['id']}")
    browser.find_element(By.LINK_TEXT, "Map").click()
    wait_for(browser, "return document.querySelectorAll('#episodes .chosen').length === 1")
