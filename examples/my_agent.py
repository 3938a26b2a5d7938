"""An agent of your own: it holds a combination of buttons for a while, and repeats the one with the best reward.

A bandit with one arm per action of the console. It has no observation, all rows share what was learned, and it plays
wherever ``ngp`` plays:

    ngp evaluate examples.my_agent:MacroBandit --level Airstriker-Genesis-v0/Level1 --timesteps 3000
    ngp evaluate examples.my_agent:MacroBandit --preset patient --set epsilon=0.1 --timesteps 3000

Run: python examples/my_agent.py, which checks that it keeps every promise of an agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from newgameplus.agents.saved import require_agent, require_likeness
from newgameplus.testing import check_agent
from newgameplus.types import NOTHING, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


@dataclass(frozen=True)
class MacroConfig:
    """Configuration for ``--set FIELD=VALUE``: a frozen dataclass, every field with a default."""

    epsilon: float = 0.2
    """Probability that the next macro is random."""
    macro_steps: int = 15
    """Agent steps for which a combination is held."""


class MacroBandit:
    """Plays macros; ``ngp`` only needs this class."""

    PRESETS: ClassVar[Mapping[str, MacroConfig]] = {"default": MacroConfig(), "patient": MacroConfig(0.05, 40)}

    @staticmethod
    def specs(config: MacroConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return the observation and action specs, before there is a world: no picture, the console's action set."""
        return NOTHING, ActionSpec("set", name="console")

    def __init__(self, config: MacroConfig, world: WorldSpec, seed: int) -> None:
        self.observation_spec, self.action_spec = self.specs(config)
        self._config = config
        self._random = np.random.default_rng(seed)  # all randomness comes from the seed
        num_actions = world.num_actions or 1  # depends on the console
        self._mean, self._count = np.zeros(num_actions), np.zeros(num_actions, np.int64)
        rows = world.num_envs  # B: one row per console
        self._macro, self._steps_left, self._earned = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows)

    def act(self, observation: Array) -> Array:
        """Choose for the rows whose macro is over, ``[B]``; the others continue."""
        rows, begins = len(self._macro), self._steps_left == 0
        drawn = self._random.integers(len(self._mean), size=rows)
        chosen = np.where(self._random.random(rows) < self._config.epsilon, drawn, self._mean.argmax())
        self._macro = np.where(begins, chosen, self._macro)
        self._steps_left = np.where(begins, self._config.macro_steps, self._steps_left)
        return self._macro.copy()  # the caller may keep and change it

    def observe(self, step: Step) -> None:
        """Sum the rewards; at the end of a macro or an episode, update the macro's mean."""
        self._earned += step.reward
        self._steps_left = np.where(step.done, 0, self._steps_left - 1)
        for row in np.flatnonzero(self._steps_left == 0):
            macro = self._macro[row]
            self._count[macro] += 1
            self._mean[macro] += (self._earned[row] - self._mean[macro]) / self._count[macro]
            self._earned[row] = 0.0

    def state(self) -> State:
        """Return copies of everything that the next step depends on, including the random generator."""
        return {
            "agent": "macro-bandit",
            "random": self._random.bit_generator.state,
            "mean": self._mean.copy(),
            "count": self._count.copy(),
            "macro": self._macro.copy(),
            "steps_left": self._steps_left.copy(),
            "earned": self._earned.copy(),
        }

    def restore(self, state: State) -> None:
        """Restore ``state``; a state that does not fit is refused before anything changes."""
        require_agent(state, "macro-bandit")
        require_likeness(self.state(), state)
        self._random.bit_generator.state = state["random"]
        self._mean, self._count = state["mean"].copy(), state["count"].copy()
        self._macro, self._steps_left, self._earned = (state[key].copy() for key in ("macro", "steps_left", "earned"))


if __name__ == "__main__":
    for preset, config in MacroBandit.PRESETS.items():
        check_agent(MacroBandit, config)
        print(f"{preset}: keeps every promise of an agent.")
