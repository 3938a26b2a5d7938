"""Sets of a stream of Tumbleweed's levels: two of each zone, an easy and a hard one."""

from __future__ import annotations

from newgameplus.errors import UsageError
from newgameplus.open_games.seeds import stream_seed
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.generate import HARDEST_ACT, generate_level
from newgameplus.open_games.tumbleweed.pack import pack_levels
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

_HALF = HARDEST_ACT // 2
NUM_LEVELS = 2 * len(ZONE_NAMES)
"""Number of levels of a set."""


def draw_set(base: bytes, stream: int, number: int) -> bytes:
    """Return the ROM of a program with the levels of a set; see :func:`levels_of_set`."""
    return pack_levels(base, levels_of_set(stream, number))


def levels_of_set(stream: int, number: int) -> list[Blueprint]:
    """Draw the levels of a set: one of each zone and an easy act, then one of each with an act harder by four.

    Four sets have all acts that differ in hardness.

    Args:
        stream: seed of the stream.
        number: number of the set, from 0.

    Raises:
        UsageError: one of these numbers is out of its range.
    """
    easy = number % _HALF + 1
    return [_drawn(zone, act, stream, number) for act in (easy, easy + _HALF) for zone in ZONE_NAMES]


def _drawn(zone: str, act: int, stream: int, number: int) -> Blueprint:
    """Draw a level from the first of a set's seeds that gives one."""
    draft = 0
    while True:
        seed = stream_seed(stream, number, draft)
        try:
            return generate_level(zone, act, seed)
        except UsageError:  # no draft of this seed is plausible
            draft += 1
