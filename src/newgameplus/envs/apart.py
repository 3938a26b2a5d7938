"""The rows of a batch as worlds of one row each: all are stepped at once, and then each tells what became of it.

Each equals :class:`~newgameplus.envs.world.SingleWorld` of its level, but its ``info`` names no variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from newgameplus.emulator.cores import Core
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.retro import FrameListener
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.types import ActionSpec, Array


class RowWorld:
    """A row of a batch as a world of one row, with listeners of every frame.

    :func:`step_together` plays its step, and ``step`` returns it. Listeners hear the frames of a step after it, with
    the memory at its end.

    Args:
        batch: batch without autoreset, which the caller closes.
        row: index of the row.
        listeners: observers of every frame.

    Raises:
        UsageError: the batch begins its episodes itself.
    """

    def __init__(self, batch: RetroVecEnv, row: int, listeners: Sequence[FrameListener] = ()) -> None:
        if batch.autoreset_mode is not AutoresetMode.DISABLED:
            raise UsageError("Rows are played apart only in a batch made with AutoresetMode.DISABLED.")
        self._batch, self._row, self._listeners = batch, row, tuple(listeners)
        self.num_envs = 1
        self.metadata: dict[str, Any] = {**batch.metadata, "autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space = batch.single_observation_space
        self.single_action_space = batch.single_action_space
        self.observation_space: gym.Space[Any] = batch_space(batch.single_observation_space, 1)
        self.action_space: gym.Space[Any] = batch_space(batch.single_action_space, 1)
        self._played: tuple[Array, Array, Array, Array] | None = None
        self._is_running = False
        """Whether an episode has begun whose end has not been reported to the listeners."""

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, in the bit order of a mask."""
        return self._batch.buttons

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of the actions."""
        return self._batch.action_spec

    @property
    def level(self) -> Level:
        """The level that is played."""
        return self._batch.rows[self._row].level

    @property
    def level_ids(self) -> tuple[str, ...]:
        """``Game/State`` of the row."""
        return (str(self.level),)

    @property
    def core(self) -> Core:
        """The core that plays it."""
        return self._batch.rows[self._row].core

    @property
    def rom(self) -> Path:
        """Path of the ROM."""
        return self.level.integration.rom()

    @property
    def start_state(self) -> bytes:
        """Machine state that every episode starts from."""
        return self._batch.rows[self._row].start_state

    def ram(self) -> Array:
        """Work RAM, all blocks in order of address, uint8 ``[bytes]``."""
        return self._batch.ram(self._row)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode; ``seed`` is a number or a list of one, and there are no options."""
        del options
        self._end_episode()
        seeds: list[int | None] = [None] * self._batch.num_envs
        seeds[self._row] = seed if seed is None or isinstance(seed, int) else seed[0]
        mask = np.arange(self._batch.num_envs) == self._row
        self._batch.reset(seed=seeds, options={"reset_mask": mask})
        self._is_running, self._played = True, None
        for listener in self._listeners:
            listener.episode_started(self)
        return self._batch.observation([self._row]), {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Return the step that was played with these actions, ``[1, …]``.

        Raises:
            UsageError: none was played since the last one.
        """
        del actions
        if self._played is None:
            raise UsageError("A row of a batch is stepped together with the others: play the step of the batch first.")
        (observation, reward, terminated, truncated), self._played = self._played, None
        for mask, frame_reward in self._batch.frames(self._row):
            for listener in self._listeners:
                listener.frame_ran(mask, frame_reward)
        info: dict[str, Any] = {}
        if terminated[0] or truncated[0]:
            final = np.empty(1, object)
            final[0] = observation[0]
            info = {"final_obs": final, "_final_obs": np.ones(1, np.bool_)}
            observation, _ = self.reset()
        return observation, reward, terminated, truncated, info

    def take(self, played: tuple[Array, Array, Array, Array]) -> None:
        """Take the step that the batch has played: observation, reward, terminated and truncated, ``[1, …]``."""
        self._played = played

    def random_state(self, row: int) -> dict[str, Any]:
        """State of the random generator, as JSON types; complete at the beginning of an episode."""
        del row
        return self._batch.random_state(self._row)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore the random generator.

        Raises:
            StateError: it is not the state of such a generator.
        """
        del row
        self._batch.restore_random_state(self._row, state)

    def draw_next_step(self) -> None:
        """Do nothing: the engine draws what is observed, and nothing else."""

    def screen(self, row: int) -> Array:
        """Screen of the row, uint8 ``[H, W, 3]``, from the last frame drawn.

        Raises:
            EmulatorError: the observations are not pictures, so nothing is drawn.
        """
        del row
        return self._batch.screen(self._row)

    def variables(self, row: int) -> dict[str, Any]:
        """The game's variables, by name."""
        del row
        return dict(self._batch.variables(self._row))

    def close(self) -> None:
        """End the episode; the console belongs to the batch."""
        self._end_episode()

    def _end_episode(self) -> None:
        if self._is_running:
            self._is_running = False
            for listener in self._listeners:
                listener.episode_ended(self)


def step_together(batch: RetroVecEnv, worlds: Sequence[RowWorld], rows: Sequence[int], actions: Array) -> None:
    """Play a step in some rows of a batch; each of the worlds then returns its own.

    Args:
        batch: the batch.
        worlds: all of its rows.
        rows: indices of the rows that are stepped.
        actions: one per row of ``rows``.

    Raises:
        UsageError: an action is not in the space.
        EmulatorError: a core does not return.
        IntegrationError: a Lua script fails.
    """
    batch.send(actions, rows)
    played, observation, reward, terminated, truncated, _ = batch.receive(len(rows))
    for at, row in enumerate(played.tolist()):
        part = slice(at, at + 1)
        worlds[row].take((observation[part], reward[part], terminated[part], truncated[part]))
