"""``ngp play --web`` as a real server, visited without a browser: what is kept, what is refused, and the keys."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.emulator.compiled import engine
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.movies.verify import verify_movie

from .conftest import LEVEL, children_of
from .table import Table
from .visitor import Visitor

pytestmark = pytest.mark.skipif(engine() is None, reason="the native engine is not built here")


def play_on(playing, num_frames):
    """Hold a button for so many frames; return the first and the last frame that is shown."""
    playing.ask("hold", mask=1 << playing.told["opened"]["buttons"].index("RIGHT"))
    first = last = playing.frame()
    while last.number < first.number + num_frames:
        last = playing.frame()
    return first.number, last.number


def test_who_closes_the_page_has_a_movie_and_goes_on_from_there(table, home):
    with table.playing() as playing:
        playing.until("opened")
        _, last = play_on(playing, 70)
    first = home / "movies" / "Airstriker-Genesis-v0-Level1-000000.bk2"
    words = table.line().split()
    num_frames = int(words[1])
    assert (words[0], words[2:]) == (str(first), ["frames,", "return", "0"])
    assert num_frames >= last
    with table.playing() as playing:
        playing.until("opened")
        assert playing.until("state")["note"] == f"On from where you were; {first.name} is kept"
        begun, _ = play_on(playing, 20)
        playing.ask("command", name="leave")
        playing.until("left")
    assert begun == num_frames
    second = Path(table.line().split()[0])
    assert second.name == "Airstriker-Genesis-v0-Level1-000001.bk2"
    with table.playing() as playing:  # who has left begins anew
        playing.until("opened")
        assert playing.frame().number == 0
    assert [verify_movie(path).outcome for path in (first, second)] == ["same", "same"]


def limit_files(processes, num_bytes):
    """Let no file of some processes become larger, as on a full disk."""
    for process in processes:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (num_bytes, resource.RLIM_INFINITY))


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are set on Linux only")
@pytest.mark.parametrize("is_left", [False, True])
def test_a_full_disk_is_said_and_the_process_goes_on(is_left, table):
    with table.playing(f"?level={LEVEL}") as playing:
        playing.until("opened")
        play_on(playing, 5)
        players = children_of(table.process.pid)
        limit_files(players, 0)
        if is_left:
            playing.ask("command", name="leave")
        assert playing.until("failed")["reason"].startswith("Cannot write the movie ")
    assert players <= children_of(table.process.pid)
    limit_files(players, resource.RLIM_INFINITY)


def test_a_movie_that_was_recorded_is_found_by_the_library(table):
    with table.playing(f"?level={LEVEL}") as playing:
        playing.until("opened")
        play_on(playing, 30)
    name = Path(table.line().split()[0]).name
    status, headers, _ = table.visitor.get(f"/play/kept/{name}")
    assert status == 303
    assert table.visitor.json(headers["location"] + ".json")["name"] == name
    assert table.visitor.get("/play/kept/other.bk2")[0] == 404


def test_the_end_of_the_server_finishes_the_movie(tmp_path, home, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    other = Table(LEVEL, "--record", str(tmp_path / "mine.bk2"))
    with other.playing() as playing:
        playing.until("opened")
        play_on(playing, 65)
        assert other.end().startswith(f"{tmp_path}/mine.bk2  ")
    assert verify_movie(tmp_path / "mine.bk2").outcome == "same"


def test_what_would_be_played_is_told_as_json_and_what_cannot_be_is_said(table, home, server):
    assert table.visitor.json("/play.json") == {
        "level": LEVEL, "movie": None, "frame": None, "folder": str(home / "movies"),
    }  # fmt: skip
    assert table.visitor.json(f"/play.json?level={LEVEL}")["level"] == LEVEL
    watching = Visitor(server.url)
    movie = watching.movie("par.bk2")
    assert watching.json(f"/play.json?movie={movie['id']}&frame=7")["frame"] == 7
    for path, sentence in {
        "/play.json": "begin one with: ngp play --web LEVEL",
        "/play.json?level=Airstrker-Genesis-v0": "Did you mean Airstriker-Genesis-v0",
        "/play.json?movie=999999": "There is no such movie in the library",
    }.items():
        status, _, content = watching.get(path)
        assert (status, sentence in json.loads(content)["error"]) == (404, True)
    with table.playing("?level=nonsense") as playing:
        assert "nonsense" in playing.until("failed")["reason"]


def test_keys_are_told_changed_and_set_back(table, home):
    told = table.visitor.json("/keys.json?console=Genesis")
    assert {each["action"]: each["keyboard"] for each in told["buttons"]}["A"] == ["KeyZ"]
    assert (told["file"], told["fault"]) == (str(home / "keys.toml"), None)
    change = {"scope": "Genesis", "device": "keyboard", "action": "A", "names": ["KeyX"]}
    status, told = table.post_keys(**change)
    assert status == 200
    keys = {each["action"]: each["keyboard"] for each in told["buttons"]}
    assert (keys["A"], keys["B"]) == (["KeyX"], [])
    assert 'A = ["KeyX"]' in (home / "keys.toml").read_text()
    assert table.post_keys(reset=True)[0] == 200
    assert not (home / "keys.toml").exists()


def test_a_change_of_keys_that_is_none_and_a_wrong_file_are_said(table, home):
    change = {"scope": "Genesis", "device": "keyboard", "action": "A", "names": ["KeyX"]}
    for more, sentence in (
        ({"names": ["Nothing"]}, "there is no key 'Nothing'."),
        ({"names": 7}, "This is no change of keys."),
        ({"scope": "Nes"}, "Nes is neither Genesis nor commands."),
        ({"names": ["K" * 5000]}, "This change of keys is too long."),
    ):
        status, told = table.post_keys(**(change | more))
        assert (status in (400, 413), told["error"]) == (True, sentence)
    (home / "keys.toml").write_text("[Genesis.keyboard]\nA = 7\n")
    told = table.visitor.json("/keys.json?console=Genesis")
    assert "in line 2, Genesis.keyboard.A: this must be a name or a list of names." in told["fault"]
    status, told = table.post_keys(**change)
    assert (status, "in line 2" in told["error"]) == (400, True)
    assert (home / "keys.toml").read_text() == "[Genesis.keyboard]\nA = 7\n"
    (home / "keys.toml").unlink()
    assert table.visitor.get("/keys.json", "POST", Origin="http://elsewhere")[0] == 403
    assert table.visitor.get("/keys.json?console=Nothing")[0] == 404


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--web", LEVEL, "--scale", "2"], "--scale does nothing with --web."),
        ([LEVEL, "--port", "8000"], "--port needs --web."),
        (["--web", "SonicTheHedgehog-Genesis-v0/GreenHillZone.Act1"], "ROM"),
        (["--web", LEVEL, "--movie", "nowhere.bk2"], "nowhere.bk2 is not there"),
        (["--web", LEVEL, "--host", "no such host"], "no such host is no address of this machine"),
        (["--web", LEVEL, "--record", __file__ + "/folder"], "cannot be made"),
    ],
)
def test_what_cannot_be_played_is_said_before_a_server_begins(arguments, sentence, capsys):
    assert run(["play", *arguments]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
