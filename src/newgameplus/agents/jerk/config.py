"""Configuration and presets of JERK."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class JerkConfig:
    """How JERK moves, when it repeats and whether it mutates; the field defaults are the 2018 baseline's."""

    forward: str = "RIGHT"
    """Button that leads on through the level (retro-baselines, ``move``)."""
    backward: str = "LEFT"
    """Button that leads back."""
    jump: str | None = None
    """Button that jumps; None for B, or for the console's first action button where it has no B."""
    crouch: str = "DOWN"
    """Button that crouches; only mutations press it (Custom JERK's seven combinations)."""
    forward_steps: int = 100
    """Steps of a move forward."""
    backward_steps: int = 70
    """Steps of the move back that follows a move forward without reward; 45 in the improved JERK."""
    jump_probability: float = 0.1
    """Probability, in each step of a move in which no jump lasts, that one begins."""
    jump_steps: int = 4
    """Steps for which a jump holds its button."""
    total_timesteps: int | None = None
    """Agent steps by which the repeats' probability has risen; None for the run's budget, 1,000,000 in 2018."""
    schedule: Literal["time", "time-and-best", "late"] = "time"
    """Probability of a repeat, with t the part of the steps done and b the part of ``max_return`` reached by the
    best solution: ``time`` bias + t, ``time-and-best`` bias + t + b, ``late`` the mean of b and (bias + t)³."""
    exploit_bias: float = 0.25
    """The bias in ``schedule``; 0.25 in 2018, 0.12 in the improved JERK, 0 in Custom JERK."""
    max_return: float = 10_000.0
    """The return of a perfect episode: 10,000 for the contest's reward on Sonic. Unused where ``schedule`` is
    ``time``."""
    after_sequence: Literal["wait", "follow-reward", "search"] = "wait"
    """After the last stored button: ``wait`` with none pressed; ``follow-reward`` with moves, back whenever the step
    or move before brought nothing; ``search`` with moves, forward first and back after a move without any reward."""
    patience: int = 100
    """Steps without reward after which a repeat is given up for a ``search`` (Custom JERK)."""
    mutation: Literal["none", "replace", "truncate"] = "none"
    """What an episode without a repeat plays once there is a solution: ``none`` explores anew; the others mutate the
    best solution: excise a part, then ``replace`` some buttons after a trim of the end, or ``truncate`` it."""
    mutation_damping: float = 0.2
    """Factor of the probability that a step is mutated; 0.2 with ``replace`` and 0.3 with ``truncate``."""
    keep_ratio: float = 0.6
    """With mutations: part of the best mean return above which an episode becomes a new solution (Custom JERK)."""

    def __post_init__(self) -> None:
        for name in ("forward_steps", "backward_steps", "jump_steps", "total_timesteps", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is a number of steps, 1 or more, not {value}.")
        if not 0.0 <= self.jump_probability <= 1.0:
            raise UsageError(f"jump_probability lies between 0 and 1, not at {self.jump_probability}.")
        for name in ("exploit_bias", "mutation_damping", "keep_ratio"):
            if not getattr(self, name) >= 0.0:
                raise UsageError(f"{name} is 0 or more, not {getattr(self, name)}.")
        if not self.max_return > 0.0:
            raise UsageError(f"max_return is more than 0, not {self.max_return}.")


DEFAULT = JerkConfig()
"""The 2018 baseline, but its schedule spans the run's own budget."""

CONTEST_2018 = replace(DEFAULT, total_timesteps=1_000_000)
"""The 2018 baseline (openai/retro-baselines, ``jerk_agent.py``) to the letter."""

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
"""Custom JERK with the mutations of its later version, without that one's network (gardenermike)."""

TRUNCATING = replace(MUTATING, mutation="truncate", mutation_damping=0.3)
"""The plain Custom JERK: its mutations only shorten (gardenermike)."""
