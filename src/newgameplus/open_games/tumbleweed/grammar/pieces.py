"""Pieces of a level, and how a zone's grammar weights them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.things import Kind


class Role(Enum):
    """Role of a piece in a level's rhythm."""

    REST = "rest"
    """Hills and meadows: coins, little danger."""
    OBSTACLE = "obstacle"
    """A wall or a pit, which requires a jump."""
    BRANCH = "branch"
    """An upper and a lower path that part and join."""
    SIGNATURE = "signature"
    """Typical of the zone."""
    BACK = "back"
    """Requires going back, or gathering speed."""
    CHARGE = "charge"
    """Requires a charge: once in most levels, in the later half."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some 10 to 50 blocks of level."""

    draw: Callable[[Pen], None]
    role: Role
    weight: float = 1.0
    up: int = 0
    """Rows that the ground must be able to rise."""
    down: int = 0
    """Rows that the ground must be able to fall."""
    from_hardness: float = 0.0
    """Lowest hardness at which it is used."""

    def fits(self, pen: Pen) -> bool:
        """Return whether it may come next."""
        return pen.room_up >= self.up and pen.room_down >= self.down and pen.hardness >= self.from_hardness - 1e-9


@dataclass(frozen=True, slots=True)
class Grammar:
    """Pieces of a zone, and settings of its levels."""

    pieces: tuple[Piece, ...]
    enemies: tuple[Kind, ...]
    wall: str = "brick"
    """Block that walls are built of."""
    abyss: str = "empty"
    """Block at the bottom of pits."""
    rhythm: tuple[Role, ...] = (
        Role.OBSTACLE,
        Role.BRANCH,
        Role.SIGNATURE,
        Role.REST,
        Role.BACK,
        Role.SIGNATURE,
    )
    """Roles of the pieces, repeated; their order varies a little."""
