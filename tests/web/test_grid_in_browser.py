"""The grid of a real server in headless Chromium: choosing movies, watching them in step, opening one of them."""

from __future__ import annotations

import json
import shutil

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .looking import PHONE, nameless, shown_picture, straight, wait_for, wait_for_frame
from .visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def visitor(server):
    return Visitor(server.url)


@pytest.fixture(scope="module")
def two(visitor):
    """The shortest and the longest episode of the random agent."""
    visitor.scanned()
    found = visitor.json("/movies.json?run=results&sort=length&order=up")["movies"]
    assert found[0]["num_frames"] < found[-1]["num_frames"]
    return found[0], found[-1]


def cell(number, part=""):
    return f".cell:nth-child({number + 1}) {part}"


def text(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector).text


def test_a_person_chooses_two_movies_by_keyboard_and_watches_them_in_step(browser, visitor, two):
    browser.get(f"{browser.current_url.split('/?')[0].rstrip('/')}/?run=results&sort=length&order=up")
    wait_for(browser, "return document.querySelector('.movies') && document.getElementById('compare').hidden")
    for movie in two:
        browser.execute_script(f"document.querySelector('input[value=\"{movie['id']}\"]').focus()")
        ActionChains(browser).send_keys(Keys.SPACE).perform()
    assert text(browser, "#chosen") == "2 movies chosen"
    ActionChains(browser).send_keys("c").perform()
    wait_for_frame(browser, 0)
    assert browser.current_url.split("/grid?")[1].startswith(
        f"movies={two[0]['id']},{two[1]['id']}".replace(",", "%2C")
    )
    expected = [straight(movie["path"]) for movie in two]
    ends = [movie["num_frames"] - 1 for movie in two]
    body = browser.find_element(By.TAG_NAME, "body")
    for keys, frame in ((".", 1), (Keys.END, ends[1]), (",", ends[1] - 1), (Keys.HOME, 0)):
        body.send_keys(keys)
        wait_for_frame(browser, frame)
        for number, (pictures, returns) in enumerate(expected):
            at = min(frame, ends[number])
            assert shown_picture(browser, cell(number, "canvas")) == pictures[at]
            assert float(text(browser, cell(number, ".return"))) == returns[at]
    assert text(browser, cell(0, ".state")) == ""
    browser.find_element(By.CSS_SELECTOR, "#speed option[value='16']").click()
    browser.find_element(By.ID, "play").click()
    wait_for_frame(browser, ends[1])
    assert text(browser, cell(0, ".state")).startswith("ended at 0:")
    assert shown_picture(browser, cell(0, "canvas")) == expected[0][0][-1]
    assert shown_picture(browser, cell(1, "canvas")) == expected[1][0][-1]
    curves = browser.find_element(By.ID, "returns")
    ActionChains(browser).move_to_element(curves).click().perform()
    wait_for(browser, f"return Math.abs(document.getElementById('main').dataset.shown - {ends[1] // 2}) < 3")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".cell.marked")) == 1
    body.send_keys(Keys.END)
    wait_for_frame(browser, ends[1])
    browser.find_element(By.CSS_SELECTOR, cell(0, "a")).click()
    wait_for_frame(browser, ends[0])
    assert browser.current_url.split("/movies/")[1] == f"{two[0]['id']}?frame={ends[0]}"


def test_sixteen_movies_at_most_are_chosen_and_stay_chosen_on_other_pages(browser):
    origin = browser.current_url.split("/?")[0].rstrip("/")
    others = json.dumps([str(1000 + number) for number in range(15)])
    browser.execute_script("sessionStorage.setItem('movies to compare', arguments[0])", others)
    browser.get(f"{origin}/?sort=name&order=up")
    wait_for(browser, "return document.getElementById('chosen').textContent === '15 movies chosen'")
    first, _, third, *_ = browser.find_elements(By.CSS_SELECTOR, "input[name=movies]")
    first.click()
    ActionChains(browser).key_down(Keys.SHIFT).click(third).key_up(Keys.SHIFT).perform()
    assert text(browser, "#chosen") == "16 movies chosen: more are not shown side by side"
    assert (first.is_selected(), third.is_selected()) == (True, False)
    browser.get(f"{origin}/?sort=name&order=down")
    wait_for(browser, "return document.getElementById('chosen').textContent === '16 movies chosen'")
    browser.find_element(By.CSS_SELECTOR, "#compare button[type=reset]").click()
    first, _, third, *_ = browser.find_elements(By.CSS_SELECTOR, "input[name=movies]")
    first.click()
    ActionChains(browser).key_down(Keys.SHIFT).click(third).key_up(Keys.SHIFT).perform()
    assert text(browser, "#chosen") == "3 movies chosen"


def test_the_grid_of_a_view_shows_what_cannot_be_played_with_its_reason(browser, visitor):
    shown = visitor.json("/grid.json?cells=9&sort=name&order=up")
    assert [movie["name"] for movie in shown["movies"]] == sorted(movie["name"] for movie in shown["movies"])
    browser.find_element(By.LINK_TEXT, "side by side").click()
    wait_for_frame(browser, 0)
    cells = visitor.json("/grid.json")["movies"]
    faults = {at: movie["fault"] for at, movie in enumerate(cells) if movie["fault"]}
    assert len(faults) == 3
    for number, fault in faults.items():
        assert text(browser, cell(number, ".state")) == fault
    assert len(browser.find_elements(By.CSS_SELECTOR, ".cell[data-state=shown]")) == len(cells) - 3
    assert nameless(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_grid_has_two_columns_and_is_no_wider_than_the_screen(browser, two, scheme):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(f"{browser.current_url.split('/?')[0].rstrip('/')}/grid?cells=4&frame=30")
    wait_for_frame(browser, 30)
    assert browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    columns = "return getComputedStyle(document.getElementById('cells')).gridTemplateColumns.split(' ').length"
    assert browser.execute_script(columns) == 2


def test_a_file_that_is_deleted_while_it_plays_is_named_and_nothing_is_lost(browser, visitor, two, movies):
    copy = movies / "deleted-soon.bk2"
    shutil.copy(two[0]["path"], copy)
    visitor.get("/scan", "POST", origin=f"http://{visitor.address}")
    movie = visitor.movie(copy.name)
    origin = browser.current_url.split("/?")[0].rstrip("/")
    browser.get(f"{origin}/movies/{movie['id']}")
    wait_for_frame(browser, 0)
    watched = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(f"{origin}/grid?movies={two[1]['id']},{movie['id']}")
    wait_for_frame(browser, 0)
    copy.unlink()
    wait_for(browser, "return document.querySelector('.file:not([hidden])')")
    assert text(browser, cell(1, ".file")) == "file deleted"
    assert text(browser, "#changes").startswith("The file was deleted or renamed.")
    browser.find_element(By.TAG_NAME, "body").send_keys(".")
    wait_for_frame(browser, 1)
    browser.close()
    browser.switch_to.window(watched)
    wait_for(browser, "return !document.getElementById('file').hidden")
    assert text(browser, "#file").startswith("The file was deleted or renamed.")
    visitor.get("/scan", "POST", origin=f"http://{visitor.address}")
    visitor.scanned()


def test_a_page_says_what_is_wrong_with_the_address(visitor):
    status, _, page = visitor.get("/grid?movies=1,x")
    assert status == 400
    assert b"by the numbers of movies" in page
    assert visitor.get("/grid.json?training=9999")[0] == 404
    status, _, page = visitor.get("/grid?search=nothing-is-called-so")
    assert status == 200
    assert b"No movie is like that." in page
