"""Objects of Tumbleweed's levels: the kinds, and the meaning of their three parameters.

Most objects move as a pure function of the level's clock (frames since the level started) and their parameters, so they
need no state, and a saved game is small. A *phase* is the position within an object's period when the clock starts, in
1/256 of that period.

A moving object is processed while its position (x, y) is within 160 pixels of the picture, so none should move farther
than about 128 pixels to a side.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

MAX_OBJECTS = 480
"""Limit of objects per level: the game keeps two bytes of state for each."""
DOOR_HEIGHT = 64
"""Height of a door or a breakable wall in pixels."""
PLATFORM_WIDTH = 64
"""Width of a moving or falling platform in pixels."""


class Kind(IntEnum):
    """Kinds of objects, with width × height in pixels; (x, y) is the centre and a, b, c are bytes."""

    COIN = 1
    """16 × 16. Ten points; coins protect from one hit, which loses all of them; fifty are a life."""
    SPRING = 2
    """16 × 16, throws up. a: strength, the speed in 1/16 pixel per frame (160 rises about 230 pixels)."""
    DIAGONAL_SPRING = 3
    """16 × 16, throws up and sideways. a: strength, the total speed in 1/16 pixel per frame, of which 0.707 goes up and
    as much sideways; b: 0 to the right, 1 to the left."""
    WALKER = 4
    """24 × 16, walks to and fro in 64 · a / c frames; beaten by a roll or jump, or by falling onto it. a: reach to each
    side in pixels; b: phase, from its left end; c: speed in 1/16 pixel per frame."""
    HOPPER = 5
    """16 × 24, hops on the spot every 32 + a / 4 + c frames; beaten only from the air, and hurts who rolls into it on
    the ground. a: height of a hop in pixels; b: phase, from the take-off; c: frames between hops."""
    SHOOTER = 6
    """24 × 24, stands and shoots a seed to one side every 128 frames, 3 pixels per frame fast; its mouth is open for
    the 32 frames before. Beaten by a jump or a roll. a: reach of the seed in 2 pixels; b: 0 to the right, 1 to the
    left; c: phase, from a shot."""
    FLYER = 7
    """24 × 16, flies a lying eight in 256 frames, beaten as a walker is. a: reach to each side in pixels; b: phase,
    from the middle; c: reach up and down in pixels."""
    PLATFORM = 8
    """64 × 16, moves in a sine, carries, solid from above; to and fro in 256 frames if a and b are 32 or less, else in
    512. It carries nobody into a wall, but crushes at a ceiling: a lift needs 32 pixels of headroom above the
    tumbleweed. a: reach to each side in 2 pixels; b: reach up and down in 2 pixels; c: phase, from the middle."""
    FALLING_PLATFORM = 9
    """64 × 16, solid from above; falls c + 10 frames after it was stepped on and is back 3 seconds later."""
    CRUMBLE = 10
    """16 × 16, solid from above; breaks c + 8 frames after it was stepped on and is back 4 seconds later."""
    SWITCH = 11
    """24 × 16, stays pressed once stepped on. a: channel 0 to 15."""
    DOOR = 12
    """16 × 64, solid, open while its channel's switch is pressed. a: channel."""
    BREAKABLE = 13
    """32 × 64, solid; breaks when a roll, or a jump curled up, comes at 4 pixels per frame or faster from the side."""
    CHECKPOINT = 14
    """16 × 32. After a death the level goes on at the one farthest along."""
    BOX = 15
    """24 × 24, solid, broken by a jump or roll. a: 0 ten coins, 1 shield, 2 life."""
    GOAL = 16
    """32 × 64, a marker only: the level is cleared when the tumbleweed's centre passes the level's ``goal_x``."""
    LOOP = 17
    """Centre of a loop: y + LOOP_RADIUS is the ground. At the bottom about 6.7 pixels per frame lead round; slower ones
    roll back or fall off. It cannot be jumped through."""
    POP_THORNS = 18
    """32 × 16, hurts while out, in turns of a + b frames; its points show 20 frames before. a: frames out; b: frames
    in; c: phase, from coming out."""
    PENDULUM = 19
    """A ball, 24 × 24, that hurts, on a chain from (x, y); to and fro in 171 frames. a: length of the chain in pixels;
    b: phase, from hanging; c: swing to each side in 1/256 turn."""
    JET = 20
    """A flame, 16 wide, 64 tall, that hurts, in turns of a + b frames; sparks show 20 frames before. (x, y) is its
    nozzle on the ground, and the flame reaches up to y - 64. a: frames on; b: frames off; c: phase, from the start of
    the flame."""
    BUMPER = 21
    """24 × 24, throws what touches it away at 6 pixels per frame."""


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """An object of a level."""

    x: int
    y: int
    kind: Kind
    a: int = 0
    b: int = 0
    c: int = 0
