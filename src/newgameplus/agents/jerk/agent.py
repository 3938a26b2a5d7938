"""JERK, "Just Enough Retained Knowledge": explore by scripted moves, repeat the sequence with the highest mean return.

Paper: Nichol, Pfau, Hesse, Klimov and Schulman, "Gotta Learn Fast: A New Benchmark for Generalization in RL" (2018),
arXiv:1804.03720; code: openai/retro-baselines, ``jerk_agent.py``. It does not use pixels.

*Differences from the original:* it is stepped from outside instead of driving the environment; the random numbers come
from numpy and have a seed; buttons are found by name, so that it plays on any console with directions; each row of a
batch is an independent JERK. Differences of the variants are listed in docs/agents/jerk.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from newgameplus.agents import randomness
from newgameplus.agents.buttons import jump_button, require_buttons
from newgameplus.agents.jerk import config as presets
from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.agents.jerk.explorer import Explorer
from newgameplus.agents.moves import BACKWARD, CROUCH, FORWARD, JUMP, actions_of_presses
from newgameplus.agents.saved import take_rows
from newgameplus.agents.together import act_one_by_one
from newgameplus.types import BUTTONS, NOTHING, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec

CONTEST_TIMESTEPS = 1_000_000
"""Agent steps per level in the 2018 contest; used if the run has no budget of its own."""


class Jerk:
    """An independent JERK in every row.

    Args:
        config: configuration.
        world: gives buttons, number of rows and budget.
        seed: 0 or more; row ``i`` plays the same for any number of rows.

    Raises:
        UsageError: a negative seed, a button that the console does not have, or a world without buttons.
    """

    PRESETS: ClassVar[dict[str, JerkConfig]] = {
        "default": presets.DEFAULT,
        "contest-2018": presets.CONTEST_2018,
        "improved": presets.IMPROVED,
        "mutating": presets.MUTATING,
        "truncating": presets.TRUNCATING,
        "returning": presets.RETURNING,
    }

    def __init__(self, config: JerkConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        require_buttons(world)
        self._actions = _action_of_press(config, world)
        self._total_timesteps = config.total_timesteps or world.num_timesteps or CONTEST_TIMESTEPS
        self._explorers = [
            Explorer(config, self._total_timesteps, random) for random in randomness.split(seed, world.num_envs)
        ]

    @staticmethod
    def specs(config: JerkConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs without observation, and with buttons as actions."""
        return NOTHING, BUTTONS

    @staticmethod
    def acts_together(config: JerkConfig, *, is_frozen: bool) -> bool:
        """Return True: no row influences another."""
        return True

    @staticmethod
    def act_together(agents: Sequence[Jerk | None], observation: Array) -> Array:
        """Return the actions of agents of one row each, int8 ``[B, buttons]``."""
        return act_one_by_one(agents, observation)

    def act(self, observation: Array) -> Array:
        """Return the next action of every row, int8 ``[B, buttons]``; the observation is ignored."""
        return self._actions.take([explorer.press() for explorer in self._explorers], axis=0)

    def observe(self, step: Step) -> None:
        """Record the rewards; at the end of an episode store its sequence."""
        for explorer, reward, done in zip(self._explorers, step.reward.tolist(), step.done.tolist(), strict=True):
            explorer.observe(reward, done)

    def state(self) -> State:
        """Return every row's memory, current episode and random generator: about one byte per step remembered."""
        return {"agent": "jerk", "rows": [explorer.state() for explorer in self._explorers]}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or number of rows, or is damaged; nothing has changed then.
        """
        self._explorers = [
            Explorer.from_state(self.config, self._total_timesteps, row)
            for row in take_rows(state, "jerk", len(self._explorers))
        ]


def _action_of_press(config: JerkConfig, world: WorldSpec) -> Array:
    """Return the action for each byte of the explorers, int8 ``[16, buttons]``."""
    buttons = {FORWARD: config.forward, BACKWARD: config.backward, JUMP: config.jump or jump_button(world)}
    if config.mutation == "replace":
        buttons[CROUCH] = config.crouch
    return actions_of_presses(world, buttons)
