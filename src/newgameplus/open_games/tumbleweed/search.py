"""A search for a way through a level: go back to a promising moment, play on, and keep the moments that are new.

After Ecoffet et al., *First return, then explore* (Nature 590, 2021): moments that are alike share a cell, each cell
keeps its best moment as a snapshot, and the search begins again and again from cells near the front.
Differences from the paper: cells come from the game's variables; plans are chains of a player's moves instead of single
random actions; the front draws the search on, the more so the less it is stuck; snapshots far behind are forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from newgameplus.envs.frame_skip import MAX_EPISODE_STEPS
from newgameplus.open_games.tumbleweed.arena import MODE_CLEAR, MODE_PLAY, Arena, Moment
from newgameplus.open_games.tumbleweed.macros import Plan, make_plan

CELL_PIXELS = 32
"""Side of a cell."""
SPEEDS = (-512, -64, 64, 768, 1536)
"""Bounds between the speeds that a cell tells apart, in 1/256 pixel per frame."""
BREATH_FRAMES = 256
"""Of breath that a cell tells apart."""
UNPROTECTED_STEPS = 15
"""How much later a moment with coins may come and still be the better one."""
MIN_GAIN = 5
"""Steps that a moment must gain to replace the one that its cell has: a snapshot costs as much."""
AIRBORNE_WEIGHT = 0.3
"""Of a cell in the air, against 1 on the ground: many of them are above a pit."""
MIN_PLAN_STEPS, MAX_PLAN_STEPS = 8, 48
"""How long the search plays on from a moment."""
BASE_REACH, MAX_REACH = 120.0, 3000.0
"""Pixels behind the front over which a cell's chance falls to a third: at first, and when the search is stuck."""
STUCK_STEPS = 1500
"""Steps without progress after which the reach grows by a half."""
WINDOW = 3200
"""Pixels behind the front beyond which moments are forgotten."""
MAX_CELLS = 6000
"""A snapshot has about 140 kB, so this is less than 1 GB."""
PICKS = 32
"""How many cells are chosen from the same weights."""
REPORT_STEPS = 5000
"""How often progress is told."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come."""

    num_steps: int
    """Steps played in the emulator so far, all of them together."""
    furthest_x: int
    """Pixels from the level's left end to the furthest place reached alive."""
    goal_x: int
    """Pixels to the goal."""
    num_cells: int


class Trail:
    """The actions that lead to a moment, as a chain that moments share."""

    __slots__ = ("actions", "before")

    def __init__(self, before: Trail | None, actions: Plan) -> None:
        self.before = before
        self.actions = actions

    def unrolled(self) -> Plan:
        """All actions from the start."""
        parts: list[Plan] = []
        trail: Trail | None = self
        while trail is not None:
            parts.append(trail.actions)
            trail = trail.before
        return [action for part in reversed(parts) for action in part]


class Cell:
    """Moments that are alike, and the best of them."""

    __slots__ = (
        "cost",
        "furthest",
        "is_steady",
        "moment",
        "num_deaths",
        "num_steps",
        "num_visits",
        "snapshot",
        "trail",
    )

    def __init__(self) -> None:
        self.num_visits = self.num_deaths = 0

    def keep(self, moment: Moment, num_steps: int, trail: Trail, snapshot: Any) -> None:
        """Take a moment as the best one."""
        self.moment, self.num_steps, self.trail, self.snapshot = moment, num_steps, trail, snapshot
        self.cost = cost_of(moment, num_steps)
        self.num_visits = self.num_deaths = 0


class Walk:
    """What one row plays now: a plan from the moment that was a cell's best when it began."""

    __slots__ = ("_num_steps", "_trail", "cell", "done", "plan")

    def __init__(self, cell: Cell, plan: Plan) -> None:
        self.cell, self.plan, self.done = cell, plan, 0
        self._trail, self._num_steps = cell.trail, cell.num_steps

    @property
    def num_steps(self) -> int:
        """Steps from the start to where it is."""
        return self._num_steps + self.done

    def trail(self) -> Trail:
        """The actions from the start to where it is."""
        return Trail(self._trail, self.plan[: self.done])


def key_of(moment: Moment) -> tuple[int, ...]:
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


class Search:
    """One search in one level.

    Args:
        arena: the rows that play.
        seed: of every choice; the same seed finds the same way, whatever the number of threads.
        report: told of the progress now and then.
    """

    def __init__(self, arena: Arena, seed: int, report: Callable[[Progress], None]) -> None:
        self._arena, self._report = arena, report
        self._random = np.random.default_rng(seed)
        self._cells: dict[tuple[int, ...], Cell] = {}
        self._picks: list[Cell] = []
        self._fronts: dict[int, int] = {}
        self._reach = BASE_REACH
        self._last_progress = self.num_steps = self.furthest_x = 0
        self._lives = 0

    def run(self, max_steps: int) -> Plan | None:
        """Search for at most ``max_steps`` steps; return the actions from the start to the goal, or None."""
        start = self._arena.begin()
        self._lives = start.lives
        self._note(start, 0, Trail(None, []), 0)
        walks = [self._new_walk(row) for row in range(self._arena.num_rows)]
        next_report = REPORT_STEPS
        while self.num_steps < max_steps:
            moments = self._arena.step([walk.plan[walk.done] for walk in walks])
            self.num_steps += len(walks)
            for row, moment in enumerate(moments):
                walk = walks[row]
                walk.done += 1
                if moment.mode == MODE_CLEAR:
                    return walk.trail().unrolled()
                if not self._goes_on(row, walk, moment):
                    walks[row] = self._new_walk(row)
            self._widen()
            if self.num_steps >= next_report:
                next_report += REPORT_STEPS
                self._report(self.progress())
        return None

    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self.num_steps, self.furthest_x, self._arena.goal_x, len(self._cells))

    def furthest_plan(self) -> Plan:
        """The actions from the start to the furthest place that was reached alive."""
        return max(self._cells.values(), key=lambda cell: cell.moment.x).trail.unrolled()

    def _goes_on(self, row: int, walk: Walk, moment: Moment) -> bool:
        """Judge the moment that a row is at; whether its plan goes on."""
        num_steps = walk.num_steps
        if moment.mode != MODE_PLAY or moment.lives < self._lives:
            walk.cell.num_deaths += 1
            return False
        if num_steps >= MAX_EPISODE_STEPS:
            return False
        if self._is_worth(moment, num_steps, self._cells.get(key_of(moment))):
            self._note(moment, num_steps, walk.trail(), row)
        return walk.done < len(walk.plan)

    def _is_worth(self, moment: Moment, num_steps: int, cell: Cell | None) -> bool:
        if moment.x < self._fronts.get(moment.switches, 0) - WINDOW:
            return False
        if cell is None:
            return True
        return cost_of(moment, num_steps) <= cell.cost - MIN_GAIN

    def _note(self, moment: Moment, num_steps: int, trail: Trail, row: int) -> None:
        cell = self._cells.setdefault(key_of(moment), Cell())
        cell.keep(moment, num_steps, trail, self._arena.save(row))
        if moment.x > self._fronts.get(moment.switches, -1):
            if moment.x // CELL_PIXELS > self._fronts.get(moment.switches, -1) // CELL_PIXELS:
                self._last_progress, self._reach = self.num_steps, BASE_REACH
            self._fronts[moment.switches] = moment.x
        self.furthest_x = max(self.furthest_x, moment.x)

    def _new_walk(self, row: int) -> Walk:
        if not self._picks:
            self._pick()
        cell = self._picks.pop()
        cell.num_visits += 1
        self._arena.load(row, cell.snapshot)
        num_steps = int(self._random.integers(MIN_PLAN_STEPS, MAX_PLAN_STEPS + 1))
        return Walk(cell, make_plan(self._random, num_steps)[:num_steps])

    def _pick(self) -> None:
        """Choose the next cells: near the front, seldom visited, and not those from which few come back."""
        if len(self._cells) > MAX_CELLS:
            self._forget()
        cells = list(self._cells.values())
        behind = np.array([self._fronts[cell.moment.switches] - cell.moment.x for cell in cells], np.float64)
        visits = np.array([cell.num_visits for cell in cells], np.float64)
        deaths = np.array([cell.num_deaths for cell in cells], np.float64)
        steady = np.array([1.0 if cell.moment.is_grounded else AIRBORNE_WEIGHT for cell in cells])
        survival = (visits - deaths + 1.0) / (visits + 1.0)
        weights = np.exp(-behind / self._reach) * steady * survival**2 / np.sqrt(visits + 1.0)
        chosen = self._random.choice(len(cells), PICKS, p=weights / weights.sum())
        self._picks = [cells[index] for index in chosen]

    def _forget(self) -> None:
        """Drop the half of the cells that lies furthest behind."""
        behind = {key: self._fronts[cell.moment.switches] - cell.moment.x for key, cell in self._cells.items()}
        kept = sorted(self._cells, key=behind.__getitem__)[: MAX_CELLS // 2]
        self._cells = {key: self._cells[key] for key in kept}

    def _widen(self) -> None:
        if self.num_steps - self._last_progress > STUCK_STEPS:
            self._last_progress = self.num_steps
            self._reach = min(MAX_REACH, self._reach * 1.5)
