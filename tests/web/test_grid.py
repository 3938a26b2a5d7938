"""A grid of real movies: in step, at most two frames on their way, ended ones still, failed ones with their reason."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from newgameplus.games.catalogue import find_game
from newgameplus.web.grid import MAX_CELLS, open_grid
from newgameplus.web.grid_pages import choose, labels, spread
from newgameplus.web.library import COLUMNS, Library, Movie
from newgameplus.web.scan import Scanner

from .looking import straight
from .visitor import parse

LATER = 1e9
"""A moment at which every frame is due."""


@pytest.fixture(scope="module")
def paths(results):
    """The shortest and the longest episode of the random agent, a damaged file's path, and one of no file."""
    episodes = sorted(results.glob("**/*.bk2"), key=lambda path: len(straight(str(path))[0]))
    return [str(episodes[0]), "/nowhere/at-all.bk2", str(episodes[-1])]


@pytest.fixture(scope="module")
def expected(paths):
    """Pictures and returns of straight play, for each cell that can be played."""
    return {0: straight(paths[0]), 2: straight(paths[2])}


@pytest.fixture
def grid(paths):
    opened = open_grid([(path, None) for path in paths], 0)
    yield opened
    opened.close()


def parse_grid(message: bytes) -> tuple[int, int, dict[int, Any]]:
    """Generation, frame, and the frame of each cell that changed."""
    kind, num_cells, _, generation, frame = struct.unpack_from("<BBHII", message)
    assert kind == 2
    cells, at = {}, 12
    for _ in range(num_cells):
        cell, size = struct.unpack_from("<II", message, at)
        cells[cell] = parse(message[at + 8 : at + 8 + size])
        at += 8 + size
    assert at == len(message)
    return generation, frame, cells


def ask(grid, do, now=0.0, **more):
    grid.ask(json.dumps({"do": do, **more}), now)


def sent(grid, now):
    """What is sent until there is nothing to do: what is told, and frames."""
    said, frames = [], []
    while grid.seconds_to_wait(now) == 0.0:
        message = grid.go_on(now)
        if isinstance(message, bytes):
            frames.append(parse_grid(message))
        elif message is not None:
            said.append(json.loads(message))
    return said, frames


def check(cells, frame, expected):
    """The cells show what straight play shows at a frame, or at their last one."""
    for number, shown in cells.items():
        pictures, returns = expected[number]
        at = min(frame, len(pictures) - 1)
        assert shown.number == at
        assert hashlib.sha256(shown.picture.tobytes()).digest() == pictures[at]
        assert shown.episode_return == returns[at]


def test_movies_open_one_after_another_and_one_that_cannot_says_why(grid, expected):
    assert json.loads(grid.opened()) == {"is": "opened", "num_cells": 3}
    said, frames = sent(grid, 0.0)
    opened = [message for message in said if message["is"] == "cell"]
    assert [message["cell"] for message in opened] == [0, 1, 2]
    assert [message["fault"] is None for message in opened] == [True, False, True]
    assert "/nowhere/at-all.bk2" in opened[1]["fault"]
    lengths = {number: len(pictures) for number, (pictures, _) in expected.items()}
    assert [message["num_frames"] for message in opened] == [lengths[0], 0, lengths[2]]
    [ready] = [message for message in said if message["is"] == "ready"]
    assert ready["num_frames"] == lengths[2]
    surveyed = said[-1]
    assert (surveyed["is"], surveyed["share"], surveyed["agrees"]) == ("survey", 1.0, [True, None, True])
    assert surveyed["returns"] == [expected[0][1][:: surveyed["interval"]], [], expected[2][1][:: surveyed["interval"]]]
    [(generation, frame, cells)] = frames
    assert (generation, frame, set(cells)) == (0, 0, {0, 2})
    check(cells, 0, expected)


def test_all_cells_play_in_step_and_one_that_has_ended_stays(grid, expected):
    sent(grid, 0.0)
    ask(grid, "drawn")
    ask(grid, "play", generation=1, frame=0, speed=4)
    short, last = (len(expected[number][0]) - 1 for number in (0, 2))
    assert short < last
    numbers, now = [], 0.0
    while not numbers or numbers[-1] < last:
        now += 1 / 60
        for generation, frame, cells in sent(grid, now)[1]:
            assert generation == 1
            assert set(cells) == ({0, 2} if not numbers or numbers[-1] < short else {2})
            check(cells, frame, expected)
            numbers.append(frame)
            ask(grid, "drawn")
    assert numbers == sorted(set(numbers))
    assert grid.seconds_to_wait(LATER) is None


def test_no_more_than_two_frames_of_the_grid_are_on_their_way(grid):
    sent(grid, 0.0)
    ask(grid, "drawn")
    ask(grid, "play", generation=1, frame=0, speed=1)
    assert len(sent(grid, 1 / 60 * 1.01)[1]) == 1
    assert len(sent(grid, 2 / 60 * 1.01)[1]) == 1
    assert sent(grid, 3 / 60 * 1.01)[1] == []
    assert grid.seconds_to_wait(3 / 60 * 1.01) is None
    ask(grid, "drawn")
    assert len(sent(grid, 4 / 60)[1]) == 1


def test_after_a_seek_every_cell_is_sent_again_and_what_is_older_is_dropped(grid, expected):
    sent(grid, 0.0)
    ask(grid, "drawn")
    last = len(expected[2][0]) - 1
    for generation, frame in enumerate([last, 3, last - 1, last, last, 100], start=2):
        ask(grid, "seek", generation=generation, frame=frame)
        ask(grid, "seek", generation=generation - 1, frame=0)
        [(shown, number, cells)] = sent(grid, 0.0)[1]
        assert (shown, number, set(cells)) == (generation, frame, {0, 2})
        check(cells, frame, expected)
        ask(grid, "drawn")


def test_a_console_that_gives_up_ends_its_cell_and_no_other(grid, expected):
    sent(grid, 0.0)
    ask(grid, "drawn")
    grid._cells[0].film.close()
    ask(grid, "seek", generation=1, frame=20)
    said, [(_, _, cells)] = sent(grid, 0.0)
    [ended] = [message for message in said if message["is"] == "cell"]
    assert (ended["cell"], ended["num_frames"]) == (0, 0)
    assert "closed" in ended["fault"]
    assert set(cells) == {2}
    check(cells, 20, expected)


def test_a_grid_of_nothing_to_play_waits_for_nobody(results):
    grid = open_grid([("/nowhere.bk2", None), ("/a.bk2", "It is damaged.")], 10)
    said, frames = sent(grid, 0.0)
    assert [message.get("fault") for message in said if message["is"] == "cell"][1] == "It is damaged."
    assert frames == []
    ask(grid, "play", generation=1, frame=0, speed=1)
    assert grid.seconds_to_wait(LATER) is None
    grid.close()


# --- which movies


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Twelve movies of a training run, later ones after more steps, and one that belongs to no run."""
    folder = tmp_path_factory.mktemp("training")
    run = folder / "run"
    (run / "movies").mkdir(parents=True)
    par = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1")
    assert par is not None
    names = [f"Tumbleweed-Genesis-v0-Canyon.Act1-{number:06d}.bk2" for number in range(12)]
    for name in names:
        shutil.copy(par, run / "movies" / name)
    shutil.copy(par, folder / "alone.bk2")
    (run / "training.json").write_text(
        json.dumps({"format": 1, "agent": {"name": "ppo", "preset": "joint"}, "seed": 3})
    )
    lines = [{"num_steps": 1000 * number**2, "movie": f"movies/{name}"} for number, name in enumerate(names)]
    (run / "watched.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    library = Library([folder], folder / "cache")
    scanner = Scanner(library)
    scanner.start()
    scanner.wait()
    return library


def test_a_level_along_its_training_is_spread_over_the_steps(library):
    start = choose(library, QueryParams("search=000003")).movies[0]
    assert start is not None
    chosen = choose(library, QueryParams(f"training={start.id}&cells=4"))
    steps = [movie.num_steps for movie in chosen.movies if movie is not None]
    assert steps == [0, 36_000, 81_000, 121_000]
    assert (chosen.what, chosen.num_all) == ("training", 12)
    lines = labels(chosen.movies)
    assert lines[1] == (
        "after 36,000 steps",
        "Canyon.Act1 · Tumbleweed-Genesis-v0 · ppo joint · run · seed 3 · episode 6",
    )


def test_a_view_gives_its_first_movies_in_its_order(library):
    view = "sort=name&order=up&run=run"
    first = choose(library, QueryParams(f"{view}&cells=9"))
    assert [movie.episode for movie in first.movies if movie] == list(range(9))
    rest = choose(library, QueryParams(f"{view}&cells=9&after={first.numbers[-1]}"))
    assert [movie.episode for movie in rest.movies if movie] == [9, 10, 11]
    assert len(choose(library, QueryParams("cells=99")).movies) == 13


def test_chosen_movies_stand_in_the_order_of_the_address_each_once(library):
    assert choose(library, QueryParams("movies=3,1&movies=3&movies=2")).numbers == (3, 1, 2)
    assert choose(library, QueryParams("movies=99")).movies == (None,)


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ("movies=", 400, "by the numbers of movies"),
        ("movies=1,x", 400, "by the numbers of movies"),
        (f"movies={','.join(map(str, range(MAX_CELLS + 1)))}", 400, "up to 16 movies, not 17"),
        ("training=999", 404, "no such movie in the library"),
        ("training=x", 404, "no such movie in the library"),
    ],
)
def test_an_address_that_asks_for_something_else_is_refused(library, asked, status, words):
    with pytest.raises(HTTPException) as refused:
        choose(library, QueryParams(asked))
    assert refused.value.status_code == status
    assert words in refused.value.detail


MOVIE = Movie(
    **dict.fromkeys(COLUMNS)
    | {"id": 1, "path": "/a.bk2", "name": "a.bk2", "folder": "/", "size_bytes": 1, "modified_ns": 1, "recorded": 1.0}
)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.integers(1, 16))
def test_movies_spread_over_steps_are_distinct_in_order_and_reach_from_end_to_end(steps, number):
    movies = [replace(MOVIE, id=at, num_steps=value) for at, value in enumerate(sorted(steps))]
    chosen = [movie.id for movie in spread(movies, number)]
    assert len(chosen) == min(number, len(movies))
    assert chosen == sorted(set(chosen))
    if number > 1:
        assert (movies[chosen[0]].num_steps, movies[chosen[-1]].num_steps) == (min(steps), max(steps))


def test_a_label_says_first_what_tells_the_movies_apart():
    by_run = [replace(MOVIE, level="G/One", game="G", agent="ppo", run=run, seed=0) for run in ("a", "b")]
    assert labels(by_run) == [("a", "One · G · ppo · seed 0"), ("b", "One · G · ppo · seed 0")]
    assert labels([MOVIE, None]) == [("a.bk2", ""), ("Movie", "")]
    alike = replace(MOVIE, level="G/One")
    assert labels([alike, alike]) == [("One", ""), ("One", "")]
