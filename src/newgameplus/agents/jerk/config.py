"""Configuration and presets of JERK."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class JerkConfig:
    """Configuration of JERK; the field defaults are the 2018 baseline's."""

    forward: str = "RIGHT"
    """Button that moves towards the goal (retro-baselines, ``move``)."""
    backward: str = "LEFT"
    """Button that moves back."""
    jump: str | None = None
    """Button that jumps; None for B, or the console's first action button if it has no B."""
    crouch: str = "DOWN"
    """Button that crouches; pressed only by mutations (Custom JERK's seven combinations)."""
    forward_steps: int = 100
    """Steps of a move forward."""
    backward_steps: int = 70
    """Steps of the backward move that follows a forward move without reward; 45 in the improved JERK."""
    jump_probability: float = 0.1
    """Probability per step of a move that a jump begins, unless one is in progress."""
    jump_steps: int = 4
    """Steps for which a jump holds its button."""
    total_timesteps: int | None = None
    """Agent steps over which the repeat probability rises; None for the run's budget, 1,000,000 in 2018."""
    schedule: Literal["time", "time-and-best", "late"] = "time"
    """Repeat probability, with t the fraction of the steps done and b the best solution's return as a fraction of
    ``max_return``: ``time`` bias + t, ``time-and-best`` bias + t + b, ``late`` the mean of b and (bias + t)³."""
    exploit_bias: float = 0.25
    """Bias in ``schedule``; 0.25 in 2018, 0.12 in the improved JERK, 0 in Custom JERK."""
    max_return: float = 10_000.0
    """Return of a perfect episode: 10,000 for the contest's reward on Sonic. Unused if ``schedule`` is ``time``."""
    after_sequence: Literal["wait", "follow-reward", "search", "explore"] = "wait"
    """After the last stored button of a repeat or a mutation: ``wait`` presses nothing; ``follow-reward`` makes moves,
    backward whenever the previous step or move had no reward; ``search`` makes moves, forward first and backward after
    a move without reward; ``explore`` makes the moves of an explored episode."""
    patience: int = 100
    """Steps without reward after which a repeat is abandoned for a ``search`` (Custom JERK)."""
    mutation: Literal["none", "replace", "truncate", "return"] = "none"
    """What an episode without a repeat plays once there is a solution: ``none`` explores anew; ``replace`` and
    ``truncate`` mutate the best solution: excise a part, then replace some buttons after trimming the end, or truncate
    it; ``return`` presses one of the best solutions up to a random step before its end and explores from there."""
    mutation_damping: float = 0.2
    """Factor of the mutation probability per step; 0.2 with ``replace`` and 0.3 with ``truncate``."""
    keep_ratio: float = 0.6
    """With ``replace`` and ``truncate``: fraction of the best mean return above which an episode becomes a new solution
    (Custom JERK)."""
    reach: int = 75
    """With ``return``: most steps before a solution's end from which an episode explores."""
    candidates: int = 4
    """With ``return``: number of the best solutions of which one is drawn."""
    fresh_share: float = 0.1
    """With ``return``: probability that such an episode explores from the level's start instead."""
    further_ratio: float = 1.02
    """With ``return``: a repeat that earns more than this times its solution's first return, beyond the stored buttons,
    becomes a solution of its own."""
    capacity: int | None = None
    """Most solutions to keep, the best ones; None for all of them."""

    def __post_init__(self) -> None:
        for name in ("forward_steps", "backward_steps", "jump_steps", "total_timesteps", "patience", "reach"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is a number of steps, 1 or more, not {value}.")
        for name in ("candidates", "capacity"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is a number of solutions, 1 or more, not {value}.")
        for name in ("jump_probability", "fresh_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UsageError(f"{name} lies between 0 and 1, not at {getattr(self, name)}.")
        for name in ("exploit_bias", "mutation_damping", "keep_ratio", "further_ratio"):
            if not getattr(self, name) >= 0.0:
                raise UsageError(f"{name} is 0 or more, not {getattr(self, name)}.")
        if not self.max_return > 0.0:
            raise UsageError(f"max_return is more than 0, not {self.max_return}.")


DEFAULT = JerkConfig()
"""The 2018 baseline, with its schedule over the run's own budget."""

CONTEST_2018 = replace(DEFAULT, total_timesteps=1_000_000)
"""The 2018 baseline exactly (openai/retro-baselines, ``jerk_agent.py``)."""

IMPROVED = replace(
    DEFAULT, backward_steps=45, schedule="time-and-best", exploit_bias=0.12, after_sequence="follow-reward"
)
"""Team Bobcats' improved JERK (tristansokol/Bobcats)."""

MUTATING = replace(
    DEFAULT,
    schedule="late",
    exploit_bias=0.0,
    after_sequence="search",
    mutation="replace",
    mutation_damping=0.2,
)
"""Custom JERK with the mutations of its later version, without that version's network (gardenermike)."""

TRUNCATING = replace(MUTATING, mutation="truncate", mutation_damping=0.3)
"""The original Custom JERK, whose mutations only shorten (gardenermike)."""

RETURNING = replace(DEFAULT, exploit_bias=0.0, after_sequence="explore", mutation="return", capacity=200)
"""Returns to a random step before the end of a good run and explores from there, as in Ecoffet, Huizinga, Lehman,
Stanley and Clune, "First return, then explore" (2021), but by pressing a run's buttons again instead of loading a saved
state."""
