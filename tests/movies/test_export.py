"""Tables of movies: the same rewards, buttons and variables as in play, in every format."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from newgameplus.envs.retro import RetroEnv
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.export import export_movie, table_of

LEVEL = "Airstriker-Genesis-v0/Level1"


@pytest.fixture(scope="module")
def played(recording):
    """A movie, and the variables and rewards of each frame as they are in play."""
    env = RetroEnv(find_level(LEVEL), kind="none")
    try:
        _, info = env.reset()
        variables, rewards = [info], [0.0]
        for mask in read_movie(recording.paths[2]).masks[1:, 0].tolist():
            rewards.append(env.advance(mask)[0])
            variables.append(env.scenario.variables())
    finally:
        env.close()
    return recording.paths[2], variables, rewards


def test_the_table_is_what_was_played(played):
    path, variables, rewards = played
    table = table_of(path)
    movie = read_movie(path)
    assert table["reward"].tolist() == rewards
    assert table["return"][-1] == movie.extra["return"]
    assert sum(rewards) > 0
    assert np.array_equal(table["mask"], movie.masks[:, 0])
    assert (table["buttons"][0], table["frame"][-1]) == ("", len(rewards) - 1)
    for name in variables[0]:
        assert table[f"variables.{name}"].tolist() == [each[name] for each in variables]


def test_csv_and_npz_hold_the_same_table(played, tmp_path):
    path, *_ = played
    table = table_of(path)
    assert export_movie(path, tmp_path / "t.csv", "csv") == len(table["frame"])
    export_movie(path, tmp_path / "t.npz", "npz")
    with np.load(tmp_path / "t.npz") as arrays:
        assert list(arrays) == list(table)
        assert all(np.array_equal(arrays[name], table[name]) for name in table)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(table)
    assert [float(row["return"]) for row in rows] == table["return"].tolist()
    assert [row["buttons"] for row in rows] == table["buttons"].tolist()
    assert {row["is_over"] for row in rows} <= {"0", "1"}


def test_parquet_holds_the_same_table(played, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path, *_ = played
    table = table_of(path)
    export_movie(path, tmp_path / "t.parquet", "parquet")
    read = parquet.read_table(tmp_path / "t.parquet").to_pydict()
    assert list(read) == list(table)
    assert all(read[name] == table[name].tolist() for name in table)
