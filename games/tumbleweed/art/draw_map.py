"""Draws what maps of levels are put together from, and says where the ROM has a level: draw_map.py [FOLDER].

Writes ``map.json``, ``map-blocks.png``, ``map-objects.png`` and ``map-backgrounds.png`` (docs/guide/games.md), by
default into the game's folder of the Python package.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from draw_objects import coloured, drawing_of
from make_art import ZONES
from palette import to_rgb

from newgameplus.open_games.tumbleweed.course import MODE_CLEAR
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import PACK_ADDRESS
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LEVEL_HEIGHT, TERRAIN
from newgameplus.open_games.tumbleweed.things import Kind

POINTERS = PACK_ADDRESS + 8
"""Address of the table of levels: behind magic, version and number (open_games/tumbleweed/pack.py)."""
PARAMETER_A, PARAMETER_B = 5, 6
"""Offsets of an object's parameters in its record."""
MIRRORED_BY_B = (Kind.DIAGONAL_SPRING, Kind.SHOOTER)


def main(folder: Path) -> None:
    """Write them all."""
    arts = [draw() for draw in ZONES]
    blocks = [coloured(np.hstack([art.blocks[terrain.name] for terrain in TERRAIN]), art.foreground) for art in arts]
    _write(folder / "map-blocks.png", np.vstack(blocks))
    scenes = [to_rgb(art.background)[art.panorama] for art in arts]
    for scene, art in zip(scenes, arts, strict=True):
        scene[art.panorama == 0] = to_rgb(art.foreground)[0]
    _write(folder / "map-backgrounds.png", np.vstack(scenes)[:, :, ::-1])
    objects, sheet = _objects()
    _write(folder / "map-objects.png", sheet)
    text = json.dumps(_description(objects), indent=1) + "\n"
    (folder / "map.json").write_text(text)


def _objects() -> tuple[dict[str, object], np.ndarray]:
    """The picture of each kind and where it lies on the sheet of them all."""
    kinds = [kind for kind in Kind if kind != Kind.LOOP]  # a loop is drawn by its blocks
    drawn = [drawing_of(kind) for kind in kinds]
    sheet = np.zeros((max(map(len, drawn)), sum(picture.shape[1] for picture in drawn), 4), np.uint8)
    described: dict[str, object] = {}
    left = 0
    for kind, picture in zip(kinds, drawn, strict=True):
        height, width, _ = picture.shape
        sheet[:height, left : left + width] = picture
        about: dict[str, object] = {"picture": [left, 0, width, height]}
        if kind == Kind.JET:
            about["offset"] = [0, -height // 2]
        if kind == Kind.PENDULUM:
            about["lowered_by"] = PARAMETER_A
        if kind in MIRRORED_BY_B:
            about["mirrored_by"] = PARAMETER_B
        described[str(int(kind))] = about
        left += width
    return described, sheet


def _description(objects: dict[str, object]) -> dict[str, object]:
    """Contents of ``map.json``."""
    return {
        "player": ["x", "y"],
        "camera": ["camera_x", "camera_y"],
        "goal": {"mode": MODE_CLEAR},
        "levels": {
            "index": "level",
            "pointers": [POINTERS, ">u4"],
            "width": [0, ">u2"],
            "look": [2, ">u2"],
            "height": LEVEL_HEIGHT,
            "block": BLOCK,
            "blocks": [16, ">u4"],
            "blocks_picture": "map-blocks.png",
            "background": "map-backgrounds.png",
            "objects": {
                "count": [14, ">u2"],
                "records": [20, ">u4"],
                "record_bytes": 8,
                "x": [0, ">u2"],
                "y": [2, ">u2"],
                "kind": [4, "|u1"],
                "sheet": "map-objects.png",
                "kinds": objects,
            },
        },
    }


def _write(path: Path, picture: np.ndarray) -> None:
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TUMBLEWEED.folder)
