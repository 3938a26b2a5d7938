"""Writes what the game and its levels must agree on as C: make_tables.py FOLDER writes tables.h and tables.c there."""

from __future__ import annotations

import math
import sys
from enum import IntEnum
from pathlib import Path

from newgameplus.tumbleweed.terrain import BLOCK, LEVEL_HEIGHT, LOOP_RADIUS, TERRAIN, Medium, Solidity, Surface
from newgameplus.tumbleweed.things import DOOR_HEIGHT, MAX_OBJECTS, PLATFORM_WIDTH, Kind
from newgameplus.tumbleweed.zones import ZONES

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
}


def _names(prefix: str, numbers: type[IntEnum]) -> list[str]:
    return [f"#define {prefix}_{number.name} {number.value}" for number in numbers]


def _array(declaration: str, values: list[int]) -> str:
    lines = [", ".join(map(str, values[at : at + 16])) for at in range(0, len(values), 16)]
    return f"const {declaration} = {{\n " + ",\n ".join(lines) + "\n};\n"


def _by_block(declaration: str, values: list[int]) -> str:
    return _array(declaration, values + [0] * (NUM_BLOCKS - len(values)))


def header(shapes: list[tuple[int, ...]]) -> str:
    """The declarations: numbers of blocks, kinds of objects and properties, and the tables' names."""
    lines = ["/* Made by games/tumbleweed/tools/make_tables.py. */", "#ifndef TABLES_H", "#define TABLES_H"]
    lines += [f"#define {name} {value}" for name, value in CONSTANTS.items()]
    lines += _names("SOLIDITY", Solidity) + _names("SURFACE", Surface) + _names("MEDIUM", Medium) + _names("KIND", Kind)
    lines += [f"#define TERRAIN_{block.name.upper()} {number}" for number, block in enumerate(TERRAIN)]
    lines += [
        "extern const unsigned char terrain_solidity[256], terrain_shape[256], terrain_angle[256];",
        "extern const unsigned char terrain_surface[256], terrain_medium[256];",
        f"extern const unsigned char shape_heights[{len(shapes)}][16];",
        "extern const short sine_table[256];   /* 256 times the sine of an angle in 1/256 turn */",
        "extern const unsigned char zone_is_slippery[NUM_ZONES];",
        "extern const char *const zone_names[NUM_ZONES];   /* in capitals */",
        "#endif",
    ]
    return "\n".join([*lines, ""])


def source(shapes: list[tuple[int, ...]]) -> str:
    """The tables themselves."""
    heights = ",\n ".join("{" + ", ".join(map(str, shape)) + "}" for shape in shapes)
    names = ", ".join(f'"{zone.name.upper()}"' for zone in ZONES)
    sines = [round(256 * math.sin(math.tau * angle / 256)) for angle in range(256)]
    return "\n".join(
        [
            "/* Made by games/tumbleweed/tools/make_tables.py. */",
            '#include "tables.h"',
            _by_block("unsigned char terrain_solidity[256]", [block.solidity for block in TERRAIN]),
            _by_block("unsigned char terrain_shape[256]", [shapes.index(block.heights) for block in TERRAIN]),
            _by_block("unsigned char terrain_angle[256]", [block.angle for block in TERRAIN]),
            _by_block("unsigned char terrain_surface[256]", [block.surface for block in TERRAIN]),
            _by_block("unsigned char terrain_medium[256]", [block.medium for block in TERRAIN]),
            f"const unsigned char shape_heights[{len(shapes)}][16] = {{\n {heights}\n}};\n",
            _array("short sine_table[256]", sines),
            _array("unsigned char zone_is_slippery[NUM_ZONES]", [int(zone.is_slippery) for zone in ZONES]),
            f"const char *const zone_names[NUM_ZONES] = {{{names}}};",
            "",
        ]
    )


def main(folder: Path) -> None:
    """Writes both files into ``folder``."""
    shapes = list(dict.fromkeys(block.heights for block in TERRAIN))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tables.h").write_text(header(shapes))
    (folder / "tables.c").write_text(source(shapes))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("make_tables.py: name the folder to write tables.h and tables.c to.")
    main(Path(sys.argv[1]))
