"""Levels are packed behind the program as the contract of the ROM says, and read back unchanged."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

import numpy as np
import pytest

from newgameplus.errors import RomError, UsageError
from newgameplus.open_games.tumbleweed.blueprint import Blueprint, Sketch
from newgameplus.open_games.tumbleweed.pack import PACK_ADDRESS, pack_levels, read_pack
from newgameplus.open_games.tumbleweed.terrain import LOOP_RADIUS, TERRAIN, TERRAIN_ID
from newgameplus.open_games.tumbleweed.things import MAX_OBJECTS, Kind, Thing

BASE = (b"\x00" * 0x120 + b"TUMBLEWEED").ljust(0x4000, b"\x55")


def a_level(**changes: Any) -> Blueprint:
    sketch = Sketch(width=140, zone="Frost", act=2)
    sketch.ground(0, 60, row=22)
    x, top = sketch.climb(60, row=22, blocks=7)
    sketch.ground(x, 140, row=top)
    sketch.loop(80, row=top)
    sketch.on_ground(Kind.WALKER, 100, row=top, a=30, b=1, c=8)
    sketch.on_ground(Kind.COIN, 10, row=22)
    return dataclasses.replace(sketch.finish(), **changes)


def same(one: Blueprint, other: Blueprint) -> bool:
    return np.array_equal(one.blocks, other.blocks) and dataclasses.replace(one, blocks=other.blocks) == other


def test_levels_are_read_back_as_they_were_packed() -> None:
    levels = [a_level(), Sketch(width=101, zone="Mesa").finish(start=(20, 30))]
    read = read_pack(pack_levels(BASE, levels))
    assert len(read) == 2
    assert all(same(one, other) for one, other in zip(levels, read, strict=True))


def test_the_program_stays_and_the_header_tells_size_and_sum() -> None:
    rom = pack_levels(BASE, [a_level()])
    assert rom[0x200 : len(BASE)] == BASE[0x200:]
    assert len(rom) == 0x80000
    assert struct.unpack_from(">I", rom, 0x1A4) == (len(rom) - 1,)
    words = struct.unpack(f">{(len(rom) - 0x200) // 2}H", rom[0x200:])
    assert struct.unpack_from(">H", rom, 0x18E) == (sum(words) & 0xFFFF,)


def test_the_pack_has_the_layout_that_the_program_reads() -> None:
    level = a_level()
    rom = pack_levels(BASE, [level])
    magic, version, count, at = struct.unpack_from(">4s2HI", rom, PACK_ADDRESS)
    width, zone, act, flags, x, y, goal_x, num_things, map_at, things_at = struct.unpack_from(">8H2I", rom, at)
    assert (magic, version, count) == (b"TWLV", 1, 1)
    assert (width, zone, act, flags) == (140, 5, 2, 1)
    assert (x, y, goal_x, num_things) == (56, 22 * 16 - 16, 128 * 16, 3)
    assert at % 2 == map_at % 2 == things_at % 2 == 0
    assert rom[map_at + 5 * 32 + 22] == TERRAIN_ID["ground"]
    assert struct.unpack_from(">2H4B", rom, things_at) == (168, 22 * 16 - 8, Kind.COIN, 0, 0, 0)
    assert struct.unpack_from(">2H4B", rom, things_at + 8) == (85 * 16, 15 * 16 - LOOP_RADIUS, Kind.LOOP, 0, 0, 0)


def test_packing_a_rom_again_replaces_its_levels() -> None:
    first = pack_levels(BASE, [a_level(), a_level()])
    assert pack_levels(first, [a_level()])[0x200:] == pack_levels(BASE, [a_level()])[0x200:]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"zone": "Misa"}, "Did you mean Mesa"),
        ({"act": 0}, "acts are numbered"),
        ({"blocks": np.zeros((99, 32), np.uint8)}, "100 to 800 blocks wide"),
        ({"blocks": np.zeros((801, 32), np.uint8)}, "100 to 800 blocks wide"),
        ({"blocks": np.zeros((200, 30), np.uint8)}, "must be uint8"),
        ({"blocks": np.full((200, 32), len(TERRAIN), np.uint8)}, "column 0, row 0 stands for no terrain"),
        ({"start": (20, 512)}, "its start"),
        ({"goal_x": 140 * 16}, "its goal"),
        ({"goal_x": 3}, "its goal"),
        ({"things": (Thing(2240, 0, Kind.COIN),)}, "is outside the level"),
        ({"things": (Thing(0, 0, Kind.COIN, 256),)}, "must be 0 to 255"),
        ({"things": (Thing(0, 0, Kind.COIN),) * (MAX_OBJECTS + 1)}, f"at most {MAX_OBJECTS} objects"),
    ],
)
def test_a_level_that_the_game_cannot_hold_is_refused_by_name(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=r"^Frost.Act2: ") as refusal:
        pack_levels(BASE, [a_level(**changes)])
    assert sentence in str(refusal.value)


def test_a_cartridge_is_full_at_four_megabytes() -> None:
    wide = a_level(blocks=np.zeros((800, 32), np.uint8))
    assert len(pack_levels(BASE, [wide] * 153)) == 0x400000
    with pytest.raises(UsageError, match="pack fewer levels"):
        pack_levels(BASE, [wide] * 154)
    with pytest.raises(UsageError, match="1 to 1,000 levels, not 0"):
        pack_levels(BASE, [])


def test_only_a_program_of_tumbleweed_takes_levels() -> None:
    for other in (b"", b"\x00" * 0x40000):
        with pytest.raises(RomError, match="no program of Tumbleweed"):
            pack_levels(other, [a_level()])
    with pytest.raises(RomError, match="longer than"):
        pack_levels(BASE.ljust(PACK_ADDRESS + 2, b"\x00"), [a_level()])


def test_a_rom_without_whole_levels_is_refused() -> None:
    rom = pack_levels(BASE, [a_level()])
    newer = rom[: PACK_ADDRESS + 4] + b"\x00\x02" + rom[PACK_ADDRESS + 6 :]
    for damaged, sentence in (
        (BASE, "has no levels"),
        (newer, "version 2"),
        (rom[: PACK_ADDRESS + 200], "damaged"),
    ):
        with pytest.raises(RomError, match=sentence):
            read_pack(damaged)


def test_a_hillside_lower_than_its_curves_is_refused() -> None:
    with pytest.raises(UsageError, match="6 blocks high"):
        Sketch(width=120).climb(10, row=20, blocks=5)


def test_an_unknown_block_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean pillar"):
        Sketch(width=120).block(1, 1, "pilar")
