"""A stream of new levels of an open game: sets that are drawn ahead, in other processes, while somebody trains.

A set is a folder as :mod:`~newgameplus.open_games.levelset` writes it, with a split and a game. It is written once and
found again when a run is resumed. Its levels are not proven, since that takes fifty times as long as drawing them; a
set is proven like any other.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newgameplus.errors import EmulatorError, UsageError
from newgameplus.executor.interface import Died, Executor, Returned, Task
from newgameplus.games.levels import Level, find_split
from newgameplus.open_games.game_folder import bundled_base
from newgameplus.open_games.levelset import write_set
from newgameplus.open_games.open_game import OpenGame
from newgameplus.open_games.seeds import stream_seed
from newgameplus.registry import resolve

NUM_AHEAD = 2
"""Default number of sets that are drawn before their levels are asked for."""


@dataclass(frozen=True, slots=True)
class SetPlan:
    """Plan of a set of levels of a stream."""

    open_game: str
    """Reference of the game, ``module:NAME``."""
    folder: Path
    """Folder of the set."""
    seed: int
    """Seed of the stream."""
    number: int
    """Number of the set in the stream, from 0."""


class LevelStream:
    """A queue of levels of an open game, none of which comes again.

    Place p of the queue holds a level that follows from the game and the seed alone. Its set is drawn in another
    process before it is asked for; whoever asks for a level that is not there yet waits for it.

    Args:
        open_game: reference of the game, ``module:NAME``.
        folder: folder of the sets; those that are there already are kept.
        seed: seed of the stream.
        executor: draws the sets; not used by others, and closed with this.
        scenario: scenario of the levels.
        say: told a sentence about every wait.
        num_ahead: number of sets that are drawn before their levels are asked for.

    Raises:
        UsageError: the game's levels cannot be drawn, or the seed is out of its range.
    """

    def __init__(
        self,
        open_game: str,
        folder: Path,
        seed: int,
        executor: Executor[Any],
        scenario: str,
        say: Callable[[str], None] = lambda sentence: None,
        num_ahead: int = NUM_AHEAD,
    ) -> None:
        self._reference, self._folder, self._seed = open_game, folder.resolve(), seed
        self._executor, self._scenario, self._say, self._num_ahead = executor, scenario, say, num_ahead
        game: OpenGame = resolve(open_game)
        if game.draw_set is None:
            raise UsageError(f"There is no generator of levels of {game.title}, so nothing can be streamed.")
        stream_seed(seed, 0)  # refuses a seed before a process is begun
        self._num_levels = game.num_set_levels
        self._tasks: dict[Task[Any], int] = {}
        """Sets that are being drawn."""
        self._sets: dict[int, tuple[Level, ...]] = {}
        """Levels of the sets that are there."""
        self.waited_seconds = 0.0
        """Time that was spent waiting for sets."""

    def level(self, place: int) -> Level:
        """Return the level at a place, from 0; waits until its set is drawn.

        Raises:
            EmulatorError: its set cannot be drawn.
        """
        if not self._sets and not self._tasks:  # what a killed process has left
            for unfinished in self._folder.glob(".*"):
                shutil.rmtree(unfinished, ignore_errors=True)
        number, index = divmod(place, self._num_levels)
        self._submit(number)
        self._look()
        if number not in self._sets:
            self._wait(number)
        return self._sets[number][index]

    def close(self) -> None:
        """End the processes that draw sets."""
        self._executor.close()

    def _submit(self, number: int) -> None:
        """Have a set drawn, and those that come next, unless they are there."""
        for wanted in range(number, number + self._num_ahead + 1):
            folder = self._folder / f"set{wanted:04d}"
            if wanted in self._sets or wanted in self._tasks.values():
                continue
            if folder.is_dir():
                self._found(wanted, folder)
                continue
            plan = SetPlan(self._reference, folder, self._seed, wanted)
            task: Task[Any] = Task(draw_set, plan, keeps_process=True, name=folder.name)
            self._tasks[task] = wanted
            self._executor.submit(task)

    def _look(self, tick_seconds: float = 0.0, until: int | None = None) -> None:
        """Note the sets that are ready; wait for one of them if it is named."""
        for event in self._executor.events(tick_seconds):
            if event is None and until is None:
                return
            if isinstance(event, Returned):
                number = self._tasks.pop(event.task)
                self._found(number, event.task.content.folder)
                if number == until:
                    return
            elif isinstance(event, Died):
                number = self._tasks.pop(event.task)
                raise EmulatorError(
                    f"The process that drew set {number} of the levels in {self._folder} {event.how}; mend what it "
                    "said, and go on with: ngp train --resume"
                )

    def _wait(self, number: int) -> None:
        began = time.monotonic()
        self._look(1.0, number)
        waited = time.monotonic() - began
        self.waited_seconds += waited
        self._say(f"Rows waited {waited:.1f} s for set {number} of their levels, {self.waited_seconds:.1f} s in all.")

    def _found(self, number: int, folder: Path) -> None:
        levels = find_split(str(folder)).levels
        self._sets[number] = tuple(replace(level, scenario=self._scenario) for level in levels)


def draw_set(plan: SetPlan, tell: Callable[[Any], None]) -> None:
    """Body of a task: draw a set and write it into its folder.

    Raises:
        NewGamePlusError: a level does not start.
        OSError: the set cannot be written.
    """
    del tell
    game: OpenGame = resolve(plan.open_game)
    assert game.draw_set is not None
    about = {"generator": {"stream": plan.seed, "set": plan.number}}
    rom = game.draw_set(bundled_base(game), plan.seed, plan.number)
    write_set(game, plan.folder, rom, f"Set {plan.number} of a stream of levels of {game.title}.", about)
