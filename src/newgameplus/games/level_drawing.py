"""Draw a level from its data: the blocks and objects that the ROM holds, with the pictures of the integration.

``levels`` in ``map.json`` says where they are. A *field* is an offset in bytes and a type of ``data.json``; fields of a
level are counted from its header, those of an object from its record::

    {"index": variable with the number of the level,
     "pointers": field of the ROM: table of the addresses of the levels' headers,
     "width": field: blocks of a row,      "height": blocks of a column,      "block": side of a block in pixels,
     "look": field: row of the level in the pictures of blocks and of backgrounds,
     "blocks": field: address of the blocks, a byte each, column by column from the left,
     "blocks_picture": png file, a row of blocks per look,
     "background": png file, backgrounds below each other, optional,
     "objects": {"count": field, "records": field: address of the records, "record_bytes": their size,
                 "x": field, "y": field: centre in pixels, "kind": field, "sheet": png file,
                 "kinds": {kind: {"picture": [left, top, width, height] on the sheet,
                                  "offset": [x, y], "lowered_by": offset of a byte, "mirrored_by": offset of a byte}}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from newgameplus.errors import IntegrationError
from newgameplus.games.integration import Integration
from newgameplus.types import Array

MAX_PIXELS = 2**26
"""Limit of a level's picture."""
_SKY_ROWS, _FLOOR_ROWS = 4, 16
"""Rows of a background that go on above and below it, enough for a dithered colour and a pattern."""


class LevelDrawing:
    """Draws the levels of a game.

    Args:
        integration: the game, for its pictures.
        levels: ``levels`` of its ``map.json``.
        rom: contents of the ROM.
    """

    def __init__(self, integration: Integration, levels: Mapping[str, Any], rom: bytes) -> None:
        self._integration, self._levels, self._rom = integration, levels, rom

    def draw(self, index: int) -> Array:
        """Return the picture of a level, uint8 ``[H, W, 3]``, RGB.

        Args:
            index: number of the level, the value of the variable ``index``.

        Raises:
            IntegrationError: the description is invalid, or does not fit this ROM.
        """
        try:
            return self._draw(index)
        except (KeyError, ValueError, TypeError, IndexError, OverflowError, cv2.error) as error:
            raise IntegrationError(
                f"The map of level {index} of {self._integration.name} cannot be drawn: 'levels' in map.json does not "
                f"fit the ROM or its pictures ({type(error).__name__}: {error})."
            ) from error

    def _draw(self, index: int) -> Array:
        levels = self._levels
        table, pointer = levels["pointers"]
        header = self._number(table + index * np.dtype(pointer).itemsize, pointer)
        width, look = self._field(header, levels["width"]), self._field(header, levels["look"])
        height, side = int(levels["height"]), int(levels["block"])
        if not 0 < width * height * side * side <= MAX_PIXELS:
            raise ValueError(f"{width} x {height} blocks")
        at = self._field(header, levels["blocks"])
        blocks = np.frombuffer(self._rom, np.uint8, width * height, at).reshape(width, height).T
        atlas = self._picture(levels["blocks_picture"])[look * side : (look + 1) * side]
        tiles = atlas.reshape(side, -1, side, 4).swapaxes(0, 1)
        drawn = tiles[blocks].swapaxes(1, 2).reshape(height * side, width * side, 4)
        picture = self._background(look, height * side, width * side)
        _lay(picture, drawn, 0, 0)
        if "objects" in levels:
            self._draw_objects(picture, header, levels["objects"])
        return picture

    def _background(self, look: int, height: int, width: int) -> Array:
        """The background of a look, repeated to the sides; above and below it its first and last rows go on."""
        if "background" not in self._levels:
            return np.zeros((height, width, 3), np.uint8)
        whole = self._picture(self._levels["background"])[:, :, :3]
        num_looks = len(self._picture(self._levels["blocks_picture"])) // int(self._levels["block"])
        rows = len(whole) // num_looks
        scene = whole[look * rows : (look + 1) * rows]
        row = np.arange(height) - max(0, height - rows) // 2
        row = np.where(row < 0, row % min(_SKY_ROWS, rows), row)
        row = np.where(row >= rows, rows - 1 - (rows - 1 - row) % min(_FLOOR_ROWS, rows), row)
        return np.ascontiguousarray(scene[row][:, np.arange(width) % scene.shape[1]])

    def _draw_objects(self, picture: Array, header: int, objects: Mapping[str, Any]) -> None:
        sheet = self._picture(objects["sheet"])
        records, count = self._field(header, objects["records"]), self._field(header, objects["count"])
        for number in range(count):
            record = records + number * int(objects["record_bytes"])
            about = objects["kinds"].get(str(self._field(record, objects["kind"])))
            if about is None:
                continue
            left, top, width, height = about["picture"]
            drawn = sheet[top : top + height, left : left + width]
            if "mirrored_by" in about and self._number(record + about["mirrored_by"], "|u1"):
                drawn = drawn[:, ::-1]
            x, y = self._field(record, objects["x"]), self._field(record, objects["y"])
            right, down = about.get("offset", (0, 0))
            if "lowered_by" in about:
                down += self._number(record + about["lowered_by"], "|u1")
            _lay(picture, drawn, x + right - width // 2, y + down - height // 2)

    def _picture(self, name: str) -> Array:
        """A picture of the integration, uint8 ``[H, W, 4]``: RGB and opacity."""
        path: Path | None = self._integration.file(name)
        picture = None if path is None else cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.ndim != 3:
            raise ValueError(f"{name} is no picture of the integration")
        return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGBA)

    def _field(self, base: int, field: tuple[int, str]) -> int:
        return self._number(base + field[0], field[1])

    def _number(self, address: int, kind: str) -> int:
        if address < 0:
            raise ValueError(f"address {address}")
        return int(np.frombuffer(self._rom, kind, 1, address)[0])


def _lay(picture: Array, drawn: Array, left: int, top: int) -> None:
    """Lay what is opaque of ``drawn`` ``[h, w, 4]`` on a picture, as far as it is inside."""
    height, width = picture.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    part = drawn[y0 - top : height - top, x0 - left : width - left]
    if part.size:
        region = picture[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]]
        region[part[:, :, 3] > 0] = part[:, :, :3][part[:, :, 3] > 0]
