"""The rows of a training run: one agent in one world of B rows, played by the one loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from newgameplus.agents.interface import Agent
from newgameplus.envs.interface import ResumableWorld
from newgameplus.training.live import Showing, Standing
from newgameplus.training.loop import Turn, play
from newgameplus.training.tracker import Tracker
from newgameplus.types import Array, State


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a run has come since the advance before; the tracker has counted it."""

    num_steps: int
    """Agent steps over all rows; 0 if only time has passed."""
    episodes: list[dict[str, Any]]
    """Episodes that ended: level, return and length in steps."""


class Players(Protocol):
    """Whoever plays the steps of a training run."""

    def advances(self) -> Iterator[Advance]:
        """Play on, for ever; between two advances the agent can be saved."""

    def state(self) -> State:
        """What a checkpoint holds besides agent and tracker."""

    def close(self) -> None:
        """Free what plays."""


class Rows:
    """The rows of one world.

    Args:
        agent: agent of these rows.
        world: the world; closed with this.
        tracker: counts every turn.
        showing: shows the rows to whoever watches.
        switches_levels: whether rows change their level.
    """

    def __init__(
        self, agent: Agent, world: ResumableWorld, tracker: Tracker, showing: Showing, *, switches_levels: bool
    ) -> None:
        self._agent, self._world, self._tracker = agent, world, tracker
        self._showing, self._switches_levels = showing, switches_levels
        self._observation: Array | None = None

    @property
    def have_begun(self) -> bool:
        """Whether the world has been reset or restored."""
        return self._observation is not None

    def begin(self, seed: int) -> None:
        """Reset every row."""
        self._observation, _ = self._world.reset(seed=seed)

    def restore(self, state: State) -> None:
        """Restore :meth:`state`.

        Raises:
            StateError: it is of another world.
        """
        if "world" in state:
            self._observation = self._world.restore(state["world"])

    def advances(self) -> Iterator[Advance]:
        """Play a turn after the other."""
        levels = list(self._world.level_ids)
        for turn in play(self._agent, self._world, observation=self._observation):
            episodes = self._tracker.follow(turn, levels)
            if self._switches_levels:
                levels = list(self._world.level_ids)
            self._show(turn)
            yield Advance(self._tracker.num_envs, episodes)

    def state(self) -> State:
        """State of the world; of one that has not been reset, nothing."""
        return {"world": self._world.state()} if self.have_begun else {}

    def close(self) -> None:
        """Free the consoles."""
        self._showing.close()
        self._world.close()

    def _show(self, turn: Turn) -> None:
        if self._showing.is_due():
            tracker = self._tracker
            self._showing.show(
                turn.action,
                Standing(
                    tracker.num_steps,
                    tracker.num_episodes,
                    tracker.elapsed_seconds,
                    tracker.episode_return,
                    tracker.episode_steps,
                ),
            )
