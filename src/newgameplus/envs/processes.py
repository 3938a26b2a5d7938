"""Batch of levels, one process each, as one Gymnasium vector environment."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from operator import itemgetter
from typing import Any, NoReturn

import gymnasium as gym
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from gymnasium.vector.async_vector_env import AsyncState

from newgameplus.envs.actions import ActionMeaning
from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import FrameListener
from newgameplus.errors import EmulatorError, StateError, UsageError
from newgameplus.games.levels import Level
from newgameplus.types import ActionSpec, Array

START_METHOD = "spawn"
"""Start method of processes; nothing is inherited, so that no lock, thread or emulator of the parent is copied."""

DEATH_SECONDS = 1.0
"""Time to wait for the end of a process whose pipe is broken."""


def make_processes(
    levels: Sequence[Level],
    keywords: dict[str, Any],
    make_listeners: Callable[[int], Sequence[FrameListener]] | None = None,
    *,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
) -> ProcessVector:
    """Create the contest's environment once per row, each in a process of its own.

    Observations travel through shared memory. As with every program that starts processes, a script needs ``if __name__
    == "__main__":``.

    Args:
        levels: one per row.
        keywords: arguments of ``make_contest`` for every row.
        make_listeners: called with the row's index in the row's process; returns listeners of every frame.
        autoreset_mode: when the episode after one that ended begins.

    Raises:
        UsageError: levels with different shapes.
        NotFoundError: no such game, state or scenario.
        RomError: a ROM has not been imported.
        EmulatorError: a process died.
    """
    rows = [_Row(index, level, keywords, make_listeners) for index, level in enumerate(levels)]
    _describe_all(rows)
    return ProcessVector(rows, autoreset_mode)


class ProcessVector(AsyncVectorEnv[Array, Array]):
    """Gymnasium's vector environment of processes, with a clear error when a process dies."""

    def __init__(self, rows: Sequence[_Row], autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP) -> None:
        assert rows[0].description is not None
        self._description = rows[0].description
        self._level_ids = tuple(str(row.level) for row in rows)
        try:
            super().__init__(rows, context=START_METHOD, autoreset_mode=autoreset_mode)
        except (EOFError, ConnectionError) as error:
            self._give_up(error)

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, in the bit order of a mask."""
        return self._description.buttons

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of the actions, the same in every row."""
        return self._description.action_spec

    @property
    def level_ids(self) -> tuple[str, ...]:
        """``Game/State`` of each row."""
        return self._level_ids

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator, in numpy's form."""
        return dict(self.np_random[row].bit_generator.state)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore the random generator of one row.

        Raises:
            StateError: it is not such a state.
        """
        generators = list(self.np_random)
        try:
            generators[row].bit_generator.state = state
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"This is not the state of a row's random generator: {error!r}.") from error
        self.set_attr("np_random", generators)

    def reset_wait(self, timeout: float | None = None) -> tuple[Array, dict[str, Any]]:
        """Return the first observations."""
        try:
            return super().reset_wait(timeout)
        except (EOFError, ConnectionError) as error:
            self._give_up(error)

    def step_wait(self, timeout: float | None = None) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Return the result of the actions."""
        try:
            return super().step_wait(timeout)
        except (EOFError, ConnectionError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> NoReturn:
        gone = wait([process.sentinel for process in self.processes], timeout=DEATH_SECONDS)
        died = []
        for row, process in enumerate(self.processes):
            if process.sentinel in gone:
                process.join()
                died.append(f"{row} (exit code {process.exitcode})")
        self._end()
        raise EmulatorError(
            f"The process of row {', '.join(died) or 'unknown'} died; the others were ended."
        ) from error

    def _raise_if_errors(self, successes: Iterable[bool]) -> None:
        """Raise the first row's error unchanged; Gymnasium's own method also prints it as a warning."""
        num_errors = sum(not is_success for is_success in successes)
        if num_errors:
            index, _, error, trace = min((self.error_queue.get() for _ in range(num_errors)), key=itemgetter(0))
            self._end()
            error.add_note(f"Raised in the process of row {index}:\n{trace}")
            raise error

    def _end(self) -> None:
        self._state = AsyncState.DEFAULT
        self.close(terminate=True)


class _Row:
    """Creates the environment of one row: the real one in its process, and only a description in the parent.

    Gymnasium also creates the first environment in the parent, to read its spaces. That would occupy the parent's only
    emulator slot.
    """

    def __init__(
        self,
        index: int,
        level: Level,
        keywords: dict[str, Any],
        make_listeners: Callable[[int], Sequence[FrameListener]] | None,
    ) -> None:
        self.level = level
        self.description: _Description | None = None
        self._index = index
        self._keywords = keywords
        self._make_listeners = make_listeners
        self._parent = os.getpid()

    def __call__(self) -> gym.Env[Array, Any]:
        if self.description is not None and os.getpid() == self._parent:
            return self.description
        listeners = () if self._make_listeners is None else self._make_listeners(self._index)
        return make_contest(self.level, listeners=listeners, **self._keywords)

    def describe(self) -> _Description:
        """Create the environment briefly, without its listeners, and record its spaces."""
        env = make_contest(self.level, **self._keywords)
        try:
            return _Description(env)
        finally:
            env.close()


class _Description(gym.Env[Array, Any]):
    """Has the spaces and the action spec of an environment, and does nothing."""

    def __init__(self, env: gym.Env[Array, Any]) -> None:
        actions: ActionMeaning = env.get_wrapper_attr("actions")
        self.buttons, self.action_spec = actions.buttons, actions.spec
        self.observation_space = env.observation_space
        self.action_space = env.action_space
        self.metadata = env.metadata
        self.render_mode = env.render_mode


def _describe_all(rows: Sequence[_Row]) -> None:
    """Describe every row, each distinct level once, in another process; errors arrive as they were raised there."""
    context = multiprocessing.get_context(START_METHOD)
    first_of_level = {row.level: row for row in reversed(rows)}
    try:
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as process:
            described = dict(zip(first_of_level, process.map(_Row.describe, first_of_level.values()), strict=True))
    except BrokenProcessPool as error:
        raise EmulatorError(f"A process that should run a level died before it began: {error}") from error
    for row in rows:
        row.description = described[row.level]
        _check_alike(rows[0], row)


def _check_alike(first: _Row, other: _Row) -> None:
    assert first.description is not None
    assert other.description is not None
    for name in ("observation_space", "action_space"):
        mine, theirs = getattr(first.description, name), getattr(other.description, name)
        if mine != theirs:
            raise UsageError(
                f"The rows of a vector environment must be alike, but {first.level} has the {name} {mine} and "
                f"{other.level} has {theirs}; give both the same size or set of actions."
            )
