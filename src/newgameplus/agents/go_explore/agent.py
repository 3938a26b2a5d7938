"""Go-Explore, its first phase: remember the cells that were reached, return to one by a snapshot, explore from there.

Paper: Ecoffet, Huizinga, Lehman, Stanley and Clune, "First return, then explore", Nature 590 (2021), arXiv:2004.12919.
A cell is a small gray picture with few gray levels. Each episode begins at a cell, chosen by how rarely it was seen,
and takes random actions; each cell keeps the trajectory with the highest return, of these the shortest.

*Differences from the source:* the second phase, which trains a policy to be robust against randomness, is left out, as
are its cells of domain knowledge and those that adapt to the game; the start of an episode is chosen when the one
before it begins; rows that play the same level share an archive, which has a capacity; where no snapshots are handed to
it, every episode begins at the level's start.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.go_explore.archive import Archive
from newgameplus.agents.go_explore.config import COARSE, PAPER, GoExploreConfig
from newgameplus.agents.go_explore.explorer import Explorer
from newgameplus.agents.saved import take, take_rows
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.trajectories import OpenLoop, Trajectory, trajectories_in
from newgameplus.types import ActionSpec, Array, ObservationSpec, Snapshots, State, Step, Wishes, WorldSpec


class GoExplore:
    """Explorers of all rows, and an archive for each level.

    Args:
        config: configuration.
        world: gives the number of rows and of actions, and which rows play the same level; otherwise each has an
            archive of its own.
        seed: 0 or more.

    Raises:
        UsageError: a negative seed, or a world without numbered actions.
    """

    PRESETS: ClassVar[dict[str, GoExploreConfig]] = {"default": PAPER, "coarse": COARSE}

    def __init__(self, config: GoExploreConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        if world.num_actions is None:
            raise UsageError(
                "This agent numbers its actions: make the world with the agent's own action specification."
            )
        self._levels = list(range(world.num_envs)) if world.levels is None else list(world.levels)
        self._archives = {level: Archive(config.capacity) for level in self._levels}
        self._best = {level: Trajectory() for level in self._levels}
        self._explorers = [
            Explorer(config, world.num_actions, random) for random in randomness.split(seed, world.num_envs)
        ]
        self._snapshots: Snapshots | None = None
        self._open_loop: OpenLoop | None = None

    @staticmethod
    def specs(config: GoExploreConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of a cell's gray picture, and of numbered combinations of buttons."""
        picture = ObservationSpec(gray=True, size=(config.cell_height, config.cell_width))
        return picture, ActionSpec("set", name=config.actions)

    @staticmethod
    def wishes(config: GoExploreConfig) -> Wishes:
        """Return the wishes for snapshots, and for a world in which nothing happens at random."""
        return Wishes(sticky_probability=0.0, snapshots=True)

    def use_snapshots(self, snapshots: Snapshots) -> None:
        """Return to cells by these snapshots."""
        self._snapshots = snapshots

    def act(self, observation: Array) -> Array:
        """Return the next action of every row, int64 ``[B]``; observations count once a step has led to them."""
        if self._open_loop is not None:
            return self._open_loop.act()
        return np.array([explorer.choose() for explorer in self._explorers], np.int64)

    def observe(self, step: Step) -> None:
        """Look at the cells that the step led to, and let episodes end and begin; a frozen agent counts the step."""
        if self._open_loop is not None:
            self._open_loop.observe(step.done)
            return
        for row, (explorer, reward) in enumerate(zip(self._explorers, step.reward.tolist(), strict=True)):
            explorer.observe(reward)
            self._keep_best(row)
            if step.done[row]:
                explorer.begin_next(self._archives[self._levels[row]])
            elif self._snapshots is not None:
                self._look(row, step.observation[row], self._snapshots)
        if self._snapshots is not None:
            for row, explorer in enumerate(self._explorers):
                self._snapshots.begin_next(row, explorer.look_up(self._archives[self._levels[row]]))
                if explorer.is_last_step:
                    self._snapshots.end_episode(row)

    def metrics(self) -> dict[str, float]:
        """Return the number of cells, of all levels; the best return and its length; and whether an archive is full."""
        best = max(self._best.values(), key=lambda each: each.episode_return)
        if not len(best.actions):
            return {}
        return {
            "archive/cells": float(sum(map(len, self._archives.values()))),
            "archive/is_full": float(any(archive.is_full for archive in self._archives.values())),
            "best/return": best.episode_return,
            "best/steps": float(len(best.actions)),
        }

    def best_return(self) -> float | None:
        """Return the return of the best trajectory of all levels; None before there is one."""
        return max((each.episode_return for each in self._best.values() if len(each.actions)), default=None)

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Take the best trajectories of another run: as its rows' first episodes, or, frozen, as all that is played.

        Raises:
            StateError: it has none, or is of another agent.
        """
        found = trajectories_in(state, "go_explore")
        if is_frozen:
            self._open_loop = OpenLoop(found, len(self._explorers))
        for row, explorer in enumerate(self._explorers):
            explorer.follow(found[row % len(found)].actions.tolist())

    @staticmethod
    def weights_in(state: State) -> State:
        """Return the best trajectory of each row's level."""
        return {"agent": state["agent"], "best": state["best"]}

    def state(self) -> State:
        """Return the archives, the explorations of all rows, and the best trajectories."""
        return {
            "agent": "go_explore",
            "best": [self._best[level].state() for level in self._levels],
            "archives": {str(level): archive.state() for level, archive in self._archives.items()},
            "rows": [explorer.state() for explorer in self._explorers],
            "open_loop": [] if self._open_loop is None else [self._open_loop.state()],
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent, configuration or number of rows, or is damaged; nothing has changed
                then.
        """
        rows = take_rows(state, "go_explore", len(self._explorers))
        best, open_loop = trajectories_in(state, "go_explore"), take(state, "open_loop", list)
        if len(best) != len(rows) or len(open_loop) != (self._open_loop is not None):
            raise StateError("The saved state does not fit this agent, or one of them is frozen; begin a new run.")
        saved, num_pixels = take(state, "archives", dict), self.config.cell_height * self.config.cell_width
        archives = {level: Archive(self.config.capacity) for level in self._levels}
        for level, archive in archives.items():
            archive.restore(take(saved, str(level), dict), num_pixels)
        fitting = zip(self._explorers, rows, self._levels, strict=True)
        explorers = [own.restored(row, *archives[level].size) for own, row, level in fitting]
        if self._open_loop is not None:
            self._open_loop.restore(open_loop[0])
        self._archives, self._explorers = archives, explorers
        self._best = dict(zip(self._levels, best, strict=True))

    def _look(self, row: int, observation: Array, snapshots: Snapshots) -> None:
        """Look at the cell in which a row is now; keep the moment if it is better than what the cell has."""
        archive, explorer = self._archives[self._levels[row]], self._explorers[row]
        picture = cell_of(observation, self.config.cell_depth)
        if archive.is_better(archive.see(picture), explorer.here):
            place = explorer.store(archive.extended(*explorer.since_stored))
            replaced = archive.keep(picture, place, snapshots.save(row))
            if replaced is not None:
                snapshots.drop(replaced)

    def _keep_best(self, row: int) -> None:
        """Keep the trajectory of the present moment if no other has earned as much."""
        level, explorer = self._levels[row], self._explorers[row]
        if explorer.here.total > self._best[level].episode_return:
            origin, actions = explorer.since_stored
            stored = self._archives[level].actions(origin.node)
            whole = np.concatenate([stored, np.array(actions, np.uint8)])
            self._best[level] = Trajectory(explorer.here.total, whole)


def cell_of(observation: Array, depth: int) -> bytes:
    """Return the cell of a gray picture, uint8 ``[H, W, 1]``, with ``depth`` gray levels."""
    return (observation.astype(np.uint16) * depth // 256).astype(np.uint8).tobytes()
