"""Consoles for a search: rows that jump between saved moments of one level, and the variables that they show."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic

import numpy as np

from newgameplus.emulator.compiled import in_words, required_engine
from newgameplus.envs.rows import RowMaker
from newgameplus.games.levels import Level
from newgameplus.open_games.course import Course, MomentT
from newgameplus.types import NOTHING, Array

if TYPE_CHECKING:
    from newgameplus._engine import Snapshot


class Arena(Generic[MomentT]):
    """Rows of one level, without pictures and delayed actions; a context manager.

    Args:
        course: course of the level's game.
        level: the level to search.
        num_rows: number of consoles.
        num_threads: number of threads that run them.
        core: name of the core; None for the game's default.

    Raises:
        NotFoundError, RomError, IntegrationError, EmulatorError: as when the level is played.
    """

    def __init__(
        self, course: Course[MomentT], level: Level, num_rows: int, num_threads: int, core: str | None = None
    ) -> None:
        level = dataclasses.replace(level, scenario=course.scenario)
        # A reset takes a twentieth of a new copy of the core's time; what the search finds is checked in any case.
        maker = RowMaker(NOTHING, course.actions, course.frame_skip, None, core, is_approximate=True)
        row = maker.rows([level])[0]
        self._columns = [row.variables.index(name) for name in course.variables]
        self._masks = [row.actions.mask(action) for action in range(len(row.actions.spec.combos))]
        self.course, self.num_rows = course, num_rows
        with in_words():
            self._engine = required_engine().Engine([row.lane] * num_rows, num_threads)
        self._values = np.zeros((num_rows, len(row.variables)), np.int64)
        self._final_values = np.zeros_like(self._values)
        self._terminated = np.zeros(num_rows, np.bool_)
        self._attach()

    def __enter__(self) -> Arena[MomentT]:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def _attach(self) -> None:
        size = int(np.prod(self._engine.observation_shape(0)))
        with in_words():
            self._engine.attach(
                observation=np.zeros((self.num_rows, size), np.uint8),
                final_observation=np.zeros((self.num_rows, size), np.uint8),
                reward=np.zeros(self.num_rows, np.float64),
                terminated=self._terminated,
                truncated=np.zeros(self.num_rows, np.bool_),
                values=self._values,
                final_values=self._final_values,
            )

    def begin(self) -> MomentT:
        """Put all rows at the level's start, after the frame that every reset runs, and return the moment there."""
        with in_words():
            self._engine.reset(list(range(self.num_rows)))
        return self._moments(self._values)[0]

    def step(self, actions: Sequence[int]) -> list[MomentT]:
        """Take one step in every row and return the moment of each; a row whose episode has ended keeps its end."""
        with in_words():
            self._engine.step(np.array([self._masks[action] for action in actions], np.uint32))
        if self._terminated.any():
            return self._moments(np.where(self._terminated[:, None], self._final_values, self._values))
        return self._moments(self._values)

    def save(self, row: int) -> Snapshot:
        """Return a snapshot of a row's machine state, whatever it leaves out: what the search finds is checked."""
        with in_words():
            self._engine.settle(row)
            return self._engine.save(row)

    def load(self, row: int, snapshot: Snapshot) -> None:
        """Restore a row from a snapshot."""
        with in_words():
            self._engine.load(row, snapshot)

    def _moments(self, values: Array) -> list[MomentT]:
        return [self.course.moment(row) for row in values[:, self._columns].tolist()]
