"""Level generator: the same zone, act and seed give the same level on every machine."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence

from newgameplus.errors import UsageError, did_you_mean
from newgameplus.open_games.tumbleweed.blueprint import Blueprint, Sketch
from newgameplus.open_games.tumbleweed.grammar import GRAMMARS
from newgameplus.open_games.tumbleweed.grammar.decoration import decorate
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.grammar.shared import checkpoint, finale, opening
from newgameplus.open_games.tumbleweed.pack import MAX_WIDTH, check_level
from newgameplus.open_games.tumbleweed.reach import plausible
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

MIN_LENGTH, MAX_LENGTH = 400, 480
"""Range of a level's length in blocks."""
HARDEST_ACT = 8
"""Act from which on levels get no harder."""
MAX_TRIES = 40
"""Number of drafts per seed, until one is plausible."""
CHECKPOINT_DISTANCE = 95
"""Blocks after which a checkpoint follows the current piece."""
CHARGE_SHARE = 0.9
"""Share of the levels, except first acts, with a place that requires a charge."""
_FORGETTING = 4
"""Number of pieces after which a piece may be repeated."""


def generate_level(zone: str, act: int, seed: int) -> Blueprint:
    """Make a level.

    Args:
        zone: a name of ZONE_NAMES.
        act: number of the act, from 1; later acts are harder.
        seed: any integer.

    Returns:
        A level named ``<zone>.Act<act>`` that the game can hold and that a cheap check finds plausible; whether it can
            be
        won is proven in the emulator.

    Raises:
        UsageError: no such zone or act, or no draft of this seed is plausible.
    """
    if zone not in GRAMMARS:
        raise UsageError(f"There is no zone {zone!r}.{did_you_mean(zone, GRAMMARS)}")
    if act < 1:
        raise UsageError(f"Acts are numbered from 1, not {act}.")
    for draft in range(MAX_TRIES):
        level = _draft(zone, act, _generator(zone, act, seed, draft))
        if plausible(level):
            check_level(level)
            return level
    raise UsageError(f"Seed {seed} gives no level {zone}.Act{act} in {MAX_TRIES} tries; take another seed.")


def generate_set(seed: int, count: int, zones: Sequence[str] = ZONE_NAMES) -> list[Blueprint]:
    """Make ``count`` levels, cycling through ``zones``, acts counted from 1.

    Raises:
        UsageError: no zones, no levels, or as ``generate_level``.
    """
    if count < 1 or not zones:
        raise UsageError(f"A set has at least one level and one zone, not {count} and {len(zones)}.")
    places = [(zones[number % len(zones)], number // len(zones) + 1) for number in range(count)]
    return [generate_level(zone, act, seed) for zone, act in places]


def _generator(*parts: object) -> random.Random:
    """Random generator seeded by its arguments, the same in every version of Python."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


def _draft(zone: str, act: int, rng: random.Random) -> Blueprint:
    grammar = GRAMMARS[zone]
    sketch = Sketch(MAX_WIDTH, zone, act)
    pen = Pen(sketch, rng, grammar.enemies, row=rng.randint(19, 23), wall=grammar.wall, abyss=grammar.abyss)
    opening(pen)
    _draw_pieces(pen, grammar, act, rng.randint(MIN_LENGTH, MAX_LENGTH))
    goal = finale(pen)
    sketch.crop(pen.x)
    decorate(sketch, rng, pen.quiet)
    return sketch.finish(goal_x=goal * BLOCK + BLOCK // 2)


def _draw_pieces(pen: Pen, grammar: Grammar, act: int, length: int) -> None:
    """Chain pieces up to column ``length``, with checkpoints between them."""
    rng = pen.rng
    waves = (rng.uniform(1.5, 3), rng.random())
    charge_at = _charge_at(act, rng) * length
    drawn: list[Piece] = []
    roles: list[Role] = []
    marked = 0
    while pen.x < length:
        roles = roles or _phrase(grammar, rng)
        pen.hardness = _hardness(act, pen.x / length)
        pen.wander(_height(pen.x / length, waves))
        if pen.x >= charge_at and _fitting(grammar, Role.CHARGE, pen, drawn):
            roles.insert(0, Role.CHARGE)
            charge_at = length
        drawn.append(_choose(grammar, roles.pop(0), pen, drawn))
        drawn[-1].draw(pen)
        if pen.x - marked >= CHECKPOINT_DISTANCE and pen.x < length:
            checkpoint(pen)
            marked = pen.x


def _hardness(act: int, share: float) -> float:
    """Hardness from 0.1 to 1, from the act and the position along the level."""
    return 0.1 + 0.4 * (min(act, HARDEST_ACT) - 1) / (HARDEST_ACT - 1) + 0.5 * min(1.0, share)


def _phrase(grammar: Grammar, rng: random.Random) -> list[Role]:
    """Roles of the pieces up to the next checkpoint: in the grammar's order, with two neighbours exchanged."""
    roles = list(grammar.rhythm)
    at = rng.randrange(len(roles) - 1)
    roles[at], roles[at + 1] = roles[at + 1], roles[at]
    return roles


def _charge_at(act: int, rng: random.Random) -> float:
    """Position, as a share of the level, of a place that requires a charge; 1 for none, as in all first acts."""
    where = rng.uniform(0.3, 0.65)
    return where if act > 1 and rng.random() < CHARGE_SHARE else 1.0


def _height(share: float, waves: tuple[float, float]) -> int:
    """Row that the ground tends to; it goes up and down a few times along a level."""
    count, phase = waves
    return round(20 + 5 * math.sin(2 * math.pi * (count * share + phase)))


def _choose(grammar: Grammar, role: Role, pen: Pen, drawn: list[Piece]) -> Piece:
    """A fitting piece of a role, less likely the more often it was used; of any role if none fits."""
    others = [other for other in Role if other != Role.CHARGE]
    candidates = _fitting(grammar, role, pen, drawn)
    candidates = candidates or [piece for other in others for piece in _fitting(grammar, other, pen, drawn)]
    weights = [piece.weight / (1 + drawn.count(piece)) ** 2 for piece in candidates]
    return pen.rng.choices(candidates, weights)[0]


def _fitting(grammar: Grammar, role: Role, pen: Pen, drawn: list[Piece]) -> list[Piece]:
    """Pieces of a role that may come next."""
    recent = drawn[-_FORGETTING:]
    return [piece for piece in grammar.pieces if piece.role == role and piece.fits(pen) and piece not in recent]
