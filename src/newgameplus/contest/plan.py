"""Plan of an evaluation: an agent or an entry, a world and rules; and its runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newgameplus.contest.entry_plan import EntryPlan
from newgameplus.contest.rules import Rules
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.demonstrations import Preparation
from newgameplus.training.worlds import WorldPlan


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of an evaluation."""

    agent: AgentPlan | EntryPlan
    world: WorldPlan
    """Levels and rules of the world; every level is played with every seed."""
    rules: Rules
    seeds: tuple[int, ...]
    split: str | None = None
    """Name of the split that the levels come from."""
    records_movies: bool = True
    """Whether every episode is recorded as a movie."""
    rows_together: int = 1
    """Number of runs, at most, that one process plays as the rows of a batch; 1 for a process each."""
    sandbox: str | None = None
    """Name of the sandbox in which the agent plays; None to play in the process of the world."""

    def __post_init__(self) -> None:
        if not self.seeds or min(self.seeds) < 0:
            raise UsageError(f"Seeds are whole numbers from 0, at least one; not {list(self.seeds)}.")
        if self.sandbox is None and isinstance(self.agent, EntryPlan):
            raise UsageError("An entry plays in a sandbox: name one.")

    @property
    def own_agent(self) -> AgentPlan:
        """Plan of the agent that plays in the process of the world.

        Raises:
            UsageError: it is an entry, which does not.
        """
        if isinstance(self.agent, EntryPlan):
            raise UsageError(f"The entry {self.agent.name} plays in a sandbox, and nowhere else.")
        return self.agent


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a plan, as a task of a worker."""

    plan: Plan
    level: Level
    seed: int
    folder: Path
    """Folder of the run."""

    def preparation(self, seed: int) -> Preparation:
        """What happens to the agent before its first step; ``seed`` is the agent's."""
        return Preparation(self.plan.own_agent, self.plan.world, num_envs=1, seed=seed)
