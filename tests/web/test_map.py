"""Maps of a real server: made while movies are played, the same again from what is kept, as JSON and as a picture."""

from __future__ import annotations

import asyncio
import shutil

import cv2
import numpy as np
import pytest

from newgameplus.games.catalogue import find_game
from newgameplus.movies.survey import survey_movie
from newgameplus.web.library import Library
from newgameplus.web.map_pages import described_map
from newgameplus.web.maps import Maps
from newgameplus.web.scan import Scanner
from newgameplus.web.surveys import make_stitched_picture, make_survey, read_picture, read_survey
from newgameplus.web.view import View

from .visitor import Visitor

LEVEL = "Tumbleweed-Genesis-v0/Canyon.Act1"
AIRSTRIKER = "Airstriker-Genesis-v0/Level1"


@pytest.fixture(scope="module")
def visitor(server):
    return Visitor(server.url)


@pytest.fixture(scope="module")
def library(movies, tmp_path_factory):
    made = Library([movies], tmp_path_factory.mktemp("cache"))
    scanner = Scanner(made)
    scanner.start()
    scanner.wait()
    return made


async def _whole(maps, view):
    made = await maps.of(view)
    while made.is_running:
        await made.wait(made.version, 60)
    return made


def _make(library, view):
    """The map of a view once it is whole, as JSON."""

    async def make():
        maps = Maps(library)
        try:
            return described_map(view, await _whole(maps, view))
        finally:
            maps.close()

    return asyncio.run(make())


@pytest.fixture(scope="module")
def par_map(library):
    return _make(library, View(level=LEVEL))


def test_the_level_is_drawn_and_the_episode_is_on_it(par_map, movies):
    assert par_map["picture"]["is_drawn"]
    assert par_map["picture"]["size"][1] == 512
    (episode,) = par_map["episodes"]
    assert episode["ending"] == "goal"
    assert len(episode["x"]) == len(episode["y"]) == len(episode["frames"])
    expected = survey_movie(movies / "par.bk2").trajectory
    assert (episode["frames"][-1], episode["x"][-1]) == (expected.frames[-1], expected.x[-1])
    assert episode["return"] == expected.episode_return
    assert sum(cell[2] for cell in par_map["heat"]["cells"]) == par_map["heat"]["num_frames"] == expected.num_frames


def test_a_map_is_made_again_without_playing(library, par_map, monkeypatch):
    async def refuse(self, function, *arguments):
        assert function is not make_survey
        return '{"reason": "asked"}'

    monkeypatch.setattr(Maps, "_ask", refuse)
    again = _make(library, View(level=LEVEL))
    assert again["episodes"] == par_map["episodes"]


def test_a_level_without_data_is_stitched(library, results):
    described = _make(library, View(level=AIRSTRIKER))
    assert not described["picture"]["is_drawn"]
    assert described["picture"]["size"] == (320, 224)
    assert not described["has_player"]
    assert described["num_played"] == described["num_movies"] == len(described["episodes"]) > 2


def test_a_survey_and_pictures_survive_being_kept(movies):
    content = make_survey(str(next(iter(sorted((movies / "results").glob("**/*.bk2"))))))
    way = read_survey(content)
    assert way.index is None
    picture = read_picture(make_stitched_picture([content, content]))
    pixels = cv2.imdecode(np.frombuffer(picture.png, np.uint8), cv2.IMREAD_COLOR)
    assert (pixels.shape[1], pixels.shape[0]) == picture.size == (320, 224)


def test_a_movie_that_is_gone_is_named_and_the_others_are_shown(library, tmp_path):
    par = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act2")
    for name in ("one.bk2", "two.bk2"):
        shutil.copy(par, tmp_path / name)
    mine = Library([tmp_path], tmp_path / "cache")
    scanner = Scanner(mine)
    scanner.start()
    scanner.wait()
    (tmp_path / "one.bk2").unlink()
    described = _make(mine, View(level="Tumbleweed-Genesis-v0/Canyon.Act2"))
    assert len(described["episodes"]) == 1
    (failure,) = described["failures"]
    assert "one.bk2" in failure["reason"]


def test_a_reloaded_page_makes_what_failed_again(library, tmp_path):
    view, gone = View(level=LEVEL), tmp_path / "gone.bk2"
    again = Library([*library.places], tmp_path / "cache")
    scanner = Scanner(again)
    scanner.start()
    scanner.wait()
    [movie] = again.page(view)

    async def make():
        maps = Maps(again)
        try:
            shutil.move(movie.path, gone)
            failed = await _whole(maps, view)
            shutil.move(gone, movie.path)
            same = await maps.of(view)
            await maps.of(view, is_anew=True)
            return failed, same, await _whole(maps, view)
        finally:
            maps.close()

    failed, same, made = asyncio.run(make())
    assert same is failed
    assert set(failed.failures) == {movie.id}
    assert (set(made.ways), made.failures) == ({movie.id}, {})


def test_the_map_of_the_server_is_the_same(visitor, par_map):
    visitor.scanned()
    described = visitor.json(f"/map.json?level={LEVEL}")
    while described["is_running"]:
        described = visitor.json(f"/map.json?level={LEVEL}&version={described['version']}")
    same = ("x", "y", "frames", "deaths", "breaks", "ending", "return")
    assert [{key: e[key] for key in same} for e in described["episodes"]] == [
        {key: e[key] for key in same} for e in par_map["episodes"]
    ]
    assert visitor.get(described["picture"]["address"])[2].startswith(b"\x89PNG")


def test_a_map_needs_a_level(visitor):
    visitor.scanned()
    status, _, content = visitor.get("/map.json")
    assert status == 400
    assert b"A map shows one level" in content
    assert f"level={LEVEL.replace('/', '%2F')}".encode() in visitor.get("/map")[2]


def test_a_level_without_movies_has_an_empty_map(library):
    described = _make(library, View(level="Nowhere/At"))
    assert described["episodes"] == []
    assert described["picture"] is None
