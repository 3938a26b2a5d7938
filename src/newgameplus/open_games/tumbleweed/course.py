"""Tumbleweed's course: the variables that the search sees, and which of two moments is better."""

from __future__ import annotations

from typing import NamedTuple

from newgameplus.open_games.course import Course
from newgameplus.open_games.tumbleweed.moves import MOVES
from newgameplus.types import SONIC_8

MODE_TITLE, MODE_PLAY, MODE_CLEAR = 1, 2, 4
"""Values of ``mode``: the title is shown, a level is played, and the player is beyond the goal."""
CELL_PIXELS = 32
"""Side of a cell."""
SPEEDS = (-512, -64, 64, 768, 1536)
"""Boundaries between the speed classes of a cell, in 1/256 pixel per frame."""
BREATH_FRAMES = 256
"""Frames of breath per class of a cell."""
UNPROTECTED_STEPS = 15
"""Steps by which a moment with coins may be later and still be the better one."""


class Moment(NamedTuple):
    """Variables of the game after a step."""

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
    """Return the rank of a moment within its cell, the lowest is the best: steps, plus a penalty without coins."""
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
"""Course through a level: to the right, door by door, and never down a pit."""
