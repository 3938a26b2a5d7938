"""The objects of Tumbleweed's levels: what each kind is and what its three parameters mean.

Most objects move as a pure function of the level's clock (frames since the level began) and their parameters, so they
need no state, and a saved game is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

MAX_OBJECTS = 480
"""The most objects in one level: the game keeps two bytes of state for each."""
DOOR_HEIGHT = 64
"""Pixels from the top of a door or a breakable wall to its bottom."""
PLATFORM_WIDTH = 64
"""Pixels along a moving or falling platform."""


class Kind(IntEnum):
    """Kinds of objects, with width × height in pixels; (x, y) is the centre and a, b, c are bytes."""

    COIN = 1
    """16 × 16."""
    SPRING = 2
    """16 × 16, throws up. a: strength, the speed in 1/16 pixel per frame (160 rises about 230 pixels)."""
    DIAGONAL_SPRING = 3
    """16 × 16, throws up and sideways. a: strength, as above; b: 0 to the right, 1 to the left."""
    WALKER = 4
    """24 × 16, walks to and fro, beaten by a roll or jump. a: reach to each side in pixels; b: phase; c: speed in 1/16
    pixel per frame."""
    HOPPER = 5
    """16 × 24, hops on the spot, beaten by a jump. a: height of a hop in pixels; b: phase; c: frames between hops."""
    SHOOTER = 6
    """24 × 24, stands and shoots a seed to one side, beaten by a jump or a roll. a: reach of the seed in 2 pixels; b: 0
    to the right, 1 to the left; c: phase."""
    FLYER = 7
    """24 × 16, flies to and fro and up and down. a: reach to each side in pixels; b: phase; c: reach up and down in
    pixels."""
    PLATFORM = 8
    """64 × 16, moves, carries, solid from above. a: reach to each side in 2 pixels; b: reach up and down in 2 pixels;
    c: phase."""
    FALLING_PLATFORM = 9
    """64 × 16, solid from above; falls c + 10 frames after it was stepped on and is back 3 seconds later."""
    CRUMBLE = 10
    """16 × 16, solid from above; breaks c + 8 frames after it was stepped on and is back 4 seconds later."""
    SWITCH = 11
    """24 × 16, stays pressed once stepped on. a: channel 0 to 15."""
    DOOR = 12
    """16 × 64, solid, open while its channel's switch is pressed. a: channel."""
    BREAKABLE = 13
    """32 × 64, solid; breaks when rolled into at 4 pixels per frame or faster."""
    CHECKPOINT = 14
    """16 × 32."""
    BOX = 15
    """24 × 24, broken by a jump or roll. a: 0 ten coins, 1 shield, 2 life."""
    GOAL = 16
    """32 × 64; the level is cleared when the tumbleweed's centre passes x."""
    LOOP = 17
    """Centre of a loop: y + LOOP_RADIUS is the ground. Run into it fast enough or roll back."""
    POP_THORNS = 18
    """32 × 16, hurts while out. a: frames out; b: frames in; c: phase."""
    PENDULUM = 19
    """A ball, 24 × 24, that hurts, on a chain from (x, y). a: length of the chain in pixels; b: phase; c: swing to each
    side in 1/256 turn."""
    JET = 20
    """A flame from a nozzle at (x, y) that hurts, 16 wide, 64 tall. a: frames on; b: frames off; c: phase."""
    BUMPER = 21
    """24 × 24, throws what touches it away."""


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """An object of a level."""

    x: int
    y: int
    kind: Kind
    a: int = 0
    b: int = 0
    c: int = 0
