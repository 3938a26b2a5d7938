"""Text of a button log: which column and letter stands for which button, in both dialects of bk2.

**retro**, written by gym-retro and stable-retro (``movie-bk2.cpp``): the columns run from the last button bit to the
first, the key line has lost its ``LogKey:`` prefix, and the reader uses only the letters. It has no letters for PAUSE,
RESET, RUN, I to VI and the C pad, and does not record these buttons; we append columns of our own for them, which it
skips.

**bizhawk**, BizHawk's own: ``LogKey:#Reset|Power|#P1 Up|P1 Down|…|`` names the columns; their position counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from newgameplus.errors import MovieError

Buttons: TypeAlias = Sequence[str | None]
Dialect: TypeAlias = Literal["retro", "bizhawk"]

MAX_PLAYERS = 8
"""Limit on the number of players; no supported console has more pads."""
_SWITCHES = ("Reset", "Power")
_RETRO_LETTERS = {
    "A": "A", "B": "B", "C": "C", "X": "X", "Y": "Y", "Z": "Z", "START": "S", "SELECT": "s", "MODE": "M",
    "UP": "U", "DOWN": "D", "LEFT": "L", "RIGHT": "R", "L": "l", "R": "r", "BUTTON": "B",
}  # fmt: skip
_OWN_LETTERS = {
    "RESET": "e", "PAUSE": "P", "RUN": "u", "I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6",
    "L2": "q", "R2": "w", "L3": "v", "R3": "t", "C-RIGHT": ">", "C-UP": "^", "C-MODE": "m",
}  # fmt: skip
LETTERS = _RETRO_LETTERS | _OWN_LETTERS
"""Letter of every button; unique within a console."""
_WORDS = {"START", "SELECT", "MODE", "UP", "DOWN", "LEFT", "RIGHT", "BUTTON", "RESET", "PAUSE", "RUN"}
_BIZHAWK_ORDER = {
    "Genesis": "UP DOWN LEFT RIGHT A B C START X Y Z MODE",
    "Snes": "UP DOWN LEFT RIGHT SELECT START Y B X A L R",
    "Nes": "UP DOWN LEFT RIGHT START SELECT B A",
    "GameBoy": "UP DOWN LEFT RIGHT START SELECT B A",
    "GbColor": "UP DOWN LEFT RIGHT START SELECT B A",
}
_BIZHAWK_NAMES = {
    "Sms": {"B1": "B", "B2": "A"},
    "GameGear": {"B1": "B", "B2": "A"},
    "PCEngine": {"B1": "I", "B2": "II", "B3": "III", "B4": "IV", "B5": "V", "B6": "VI"},
}
_PLAYER = re.compile(r"P(\d{1,2}) (.+)")

LineReader: TypeAlias = Callable[[str], tuple[int, ...]]
"""Turns a line of the log into one button mask per player."""


def retro_columns(buttons: Buttons) -> list[str]:
    """Return the buttons in the order of gym-retro's columns, followed by those that only we record."""
    named = [name for name in reversed(buttons) if name is not None]
    return sorted(named, key=lambda name: name not in _RETRO_LETTERS)


def bizhawk_columns(console: str, buttons: Buttons) -> list[str]:
    """Return the buttons in the order of BizHawk's columns."""
    known = _BIZHAWK_ORDER.get(console, "UP DOWN LEFT RIGHT").split()
    named = [name for name in buttons if name is not None]
    return sorted(named, key=lambda name: known.index(name) if name in known else len(known))


def _columns(dialect: Dialect, console: str, buttons: Buttons) -> list[str]:
    return retro_columns(buttons) if dialect == "retro" else bizhawk_columns(console, buttons)


def key_line(dialect: Dialect, console: str, buttons: Buttons, num_players: int) -> str:
    """Return the line that names the columns, without a line end."""
    titles = [_title(name) for name in _columns(dialect, console, buttons)]
    players = ["".join(f"P{player} {title}|" for title in titles) for player in range(1, num_players + 1)]
    if dialect == "retro":
        return "".join(players)
    return "LogKey:#" + "".join(f"{name}|" for name in _SWITCHES) + "".join(f"#{group}" for group in players)


def line_writer(dialect: Dialect, console: str, buttons: Buttons) -> Callable[[Sequence[int]], str]:
    """Return a function from one mask per player to a line of the log, without a line end."""
    columns = [(1 << list(buttons).index(name), LETTERS[name]) for name in _columns(dialect, console, buttons)]

    def write(masks: Sequence[int]) -> str:
        groups = ["".join(letter if mask & bit else "." for bit, letter in columns) for mask in masks]
        return f"|..|{'|'.join(groups)}|"

    return write


def _title(name: str) -> str:
    return name.title() if name in _WORDS or name.startswith("C-") else name


def line_reader(key: str, console: str, buttons: Buttons) -> tuple[Dialect, int, LineReader]:
    """Parse the key line of a log; return its dialect, the number of players and a reader for its lines.

    An intact ``LogKey:`` line gives columns by position. Any other key line is gym-retro's: letters decide, as in its
    own reader, and the key line gives only the number of players.

    Raises:
        MovieError: the key line names a button that the console does not have, or too many players.
    """
    if key.startswith("LogKey:"):
        groups = _key_groups(key.removeprefix("LogKey:"), console, buttons)
        num_players = max((player for group in groups for player, _ in group), default=0) + 1
        return "bizhawk", num_players, _place_reader(groups, num_players)
    players = [int(match[1]) for part in key.split("|") if (match := _PLAYER.fullmatch(part))]
    num_players = max(players, default=1)
    if not 1 <= num_players <= MAX_PLAYERS:
        raise MovieError(f"The button log has {num_players} players; at most {MAX_PLAYERS} can play.")
    return "retro", num_players, _letter_reader(console, buttons, num_players)


def _letter_reader(console: str, buttons: Buttons, num_players: int) -> LineReader:
    bits = {LETTERS[name]: 1 << bit for bit, name in enumerate(buttons) if name is not None}

    def read(line: str) -> tuple[int, ...]:
        groups = line.split("|")[2:-1]
        if len(groups) != num_players:
            raise MovieError(f"has {len(groups)} players instead of {num_players}")
        masks = []
        for group in groups:
            mask = 0
            for letter in group:
                if letter != ".":
                    if letter not in bits:
                        raise MovieError(f"presses {letter!r}, which is no button of {console}")
                    mask |= bits[letter]
            masks.append(mask)
        return tuple(masks)

    return read


Column: TypeAlias = tuple[int, int]
"""Player, from 0, and bit of the button; bit 0 stands for a console switch that cannot be operated."""


def _key_groups(key: str, console: str, buttons: Buttons) -> list[list[Column]]:
    groups = []
    for group in key.split("#")[1:]:
        names = [name for name in group.strip().split("|") if name]
        groups.append([_column(name, console, buttons) for name in names])
    return groups


def _column(name: str, console: str, buttons: Buttons) -> Column:
    match = _PLAYER.fullmatch(name)
    player, title = (int(match[1]), match[2]) if match else (1, name)
    if not 1 <= player <= MAX_PLAYERS:
        raise MovieError(f"The button log names player {player}; at most {MAX_PLAYERS} can play.")
    button = _BIZHAWK_NAMES.get(console, {}).get(title.upper(), title.upper())
    if button in buttons:
        return player - 1, 1 << list(buttons).index(button)
    if match:
        raise MovieError(f"The button log has a column {name[:40]!r}, but {console} has no such button.")
    return 0, 0


def _place_reader(groups: list[list[Column]], num_players: int) -> LineReader:
    def read(line: str) -> tuple[int, ...]:
        parts = line.split("|")[1:-1]
        if len(parts) != len(groups) or any(len(p) != len(g) for p, g in zip(parts, groups, strict=True)):
            raise MovieError("does not have the columns that the log's key line names")
        masks = [0] * num_players
        for part, group in zip(parts, groups, strict=True):
            for character, (player, bit) in zip(part, group, strict=True):
                if character not in ". ":
                    if not bit:
                        raise MovieError("moves a switch of the console, such as Reset, which cannot be played back")
                    masks[player] |= bit
        return tuple(masks)

    return read
