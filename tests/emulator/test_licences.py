"""Every core that is installed has a licence in the table, and the page says the same as the table."""

from __future__ import annotations

import re
from pathlib import Path

from newgameplus.emulator.cores import consoles, stable_retro_folder
from newgameplus.emulator.licences import LICENCES, PAGE, licence_in_words

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| `(\w+)` \|[^|]+\|([^|]+)\|([^|]+)\|([^|]+)\|$", re.MULTILINE)


def test_every_installed_core_has_a_licence() -> None:
    installed = {path.stem.removesuffix("_libretro") for path in (stable_retro_folder() / "cores").glob("*_libretro.*")}
    assert installed | {console.core for console in consoles().values()} <= LICENCES.keys()


def test_the_page_says_what_the_table_says() -> None:
    rows = {core: cells for core, *cells in ROW.findall((ROOT / PAGE).read_text(encoding="utf-8"))}
    assert rows.keys() == LICENCES.keys()
    for core, licence in LICENCES.items():
        name, commerce, where = rows[core]
        assert ("forbidden" in commerce) is not licence.allows_commerce
        assert ("in stable-retro's wheel" in where) is licence.is_in_wheel
        assert licence.name.startswith(name.strip().partition(",")[0]) or name.strip() == "its own"


def test_a_core_that_forbids_commerce_says_so_in_a_line() -> None:
    assert licence_in_words("snes9x") == "Snes9x's own, non-commercial (not for commercial use; see docs/licences.md)"
    assert "ask the project of newcore" in licence_in_words("newcore")
