"""Rules of a judge: the budget, and how steps and episodes are counted. Rules of the world are separate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from newgameplus.errors import NotFoundError, UsageError, did_you_mean


@dataclass(frozen=True, slots=True)
class Rules:
    """Budget on each level, and what counts.

    Sources: the 2018 contest's harness and write-ups; each preset states its differences from them.
    """

    name: str
    """Name of the preset that these rules come from."""
    max_timesteps: int | None = 1_000_000
    """Agent steps per level; None for no limit."""
    max_episodes: int | None = None
    """Episodes per level; None for no limit."""
    max_wall_clock_seconds: float | None = 12 * 3600.0
    """Time per level, without interruptions; None for no limit."""
    counts_resets: bool = False
    """Whether each reset uses up one timestep, as on the server of 2018."""
    drops_last_episode: bool = False
    """Whether the episode cut by the budget is left out of the score, as in 2018; otherwise it counts with its return
    so far."""

    def __post_init__(self) -> None:
        limits = (self.max_timesteps, self.max_episodes, self.max_wall_clock_seconds)
        names = ("timesteps", "episodes", "wall clock seconds")
        for name, limit in zip(names, limits, strict=True):
            if limit is not None and not 0 < limit < math.inf:
                raise UsageError(f"The budget of {name} must be more than 0 and have an end, not {limit}.")
        if all(limit is None for limit in limits):
            raise UsageError("An evaluation needs a budget: timesteps, episodes or wall clock seconds.")


CONTEST = Rules("contest")
"""The contest's budget, counted fairly: only steps count as steps, and every episode counts."""

CONTEST_2018 = Rules("contest-2018", counts_resets=True, drops_last_episode=True)
"""Counting of the server of 2018: a reset costs a timestep, and the episode cut by the limit is never scored."""

RULES = {rules.name: rules for rules in (CONTEST, CONTEST_2018)}
"""All presets by name."""


def find_rules(name: str) -> Rules:
    """Return the preset called ``name``.

    Raises:
        NotFoundError: there is no such preset.
    """
    if name not in RULES:
        raise NotFoundError(f"There are no rules {name!r}; there are: {', '.join(RULES)}.{did_you_mean(name, RULES)}")
    return RULES[name]


def with_budget(
    rules: Rules,
    *,
    timesteps: int | None = None,
    episodes: int | None = None,
    wall_clock_seconds: float | None = None,
) -> Rules:
    """Return ``rules`` with another budget; None keeps a limit.

    A number of episodes without a number of timesteps removes the limit of timesteps.

    Raises:
        UsageError: a budget is not positive.
    """
    changes: dict[str, Any] = {}
    if episodes is not None:
        changes |= {"max_episodes": episodes, "max_timesteps": timesteps}
    if timesteps is not None:
        changes["max_timesteps"] = timesteps
    if wall_clock_seconds is not None:
        changes["max_wall_clock_seconds"] = wall_clock_seconds
    return replace(rules, **changes)
