"""The brute: a tree of action sequences from the start, of which the best is taken again, with small changes.

Source: the search agent of gym-retro's examples (openai/retro, ``retro/examples/brute.py``), a simple form of the Brute
of Machado, Bellemare, Talvitie, Veness, Hausknecht and Bowling, "Revisiting the Arcade Learning Environment" (2018),
arXiv:1709.06009. It looks at nothing, and lives on a world in which the same actions lead to the same end.

*Differences from the source:* it is stepped from outside instead of driving the environment; it chooses an action when
it is due rather than those of an episode at once, which comes to the same, since the tree changes between episodes
only; it has a seed and a set of combinations of buttons; each row of a batch is an independent brute, and its tree has
a capacity.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.brute.config import CURIOUS, GYM_RETRO, BruteConfig
from newgameplus.agents.brute.searcher import Searcher
from newgameplus.agents.saved import take, take_rows
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.trajectories import OpenLoop, trajectories_in
from newgameplus.types import NOTHING, ActionSpec, Array, ObservationSpec, State, Step, Wishes, WorldSpec


class Brute:
    """An independent brute in every row.

    Args:
        config: configuration.
        world: gives the number of rows and of actions.
        seed: 0 or more; row ``i`` plays the same for any number of rows.

    Raises:
        UsageError: a negative seed, or a world without numbered actions.
    """

    PRESETS: ClassVar[dict[str, BruteConfig]] = {"default": GYM_RETRO, "curious": CURIOUS}

    def __init__(self, config: BruteConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        if world.num_actions is None:
            raise UsageError(
                "This agent numbers its actions: make the world with the agent's own action specification."
            )
        self._searchers = [
            Searcher(world.num_actions, config.exploration, config.capacity, random)
            for random in randomness.split(seed, world.num_envs)
        ]
        self._open_loop: OpenLoop | None = None

    @staticmethod
    def specs(config: BruteConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs without observation, and with numbered combinations of buttons."""
        return NOTHING, ActionSpec("set", name=config.actions)

    @staticmethod
    def wishes(config: BruteConfig) -> Wishes:
        """Return the wish for a world in which nothing happens at random."""
        return Wishes(sticky_probability=0.0)

    def act(self, observation: Array) -> Array:
        """Return the next action of every row, int64 ``[B]``; the observation is ignored."""
        if self._open_loop is not None:
            return self._open_loop.act()
        return np.array([searcher.choose() for searcher in self._searchers], np.int64)

    def observe(self, step: Step) -> None:
        """Record the rewards; at the end of an episode add it to the tree. A frozen agent only counts the step."""
        if self._open_loop is not None:
            self._open_loop.observe(step.done)
            return
        for searcher, reward, done in zip(self._searchers, step.reward.tolist(), step.done.tolist(), strict=True):
            searcher.observe(reward, done)

    def metrics(self) -> dict[str, float]:
        """Return the best return of all rows, its length in steps, and the number of nodes of all trees."""
        best = max((searcher.best for searcher in self._searchers), key=lambda each: each.episode_return)
        if not len(best.actions):
            return {}
        num_nodes = sum(len(searcher.tree) for searcher in self._searchers)
        return {
            "best/return": best.episode_return,
            "best/steps": float(len(best.actions)),
            "tree/nodes": float(num_nodes),
        }

    def best_return(self) -> float | None:
        """Return the return of the best trajectory of all rows; None before there is one."""
        found = [searcher.best.episode_return for searcher in self._searchers if len(searcher.best.actions)]
        return max(found, default=None)

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Take the best trajectories of another run: as its rows' first episodes, or, frozen, as all that is played.

        Raises:
            StateError: it has none, or is of another agent.
        """
        found = trajectories_in(state, "brute")
        if is_frozen:
            self._open_loop = OpenLoop(found, len(self._searchers))
        for row, searcher in enumerate(self._searchers):
            trajectory = found[row % len(found)]
            if len(trajectory.actions):
                searcher.add(trajectory)

    @staticmethod
    def weights_in(state: State) -> State:
        """Return the best trajectory of each row."""
        return {"agent": state["agent"], "best": state["best"]}

    def state(self) -> State:
        """Return every row's tree, current episode, best trajectory and random generator."""
        return {
            "agent": "brute",
            "best": [searcher.best.state() for searcher in self._searchers],
            "rows": [searcher.state() for searcher in self._searchers],
            "open_loop": [] if self._open_loop is None else [self._open_loop.state()],
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or number of rows, or is damaged; nothing has changed then.
        """
        rows = take_rows(state, "brute", len(self._searchers))
        best, open_loop = trajectories_in(state, "brute"), take(state, "open_loop", list)
        if len(best) != len(rows) or len(open_loop) != (self._open_loop is not None):
            raise StateError("The saved state does not fit this agent, or one of them is frozen; begin a new run.")
        restored = [own.restored(row, each) for own, row, each in zip(self._searchers, rows, best, strict=True)]
        if self._open_loop is not None:
            self._open_loop.restore(open_loop[0])
        self._searchers = restored
