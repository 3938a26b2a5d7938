"""What a piece of a level is, and how a zone's grammar weighs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.things import Kind


class Role(Enum):
    """What a piece is for in a level's rhythm."""

    REST = "rest"
    """Hills and meadows: coins, little danger."""
    OBSTACLE = "obstacle"
    """A wall or a pit: stops whoever merely runs."""
    BRANCH = "branch"
    """An upper and a lower path that part and join."""
    SIGNATURE = "signature"
    """What the zone is known for."""
    BACK = "back"
    """One has to go back, or gather speed."""
    CHARGE = "charge"
    """Only a charge leads on: once in most levels, in the later half."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some 10 to 50 blocks of level."""

    draw: Callable[[Pen], None]
    role: Role
    weight: float = 1.0
    up: int = 0
    """Rows that the ground needs to be able to rise for it."""
    down: int = 0
    """Rows that the ground needs to be able to fall."""
    from_hardness: float = 0.0
    """It does not come in easier parts of a level."""

    def fits(self, pen: Pen) -> bool:
        """Return whether it may come next."""
        return pen.room_up >= self.up and pen.room_down >= self.down and pen.hardness >= self.from_hardness - 1e-9


@dataclass(frozen=True, slots=True)
class Grammar:
    """A zone's pieces and what its levels have in common."""

    pieces: tuple[Piece, ...]
    enemies: tuple[Kind, ...]
    wall: str = "brick"
    """The block that walls are built of."""
    abyss: str = "empty"
    """The block at the bottom of pits."""
    rhythm: tuple[Role, ...] = (
        Role.OBSTACLE,
        Role.BRANCH,
        Role.SIGNATURE,
        Role.REST,
        Role.BACK,
        Role.SIGNATURE,
    )
    """The roles of the pieces, again and again; their order varies a little."""
