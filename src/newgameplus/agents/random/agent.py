"""An agent that presses random buttons.

Sources: the sample agent of the 2018 contest's support package, ``random_agent`` (a sample of the action space), and
the simple agent that participants began with and quoted in their write-ups (the same with RIGHT held). *Differences:*
the random numbers have a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.buttons import find_button, require_buttons
from newgameplus.agents.random.config import HOLD_RIGHT, UNIFORM, RandomConfig
from newgameplus.agents.saved import take_rows
from newgameplus.agents.together import act_one_by_one
from newgameplus.types import BUTTONS, NOTHING, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


class Random:
    """Presses each button with a fixed probability in every step; learns nothing.

    Args:
        config: configuration.
        world: gives the number of rows and the buttons.
        seed: 0 or more; row ``i`` draws the same numbers for any number of rows.

    Raises:
        UsageError: a negative seed, a held button that the console does not have, or a world without buttons.
    """

    PRESETS: ClassVar[dict[str, RandomConfig]] = {
        "default": UNIFORM,
        "uniform": UNIFORM,
        "hold-right": HOLD_RIGHT,
    }

    def __init__(self, config: RandomConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        require_buttons(world)
        self._num_buttons = len(world.buttons)
        self._held = [find_button(world, name) for name in config.hold]
        self._randoms = randomness.split(seed, world.num_envs)

    @staticmethod
    def specs(config: RandomConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs without observation, and with buttons as actions."""
        return NOTHING, BUTTONS

    @staticmethod
    def acts_together(config: RandomConfig, *, is_frozen: bool) -> bool:
        """Return True: no row influences another."""
        return True

    @staticmethod
    def act_together(agents: Sequence[Random | None], observation: Array) -> Array:
        """Return the actions of agents of one row each, int8 ``[B, buttons]``."""
        return act_one_by_one(agents, observation)

    def act(self, observation: Array) -> Array:
        """Draw an action, int8 ``[B, buttons]``; the observation is ignored."""
        draws = np.array([random.random(self._num_buttons) for random in self._randoms])
        action = (draws < self.config.press_probability).astype(np.int8)
        action[:, self._held] = 1
        return action

    def observe(self, step: Step) -> None:
        """Do nothing; this agent does not learn."""

    def state(self) -> State:
        """Return the states of the rows' random number generators."""
        return {"agent": "random", "rows": [randomness.save(random) for random in self._randoms]}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or number of rows, or is damaged; nothing has changed then.
        """
        rows = take_rows(state, "random", len(self._randoms))
        self._randoms = [randomness.load(row) for row in rows]
