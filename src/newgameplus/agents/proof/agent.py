"""A ceiling, not a competitor: in every episode it presses the buttons of the level's par movie again.

It is told how the level is won, so that it is no agent of the contest. What it loses to the score of the par movie is
what the contest's random delays cost who does not look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from newgameplus.agents.buttons import require_buttons
from newgameplus.agents.proof.config import DEFAULT, ProofConfig
from newgameplus.agents.saved import require_agent, take_array
from newgameplus.agents.together import act_one_by_one
from newgameplus.errors import StateError
from newgameplus.types import BUTTONS, NOTHING, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


class Proof:
    """Presses what :meth:`follow` was given, from the beginning of every episode, and then nothing.

    Args:
        config: configuration.
        world: gives the buttons and the number of rows.
        seed: not used; there is nothing random.

    Raises:
        UsageError: a world without buttons.
    """

    PRESETS: ClassVar[dict[str, ProofConfig]] = {"default": DEFAULT}

    def __init__(self, config: ProofConfig, world: WorldSpec, seed: int) -> None:
        del seed
        require_buttons(world)
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self._presses = np.zeros((0, len(world.buttons)), np.int8)
        self._num_steps = np.zeros(world.num_envs, np.int64)
        """Steps of each row's episode so far."""

    @staticmethod
    def specs(config: ProofConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs without observation, and with buttons as actions."""
        return NOTHING, BUTTONS

    @staticmethod
    def acts_together(config: ProofConfig, *, is_frozen: bool) -> bool:
        """Return True: no row influences another."""
        return True

    @staticmethod
    def act_together(agents: Sequence[Proof | None], observation: Array) -> Array:
        """Return the actions of agents of one row each, int8 ``[B, buttons]``."""
        return act_one_by_one(agents, observation)

    def follow(self, presses: Array) -> None:
        """Press these buttons in every episode: int8 ``[T, buttons]`` of 0 and 1."""
        self._presses = presses.astype(np.int8)

    def act(self, observation: Array) -> Array:
        """Return the buttons of each row's step, int8 ``[B, buttons]``; the observation is ignored."""
        action = np.zeros((len(self._num_steps), self._presses.shape[1]), np.int8)
        pressing = self._num_steps < len(self._presses)
        action[pressing] = self._presses[self._num_steps[pressing]]
        return action

    def observe(self, step: Step) -> None:
        """Count the step."""
        self._num_steps = np.where(step.done, 0, self._num_steps + 1)

    def state(self) -> State:
        """Return how far each row's episode has come."""
        return {"agent": "proof", "num_steps": self._num_steps.copy()}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or number of rows, or is damaged; nothing has changed then.
        """
        require_agent(state, "proof")
        num_steps = take_array(state, "num_steps", np.int64)
        if len(num_steps) != len(self._num_steps) or (num_steps < 0).any():
            raise StateError(f"The saved state does not fit {len(self._num_steps)} rows; begin a new run.")
        self._num_steps = num_steps.copy()
