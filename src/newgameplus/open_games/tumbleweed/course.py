"""How Tumbleweed's levels are won: what a search sees of them, and what makes one moment better than another."""

from __future__ import annotations

from typing import NamedTuple

from newgameplus.open_games.course import Course
from newgameplus.open_games.tumbleweed.moves import MOVES
from newgameplus.types import SONIC_8

MODE_TITLE, MODE_PLAY, MODE_CLEAR = 1, 2, 4
"""Of the variable ``mode``: the title is shown, a level is under way, and the player is beyond the goal."""
CELL_PIXELS = 32
"""Side of a cell."""
SPEEDS = (-512, -64, 64, 768, 1536)
"""Bounds between the speeds that a cell tells apart, in 1/256 pixel per frame."""
BREATH_FRAMES = 256
"""Of breath that a cell tells apart."""
UNPROTECTED_STEPS = 15
"""How much later a moment with coins may come and still be the better one."""


class Moment(NamedTuple):
    """What a row shows after a step: variables of the game."""

    mode: int
    x: int
    y: int
    ground_speed: int
    x_speed: int
    is_grounded: int
    switches: int
    coins: int
    shield: int
    breath: int
    lives: int
    deaths: int
    goal_x: int


def cell_of(moment: Moment) -> tuple[int, ...]:
    """Return the cell that a moment belongs to."""
    speed = moment.ground_speed if moment.is_grounded else moment.x_speed
    return (
        moment.x // CELL_PIXELS,
        moment.y // CELL_PIXELS,
        moment.is_grounded,
        sum(speed > bound for bound in SPEEDS),
        moment.switches,
        moment.breath // BREATH_FRAMES,
    )


def cost_of(moment: Moment, num_steps: int) -> int:
    """Return what ranks the moments of a cell, the least is the best: steps, and none to lose."""
    return num_steps + (0 if moment.coins or moment.shield else UNPROTECTED_STEPS)


def _is_at_goal(start: Moment, moment: Moment) -> bool:
    return moment.mode == MODE_CLEAR and moment.lives >= start.lives and not moment.deaths


def _is_lost(start: Moment, moment: Moment) -> bool:
    return moment.mode != MODE_PLAY or moment.lives < start.lives


COURSE = Course(
    variables=Moment._fields,
    moment=Moment._make,
    actions=SONIC_8,
    make_plan=MOVES.plan,
    is_at_goal=_is_at_goal,
    is_lost=_is_lost,
    progress=lambda moment: moment.x,
    goal=lambda moment: moment.goal_x,
    cell=cell_of,
    cost=cost_of,
    front=lambda moment: moment.switches,
    is_steady=lambda moment: bool(moment.is_grounded),
    stride=CELL_PIXELS,
    base_reach=120.0,
    max_reach=3000.0,
    window=3200,
    progress_name="x",
    progress_unit="pixels",
    frames_late={"picodrive": 1},
)
"""The way through a level: to the right, door by door, and never down a pit."""
