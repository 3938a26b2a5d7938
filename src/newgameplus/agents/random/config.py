"""Configuration and presets of the random agent."""

from __future__ import annotations

from dataclasses import dataclass

from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class RandomConfig:
    """How the buttons are drawn, anew in every step and independently of each other."""

    press_probability: float = 0.5
    """Probability that a button is down; 0.5 in the contest's sample agent (Gym's MultiBinary ``sample``)."""
    hold: tuple[str, ...] = ()
    """Buttons that are down in every step whatever was drawn; the contest's simple agent held RIGHT."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.press_probability <= 1.0:
            raise UsageError(f"press_probability lies between 0 and 1, not at {self.press_probability}.")


UNIFORM = RandomConfig()
"""All combinations of buttons are equally likely, as in ``env.action_space.sample()``."""

HOLD_RIGHT = RandomConfig(hold=("RIGHT",))
"""The simple agent that participants of 2018 began with: a random action with RIGHT held."""
