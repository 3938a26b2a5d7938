"""Writes what the game and its levels must agree on as C: make_tables.py FOLDER writes tables.h and tables.c there."""

from __future__ import annotations

import math
import sys
from enum import IntEnum
from pathlib import Path

from newgameplus.open_games.tumbleweed.terrain import (
    BLOCK,
    LEVEL_HEIGHT,
    LOOP_RADIUS,
    TERRAIN,
    Medium,
    Solidity,
    Surface,
)
from newgameplus.open_games.tumbleweed.things import DOOR_HEIGHT, MAX_OBJECTS, PLATFORM_WIDTH, Kind
from newgameplus.open_games.tumbleweed.zones import ZONES

NUM_BLOCKS = 256
"""A level names its blocks by a byte; numbers that stand for no block are empty ones."""
CONSTANTS = {
    "BLOCK": BLOCK,
    "LEVEL_HEIGHT": LEVEL_HEIGHT,
    "LOOP_RADIUS": LOOP_RADIUS,
    "DOOR_HEIGHT": DOOR_HEIGHT,
    "PLATFORM_WIDTH": PLATFORM_WIDTH,
    "MAX_OBJECTS": MAX_OBJECTS,
    "NUM_ZONES": len(ZONES),
    "NUM_TERRAIN": len(TERRAIN),
}


def _names(prefix: str, numbers: type[IntEnum]) -> list[str]:
    return [f"#define {prefix}_{number.name} {number.value}" for number in numbers]


def _array(declaration: str, values: list[int]) -> str:
    lines = [", ".join(map(str, values[at : at + 16])) for at in range(0, len(values), 16)]
    return f"const {declaration} = {{\n " + ",\n ".join(lines) + "\n};\n"


def _by_block(declaration: str, values: list[int]) -> str:
    return _array(declaration, values + [0] * (NUM_BLOCKS - len(values)))


def header() -> str:
    """The declarations: numbers of blocks, kinds of objects and properties, and the tables' names."""
    lines = ["/* Made by games/tumbleweed/tools/make_tables.py. */", "#ifndef TABLES_H", "#define TABLES_H"]
    lines += [f"#define {name} {value}" for name, value in CONSTANTS.items()]
    lines += _names("SOLIDITY", Solidity) + _names("SURFACE", Surface) + _names("MEDIUM", Medium) + _names("KIND", Kind)
    lines += [f"#define TERRAIN_{block.name.upper()} {number}" for number, block in enumerate(TERRAIN)]
    lines += [
        "extern const unsigned char terrain_solidity[256], terrain_angle[256];",
        "extern const unsigned char terrain_surface[256], terrain_medium[256];",
        "/* Per column of a block, the pixels of ground: of what stops from all sides, and with what only carries. */",
        "extern const unsigned char *const solid_heights[256], *const floor_heights[256];",
        "extern const short sine_table[256];   /* 256 times the sine of an angle in 1/256 turn */",
        "extern const unsigned char zone_is_slippery[NUM_ZONES];",
        "extern const char *const zone_names[NUM_ZONES];   /* in capitals */",
        "#endif",
    ]
    return "\n".join([*lines, ""])


def _heights(name: str, shapes: list[tuple[int, ...]], least: Solidity) -> str:
    """Pointers to the shapes of blocks that are at least so solid; others have the shape of nothing, the first one."""
    places = [shapes.index(block.heights) if block.solidity >= least else 0 for block in TERRAIN]
    listed = ",\n ".join(f"shapes[{place}]" for place in places + [0] * (NUM_BLOCKS - len(places)))
    return f"const unsigned char *const {name}[256] = {{\n {listed}\n}};\n"


def source() -> str:
    """The tables themselves."""
    shapes = list(dict.fromkeys([(0,) * BLOCK, *(block.heights for block in TERRAIN)]))
    heights = ",\n ".join("{" + ", ".join(map(str, shape)) + "}" for shape in shapes)
    names = ", ".join(f'"{zone.name.upper()}"' for zone in ZONES)
    sines = [round(256 * math.sin(math.tau * angle / 256)) for angle in range(256)]
    return "\n".join(
        [
            "/* Made by games/tumbleweed/tools/make_tables.py. */",
            '#include "tables.h"',
            _by_block("unsigned char terrain_solidity[256]", [block.solidity for block in TERRAIN]),
            _by_block("unsigned char terrain_angle[256]", [block.angle for block in TERRAIN]),
            _by_block("unsigned char terrain_surface[256]", [block.surface for block in TERRAIN]),
            _by_block("unsigned char terrain_medium[256]", [block.medium for block in TERRAIN]),
            f"static const unsigned char shapes[{len(shapes)}][16] = {{\n {heights}\n}};\n",
            _heights("solid_heights", shapes, Solidity.SOLID),
            _heights("floor_heights", shapes, Solidity.ONE_WAY),
            _array("short sine_table[256]", sines),
            _array("unsigned char zone_is_slippery[NUM_ZONES]", [int(zone.is_slippery) for zone in ZONES]),
            f"const char *const zone_names[NUM_ZONES] = {{{names}}};",
            "",
        ]
    )


def main(folder: Path) -> None:
    """Writes both files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tables.h").write_text(header())
    (folder / "tables.c").write_text(source())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("make_tables.py: name the folder to write tables.h and tables.c to.")
    main(Path(sys.argv[1]))
