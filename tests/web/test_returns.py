"""From a mean return to the episodes that it is the mean of, and to each of their movies."""

from __future__ import annotations

import json
from statistics import fmean

import pytest
from selenium.webdriver.common.by import By

from newgameplus.results.monitor import read_monitor
from newgameplus.web.returns import MAX_DOTS, Episode, LevelReturns

from .looking import PHONE, nameless, wait_for
from .visitor import Visitor

LEVEL = "Airstriker-Genesis-v0/Level1"


@pytest.fixture
def visitor(server):
    visitor = Visitor(server.url)
    visitor.scanned()
    return visitor


def test_each_row_is_a_run_on_a_level_with_the_returns_of_its_episodes(visitor, results):
    [row] = visitor.json("/returns.json")["rows"]
    assert (row["run"], row["level"], row["agent"], row["seeds"]) == ("results", LEVEL, "random", [0, 1])
    expected = [
        (seed, index, episode.episode_return)
        for seed in (0, 1)
        for index, episode in enumerate(
            read_monitor(results / f"levels/{LEVEL.replace('/', '-')}/seed-{seed}/monitor.csv")
        )
    ]
    played = [(each["seed"], each["episode"], each["episode_return"]) for each in row["episodes"]]
    assert sorted(played) == expected
    assert [each[:2][::-1] for each in played] == sorted(each[:2][::-1] for each in played)
    assert row["mean_return"] == fmean(each[2] for each in expected)
    assert row["best"]["episode_return"] == max(each[2] for each in expected)
    assert row["worst"]["episode_return"] == min(each[2] for each in expected)
    page = visitor.get(row["best"]["page"])[2].decode()
    assert f'data-movie="{row["best"]["id"]}"' in page


def test_it_is_filtered_like_the_library(visitor):
    assert visitor.json("/returns.json?search=nothing+of+the+kind")["rows"] == []
    assert "tells its return" in visitor.get("/returns?run=other")[2].decode()
    [row] = visitor.json("/returns.json?run=results&search=seed-1")["rows"]
    assert row["seeds"] == [1]


def test_of_very_many_episodes_some_are_drawn_and_always_the_best_and_the_worst():
    returns = [1.0] * 10_000
    returns[4321], returns[6543] = 5.0, -5.0
    row = LevelReturns(
        "run", LEVEL, None, tuple(Episode(id, each, 0, id, None) for id, each in enumerate(returns)), (-5.0, 5.0)
    )
    dots = row.dots()
    assert MAX_DOTS / 2 < len(dots) <= MAX_DOTS + 2
    assert {episode.id for _, y, episode in dots if y in (0, 1)} == {4321, 6543}
    assert len(row.dots(num_rows=200)) < 50
    assert (dots[0][0], max(x for x, _, _ in dots) <= 1) == (0, True)
    alone = LevelReturns("run", LEVEL, None, (Episode(1, 0.0, None, None, 40),), (0.0, 0.0))
    assert alone.dots() == [(0.0, 0.5, alone.best)]
    assert json.dumps(alone.seeds) == "[]"


@pytest.mark.browser
def test_a_dot_leads_to_its_movie(browser):
    browser.find_element(By.LINK_TEXT, "returns by run and level").click()
    wait_for(browser, "return document.querySelector('table.returns')")
    assert nameless(browser) == []
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    assert browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    dot = browser.find_element(By.CSS_SELECTOR, "circle.best")
    best = dot.find_element(By.XPATH, "./ancestor::*[local-name()='tr']/td[4]").text.removeprefix("Best").strip()
    dot.click()
    wait_for(browser, "return document.getElementById('main').dataset.shown")
    assert best in browser.find_element(By.CSS_SELECTOR, ".about").text
