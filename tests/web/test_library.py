"""The table of movies: pages, filters, counts, and what a scan puts into it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.games.catalogue import find_game
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.web.library import Library, Movie
from newgameplus.web.pages import moment
from newgameplus.web.scan import Scanner
from newgameplus.web.view import FACETS, SORTS, View, read_view

COLUMNS = ("path", "name", "folder", "size_bytes", "modified_ns", "recorded", "level", "agent", "run", "seed",
           "episode_return", "num_frames", "damage", "words")  # fmt: skip


def add(library: Library, rows) -> None:
    with library.connection() as connection:
        connection.executemany(
            f"INSERT INTO movie ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})", rows
        )


def row(number, level=None, agent=None, seed=None, total=None, damage=None):
    name = f"{number}.bk2"
    return (f"/{name}", name, "/", 1, 1, float(number), level, agent, None, seed, total, 10, damage, f"{name} {level}")


ROWS = st.lists(
    st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, "jerk", "ppo"]), st.sampled_from([None, 0, 1]),
              st.sampled_from([None, -1.5, 0.0, 2.0])),
    max_size=12,
)  # fmt: skip


@given(rows=ROWS, sort=st.sampled_from(["level", "agent", "seed", "return", "recorded"]), is_descending=st.booleans(),
       limit=st.integers(1, 5), level=st.sampled_from(["", "a"]))  # fmt: skip
def test_pages_hold_every_movie_once_in_order_forwards_and_backwards(
    rows, sort, is_descending, limit, level, tmp_path_factory
):
    library = Library([], tmp_path_factory.getbasetemp())  # one file for all examples
    with library.connection() as connection:
        connection.execute("DELETE FROM movie")
    add(library, [row(number, *values) for number, values in enumerate(rows)])
    view = View(sort=sort, is_descending=is_descending, level=level)
    forwards: list[Movie] = []
    while page := library.page(view, after=forwards[-1].id if forwards else None, limit=limit):
        forwards += page
    wanted = [values for values in rows if not level or values[0] == level]
    assert len({movie.id for movie in forwards}) == len(forwards) == len(wanted) == library.count(view)
    values = [getattr(movie, SORTS[sort]) for movie in forwards]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=is_descending)
    assert values == known + [None] * (len(values) - len(known))
    backwards: list[Movie] = forwards[-1:]
    while page := (library.page(view, before=backwards[0].id, limit=limit) if backwards else []):
        backwards = page + backwards
    assert backwards == forwards


def test_counts_follow_every_change(tmp_path):
    library = Library([], tmp_path)
    add(library, [row(1, "a", "jerk"), row(2, "a", "ppo"), row(3, "b", None)])
    assert library.facets() == {"level": [("a", 2), ("b", 1)], "agent": [("jerk", 1), ("ppo", 1)], "run": []}
    with library.connection() as connection:
        connection.execute("UPDATE movie SET level = 'b' WHERE name = '1.bk2'")
        connection.execute("DELETE FROM movie WHERE name = '2.bk2'")
    assert library.facets() == {"level": [("b", 2)], "agent": [("jerk", 1)], "run": []}
    assert library.count(View()) == 2


def test_a_search_finds_words_and_takes_wildcards_literally(tmp_path):
    library = Library([], tmp_path)
    add(library, [row(1, "Mesa.Act1"), row(2, "100%_sure")])
    assert [movie.name for movie in library.page(View(search="mesa 1"))] == ["1.bk2"]
    assert [movie.name for movie in library.page(View(search="%"))] == ["2.bk2"]
    assert library.page(View(search="'; DROP TABLE movie; --")) == []


@given(st.dictionaries(st.sampled_from(["sort", "order", "search", "state", *FACETS]), st.text(max_size=20)))
def test_any_address_is_a_view_and_a_view_is_its_address(parameters):
    view = read_view(parameters)
    assert read_view(view.parameters()) == view


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"\1" * 4096])
def test_a_damaged_cache_is_made_anew(content, tmp_path):
    library = Library([], tmp_path)
    add(library, [row(1)])
    library.file.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        library.file.with_name(library.file.name + suffix).unlink(missing_ok=True)
    again = Library([], tmp_path)
    assert again.count(View()) == 0
    add(again, [row(1)])
    assert Library([], tmp_path).count(View()) == 1


def scanned(library: Library) -> int:
    """Scan, and return how many files were read."""
    scanner = Scanner(library)
    scanner.start()
    scanner.wait()
    assert scanner.progress.failure is None
    assert not scanner.progress.is_running
    return scanner.progress.num_read


def test_only_what_is_new_or_has_changed_is_read_again(tmp_path):
    par = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1")
    for name in ("a", "b", "c"):
        shutil.copy(par, tmp_path / f"{name}.bk2")
    library = Library([tmp_path], tmp_path / "cache")
    assert scanned(library) == 3
    assert scanned(library) == 0
    before = library.movie_at(tmp_path / "b.bk2")
    (tmp_path / "a.bk2").unlink()
    os.utime(tmp_path / "b.bk2", ns=(1, 1))
    shutil.copy(par, tmp_path / "d.bk2")
    assert scanned(library) == 2
    names = {movie.name: movie for movie in library.page(View())}
    assert set(names) == {"b.bk2", "c.bk2", "d.bk2"}
    assert names["b.bk2"].id == before.id
    assert names["c.bk2"].num_frames == read_movie(par).num_frames


@pytest.mark.parametrize("seconds", [3 * 10**11, -7 * 10**10])
def test_a_file_from_a_time_beyond_calendars_stops_no_scan(seconds):
    shm = Path("/dev/shm")  # unlike most file systems, one in memory keeps any time
    if not shm.is_dir():
        pytest.skip("there is no file system in memory")
    with tempfile.TemporaryDirectory(dir=shm) as name:
        folder = Path(name)
        for movie in ("a", "b"):
            shutil.copy(find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1"), folder / f"{movie}.bk2")
        os.utime(folder / "a.bk2", ns=(0, seconds * 10**9))
        library = Library([folder], folder / "cache")
        assert scanned(library) == 2
        assert scanned(library) == 0
        assert all(moment(movie.recorded) for movie in library.page(View()))


def test_a_hostile_movie_stops_no_scan(tmp_path):
    par = read_movie(find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1"))
    extras = [{"level": "\ud800 half"}, {"num_frames": 2**70}, {"rom_sha1": "a\nb"}, {"core": {"name": "\n\n"}},
              {"return": "x"}, {"level": "<script>alert(1)</script>"}, {"return": 10**400}]  # fmt: skip
    for number, extra in enumerate(extras):
        write_movie(tmp_path / f"{number}.bk2", replace(par, extra=extra))
    (tmp_path / "folder.bk2").mkdir()
    (tmp_path / "empty.bk2").touch()
    (tmp_path / "gone.bk2").symlink_to(tmp_path / "nowhere")
    library = Library([tmp_path], tmp_path / "cache")
    scanned(library)
    movies = {movie.name: movie for movie in library.page(View())}
    assert set(movies) == {*(f"{number}.bk2" for number in range(7)), "empty.bk2"}
    assert movies["0.bk2"].level == "\\ud800 half"
    assert movies["1.bk2"].num_frames is None
    assert "wrong value for 'return'" in (movies["4.bk2"].damage or "")
    assert "not a finite number" in (movies["6.bk2"].damage or "")


def test_the_steps_of_training_stand_beside_its_watched_episodes(tmp_path):
    folder = tmp_path / "run"
    (folder / "movies").mkdir(parents=True)
    par = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1")
    shutil.copy(par, folder / "movies" / "Tumbleweed-Genesis-v0-Canyon.Act1-000000.bk2")
    (folder / "training.json").write_text(
        json.dumps({"format": 1, "agent": {"name": "ppo", "preset": "joint"}, "seed": 3})
    )
    watched = {"num_steps": 5000, "movie": "movies/Tumbleweed-Genesis-v0-Canyon.Act1-000000.bk2"}
    (folder / "watched.jsonl").write_text(json.dumps(watched) + "\n")
    library = Library([tmp_path], tmp_path / "cache")
    scanned(library)
    [movie] = library.page(View())
    assert (movie.run, movie.agent, movie.seed, movie.num_steps, movie.episode) == ("run", "ppo joint", 3, 5000, 0)
