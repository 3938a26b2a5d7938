"""Overlay drawn on the picture: messages, playback state, variables, key help, and the end of the level."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import pygame

from newgameplus.games.key_codes import key_name
from newgameplus.games.layout import ARROWS, MIDDLE, STICK, Binding
from newgameplus.play.geometry import Box
from newgameplus.session.commands import Action
from newgameplus.session.playthrough import Sign, View

TEXT = (238, 238, 242)
DIM = (168, 168, 182)
ACCENT = (255, 193, 7)
_PANEL = (16, 16, 24, 222)
_TRACK = (70, 70, 84)
_SHADE = (10, 10, 16, 232)
_SMALLEST = 8
_LINES_HIGH = 30
"""Number of text lines that fit into the picture's height."""

_HELP: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pause", ("pause",)),
    ("one frame forward, back", ("frame_forward", "frame_back")),
    ("rewind (hold)", ("rewind",)),
    ("fast forward (hold)", ("fast_forward",)),
    ("slower, faster", ("slower", "faster")),
    ("save, load", ("save_1", "load_1")),
    ("save to slot 2, 3, …", ("save_2", "save_3")),
    ("load slot 2, 3, …", ("load_2", "load_3")),
    ("restart the level", ("restart",)),
    ("mute, louder, softer", ("mute", "louder", "softer")),
    ("variables and score", ("variables",)),
    ("television or square pixels", ("shape",)),
    ("fullscreen", ("fullscreen",)),
    ("screenshot", ("screenshot",)),
    ("these keys", ("help",)),
    ("leave", ("leave",)),
)
"""Key help: what a row says, and the commands whose keys it shows."""


def draw(surface: pygame.Surface, box: Box, view: View) -> None:
    """Draw ``view`` on the window.

    Args:
        surface: the window.
        box: position of the picture.
        view: what to draw.
    """
    size = max(11, box.height // _LINES_HIGH)
    if view.layout:
        _draw_keys(surface, box, view, size)
        return
    if view.variables:
        _draw_variables(surface, box, view.variables, size)
    if view.sign is not None:
        _draw_sign(surface, box, view.sign, size)
    if view.note:
        _draw_note(surface, box, view.note, size)
    if view.reached is not None:
        _draw_track(surface, box, view.reached, size)
    if view.ending:
        _draw_ending(surface, box, view.ending, size)


@functools.lru_cache(maxsize=16)
def _font(size: int) -> pygame.font.Font:
    if not pygame.font.get_init():
        pygame.font.init()
    return pygame.font.Font(None, size)


@functools.lru_cache(maxsize=512)
def _text(text: str, size: int, colour: tuple[int, int, int]) -> pygame.Surface:
    return _font(size).render(text, True, colour)


def _panel(surface: pygame.Surface, area: pygame.Rect, size: int) -> None:
    shade = pygame.Surface(area.size, pygame.SRCALPHA)
    pygame.draw.rect(shade, _PANEL, shade.get_rect(), border_radius=size // 2)
    surface.blit(shade, area)


def _draw_variables(surface: pygame.Surface, box: Box, rows: Sequence[tuple[str, str]], size: int) -> None:
    drawn = [(_text(name, size, DIM), _text(value, size, TEXT)) for name, value in rows]
    names = max(name.get_width() for name, _ in drawn)
    values = max(max(value.get_width() for _, value in drawn), 5 * size)
    step = size * 5 // 4
    area = pygame.Rect(0, box.y + size * 7 // 2, names + values + 3 * size, step * len(drawn) + size)
    area.right = box.x + box.width - size  # games often show their own on the left
    _panel(surface, area, size)
    for row, (name, value) in enumerate(drawn):
        y = area.y + size // 2 + row * step
        surface.blit(name, (area.x + size, y))
        surface.blit(value, (area.right - size - value.get_width(), y))


def _draw_sign(surface: pygame.Surface, box: Box, sign: Sign, size: int) -> None:
    text = _text(sign.value, size, TEXT)
    area = pygame.Rect(0, box.y + size, text.get_width() + 4 * size, 2 * size)
    area.right = box.x + box.width - size
    _panel(surface, area, size)
    surface.blit(text, (area.x + 3 * size, area.centery - text.get_height() // 2))
    mark = pygame.Rect(area.x + size, area.centery - size // 2, size * 3 // 2, size)
    if sign is Sign.PAUSED:
        for x in (mark.x, mark.x + size * 2 // 3):
            pygame.draw.rect(surface, ACCENT, (x, mark.y, size // 3, size))
        return
    for x in (mark.x, mark.x + size * 2 // 3)[: 1 if sign is Sign.SLOW else 2]:
        tip, back = (x, x + size * 2 // 3) if sign is Sign.REWINDING else (x + size * 2 // 3, x)
        pygame.draw.polygon(surface, ACCENT, [(back, mark.top), (tip, mark.centery), (back, mark.bottom)])


def _draw_note(surface: pygame.Surface, box: Box, note: str, size: int) -> None:
    text = _text(note, size, TEXT)
    area = pygame.Rect(box.x + size, 0, text.get_width() + 2 * size, 2 * size)
    area.bottom = box.y + box.height - size
    _panel(surface, area, size)
    surface.blit(text, (area.x + size, area.centery - text.get_height() // 2))


def _draw_track(surface: pygame.Surface, box: Box, reached: float, size: int) -> None:
    area = pygame.Rect(box.x + size, 0, box.width - 2 * size, size)
    area.bottom = box.y + box.height - size
    _panel(surface, area, size)
    track = area.inflate(-size, -size * 2 // 3)
    pygame.draw.rect(surface, _TRACK, track, border_radius=size // 4)
    done = pygame.Rect(track.x, track.y, round(track.width * reached), track.height)
    pygame.draw.rect(surface, ACCENT, done, border_radius=size // 4)


def _draw_ending(surface: pygame.Surface, box: Box, lines: Sequence[str], size: int) -> None:
    title, score, *rest = lines
    drawn = [_text(title, size * 3 // 2, DIM), _text(score, size * 3, ACCENT)]
    drawn += [_text(line, size, TEXT) for line in rest]
    area = pygame.Rect(0, 0, max(each.get_width() for each in drawn) + 5 * size, 0)
    area.height = sum(each.get_height() + size // 2 for each in drawn) + 5 * size // 2
    area.center = (box.x + box.width // 2, box.y + box.height // 2)
    _panel(surface, area, size)
    y = area.y + size * 3 // 2
    for each in drawn:
        surface.blit(each, (area.centerx - each.get_width() // 2, y))
        y += each.get_height() + size // 2


def _draw_keys(surface: pygame.Surface, box: Box, view: View, size: int) -> None:
    """Draw two tables side by side over the darkened picture, in the largest text that fits."""
    game = [("Key", "Button", "Controller"), *_button_rows(view.layout)]
    program = [("Key", "", ""), *_command_rows(view.actions)]
    while size > _SMALLEST and not _fits((game, program), box, size):
        size -= 1
    shade = pygame.Surface(box[2:], pygame.SRCALPHA)
    shade.fill(_SHADE)
    surface.blit(shade, box[:2])
    widths = [_table_width(table, size) for table in (game, program)]
    x = box.x + (box.width - sum(widths) - 3 * size) // 2
    y = box.y + (box.height - _row_height(size) * len(program)) // 2
    for table, width in zip((game, program), widths, strict=True):
        _draw_table(surface, (x, y), table, size)
        x += width + 3 * size


def _button_rows(layout: Sequence[Binding]) -> Iterator[tuple[str, ...]]:
    directions = {each.button: each for each in layout if each.button in ARROWS}
    if all(each.keys == (ARROWS[name],) and each.controls == (STICK[name],) for name, each in directions.items()):
        yield from [("Arrows", "directions", "D-pad, stick")] if directions else []
        layout = [each for each in layout if each.button not in ARROWS]
    for each in sorted(layout, key=lambda each: _place(each.button)):
        yield ", ".join(map(key_name, each.keys)) or "–", each.button, ", ".join(each.controls) or "–"


def _command_rows(actions: Sequence[Action]) -> Iterator[tuple[str, ...]]:
    by_name = {action.name: action for action in actions}
    for text, all_names in _HELP:
        names = [name for name in all_names if name in by_name]
        if not names:
            continue
        keys = [key_name(by_name[name].keys[0]) for name in names if by_name[name].keys]
        controls = [control for name in names for control in by_name[name].controls]
        yield "   ".join(keys) or "–", text, ", ".join(controls)


def _fits(tables: Sequence[Sequence[tuple[str, ...]]], box: Box, size: int) -> bool:
    width = sum(_table_width(table, size) for table in tables) + 5 * size
    height = max(len(table) for table in tables) * _row_height(size) + 2 * size
    return width <= box.width and height <= box.height


def _row_height(size: int) -> int:
    return size * 3 // 2


def _columns(table: Sequence[tuple[str, ...]], size: int) -> list[int]:
    return [max(_text(row[at], size, TEXT).get_width() for row in table) for at in range(3)]


def _table_width(table: Sequence[tuple[str, ...]], size: int) -> int:
    columns = [width for width in _columns(table, size) if width]
    return sum(columns) + size * (len(columns) - 1)


def _draw_table(surface: pygame.Surface, at: tuple[int, int], table: Sequence[tuple[str, ...]], size: int) -> None:
    left, y = at
    for index, row in enumerate(table):
        x = left
        colours = (ACCENT, TEXT, DIM) if index else (DIM, DIM, DIM)
        for word, colour, width in zip(row, colours, _columns(table, size), strict=True):
            surface.blit(_text(word, size, colour), (x, y))
            x += width + size
        y += _row_height(size)


def _place(button: str) -> tuple[bool, str]:
    """Sort key: letter buttons first, then those in the middle of a pad."""
    return button in MIDDLE, button
