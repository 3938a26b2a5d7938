"""What a run shows of its rows: as it was shown, and nothing else believed."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from newgameplus.errors import ResultsError
from newgameplus.results.live import LiveFolder, LiveRow, LiveRows

ROW = LiveRow("Airstriker-Genesis-v0/Level1", 3.5, 20, 7, "B+RIGHT", {"x": 12, "lives": -1})


@pytest.fixture
def live(tmp_path: Path) -> LiveFolder:
    folder = LiveFolder(tmp_path)
    folder.ask()
    return folder


def shown() -> LiveRows:
    pictures = tuple(np.random.default_rng(seed).integers(0, 256, (8, 6, 3), np.uint8) for seed in range(2))
    return LiveRows(1000, 4, 12.5, 3, 0.004, (ROW, ROW, ROW), (pictures[0], None, pictures[1]))


def test_what_is_shown_is_read_and_replaced(live: LiveFolder) -> None:
    assert live.read() is None
    assert live.stamp() is None
    live.show(shown())
    found = live.read()
    assert found is not None
    assert dataclasses.replace(found, pictures=()) == dataclasses.replace(shown(), pictures=())
    for mine, theirs in zip(found.pictures, shown().pictures, strict=True):
        assert np.array_equal(mine, theirs) if theirs is not None else mine is None
    live.show(dataclasses.replace(shown(), num_steps=2000))
    again = live.read()
    assert again is not None
    assert again.num_steps == 2000
    assert {path.name for path in live.path.iterdir()} == {"wanted", "rows"}
    live.remove()
    assert not live.path.exists()


def test_a_touch_counts_for_some_seconds(live: LiveFolder) -> None:
    assert live.is_wanted()
    os.utime(live.path / "wanted", (0, 0))
    assert not live.is_wanted()
    live.ask()
    assert live.is_wanted()


def test_who_may_not_write_is_told(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("a file")
    with pytest.raises(ResultsError, match="is not told to show its rows"):
        LiveFolder(tmp_path).ask()


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"rows": [{}]},
        {"rows": 5},
        {"sizes": [[8, 6], [8, 6], [8, 6]]},
        {"sizes": [[-8, 6]]},
        {"sizes": [[2**40, 2**40]]},
        {"sizes": [5]},
        {"num_steps": "many"},
        {"share": float("inf")},
        {"rows": [dataclasses.asdict(ROW) | {"variables": {"x": "<b>"}}]},
        {"rows": [dataclasses.asdict(ROW) | {"variables": []}]},
    ],
    ids=str,
)
def test_what_is_damaged_is_refused(live: LiveFolder, change: dict[str, object]) -> None:
    live.show(shown())
    head, _, pixels = (live.path / "rows").read_bytes().partition(b"\n")
    (live.path / "rows").write_bytes(json.dumps(json.loads(head) | change).encode() + b"\n" + pixels)
    with pytest.raises(ResultsError, match="is damaged"):
        live.read()


def test_what_is_not_json_is_refused(live: LiveFolder) -> None:
    (live.path / "rows").write_bytes(b"\xff\n")
    with pytest.raises(ResultsError, match="is damaged"):
        live.read()
