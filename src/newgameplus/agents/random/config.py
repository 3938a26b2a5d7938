"""Configuration and presets of the random agent."""

from __future__ import annotations

from dataclasses import dataclass

from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class RandomConfig:
    """Configuration of the random agent: buttons are drawn independently in every step."""

    press_probability: float = 0.5
    """Probability that a button is pressed; 0.5 in the contest's sample agent (Gym's MultiBinary ``sample``)."""
    hold: tuple[str, ...] = ()
    """Buttons that are always held; the contest's simple agent held RIGHT."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.press_probability <= 1.0:
            raise UsageError(f"press_probability lies between 0 and 1, not at {self.press_probability}.")


UNIFORM = RandomConfig()
"""All combinations of buttons are equally likely, as in ``env.action_space.sample()``."""

HOLD_RIGHT = RandomConfig(hold=("RIGHT",))
"""The simple agent that participants of 2018 began with: random buttons with RIGHT held."""
