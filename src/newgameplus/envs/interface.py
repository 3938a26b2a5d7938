"""What every world promises: a batch of consoles, or of anything else that an agent plays in.

A world is a Gymnasium vector environment with same-step autoreset. Its methods are Gymnasium's; its properties say what
the rows play and what actions mean. Shape letters: ``B`` rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import gymnasium as gym

from newgameplus.types import ActionSpec, Array, State


@runtime_checkable
class World(Protocol):
    """``B`` rows that an agent plays side by side.

    Where an episode ends, the next begins in the same step (``metadata["autoreset_mode"]`` is
    ``AutoresetMode.SAME_STEP``): the observation is the first of the new episode, and ``info["final_obs"]`` (an object
    array ``[B]``, with the mask ``info["_final_obs"]``, bool ``[B]``) holds the last of the ended one.
    """

    @property
    def num_envs(self) -> int:
        """B, the number of rows."""
        ...

    @property
    def metadata(self) -> dict[str, Any]:
        """Gymnasium's, with ``autoreset_mode``."""
        ...

    @property
    def single_observation_space(self) -> gym.Space[Any]:
        """Of one row."""
        ...

    @property
    def observation_space(self) -> gym.Space[Any]:
        """Of all rows, with B as the first axis."""
        ...

    @property
    def single_action_space(self) -> gym.Space[Any]:
        """Of one row."""
        ...

    @property
    def action_space(self) -> gym.Space[Any]:
        """Of all rows, with B as the first axis."""
        ...

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, the same in every row, in the order of a mask's bits; None for an unused bit."""
        ...

    @property
    def action_spec(self) -> ActionSpec:
        """What the actions of every row mean on this pad."""
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
            seed: row i gets seed + i; or one seed per row. A row without a seed keeps its random numbers.
            options: what the kind of world knows.

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
        """The random numbers that a row has still to draw, as numpy's ``bit_generator.state``: JSON-able data.

        At the beginning of an episode this is all that tells it from another one of the same level.
        """
        ...

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Let a row draw the numbers that followed when ``state`` was taken.

        Raises:
            StateError: it is not the state of such a generator; nothing has changed.
        """
        ...

    def close(self) -> None:
        """Free the consoles; a second call does nothing."""
        ...


@runtime_checkable
class ResumableWorld(World, Protocol):
    """A world that can be saved in the middle of its episodes and goes on exactly, in this process or another."""

    def state(self) -> State:
        """Where every row stands: consoles, scenarios, step counts, random numbers, levels.

        Raises:
            EmulatorError: a row cannot be saved, because a Lua script judges it.
        """
        ...

    def restore(self, state: State) -> Array:
        """Stand where :meth:`state` was taken, and return the observation there, ``[B, …]``.

        Args:
            state: of a world made with the same arguments.

        Raises:
            StateError: it is the state of another kind of world, or of another number of rows.
            EmulatorError: it belongs to another core build or game, or was made with another observation.
        """
        ...
