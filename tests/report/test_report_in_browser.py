"""The report of a real evaluation, as headless Chromium shows it."""

import json
import shutil

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from newgameplus.report.content import number
from newgameplus.report.page import write_report
from newgameplus.report.videos import VideoLimits

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(jerk_results, tmp_path_factory):
    page = tmp_path_factory.mktemp("page") / "report.html"
    return write_report([jerk_results], page, videos=VideoLimits(max_seconds=2.0))


@pytest.fixture
def browser(chromium):
    """Chromium in a fresh state: no emulated device or medium, and nothing logged."""
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chromium.get("about:blank")
    chromium.get_log("browser")


def wait_for(browser, script):
    WebDriverWait(browser, 30, poll_frequency=0.05).until(lambda driver: driver.execute_script(f"return {script}"))


def show(browser, page):
    """Open the page and scroll each plot into sight until it is drawn."""
    browser.get(page.resolve().as_uri())
    wait_for(browser, "window.Plotly !== undefined")
    for plot in browser.find_elements(By.CSS_SELECTOR, ".plot"):
        browser.execute_script("arguments[0].scrollIntoView()", plot)
        WebDriverWait(browser, 30, poll_frequency=0.02).until(
            lambda driver, plot=plot: driver.execute_script("return arguments[0].querySelector('.main-svg')", plot)
        )


def background(browser):
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


def line_colour(browser):
    return browser.execute_script("return document.querySelector('.plot .scatterlayer .js-line').style.stroke")


def test_the_numbers_of_the_results_stand_on_the_page_and_nothing_goes_wrong(browser, report, jerk_results):
    show(browser, report)
    scores = json.loads((jerk_results / "scores.json").read_text())
    text = browser.find_element(By.TAG_NAME, "body").text
    assert number(scores["score"]["mean"]) in text
    for run in scores["levels"][0]["runs"]:
        cells = [number(run[key]) for key in ("score", "median", "best", "interquartile_mean")]
        row = f"seed {run['seed']} {cells[0]} – {' '.join(cells[1:])} {run['num_episodes']} {run['num_timesteps']}"
        assert row in text
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_the_page_asks_for_nothing(browser, report):
    show(browser, report)
    names = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in names if not name.startswith(("data:", "blob:"))] == []


def test_every_episode_is_drawn(browser, report, jerk_results):
    show(browser, report)
    scores = json.loads((jerk_results / "scores.json").read_text())
    drawn = browser.execute_script(
        "return Array.from(document.querySelectorAll('[data-figure=episodes-0] .scatterlayer .trace'),"
        "trace => trace.querySelectorAll('.points path').length)"
    )[:2]
    assert drawn == [run["num_episodes"] for run in scores["levels"][0]["runs"]]


def test_every_video_can_be_played(browser, report):
    show(browser, report)
    videos = browser.find_elements(By.TAG_NAME, "video")
    assert videos
    for video in videos:
        browser.execute_script("arguments[0].scrollIntoView(); arguments[0].play()", video)
        WebDriverWait(browser, 30, poll_frequency=0.05).until(
            lambda driver, video=video: driver.execute_script(
                "return arguments[0].readyState >= 2 && arguments[0].currentTime > 0", video
            )
        )
        error, seconds, width = browser.execute_script(
            "const video = arguments[0]; return [video.error, video.duration, video.videoWidth]", video
        )
        assert error is None
        assert 0.5 < seconds < 3
        assert width >= 320


def test_the_button_turns_light_to_dark_and_back_plots_included(browser, report):
    show(browser, report)
    light, light_line = background(browser), line_colour(browser)
    button = browser.find_element(By.ID, "theme")
    browser.execute_script("arguments[0].click()", button)
    assert background(browser) != light
    WebDriverWait(browser, 30, poll_frequency=0.05).until(lambda driver: line_colour(driver) != light_line)
    browser.execute_script("arguments[0].click()", button)
    assert background(browser) == light
    WebDriverWait(browser, 30, poll_frequency=0.05).until(lambda driver: line_colour(driver) == light_line)


def test_a_dark_system_gets_a_dark_page(browser, report):
    show(browser, report)
    light = background(browser)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    show(browser, report)
    assert background(browser) != light


@pytest.mark.parametrize("name", ["report", "training_report"])
def test_on_a_phone_nothing_is_wider_than_the_screen(browser, name, request):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    show(browser, request.getfixturevalue(name))
    assert browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    script = "return Array.from(document.querySelectorAll('.plot .main-svg'), plot => plot.clientWidth)"
    assert max(browser.execute_script(script)) <= 390


def test_a_printed_page_is_light_and_has_every_plot(browser, report):
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(report.resolve().as_uri())
    wait_for(browser, "window.Plotly !== undefined")
    dark = background(browser)
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert background(browser) != dark
    assert browser.execute_script(
        "return Array.from(document.querySelectorAll('.plot')).every(plot => plot.querySelector('.main-svg'))"
    )
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert background(browser) == dark


def test_two_evaluations_are_compared_with_the_same_colours_everywhere(browser, jerk_results, random_results, tmp_path):
    page = write_report([jerk_results, random_results], tmp_path / "page.html", videos=None)
    show(browser, page)
    bars = browser.execute_script(
        "return Array.from(document.querySelectorAll('[data-figure=comparison] .barlayer .point path'),"
        "path => path.style.fill)"
    )
    lines = browser.execute_script(
        "return Array.from(document.querySelectorAll('[data-figure=score-0] .js-line'), line => line.style.stroke)"
    )
    swatches = browser.execute_script(
        "return Array.from(document.querySelectorAll('.card .swatch'), s => getComputedStyle(s).backgroundColor)"
    )
    assert list(dict.fromkeys(bars)) == list(dict.fromkeys(lines)) == swatches
    assert len(swatches) == 2


def test_a_hostile_name_runs_nothing(browser, jerk_results, tmp_path):
    hostile = tmp_path / "hostile"
    shutil.copytree(jerk_results, hostile)
    manifest = json.loads((hostile / "manifest.json").read_text())
    manifest["agent"]["name"] = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    (hostile / "manifest.json").write_text(json.dumps(manifest))
    show(browser, write_report([hostile, jerk_results], tmp_path / "page.html", videos=None))
    assert browser.execute_script("return window.hacked") is None
    assert "onerror=" in browser.find_element(By.TAG_NAME, "h1").text


@pytest.fixture(scope="module")
def training_report(training_run, tmp_path_factory):
    page = tmp_path_factory.mktemp("training-page") / "report.html"
    return write_report([training_run], page, videos=VideoLimits(max_seconds=2.0))


def test_every_plot_of_a_training_run_is_drawn_and_nothing_goes_wrong(browser, training_report):
    show(browser, training_report)
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    drawn = browser.execute_script(
        "return Array.from(document.querySelectorAll('.plot'), plot => plot.querySelector('.js-line, .point') ? 1 : 0)"
    )
    assert len(drawn) > 10
    assert min(drawn) > 0
    names = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in names if not name.startswith(("data:", "blob:"))] == []


def test_a_line_follows_the_video_along_the_values_and_a_click_moves_the_video(browser, training_report):
    show(browser, training_report)
    watched = browser.find_element(By.CSS_SELECTOR, ".watched")
    browser.execute_script("arguments[0].scrollIntoView(); arguments[0].querySelector('video').load()", watched)
    script = "document.querySelector('.watched video').readyState >= 2"
    wait_for(browser, script)
    browser.execute_script(
        """
        const plot = arguments[0].querySelector('.values'), size = plot._fullLayout._size;
        const place = plot.getBoundingClientRect();
        plot.dispatchEvent(new MouseEvent('click', { clientX: place.left + size.l + size.w / 2, bubbles: true }));
        """,
        watched,
    )
    wait_for(browser, "!document.querySelector('.watched .cursor').hidden")
    share, left, expected = browser.execute_script(
        """
        const video = arguments[0].querySelector('video');
        const size = arguments[0].querySelector('.values')._fullLayout._size;
        const cursor = arguments[0].querySelector('.cursor');
        return [video.currentTime / video.duration, parseFloat(cursor.style.left), size.l + size.w / 2];
        """,
        watched,
    )
    assert share == pytest.approx(0.5, abs=0.02)
    assert left == pytest.approx(expected, abs=2)
