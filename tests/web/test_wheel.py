"""The pages of a server that runs from a wheel: nothing that they need is missing from it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from selenium.webdriver.support.ui import WebDriverWait

import newgameplus

from .conftest import start_server, stop_server

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.nightly]


@pytest.fixture
def installed(tmp_path):
    """The package unpacked from a wheel, with the compiled modules of this installation beside its Python files."""
    wheels, target = tmp_path / "wheels", tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    subprocess.run([*pip, "-C", "wheel.cmake=false", "-w", str(wheels), str(ROOT)], check=True)
    with zipfile.ZipFile(next(wheels.iterdir())) as wheel:
        wheel.extractall(target)
    for folder in newgameplus.__path__:
        for module in Path(folder).glob("*.so"):
            shutil.copy(module, target / "newgameplus")
    return target


def test_a_movie_plays_from_the_installed_wheel(installed, movies, chromium):
    paths = [str(installed), sysconfig.get_paths()["purelib"]]
    program = f"import sys; sys.path[:0] = {paths!r}; from newgameplus.cli.main import main; main(sys.argv[1:])"
    server = start_server(movies / "par.bk2", python=(sys.executable, "-S", "-c", program))
    try:
        chromium.get(server.url)
        WebDriverWait(chromium, 60).until(
            lambda driver: driver.execute_script("return document.getElementById('main').dataset.shown")
        )
        asked = chromium.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
        assert {name.rpartition("/")[2] for name in asked} >= {
            "style.css",
            "player.js",
            "pad.js",
            "sound.js",
            "plots.js",
        }
        assert chromium.execute_script("return document.querySelectorAll('.pad .key').length") == 12
        assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []
    finally:
        stop_server(server)
