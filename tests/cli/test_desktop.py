"""``ngp desktop``: what it writes is what the specifications ask for, and what it removes."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from newgameplus.cli.desktop import MIME_TYPE, exec_line
from newgameplus.cli.main import run

FILES = {
    "applications/newgameplus.desktop",
    "mime/packages/newgameplus.xml",
    "icons/hicolor/scalable/apps/newgameplus.svg",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def entry(home):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(home / "applications/newgameplus.desktop")
    return parser["Desktop Entry"]


def test_a_movie_opens_with_the_program_that_installed_it(home, capsys):
    assert run(["desktop", "install"]) == 0
    assert "double click" in capsys.readouterr().out
    assert all((home / name).is_file() for name in FILES)
    found = entry(home)
    assert found["MimeType"] == f"{MIME_TYPE};"
    *command, verb, movies = shlex.split(found["Exec"])
    assert (verb, movies) == ("watch", "%F")
    said = subprocess.run([*command, verb, "--help"], capture_output=True, text=True, check=True).stdout
    assert "Look at movies in a browser" in said
    ET.parse(home / "icons/hicolor/scalable/apps/newgameplus.svg")


def test_bk2_files_have_that_type(home, tmp_path):
    run(["desktop", "install"])
    root = ET.parse(home / "mime/packages/newgameplus.xml").getroot()
    space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    assert root.find("m:mime-type", space).get("type") == MIME_TYPE
    assert root.find(".//m:glob", space).get("pattern") == "*.bk2"
    if shutil.which("update-mime-database") and shutil.which("gio"):
        movie = tmp_path / "episode.bk2"
        movie.write_bytes(b"PK")
        told = subprocess.run(
            ["gio", "info", "-a", "standard::content-type", movie],
            env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert MIME_TYPE in told


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-utils is not installed")
def test_the_entry_is_valid(home):
    run(["desktop", "install"])
    subprocess.run(["desktop-file-validate", home / "applications/newgameplus.desktop"], check=True)


def test_it_is_removed_without_a_trace_of_ours(home, capsys):
    run(["desktop", "install"])
    other = home / "applications/other.desktop"
    other.write_text("[Desktop Entry]\n")
    assert run(["desktop", "remove"]) == 0
    assert not any((home / name).exists() for name in FILES)
    assert other.exists()
    capsys.readouterr()
    assert run(["desktop", "remove"]) == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_a_relative_data_home_is_ignored_as_the_specification_says(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run(["desktop", "install"]) == 0
    assert (tmp_path / ".local/share/applications/newgameplus.desktop").is_file()
    assert not (tmp_path / "data").exists()


def test_special_characters_are_written_as_the_specification_says():
    assert exec_line(["/a b/ngp", "watch"]) == '"/a b/ngp" "watch" %F'
    assert exec_line(['/50%/$HOME/`x`/"q"/\\']) == r'"/50%%/\\$HOME/\\`x\\`/\\"q\\"/\\\\" %F'


def test_elsewhere_it_is_one_sentence(home, monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "darwin")
    assert run(["desktop", "install"]) == 2
    assert "Desktop entries are for Linux" in capsys.readouterr().err
    assert not home.exists()
