"""Tumbleweed as an open game: the files of its folder, and how its levels start."""

from __future__ import annotations

from newgameplus.open_games.open_game import OpenGame, Values
from newgameplus.open_games.tumbleweed.course import COURSE, MODE_PLAY, MODE_TITLE
from newgameplus.open_games.tumbleweed.pack import PACK_ADDRESS, VERSION, read_pack
from newgameplus.open_games.tumbleweed.stream import NUM_LEVELS, draw_set


def _level_names(rom: bytes) -> list[str]:
    return [level.name for level in read_pack(rom)]


def _unready(values: Values) -> str:
    return f"it does not stand, at x = {values['x']}, y = {values['y']}; put ground under the start."


TUMBLEWEED = OpenGame(
    name="Tumbleweed-Genesis-v0",
    title="Tumbleweed",
    course=COURSE,
    rom_name="rom.md",
    fast_core="picodrive",  # a frame takes a third of the default core's time
    shared_files=(
        "data.json",
        "contest.json",
        "contest.lua",
        "scenario.json",
        "score.json",
        "coins.json",
        "map.json",
        "map-blocks.png",
        "map-objects.png",
        "map-backgrounds.png",
    ),
    scenario="contest",
    pack_address=PACK_ADDRESS,
    level_names=_level_names,
    pack_version=VERSION,
    mode_title=MODE_TITLE,
    mode_play=MODE_PLAY,
    is_ready=lambda values: bool(values["is_grounded"]),
    unready=_unready,
    draw_set=draw_set,
    num_set_levels=NUM_LEVELS,
)
"""The game that comes with New Game Plus."""
