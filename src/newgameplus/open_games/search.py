"""Search for a plan through a level: return to a promising moment, play on, and keep the moments that are new.

After Ecoffet et al., *First return, then explore* (Nature 590, 2021): similar moments share a cell, each cell keeps its
best moment as a snapshot, and the search repeatedly continues from cells near the front. Differences from the paper:
cells come from the game's variables; plans are chains of a player's moves instead of single random actions; cells near
the front are preferred, less so when the search is stuck; snapshots far behind are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

import numpy as np

from newgameplus.open_games.arena import Arena
from newgameplus.open_games.course import Course, MomentT, Plan

if TYPE_CHECKING:
    from newgameplus._engine import Snapshot

MIN_GAIN = 5
"""Steps by which a moment must be better to replace its cell's: a snapshot costs as much."""
UNSTEADY_WEIGHT = 0.3
"""Weight of a cell whose moment is not steady, relative to 1: many of them are dead ends."""
MIN_PLAN_STEPS, MAX_PLAN_STEPS = 8, 48
"""Range of steps played from a moment."""
STUCK_STEPS = 1500
"""Steps without progress after which the reach grows by a half."""
MAX_CELLS = 6000
"""Limit of cells; a snapshot takes about 140 kB, so all take less than 1 GB."""
PICKS = 32
"""Number of cells sampled from the same weights."""
REPORT_STEPS = 5000
"""Number of steps between two progress reports."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a search."""

    num_steps: int
    """Number of emulator steps so far."""
    furthest: int
    """Furthest progress reached alive, in the course's unit."""
    goal: int
    """Progress at the goal."""
    num_cells: int


class Trail:
    """Actions that lead to a moment, as a linked list that moments share."""

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
    """Similar moments, and the best of them."""

    __slots__ = (
        "cost",
        "front",
        "is_steady",
        "num_deaths",
        "num_steps",
        "num_visits",
        "progress",
        "snapshot",
        "trail",
    )

    def __init__(self) -> None:
        self.num_visits = self.num_deaths = 0

    def keep(self, course: Course[MomentT], moment: MomentT, num_steps: int, trail: Trail, snapshot: Snapshot) -> None:
        """Set the best moment."""
        self.num_steps, self.trail, self.snapshot = num_steps, trail, snapshot
        self.progress, self.front = course.progress(moment), course.front(moment)
        self.is_steady, self.cost = course.is_steady(moment), course.cost(moment, num_steps)
        self.num_visits = self.num_deaths = 0


class Walk:
    """What a row is playing: a plan that began at a cell's best moment."""

    __slots__ = ("_num_steps", "_trail", "cell", "done", "plan")

    def __init__(self, cell: Cell, plan: Plan) -> None:
        self.cell, self.plan, self.done = cell, plan, 0
        self._trail, self._num_steps = cell.trail, cell.num_steps

    @property
    def num_steps(self) -> int:
        """Steps from the start to the current moment."""
        return self._num_steps + self.done

    def trail(self) -> Trail:
        """Actions from the start to the current moment."""
        return Trail(self._trail, self.plan[: self.done])


class Search(Generic[MomentT]):
    """Search in one level.

    Args:
        arena: the rows that play.
        seed: seed of every choice; the same seed finds the same plan, whatever the number of threads.
        report: called with the progress from time to time.
    """

    def __init__(self, arena: Arena[MomentT], seed: int, report: Callable[[Progress], None]) -> None:
        self._arena, self._course, self._report = arena, arena.course, report
        self._random = np.random.default_rng(seed)
        self._cells: dict[Hashable, Cell] = {}
        self._picks: list[Cell] = []
        self._fronts: dict[Hashable, int] = {}
        self._reach = self._course.base_reach
        self._last_progress = self.num_steps = self.furthest = self._goal = 0

    def run(self, max_steps: int) -> Plan | None:
        """Search for at most ``max_steps`` steps; return the actions from the start to the goal, or None."""
        start = self._arena.begin()
        self._goal = self._course.goal(start)
        self._note(start, 0, Trail(None, []), 0)
        walks = [self._new_walk(row) for row in range(self._arena.num_rows)]
        next_report = REPORT_STEPS
        while self.num_steps < max_steps:
            moments = self._arena.step([walk.plan[walk.done] for walk in walks])
            self.num_steps += len(walks)
            for row, moment in enumerate(moments):
                walk = walks[row]
                walk.done += 1
                if self._course.is_at_goal(start, moment):
                    return walk.trail().unrolled()
                if not self._goes_on(row, walk, start, moment):
                    walks[row] = self._new_walk(row)
            self._widen()
            if self.num_steps >= next_report:
                next_report += REPORT_STEPS
                self._report(self.progress())
        return None

    def progress(self) -> Progress:
        """Progress so far."""
        return Progress(self.num_steps, self.furthest, self._goal, len(self._cells))

    def furthest_plan(self) -> Plan:
        """Actions from the start to the furthest moment reached alive."""
        return max(self._cells.values(), key=lambda cell: cell.progress).trail.unrolled()

    def _goes_on(self, row: int, walk: Walk, start: MomentT, moment: MomentT) -> bool:
        """Process the moment that a row has reached; return whether its plan continues."""
        num_steps = walk.num_steps
        if self._course.is_lost(start, moment):
            walk.cell.num_deaths += 1
            return False
        if num_steps >= self._course.rules.max_episode_steps:
            return False
        if self._is_worth(moment, num_steps):
            self._note(moment, num_steps, walk.trail(), row)
        return walk.done < len(walk.plan)

    def _is_worth(self, moment: MomentT, num_steps: int) -> bool:
        course = self._course
        if course.progress(moment) < self._fronts.get(course.front(moment), 0) - course.window:
            return False
        cell = self._cells.get(course.cell(moment))
        return cell is None or course.cost(moment, num_steps) <= cell.cost - MIN_GAIN

    def _note(self, moment: MomentT, num_steps: int, trail: Trail, row: int) -> None:
        cell = self._cells.setdefault(self._course.cell(moment), Cell())
        cell.keep(self._course, moment, num_steps, trail, self._arena.save(row))
        progress, before, stride = cell.progress, self._fronts.get(cell.front, -1), self._course.stride
        if progress > before:
            if progress // stride > before // stride:
                self._last_progress, self._reach = self.num_steps, self._course.base_reach
            self._fronts[cell.front] = progress
        self.furthest = max(self.furthest, progress)

    def _new_walk(self, row: int) -> Walk:
        if not self._picks:
            self._pick()
        cell = self._picks.pop()
        cell.num_visits += 1
        self._arena.load(row, cell.snapshot)
        num_steps = int(self._random.integers(MIN_PLAN_STEPS, MAX_PLAN_STEPS + 1))
        return Walk(cell, self._course.make_plan(self._random, num_steps)[:num_steps])

    def _pick(self) -> None:
        """Sample the next cells: near the front, rarely visited, and not mostly dead ends."""
        if len(self._cells) > MAX_CELLS:
            self._forget()
        cells = list(self._cells.values())
        behind = np.array([self._behind(cell) for cell in cells], np.float64)
        visits = np.array([cell.num_visits for cell in cells], np.float64)
        deaths = np.array([cell.num_deaths for cell in cells], np.float64)
        steady = np.array([1.0 if cell.is_steady else UNSTEADY_WEIGHT for cell in cells])
        survival = (visits - deaths + 1.0) / (visits + 1.0)
        weights = np.exp(-behind / self._reach) * steady * survival**2 / np.sqrt(visits + 1.0)
        chosen = self._random.choice(len(cells), PICKS, p=weights / weights.sum())
        self._picks = [cells[index] for index in chosen]

    def _behind(self, cell: Cell) -> int:
        """Distance of a cell behind its front, in the course's unit."""
        return self._fronts[cell.front] - cell.progress

    def _forget(self) -> None:
        """Drop the half of the cells that is furthest behind."""
        behind = {key: self._behind(cell) for key, cell in self._cells.items()}
        kept = sorted(self._cells, key=behind.__getitem__)[: MAX_CELLS // 2]
        self._cells = {key: self._cells[key] for key in kept}

    def _widen(self) -> None:
        if self.num_steps - self._last_progress > STUCK_STEPS:
            self._last_progress = self.num_steps
            self._reach = min(self._course.max_reach, self._reach * 1.5)
