"""A population: individuals wait in a queue, and each row of a batch plays the next one when its episode ends.

It knows no algorithm. It is told the individuals of a generation, by numbers that are unique in a run, says which one
each row plays, and gives the fitness of each, the mean of its returns, once all of them are known.

At the end of a generation there are more rows than individuals left, and the next generation cannot be made before the
last episode is over. A row that is left over *plays ahead*: an episode of an individual that probably belongs to the
next generation too, such as an elite, and that counts there. An episode that turns out to count for nothing is idle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from newgameplus.errors import StateError, UsageError
from newgameplus.types import Array, State

NOBODY = -1
"""Individual of a row that has nobody to play; its steps are idle."""
_FREE = -2
"""Individual of a row whose episode has just ended."""

Survivors = Callable[[Mapping[int, float]], Sequence[int]]
"""From the fitness of the individuals known so far to those that will probably be in the next generation, the surest
first."""


@dataclass(frozen=True, slots=True)
class _Episode:
    """A finished episode."""

    individual: int
    level: int
    value: float
    """Return."""
    num_steps: int
    is_ahead: bool
    """Whether it counts in the next generation, if the individual is in it."""


class Population:
    """The individuals of the current generation, and who plays in which row.

    A turn is: :meth:`observe` a step; if the generation :attr:`is_complete`, take its :attr:`fitness` and
    :meth:`begin` the next one; :meth:`assign` individuals to the rows that are free.

    Args:
        num_rows: B.
        levels: level that each row plays, as numbers ``[B]``; None if all rows play the same, or change. Every
            individual plays every level.
        num_episodes: least number of episodes of an individual on each level in a generation.

    Raises:
        UsageError: a number is less than 1.
    """

    def __init__(self, num_rows: int, *, levels: Sequence[int] | None = None, num_episodes: int = 1) -> None:
        if num_rows < 1 or num_episodes < 1:
            raise UsageError(f"A population needs rows and episodes, not {num_rows} and {num_episodes}.")
        self._levels = [0] * num_rows if levels is None else list(levels)
        self._num_episodes = num_episodes
        self._individual = np.full(num_rows, _FREE, np.int64)
        self._is_ahead = np.zeros(num_rows, np.bool_)
        self._return = np.zeros(num_rows)
        self._length = np.zeros(num_rows, np.int64)
        self._missing: Counter[tuple[int, int]] = Counter()
        """Number of episodes that each individual of the generation has yet to finish on each level."""
        self._waiting: dict[int, list[int]] = {level: [] for level in sorted(set(self._levels))}
        self._finished: list[_Episode] = []
        self._num_steps = self._num_idle = 0

    @property
    def individual(self) -> Array:
        """Individual that each row plays, int64 ``[B]``; ``NOBODY`` in a row that has none."""
        return self._individual.copy()

    @property
    def is_complete(self) -> bool:
        """Whether every individual has finished all of its episodes."""
        return not any(self._missing.values())

    @property
    def fitness(self) -> dict[int, float]:
        """Mean over levels of the mean return of each individual that has finished an episode of this generation."""
        returns: dict[int, dict[int, list[float]]] = {}
        for one in self._finished:
            if not one.is_ahead:
                returns.setdefault(one.individual, {}).setdefault(one.level, []).append(one.value)
        return {one: float(np.mean([np.mean(values) for values in of.values()])) for one, of in returns.items()}

    @property
    def lengths(self) -> dict[int, int]:
        """Number of steps of the longest episode of each individual in this generation."""
        lengths: dict[int, int] = {}
        for episode in self._finished:
            if not episode.is_ahead:
                lengths[episode.individual] = max(lengths.get(episode.individual, 0), episode.num_steps)
        return lengths

    @property
    def idle_share(self) -> float:
        """Share of the steps, over all rows, that counted for no fitness; steps of current episodes count as used."""
        return self._num_idle / max(1, self._num_steps)

    def begin(self, individuals: Sequence[int]) -> None:
        """Begin a generation; episodes played ahead count if their individual is in it.

        Args:
            individuals: in the order in which they are to be played. The longest episodes first leave the fewest rows
                idle at the end.

        Raises:
            UsageError: there is none, or one twice.
        """
        if not individuals or len(set(individuals)) != len(individuals):
            raise UsageError("A generation has at least one individual, and each of them once.")
        self._missing = Counter({(one, level): self._num_episodes for one in individuals for level in self._waiting})
        promised = self._missing.copy()
        ahead = [episode for episode in self._finished if episode.is_ahead]
        self._finished = [replace(one, is_ahead=False) for one in ahead if (one.individual, one.level) in promised]
        self._num_idle += sum(one.num_steps for one in ahead) - sum(one.num_steps for one in self._finished)
        for one in self._finished:
            self._missing[one.individual, one.level] -= self._missing[one.individual, one.level] > 0
            promised[one.individual, one.level] -= 1
        for row, key in enumerate(zip(self._individual.tolist(), self._levels, strict=True)):
            if key in promised:
                self._is_ahead[row] = False
                promised[key] -= 1
            elif key[0] >= 0:
                self._is_ahead[row] = True
        for level in self._waiting:
            rounds = range(self._num_episodes, 0, -1)
            self._waiting[level] = [one for left in rounds for one in individuals if promised[one, level] >= left]

    def observe(self, reward: Array, done: Array) -> None:
        """Count a step of all rows.

        Args:
            reward: float64 ``[B]``.
            done: bool ``[B]``, whether the episode ended; such a row is free until :meth:`assign`.
        """
        self._num_steps += len(reward)
        self._num_idle += int((self._individual == NOBODY).sum())
        self._return += reward
        self._length += 1
        for row in np.flatnonzero(done).tolist():
            self._finish(row)
            self._individual[row] = _FREE

    def _finish(self, row: int) -> None:
        """Record the episode of a row that ended."""
        individual, level = int(self._individual[row]), self._levels[row]
        num_steps, is_ahead = int(self._length[row]), bool(self._is_ahead[row])
        if (individual, level) in self._missing:
            self._finished.append(_Episode(individual, level, float(self._return[row]), num_steps, is_ahead))
            self._missing[individual, level] -= not is_ahead and self._missing[individual, level] > 0
        elif individual != NOBODY:
            self._num_idle += num_steps

    def assign(self, survivors: Survivors = lambda fitness: ()) -> list[int]:
        """Give each free row the next individual, and return these rows.

        Args:
            survivors: whom rows may play ahead; by default nobody.
        """
        rows = np.flatnonzero(self._individual == _FREE).tolist()
        for row in rows:
            waiting = self._waiting[self._levels[row]]
            self._is_ahead[row] = not waiting
            self._individual[row] = waiting.pop(0) if waiting else self._ahead(self._levels[row], survivors)
            self._return[row], self._length[row] = 0.0, 0
        return rows

    def _ahead(self, level: int, survivors: Survivors) -> int:
        """Individual to play ahead on a level, or ``NOBODY``."""
        playing = zip(self._individual.tolist(), self._levels, self._is_ahead.tolist(), strict=True)
        played = Counter(individual for individual, where, is_ahead in playing if is_ahead and where == level)
        played.update(one.individual for one in self._finished if one.is_ahead and one.level == level)
        return min(survivors(self.fitness), key=played.__getitem__, default=NOBODY)

    def state(self) -> State:
        """Return the full state."""
        return {
            "individual": self._individual.copy(),
            "is_ahead": self._is_ahead.copy(),
            "return": self._return.copy(),
            "length": self._length.copy(),
            "missing": np.array([[*key, number] for key, number in self._missing.items()], np.int64).reshape(-1, 3),
            "waiting": [np.array(waiting, np.int64) for waiting in self._waiting.values()],
            "finished": np.array([_numbers(one) for one in self._finished], np.int64).reshape(-1, 4),
            "finished_return": np.array([one.value for one in self._finished], np.float64),
            "num_steps": self._num_steps,
            "num_idle": self._num_idle,
        }

    def restore(self, state: State) -> None:
        """Restore :meth:`state`.

        Raises:
            StateError: it belongs to another number of rows or levels, or is damaged; nothing has changed.
        """
        try:
            rows = [_rows(state[name], like) for name, like in self._row_arrays()]
            waiting = [[int(one) for one in waiting] for waiting in state["waiting"]]
            missing = {(one, level): number for one, level, number in state["missing"].tolist()}
            finished = [
                _Episode(one, level, value, num_steps, bool(is_ahead))
                for (one, level, num_steps, is_ahead), value in zip(
                    state["finished"].tolist(), state["finished_return"].tolist(), strict=True
                )
            ]
            counts = int(state["num_steps"]), int(state["num_idle"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StateError(f"The saved population is damaged ({error!r}); begin a new run.") from error
        if len(waiting) != len(self._waiting):
            raise StateError(f"The saved population plays {len(waiting)} levels, this one {len(self._waiting)}.")
        self._individual, self._is_ahead, self._return, self._length = rows
        self._missing, self._finished = Counter(missing), finished
        self._waiting = dict(zip(self._waiting, waiting, strict=True))
        self._num_steps, self._num_idle = counts

    def _row_arrays(self) -> list[tuple[str, Array]]:
        arrays = (self._individual, self._is_ahead, self._return, self._length)
        return list(zip(("individual", "is_ahead", "return", "length"), arrays, strict=True))


def _numbers(episode: _Episode) -> list[int]:
    return [episode.individual, episode.level, episode.num_steps, episode.is_ahead]


def _rows(value: object, like: Array) -> Array:
    if not isinstance(value, np.ndarray) or value.dtype != like.dtype or value.shape != like.shape:
        raise ValueError(f"an array {like.dtype} {like.shape} is missing")
    return value.copy()
