"""The shipped program is what its source gives; checked where Debian's compiler for the 68000 is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from newgameplus.games.catalogue import find_game
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.curated import curated_levels
from newgameplus.open_games.tumbleweed.pack import PACK_ADDRESS, pack_levels

SOURCE = Path(__file__).parents[3] / "games" / "tumbleweed"

needs_compiler = pytest.mark.skipif(
    shutil.which("m68k-linux-gnu-gcc") is None, reason="needs Debian's gcc-m68k-linux-gnu"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    build = tmp_path_factory.mktemp("build")
    command = ["make", "-C", str(SOURCE), f"BUILD={build}", f"PYTHON={sys.executable}"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return (build / "base.bin").read_bytes()


@pytest.fixture(scope="module")
def levels() -> list[Blueprint]:
    """Those that are shipped, made from their seeds."""
    return curated_levels()


@needs_compiler
def test_the_source_gives_the_shipped_program_byte_for_byte(base: bytes, levels: list[Blueprint]) -> None:
    shipped = find_game("Tumbleweed-Genesis-v0").rom().read_bytes()
    assert pack_levels(base, levels) == shipped
    assert len(base) == PACK_ADDRESS


def test_the_shipped_levels_are_those_that_their_seeds_give(levels: list[Blueprint]) -> None:
    shipped = find_game("Tumbleweed-Genesis-v0").rom().read_bytes()
    assert pack_levels(shipped[:PACK_ADDRESS], levels) == shipped


def test_a_missing_compiler_is_named_with_what_to_install(tmp_path: Path) -> None:
    command = ["make", "-C", str(SOURCE), f"BUILD={tmp_path}", f"PYTHON={sys.executable}", "TOOLS=no-such-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0
    assert "apt-get install --no-install-recommends gcc-m68k-linux-gnu" in done.stderr
