"""A contact sheet of one movie: evenly spaced pictures, each with its time and the return so far."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from newgameplus.movies.encoders import fit
from newgameplus.movies.lettering import BACKGROUND, BRIGHT, DIM, draw_text, fitting_size, text_width
from newgameplus.movies.names import level_of
from newgameplus.movies.playback import Playback
from newgameplus.printable import printable_number, printable_time
from newgameplus.types import Array

NUM_COLUMNS = 4
MAX_PICTURES = 16
MARGIN = 12
"""Pixels between and around the pictures."""
CAPTION_HEIGHT = 22


def write_sheet(playback: Playback, out: Path, scale: int, num_frames: int) -> int:
    """Play a movie and write its sheet as PNG; return the number of pictures on it."""
    shown = np.unique(np.linspace(0, num_frames - 1, min(MAX_PICTURES, num_frames)).round().astype(int))
    cells, total = [], 0.0
    for number, reward in enumerate(islice(playback.rewards(), num_frames)):
        total += reward
        if number in shown:
            seconds = number / playback.emulator.frames_per_second
            cells.append((playback.picture(), printable_time(seconds), f"return {printable_number(total)}"))
    sheet = _sheet(_title(playback, num_frames, total), cells, scale)
    is_written, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert is_written
    out.write_bytes(data.tobytes())
    return len(cells)


def level_title(playback: Playback) -> str:
    """Return the level's id from the movie or its file name, else the game and the file's name."""
    path, game = playback.path, playback.movie.game
    return playback.record.level or level_of(path, game) or f"{game} ({path.stem})"


def _title(playback: Playback, num_frames: int, total: float) -> str:
    length = printable_time(num_frames / playback.emulator.frames_per_second)
    return f"{level_title(playback)}   {length}   return {printable_number(total)}"


def _sheet(title: str, cells: list[tuple[Array, str, str]], scale: int) -> Array:
    height, width = (side * scale for side in cells[0][0].shape[:2])
    num_columns = min(NUM_COLUMNS, len(cells))
    num_rows = math.ceil(len(cells) / num_columns)
    top = MARGIN + 2 * CAPTION_HEIGHT
    row_height = height + CAPTION_HEIGHT + MARGIN
    sheet = np.empty((top + num_rows * row_height, MARGIN + num_columns * (width + MARGIN), 3), np.uint8)
    sheet[:] = BACKGROUND
    size = fitting_size(title, sheet.shape[1] - 2 * MARGIN, 0.7)
    draw_text(sheet, title, MARGIN, MARGIN + CAPTION_HEIGHT + 4, colour=BRIGHT, size=size)
    for number, (picture, left_text, right_text) in enumerate(cells):
        row, column = divmod(number, num_columns)
        y, x = top + row * row_height, MARGIN + column * (width + MARGIN)
        sheet[y : y + height, x : x + width] = fit(picture, (height, width))
        baseline = y + height + CAPTION_HEIGHT - 6
        draw_text(sheet, left_text, x, baseline, colour=DIM, size=0.45)
        draw_text(sheet, right_text, x + width - text_width(right_text, 0.45), baseline, colour=BRIGHT, size=0.45)
    return sheet
