"""A table finds what was written, goes back to a checkpoint, is merged, and is refused where its states differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.action_table import ENTRY, FILE_NAME, ActionTable, find_table, keys_of
from newgameplus.types import Array

NUM_KEYS = 3_000
KEYS = keys_of(np.arange(NUM_KEYS, dtype=np.uint64), 1).ravel()


def begun(folder: Path | None = None, label: str = "gray", reach: int = 10_000) -> ActionTable:
    table = ActionTable(label, folder, reach)
    table.clear()
    return table


def write_randomly(table: ActionTable, known: dict[int, tuple[float, int]], num_writes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(num_writes):
        key = random.choice(KEYS, 50, replace=False)
        value, count = random.random(50).astype(np.float32), random.integers(1, 9, 50).astype(np.uint32)
        table.write(key, value, count)
        known.update(zip(key.tolist(), zip(value.tolist(), count.tolist(), strict=True), strict=True))


def content(table: ActionTable) -> dict[int, tuple[float, int]]:
    value, count = table.read(KEYS)
    return {key: (v, c) for key, v, c in zip(KEYS.tolist(), value.tolist(), count.tolist(), strict=True) if c}


@pytest.mark.parametrize("is_in_file", [False, True])
def test_it_finds_what_was_written_and_nothing_else(is_in_file: bool, tmp_path: Path) -> None:
    table, known = begun(tmp_path / "new" if is_in_file else None), dict[int, tuple[float, int]]()
    write_randomly(table, known, 200, seed=0)
    assert content(table) == known
    assert len(table) == len(known) == len(table.entries())
    assert table.entries()["key"].tolist() == sorted(known)


def test_keys_that_want_the_same_place_are_all_found() -> None:
    table = begun()
    key = (np.arange(1, 100, dtype=np.uint64) << np.uint64(40)) + np.uint64(7)
    table.write(key, np.arange(1, 100, dtype=np.float32), np.ones(99, np.uint32))
    assert np.array_equal(table.read(key)[0], np.arange(1, 100))
    assert table.read(key + np.uint64(1))[1].max() == 0


def test_an_entry_takes_at_most_46_bytes_once_there_are_many() -> None:
    table = begun()
    for state in np.arange(0, 40_000, 100, dtype=np.uint64):
        key = keys_of(state + np.arange(100, dtype=np.uint64), 1).ravel()
        table.write(key, np.ones(100, np.float32), np.ones(100, np.uint32))
        assert len(table) < 3_000 or table.num_bytes / len(table) < 46
    assert ENTRY.itemsize == 16


def test_a_killed_process_leaves_a_table_that_goes_back_to_its_checkpoint(tmp_path: Path) -> None:
    table, known = begun(tmp_path), dict[int, tuple[float, int]]()
    write_randomly(table, known, 10, seed=1)
    saved = table.state()
    write_randomly(table, dict(known), 150, seed=2)  # the room is doubled meanwhile
    again = ActionTable("gray", tmp_path, 10_000)
    again.restore(saved)
    assert content(again) == known
    assert len(again) == len(known)
    write_randomly(again, known, 20, seed=3)
    assert content(again) == known
    last = ActionTable("gray", tmp_path, 10_000)
    last.restore(again.state())
    assert content(last) == known


def test_the_log_keeps_only_what_a_checkpoint_may_need(tmp_path: Path) -> None:
    table, known = begun(tmp_path, reach=500), dict[int, tuple[float, int]]()
    old = table.state()
    write_randomly(table, known, 100, seed=4)
    saved, before = table.state(), dict(known)
    write_randomly(table, known, 10, seed=5)
    assert sum(path.stat().st_size for path in tmp_path.glob("undo-*")) < 3 * 500 * ENTRY.itemsize
    again = ActionTable("gray", tmp_path, 500)
    with pytest.raises(StateError, match="do not reach back to the saved state"):
        again.restore(old)
    again.restore(saved)
    assert content(again) == before


def test_merging_adds_visits_and_keeps_the_value_of_more(tmp_path: Path) -> None:
    def one(name: str, value: float, count: int, key: Array) -> Path:
        table = begun(tmp_path / name)
        table.write(key, np.full(len(key), value, np.float32), np.full(len(key), count, np.uint32))
        return tmp_path / name / FILE_NAME

    merged = begun()
    for path in (one("few", 1.0, 2, KEYS[:20]), one("many", 5.0, 3, KEYS[10:30])):
        merged.merge(path)
    value, count = merged.read(KEYS[:31])
    assert value.tolist() == [1.0] * 10 + [5.0] * 20 + [0.0]
    assert count.tolist() == [2] * 10 + [5] * 10 + [3] * 10 + [0]


def test_tables_of_other_states_and_other_files_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    write_randomly(begun(tmp_path / "replay"), {}, 2, seed=6)
    path = find_table(tmp_path)
    assert path == tmp_path / "replay" / FILE_NAME
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"written with other states or actions \(gray\) than this agent's \(edges\)"):
        begun(label="edges").merge(path)
    with pytest.raises(StateError, match="other states or actions"):
        ActionTable("edges", path.parent).restore({"position": 0})
    assert path.read_bytes() == before
    path.write_bytes(before[:-8])
    with pytest.raises(UsageError, match="no table of this version, or damaged"):
        begun().merge(path)
    with pytest.raises(UsageError, match="There is no table at"):
        find_table(tmp_path / "nothing")
    with pytest.raises(StateError, match="lay elsewhere"):
        begun().restore({"position": 0})
