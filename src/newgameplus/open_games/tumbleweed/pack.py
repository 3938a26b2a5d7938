"""Packs levels behind Tumbleweed's program, as its ROM has them, and reads them back.

The program, made by ``games/tumbleweed``, fills the first 256 KiB; the *pack* of levels follows, big-endian:

* ``TWLV``, version, number of levels, and a pointer to each level's header;
* per level a header: width, zone, act, flags, start x and y, goal x, number of objects, pointers to map and objects;
* the map: a number of a kind of block per byte, column by column from the left, each from its top;
* the objects: x, y, kind and three parameters, 8 bytes each, sorted by x.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import numpy as np

from newgameplus.errors import RomError, UsageError, did_you_mean
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LEVEL_HEIGHT, TERRAIN
from newgameplus.open_games.tumbleweed.things import MAX_OBJECTS, Kind, Thing
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES, ZONES

PACK_ADDRESS = 0x40000
"""Address of the pack, where the program ends."""
VERSION = 1
"""Version of the pack's layout."""
MAX_ROM_SIZE = 0x400000
"""Size in bytes of the largest cartridge without a mapper chip."""
MIN_WIDTH, MAX_WIDTH = 100, 800
"""Range of a level's width in blocks: the game counts its pixels in 15 bits."""
MAX_LEVELS = 1000
MAX_ACT = 999
FLAG_SLIPPERY = 1

_MAGIC = b"TWLV"
_TITLE_AT, _TITLE = 0x120, b"TUMBLEWEED"
_CHECKSUM_AT, _END_AT, _CHECKED_FROM = 0x18E, 0x1A4, 0x200
_PREFIX = struct.Struct(">4s2H")
_POINTER = struct.Struct(">I")
_HEADER = struct.Struct(">8H2I")
_THING = struct.Struct(">2H4B")


def pack_levels(base: bytes, levels: Sequence[Blueprint]) -> bytes:
    """Return the ROM of a program with levels; the game starts with the first level.

    Args:
        base: the program, or a ROM of the game, whose levels are replaced.
        levels: 1 to 1,000 levels.

    Raises:
        UsageError: a level breaks a rule of the game, or all of them do not fit on a cartridge.
        RomError: ``base`` is not a program of Tumbleweed.
    """
    _check_base(base)
    if not 1 <= len(levels) <= MAX_LEVELS:
        raise UsageError(f"A ROM of Tumbleweed holds 1 to {MAX_LEVELS:,} levels, not {len(levels):,}.")
    for level in levels:
        check_level(level)
    program = base[:PACK_ADDRESS]
    rom = program.ljust(PACK_ADDRESS, b"\xff") + _pack(levels)
    if len(rom) > MAX_ROM_SIZE:
        raise UsageError(
            f"{len(levels):,} levels fill {len(rom):,} bytes, and a cartridge has {MAX_ROM_SIZE:,}: pack fewer levels."
        )
    return _with_header(rom.ljust(1 << (len(rom) - 1).bit_length(), b"\xff"))


def _check_base(base: bytes) -> None:
    if len(base) < _CHECKED_FROM or not base[_TITLE_AT:].startswith(_TITLE):
        raise RomError("This is no program of Tumbleweed; build it with: make -C games/tumbleweed")
    if len(base) > PACK_ADDRESS and not base[PACK_ADDRESS:].startswith(_MAGIC):
        raise RomError(f"The program of Tumbleweed is longer than {PACK_ADDRESS:,} bytes, so levels have no place.")


def check_level(level: Blueprint) -> None:
    """Check that the game can hold a level.

    Raises:
        UsageError: it cannot; the message gives the reason.
    """
    if level.zone not in ZONE_NAMES:
        raise UsageError(f"{level.name}: there is no zone {level.zone!r}.{did_you_mean(level.zone, ZONE_NAMES)}")
    if not 1 <= level.act <= MAX_ACT:
        raise UsageError(f"{level.name}: acts are numbered 1 to {MAX_ACT}, not {level.act}.")
    _check_map(level)
    end_x, end_y = level.width * BLOCK, LEVEL_HEIGHT * BLOCK
    x, y = level.start
    if not (0 <= x < end_x and 0 <= y < end_y):
        raise UsageError(f"{level.name}: its start ({x}, {y}) is outside the level of {end_x:,} × {end_y} pixels.")
    if not x < level.goal_x < end_x:
        raise UsageError(
            f"{level.name}: its goal at x = {level.goal_x:,} must lie between the start, {x}, and {end_x:,}."
        )
    _check_things(level)


def _check_map(level: Blueprint) -> None:
    blocks = level.blocks
    if blocks.dtype != np.uint8 or blocks.ndim != 2 or blocks.shape[1] != LEVEL_HEIGHT:
        raise UsageError(
            f"{level.name}: its blocks must be uint8 [width, {LEVEL_HEIGHT}], not {blocks.dtype} {list(blocks.shape)}."
        )
    if not MIN_WIDTH <= level.width <= MAX_WIDTH:
        raise UsageError(f"{level.name}: levels are {MIN_WIDTH} to {MAX_WIDTH} blocks wide, not {level.width}.")
    if int(blocks.max()) >= len(TERRAIN):
        column, row = (int(place) for place in np.argwhere(blocks >= len(TERRAIN))[0])
        raise UsageError(
            f"{level.name}: block {blocks[column, row]} in column {column}, row {row} stands for no terrain."
        )


def _check_things(level: Blueprint) -> None:
    if len(level.things) > MAX_OBJECTS:
        raise UsageError(f"{level.name}: a level has at most {MAX_OBJECTS} objects, not {len(level.things)}.")
    for thing in level.things:
        if not (0 <= thing.x < level.width * BLOCK and 0 <= thing.y < LEVEL_HEIGHT * BLOCK):
            raise UsageError(f"{level.name}: the {thing.kind.name} at ({thing.x}, {thing.y}) is outside the level.")
        if not all(0 <= parameter <= 255 for parameter in (thing.a, thing.b, thing.c)):
            raise UsageError(
                f"{level.name}: the parameters of the {thing.kind.name} at ({thing.x}, {thing.y}) must be 0 to 255, "
                f"not {thing.a}, {thing.b}, {thing.c}."
            )


def _pack(levels: Sequence[Blueprint]) -> bytes:
    head_size = _PREFIX.size + _POINTER.size * len(levels)
    pointers, body = [], bytearray()
    for level in levels:
        pointers.append(PACK_ADDRESS + head_size + len(body))
        body += _packed_level(level, pointers[-1])
    return (
        _PREFIX.pack(_MAGIC, VERSION, len(levels))
        + b"".join(_POINTER.pack(pointer) for pointer in pointers)
        + bytes(body)
    )


def _packed_level(level: Blueprint, address: int) -> bytes:
    """Header of a level and what it points to; all of even length, as the processor requires."""
    zone = ZONE_NAMES.index(level.zone)
    map_at = address + _HEADER.size
    things_at = map_at + level.blocks.size
    flags = FLAG_SLIPPERY if ZONES[zone].is_slippery else 0
    header = _HEADER.pack(
        level.width, zone, level.act, flags, *level.start, level.goal_x, len(level.things), map_at, things_at
    )
    things = b"".join(
        _THING.pack(thing.x, thing.y, thing.kind, thing.a, thing.b, thing.c) for thing in sorted(level.things)
    )
    return header + np.ascontiguousarray(level.blocks).tobytes() + things


def _with_header(rom: bytes) -> bytes:
    """ROM with its header's end address and checksum filled in."""
    patched = bytearray(rom)
    _POINTER.pack_into(patched, _END_AT, len(rom) - 1)
    checksum = int(np.frombuffer(rom, ">u2", offset=_CHECKED_FROM).sum(dtype=np.uint64)) & 0xFFFF
    struct.pack_into(">H", patched, _CHECKSUM_AT, checksum)
    return bytes(patched)


def read_pack(rom: bytes) -> list[Blueprint]:
    """Return the levels of a ROM, named ``<zone>.Act<act>``.

    Raises:
        RomError: the ROM has no pack of levels of this version, or a damaged one.
    """
    if len(rom) < PACK_ADDRESS + _PREFIX.size or not rom[PACK_ADDRESS:].startswith(_MAGIC):
        raise RomError(f"This ROM has no levels of Tumbleweed at 0x{PACK_ADDRESS:X}.")
    _, version, num_levels = _PREFIX.unpack_from(rom, PACK_ADDRESS)
    if version != VERSION:
        raise RomError(f"This ROM's levels are of version {version}, and this New Game Plus reads version {VERSION}.")
    try:
        return list(_levels_of(rom, num_levels))
    except (struct.error, ValueError, IndexError) as error:
        raise RomError("This ROM's levels are damaged; pack them anew.") from error


def _levels_of(rom: bytes, num_levels: int) -> Iterator[Blueprint]:
    for number in range(num_levels):
        (address,) = _POINTER.unpack_from(rom, PACK_ADDRESS + _PREFIX.size + _POINTER.size * number)
        width, zone, act, _, start_x, start_y, goal_x, num_things, map_at, things_at = _HEADER.unpack_from(rom, address)
        blocks = np.frombuffer(rom, np.uint8, width * LEVEL_HEIGHT, map_at).reshape(width, LEVEL_HEIGHT).copy()
        name = f"{ZONE_NAMES[zone]}.Act{act}"
        things = tuple(_thing(*_THING.unpack_from(rom, things_at + _THING.size * index)) for index in range(num_things))
        yield Blueprint(name, ZONE_NAMES[zone], act, blocks, (start_x, start_y), goal_x, things)


def _thing(x: int, y: int, kind: int, a: int, b: int, c: int) -> Thing:
    return Thing(x, y, Kind(kind), a, b, c)
