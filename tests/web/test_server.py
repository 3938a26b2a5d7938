"""``ngp watch`` as a process: pages, JSON, playing, and what goes wrong."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from websockets.exceptions import InvalidStatus

from newgameplus.movies.playback import Playback

from .conftest import children_of, start_server, stop_server
from .visitor import Visitor


@pytest.fixture(scope="module")
def visitor(server):
    return Visitor(server.url)


def test_every_movie_is_listed_with_what_its_folder_and_file_tell(visitor, results):
    visitor.scanned()
    listed = visitor.json("/movies.json?limit=200")["movies"]
    scores = json.loads((results / "scores.json").read_text())
    for run in scores["levels"][0]["runs"]:
        mine = [m for m in listed if m["run"] == "results" and m["seed"] == run["seed"]]
        lines = (results / f"levels/Airstriker-Genesis-v0-Level1/seed-{run['seed']}/monitor.csv").read_text()
        returns = [float(line.split(",")[0]) for line in lines.splitlines()[1:]]
        by_episode = {m["episode"]: m["episode_return"] for m in mine}
        assert [by_episode[i] for i in range(len(returns))] == returns
        assert {m["agent"] for m in mine} == {"random"}
        assert {m["level"] for m in mine} == {"Airstriker-Genesis-v0/Level1"}


def test_movies_that_cannot_be_played_are_listed_with_the_reason(visitor):
    visitor.scanned()
    faults = {m["name"]: m["fault"] for m in visitor.json("/movies.json?state=not+playable")["movies"]}
    assert set(faults) == {"damaged.bk2", "elsewhere.bk2", "no-rom.bk2"}
    assert "is not a bk2 movie" in faults["damaged.bk2"]
    assert "a game that is not here" in faults["elsewhere.bk2"]
    assert "ngp games import PATH" in faults["no-rom.bk2"]
    page = visitor.get("/?state=not+playable")[2].decode()
    assert "is not a bk2 movie" in page
    status, _, content = visitor.get(f"/movies/{visitor.movie('no-rom.bk2')['id']}")
    assert status == 200
    assert "This movie cannot be played." in content.decode()


def test_the_pages_lead_through_all_movies_in_any_order(visitor):
    visitor.scanned()
    for order in ("return&order=down", "level&order=up", "seed&order=up", "recorded&order=down"):
        seen, path = [], f"/movies.json?sort={order}&limit=3"
        while path:
            answer = visitor.json(path if "limit" in path else f"{path}&limit=3")
            seen += [m["id"] for m in answer["movies"]]
            path = answer["next"]
        assert len(seen) == len(set(seen)) == answer["count"]


def test_a_seek_shows_the_frame_of_straight_play(visitor, movies):
    movie = visitor.movie("seed-0/bk2/Airstriker-Genesis-v0-Level1-000000.bk2")
    with Playback(Path(movie["path"])) as playback:
        straight, total = [], 0.0
        for reward in playback.rewards():
            total += reward
            straight.append((playback.picture(), total))
        held = playback.movie.masks
    with visitor.playing(movie["id"]) as playing:
        assert playing.frame().number == 0
        assert playing.told["opened"]["num_frames"] == len(straight) == movie["num_frames"]
        for generation, number in enumerate([17, 200, 3, 0, len(straight) - 1, 90], start=1):
            playing.ask("seek", generation=generation, frame=number)
            frame = playing.frame()
            assert (frame.number, frame.generation) == (number, generation)
            assert np.array_equal(frame.picture, straight[number][0])
            assert frame.episode_return == straight[number][1]
            assert frame.masks == tuple(held[number])
        survey = playing.told.get("survey", {})
        while survey.get("num_surveyed") != len(straight):
            survey = playing.until("survey")
        assert survey["agrees"] is True
        assert survey["returns"][-1] == movie["episode_return"]


def test_a_movie_plays_to_its_end_with_sound(visitor):
    movie = visitor.movie("seed-1/bk2/Airstriker-Genesis-v0-Level1-000000.bk2")
    last = movie["num_frames"] - 1
    with visitor.playing(movie["id"], frame=last - 20) as playing:
        assert playing.frame().number == last - 20
        playing.ask("play", generation=1, frame=last - 20, speed=1, sound=True)
        frames = [playing.frame()]
        while frames[-1].number < last:
            frames.append(playing.frame())
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    assert sum(frame.num_sound_bytes for frame in frames) > 20 * 500 * 4


def test_what_is_late_after_a_seek_says_so(visitor):
    movie = visitor.movie("par.bk2")
    with visitor.playing(movie["id"]) as playing:
        playing.frame()
        playing.ask("play", generation=1, frame=0, speed=16)
        playing.frame()
        playing.ask("seek", generation=2, frame=5)
        while (frame := playing.frame()).generation < 2:
            pass
        assert frame.number == 5


def test_two_pages_play_the_same_movie(visitor):
    movie = visitor.movie("seed-0/bk2/Airstriker-Genesis-v0-Level1-000000.bk2")
    with visitor.playing(movie["id"], frame=30) as one, visitor.playing(movie["id"], frame=30) as other:
        assert zlib.crc32(one.frame().picture.tobytes()) == zlib.crc32(other.frame().picture.tobytes())


def test_nonsense_from_a_page_changes_nothing(visitor):
    movie = visitor.movie("seed-0/bk2/Airstriker-Genesis-v0-Level1-000000.bk2")
    with visitor.playing(movie["id"]) as playing:
        playing.frame()
        for nonsense in ("", "{", "[]", '{"do": "quit"}', '{"do": "seek", "frame": -1}', '{"do": "play", "speed": 1e9}',
                         '{"do": "seek", "frame": true}', '{"do": ["seek"]}', "x" * 3000, b"\1\2"):  # fmt: skip
            playing.socket.send(nonsense)
        playing.ask("seek", generation=7, frame=10**9)
        assert playing.frame().number == movie["num_frames"] - 1


def test_a_core_that_dies_ends_its_movie_only(visitor, server):
    movie = visitor.movie("seed-0/bk2/Airstriker-Genesis-v0-Level1-000000.bk2")
    other = visitor.movie("par.bk2")
    with visitor.playing(other["id"]) as surviving:
        surviving.frame()
        before = cores_of(server.process.pid)
        with visitor.playing(movie["id"]) as playing:
            playing.frame()
            [busy] = [pid for pid, num in cores_of(server.process.pid).items() if num > before.get(pid, 0)]
            os.kill(busy, signal.SIGSEGV)
            reason = playing.until("failed")["reason"]
            assert "SIGSEGV" in reason
            assert "reload the page" in reason
        surviving.ask("seek", generation=1, frame=9)
        assert surviving.frame().number == 9
    with visitor.playing(movie["id"]) as playing:
        assert playing.frame().number == 0


def cores_of(pid):
    """How much of each child's memory is mapped from private copies of cores, in parts."""
    return {child: Path(f"/proc/{child}/maps").read_text().count("ngp-core") for child in children_of(pid)}


def test_a_movie_that_is_replaced_or_deleted_while_it_plays_plays_on_and_says_so(visitor, movies):
    source, other = sorted((movies / "results").rglob("*00000[01].bk2"))[:2]
    copy = movies / "copy.bk2"
    shutil.copy(source, copy)
    assert visitor.get("/scan", "POST", origin=f"http://{visitor.address}")[0] == 303
    movie = visitor.movie("copy.bk2")
    with visitor.playing(movie["id"]) as playing:
        playing.frame()
        shutil.copy(other, copy)
        changed = playing.until("file")
        assert (changed["cell"], changed["state"]) == (0, "replaced")
        assert "reload the page" in changed["note"]
        copy.unlink()
        assert playing.until("file")["state"] == "deleted"
        playing.ask("seek", generation=1, frame=50)
        assert playing.frame().number == 50
    shutil.copy(other, copy)
    with visitor.playing(movie["id"]) as playing:
        changed = playing.until("file")
        assert changed["state"] == "outdated"
        assert "Refresh the library" in changed["note"]
    copy.unlink()
    with visitor.playing(movie["id"]) as playing:
        assert f"The movie {copy} is not there." in playing.until("failed")["reason"]
    assert visitor.get("/scan", "POST", origin=f"http://{visitor.address}")[0] == 303
    visitor.scanned()
    status, _, page = visitor.get(f"/movies/{movie['id']}")
    assert status == 404
    assert "There is no such movie in the library" in page.decode()


def test_a_thumbnail_is_a_picture_and_is_kept(visitor):
    movie = visitor.movie("par.bk2")
    first, second = (visitor.get(movie["thumbnail"]) for _ in range(2))
    assert first[0] == 200
    assert first[2].startswith(b"\x89PNG")
    assert first[2] == second[2]
    assert visitor.get(visitor.movie("damaged.bk2")["thumbnail"])[0] == 204


@pytest.mark.parametrize(
    ("headers", "cookie"),
    [({}, False), ({"host": "evil.example:80"}, True), ({"origin": "http://evil.example"}, True)],
    ids=["no token", "another name", "another site"],
)
def test_who_may_not_ask_sees_nothing(visitor, headers, cookie):
    status, _, content = visitor.get("/movies.json", cookie=cookie, **headers)
    assert status == 403
    assert content.decode().count(".\n") == 1
    assert b"Airstriker" not in content


def test_a_page_of_another_site_opens_no_movie(visitor):
    movie = visitor.movie("par.bk2")
    with pytest.raises(InvalidStatus, match="403"), visitor.playing(movie["id"], origin="http://evil.example"):
        pass


def test_no_path_leads_out_of_the_library(visitor):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/movies/../../etc/passwd"):
        assert visitor.get(path)[0] in (404, 405)


@pytest.mark.parametrize("digits", [16, 20, 5000])
def test_a_number_that_is_too_large_is_no_movie_and_no_run(visitor, digits):
    number = "9" * digits
    for path in ("/movies/{}", "/movies/{}.json", "/movies/{}/thumbnail.png", "/movies/{}/insight.json", "/live/{}",
                 "/live/{}.json", "/live/1/movies/{}/0", "/live/1/movies/0/{}", "/play?movie={}", "/play?level={}",
                 "/grid?training={}"):  # fmt: skip
        assert visitor.get(path.format(number))[0] == 404


def test_ctrl_c_ends_everything(movies):
    server = start_server(movies / "par.bk2")
    visitor = Visitor(server.url)
    assert "/movies/" in server.url
    movie = visitor.movie("par.bk2")
    with visitor.playing(movie["id"]) as playing:
        playing.frame()
        children = [os.pidfd_open(child) for child in children_of(server.process.pid)]
        assert children
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
    for child in children:
        assert select.select([child], [], [], 60)[0], "a process is left"
        os.close(child)
    server.process.stdout.close()


def test_the_port_is_taken_if_it_is_free_and_named_if_it_is_not(movies):
    server = start_server(movies)
    try:
        port = Visitor(server.url).address.partition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "newgameplus", "watch", "--no-browser", "--port", port, str(movies)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr == (
            f"Error: Port {port} is in use by another program; give another --port, or none for one that is free.\n"
        )
    finally:
        stop_server(server)
