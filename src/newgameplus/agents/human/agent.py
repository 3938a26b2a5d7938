"""A person in the place of an agent, no competitor: its action is what somebody holds when the step begins.

``ngp play --rules`` seats the person; where nobody sits there is nothing to act with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from newgameplus.agents.buttons import require_buttons
from newgameplus.agents.human.config import DEFAULT, HumanConfig
from newgameplus.agents.saved import require_agent
from newgameplus.errors import UsageError
from newgameplus.types import BUTTONS, NOTHING, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


class Human:
    """Presses in every row what the person holds who was given to :meth:`seat`.

    It sees no observation: the person looks at the frames. Its state is empty, since a person cannot be saved.

    Args:
        config: configuration.
        world: gives the buttons and the number of rows.
        seed: not used.

    Raises:
        UsageError: a world without buttons.
    """

    PRESETS: ClassVar[dict[str, HumanConfig]] = {"default": DEFAULT}

    def __init__(self, config: HumanConfig, world: WorldSpec, seed: int) -> None:
        del seed
        require_buttons(world)
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self._num_envs, self._bits = world.num_envs, np.arange(len(world.buttons))
        self._take_mask: Callable[[], int] | None = None

    @staticmethod
    def specs(config: HumanConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs without observation, and with buttons as actions."""
        return NOTHING, BUTTONS

    def seat(self, take_mask: Callable[[], int]) -> None:
        """Press what ``take_mask`` returns, asked once for each step: a bit for each button."""
        self._take_mask = take_mask

    def act(self, observation: Array) -> Array:
        """Return the buttons held now, int8 ``[B, buttons]``; the observation is ignored.

        Raises:
            UsageError: nobody has been seated.
        """
        if self._take_mask is None:
            raise UsageError("A human is a person who plays: ngp play LEVEL --rules contest --timesteps N")
        presses = (self._take_mask() >> self._bits & 1).astype(np.int8)
        return presses[None].repeat(self._num_envs, axis=0)

    def observe(self, step: Step) -> None:
        """Learn nothing; the person does."""

    def state(self) -> State:
        """Return an empty state."""
        return {"agent": "human"}

    def restore(self, state: State) -> None:
        """Restore ``state``, which changes nothing.

        Raises:
            StateError: it belongs to another agent.
        """
        require_agent(state, "human")
