"""Progress of a training run and returns of its episodes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from newgameplus.errors import IntegrationError
from newgameplus.games.levels import zone_of
from newgameplus.training.loop import Turn
from newgameplus.types import Array

NUM_RECENT = 20
"""Number of episodes of a level, or zone, in its mean return."""


@dataclass(slots=True)
class Tracker:
    """Progress of a run and returns of its episodes; saved in its checkpoints."""

    num_envs: int
    averages_zones: bool = False
    """Whether returns are averaged per zone instead of per level, where each level is played only for a while."""
    num_steps: int = 0
    """Number of agent steps over all rows."""
    num_episodes: int = 0
    best: float | None = None
    """Highest mean return over recent episodes, or best return of a search, for which a checkpoint was kept."""
    elapsed_seconds: float = 0.0
    episode_return: Array = field(default_factory=lambda: np.zeros(0))
    """Return so far of the current episode, float64 ``[B]``."""
    episode_steps: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    recent: dict[str, deque[float]] = field(default_factory=dict)
    """Returns of the last episodes, by level id or zone."""

    def __post_init__(self) -> None:
        if not len(self.episode_return):
            self.episode_return = np.zeros(self.num_envs)
            self.episode_steps = np.zeros(self.num_envs, np.int64)

    def follow(self, turn: Turn, levels: list[str]) -> list[dict[str, Any]]:
        """Count a turn; return the episodes that ended in it: level, return and length in steps.

        Raises:
            IntegrationError: a level's reward is NaN or infinite.
        """
        self.num_steps += self.num_envs
        self.episode_return += turn.step.reward
        if not np.isfinite(self.episode_return).all():
            level = levels[int(np.argmin(np.isfinite(self.episode_return)))]
            raise IntegrationError(
                f"{level} pays a reward that is NaN or infinite, from which nothing can be learned: mend its scenario, "
                "or leave out this level."
            )
        self.episode_steps += 1
        ended = []
        for row in np.flatnonzero(turn.step.done).tolist():
            value, length = float(self.episode_return[row]), int(self.episode_steps[row])
            ended.append({"level": levels[row], "return": value, "length": length})
            self.episode_return[row], self.episode_steps[row] = 0.0, 0
        self._remember(ended)
        return ended

    def count(self, num_steps: int, episodes: list[dict[str, Any]]) -> None:
        """Count steps that were played elsewhere, and their episodes, as :meth:`follow` returns them."""
        self.num_steps += num_steps
        self._remember(episodes)

    def _remember(self, episodes: list[dict[str, Any]]) -> None:
        for episode in episodes:
            level = episode["level"]
            name = zone_of(level) if self.averages_zones else level
            self.recent.setdefault(name, deque(maxlen=NUM_RECENT)).append(episode["return"])
        self.num_episodes += len(episodes)

    @property
    def mean_return(self) -> float | None:
        """Mean over levels, or zones, of the mean return of recent episodes; None before the first episode ends."""
        means = [float(np.mean(returns)) for returns in self.recent.values()]
        return float(np.mean(means)) if means else None

    def state(self) -> dict[str, Any]:
        """Return the full state, for a checkpoint."""
        return {
            "num_steps": self.num_steps,
            "num_episodes": self.num_episodes,
            "best": self.best,
            "elapsed_seconds": self.elapsed_seconds,
            "episode_return": self.episode_return.copy(),
            "episode_steps": self.episode_steps.copy(),
            "recent": {level: list(returns) for level, returns in self.recent.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``."""
        for name in ("num_steps", "num_episodes", "best", "elapsed_seconds", "episode_return", "episode_steps"):
            setattr(self, name, state[name])
        self.recent = {level: deque(returns, NUM_RECENT) for level, returns in state["recent"].items()}
