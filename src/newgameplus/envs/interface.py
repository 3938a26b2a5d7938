"""Interface of a world: a batch of consoles, or of anything else that an agent plays in.

A world is a Gymnasium vector environment with same-step autoreset. Its methods are Gymnasium's; its properties describe
the rows' levels and the actions. Shape letters: ``B`` rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import gymnasium as gym

from newgameplus.types import ActionSpec, Array, State


@runtime_checkable
class World(Protocol):
    """``B`` rows that an agent plays in parallel.

    When an episode ends, the next one begins in the same step (``metadata["autoreset_mode"]`` is
    ``AutoresetMode.SAME_STEP``): the observation is the first of the new episode, and ``info["final_obs"]`` (an object
    array ``[B]``, with the mask ``info["_final_obs"]``, bool ``[B]``) holds the last one of the ended episode.
    """

    @property
    def num_envs(self) -> int:
        """B, the number of rows."""
        ...

    @property
    def metadata(self) -> dict[str, Any]:
        """Gymnasium's metadata, with ``autoreset_mode``."""
        ...

    @property
    def single_observation_space(self) -> gym.Space[Any]:
        """Observation space of one row."""
        ...

    @property
    def observation_space(self) -> gym.Space[Any]:
        """Observation space of all rows, with B as the first axis."""
        ...

    @property
    def single_action_space(self) -> gym.Space[Any]:
        """Action space of one row."""
        ...

    @property
    def action_space(self) -> gym.Space[Any]:
        """Action space of all rows, with B as the first axis."""
        ...

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, the same in every row, in the bit order of a mask; None for an unused bit."""
        ...

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of the actions, the same in every row."""
        ...

    @property
    def level_ids(self) -> Sequence[str]:
        """``Game/State`` that each row plays now, ``[B]``."""
        ...

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode in every row.

        Args:
            seed: row i gets seed + i; or one seed per row. A row without a seed keeps its random generator.
            options: options of the particular world.

        Returns:
            The first observation ``[B, …]``, and info.
        """
        ...

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in every row.

        Args:
            actions: ``[B, …]`` of ``action_space``.

        Returns:
            Observation ``[B, …]``, reward float64 ``[B]``, terminated and truncated bool ``[B]``, and info.

        Raises:
            UsageError: an action is not in the space.
        """
        ...

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator, as numpy's ``bit_generator.state``: JSON types.

        At the beginning of an episode nothing else distinguishes it from another episode of the same level.
        """
        ...

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore a row's random generator.

        Raises:
            StateError: it is not the state of such a generator; nothing has changed.
        """
        ...

    def close(self) -> None:
        """Free the consoles; a second call does nothing."""
        ...


@runtime_checkable
class ResumableWorld(World, Protocol):
    """A world that can be saved during its episodes and continued exactly, in this process or another."""

    def state(self) -> State:
        """Full state of all rows: consoles, scenarios, step counts, random generators, levels.

        Raises:
            EmulatorError: a row cannot be saved now.
        """
        ...

    def restore(self, state: State) -> Array:
        """Restore :meth:`state` and return the observation ``[B, …]``.

        Args:
            state: state of a world made with the same arguments.

        Raises:
            StateError: it is of another kind of world, or of another number of rows.
            EmulatorError: it belongs to another core build or game, or was made with another observation.
        """
        ...


@runtime_checkable
class ShowsRows(Protocol):
    """A world whose rows can be looked at between two steps; looking changes nothing."""

    def draw_next_step(self) -> None:
        """Draw the last frame of the next step where it can be, even if no observation is made of it."""
        ...

    def screen(self, row: int) -> Array:
        """Screen of a row, uint8 ``[H, W, 3]``, from the last frame drawn.

        Raises:
            EmulatorError: none was drawn.
        """
        ...

    def variables(self, row: int) -> dict[str, Any]:
        """The game's variables in a row, by name."""
        ...
