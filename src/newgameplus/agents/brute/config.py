"""Configuration and presets of the brute."""

from __future__ import annotations

from dataclasses import dataclass

from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class BruteConfig:
    """Configuration of the brute; the field defaults are gym-retro's, but for the actions."""

    actions: str = "sonic-10"
    """Name of the action set; the buttons that it holds depend on the console. gym-retro's took the console's discrete
    actions, 126 on a Mega Drive."""
    exploration: float = 0.005
    """Probability of a random action in a node visited v times, multiplied by log(v + 2) (gym-retro,
    ``EXPLORATION_PARAM``)."""
    capacity: int = 1_000_000
    """Most nodes of a row's tree, of about 60 bytes; episodes that do not fit any more only raise the values of the
    nodes that are there."""

    def __post_init__(self) -> None:
        if not self.exploration >= 0.0:
            raise UsageError(f"exploration is 0 or more, not {self.exploration}.")
        if self.capacity < 1:
            raise UsageError(f"capacity is a number of nodes, 1 or more, not {self.capacity}.")


GYM_RETRO = BruteConfig()
"""As in gym-retro's examples, with the contest's actions."""

CURIOUS = BruteConfig(exploration=0.05)
"""Ten times as many random actions: for budgets of a hundred episodes rather than of a hundred thousand."""
