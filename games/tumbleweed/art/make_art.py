"""Draws all pictures of Tumbleweed and writes them as C: make_art.py FOLDER writes art.h and art.c there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import font
import player
import sprites
import title
from blocks import ZoneArt
from canvas import Pixels
from emit import PRIORITY, TileSet, c_array, column_major, tile_words
from zones import canyon, carnival, foundry, frost, gale, mesa, mine, oasis

from newgameplus.open_games.tumbleweed.terrain import TERRAIN

SPRITE_BASE, MAX_SPRITE_TILES, MAX_ZONE_TILES, MAX_PLAYER_FRAMES = 768, 592, 768, 40
MAX_BYTES = 0x40000 - 0xA000
"""What code, tables and tunes leave of the ROM's first 256 KiB."""
ZONES: tuple[Callable[[], ZoneArt], ...] = (
    mesa.draw,
    canyon.draw,
    oasis.draw,
    gale.draw,
    mine.draw,
    frost.draw,
    carnival.draw,
    foundry.draw,
)
"""The zones in the order of the ROM."""


@dataclass(slots=True)
class Output:
    """The two files as they grow."""

    header: list[str]
    source: list[str]
    num_bytes: int = 0

    def define(self, declaration: str, values: list[int], bits: int, is_shared: bool = True) -> None:
        """Adds an array of ``bits`` wide words; ``is_shared`` declares it in the header."""
        storage = "" if is_shared else "static "
        self.source.append(c_array(f"{storage}const u{bits} {declaration}", values, bits))
        if is_shared:
            self.header.append(f"extern const u{bits} {declaration};")
        self.num_bytes += len(values) * bits // 8


def _demand(is_met: bool, sentence: str) -> None:
    if not is_met:
        sys.exit(f"make_art.py: {sentence}")


def _zone(out: Output, number: int, art: ZoneArt) -> int:
    """Writes one zone; returns how many tiles it has."""
    tiles = TileSet()
    words = []
    for terrain in TERRAIN:
        over = PRIORITY if terrain.name in art.over else 0
        words += [word | over for word in tiles.picture(art.blocks[terrain.name])]
    num_block_tiles = len(tiles.tiles)
    scene = [word | 0x2000 for word in tiles.picture(art.panorama)]
    count = len(tiles.tiles)
    _demand(count <= MAX_ZONE_TILES, f"zone {number} has {count} tiles, but {MAX_ZONE_TILES} fit: simplify it.")
    out.define(f"zone_{number}_tiles[]", tile_words(tiles.tiles), 32, is_shared=False)
    out.define(f"zone_{number}_blocks[]", words, 16, is_shared=False)
    out.define(f"zone_{number}_background[]", scene, 16, is_shared=False)
    sys.stdout.write(f"zone {number}: {num_block_tiles} tiles of blocks, {count - num_block_tiles} of background\n")
    return count


def _zones(out: Output) -> None:
    arts = [draw() for draw in ZONES]
    counts = [_zone(out, number, art) for number, art in enumerate(arts)]
    for element, name, suffix, cast in (
        ("const u32 *const", "zone_tiles[8]", "tiles", ""),
        ("const u16 (*const", "zone_blocks[8])[4]", "blocks", "(const u16 (*)[4])"),
        ("const u16 *const", "zone_background[8]", "background", ""),
    ):
        listed = ", ".join(f"{cast}zone_{number}_{suffix}" for number in range(len(arts)))
        out.source.append(f"{element} {name} = {{{listed}}};\n")
        out.header.append(f"extern {element} {name};")
    out.define("zone_num_tiles[8]", counts, 16)
    for name, width, values in (
        ("zone_palettes[8][2][16]", 16, [word for art in arts for word in art.foreground + art.background]),
        ("background_speed[8][28]", 16, [speed for art in arts for speed in art.speed]),
        ("zone_cycle[8][3]", 16, [value for art in arts for value in art.cycle]),
    ):
        out.define(name, values, width)


def _sprites(out: Output) -> None:
    tiles: list[Pixels] = []
    for name, sprite in sprites.draw().items():
        height, width = (side // 8 for side in sprite.frames[0].shape)
        out.header += [
            f"#define SPRITE_{name} {SPRITE_BASE + len(tiles)}",
            f"#define SPRITE_{name}_SIZE {(width - 1) << 2 | height - 1}",
            f"#define SPRITE_{name}_PALETTE 0x{sprite.palette << 13:04X}",
        ]
        for frame in sprite.frames:
            tiles += column_major(frame)
    _demand(len(tiles) <= MAX_SPRITE_TILES, f"the sprites have {len(tiles)} tiles, but {MAX_SPRITE_TILES} fit.")
    out.header.append(f"#define NUM_SPRITE_TILES {len(tiles)}")
    out.define("sprite_tiles[]", tile_words(tiles), 32)
    out.define("sprite_palettes[2][16]", [word for words in sprites.PALETTES for word in words], 16)
    sys.stdout.write(f"sprites: {len(tiles)} tiles\n")


def _player(out: Output) -> None:
    frames: list[Pixels] = []
    for pose, pictures in player.draw().items():
        out.header += [f"#define PLAYER_{pose} {len(frames)}", f"#define PLAYER_{pose}_FRAMES {len(pictures)}"]
        frames += pictures
    _demand(len(frames) <= MAX_PLAYER_FRAMES, f"the player has {len(frames)} frames, but {MAX_PLAYER_FRAMES} fit.")
    out.header.append(f"#define NUM_PLAYER_FRAMES {len(frames)}")
    words = [word for frame in frames for word in tile_words(column_major(frame))]
    # Aligned to a frame's size, no frame crosses a bank of 128 KiB, where DMA would wrap.
    out.source.append("__attribute__((aligned(512)))")
    out.define("player_tiles[][128]", words, 32)


def _title(out: Output) -> None:
    tiles = TileSet()
    words = tiles.picture(title.draw())
    count = len(tiles.tiles)
    _demand(count <= MAX_ZONE_TILES, f"the title has {count} tiles, but {MAX_ZONE_TILES} fit: simplify it.")
    out.header.append(f"#define NUM_TITLE_TILES {count}")
    out.define("title_tiles[]", tile_words(tiles.tiles), 32)
    out.define("title_map[1120]", words, 16)
    out.define("title_palette[16]", title.PALETTE, 16)
    sys.stdout.write(f"title: {count} tiles\n")


def main(folder: Path) -> None:
    """Writes art.h and art.c into ``folder``.

    Raises:
        SystemExit: A budget of tiles, frames or bytes is exceeded.
    """
    opening = "/* Made by games/tumbleweed/art/make_art.py. */\n"
    out = Output([opening, "#ifndef ART_H", "#define ART_H", '#include "game.h"'], [opening, '#include "art.h"\n'])
    _zones(out)
    _sprites(out)
    _player(out)
    out.define(f"font_tiles[{font.NUM_TILES * 8}]", tile_words(font.draw()), 32)
    _title(out)
    _demand(out.num_bytes <= MAX_BYTES, f"the pictures take {out.num_bytes} bytes, but {MAX_BYTES} are left for them.")
    sys.stdout.write(f"all pictures: {out.num_bytes} of {MAX_BYTES} bytes\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "art.h").write_text("\n".join([*out.header, "#endif", ""]))
    (folder / "art.c").write_text("\n".join(out.source))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("make_art.py: name the folder to write art.h and art.c to.")
    main(Path(sys.argv[1]))
