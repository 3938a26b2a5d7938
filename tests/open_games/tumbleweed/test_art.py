"""The pictures that games/tumbleweed/art draws fit the game they are drawn for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from newgameplus.open_games.tumbleweed.terrain import TERRAIN, Solidity, Surface
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

ART = Path(__file__).parents[3] / "games" / "tumbleweed" / "art"
HILLS = [terrain for terrain in TERRAIN if terrain.solidity == Solidity.SOLID and terrain.surface == Surface.NORMAL]


def _make(folder: Path) -> list[bytes]:
    subprocess.run([sys.executable, str(ART / "make_art.py"), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return [(folder / name).read_bytes() for name in ("art.h", "art.c")]


def test_the_same_source_draws_the_same_pictures(tmp_path: Path) -> None:
    assert _make(tmp_path / "one") == _make(tmp_path / "two")


def test_pictures_without_a_folder_are_refused_in_a_sentence() -> None:
    done = subprocess.run([sys.executable, str(ART / "make_art.py")], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "make_art.py: name the folder to write art.h and art.c to.\n"


@pytest.mark.parametrize("zone", ZONE_NAMES)
def test_ground_is_drawn_exactly_where_it_is_solid(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ART))
    blocks = importlib.import_module(f"zones.{zone.lower()}").draw().blocks
    for terrain in HILLS:
        solid = np.arange(16)[:, None] >= 16 - np.array(terrain.heights)[None, :]
        if terrain.name == "pillar":
            assert blocks[terrain.name][:, 2:14].all()
        else:
            assert np.array_equal(blocks[terrain.name] > 0, solid), terrain.name
