"""The brute of one row: walks down its tree, leaves it at random, and adds the episode when it is over."""

from __future__ import annotations

import math

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.brute.tree import OUTSIDE, ROOT, Tree
from newgameplus.agents.saved import take, take_array
from newgameplus.errors import StateError
from newgameplus.experience.trajectories import Trajectory
from newgameplus.types import State


class Searcher:
    """One row.

    Args:
        num_actions: number of actions.
        exploration: probability of a random action in a node visited v times, multiplied by log(v + 2).
        capacity: most nodes of the tree.
        random: its random generator.
    """

    def __init__(self, num_actions: int, exploration: float, capacity: int, random: np.random.Generator) -> None:
        self._num_actions, self._exploration, self._capacity = num_actions, exploration, capacity
        self._random = random
        self.tree = Tree(num_actions, capacity)
        self.best = Trajectory()
        self.num_episodes = 0
        self._node, self._total = ROOT, 0.0
        self._actions: list[int] = []

    def choose(self) -> int:
        """Return the next action."""
        action = self._random_action() if self._node == OUTSIDE else self._action_in_the_tree()
        if self._node != OUTSIDE:
            self._node = self.tree.child(self._node, action)
        self._actions.append(action)
        return action

    def observe(self, reward: float, done: bool) -> None:
        """Record a reward; at the end of an episode, add it to the tree."""
        self._total += reward
        if done:
            self.add(Trajectory(self._total, np.array(self._actions, np.uint8)))
            self._begin()

    def add(self, episode: Trajectory) -> None:
        """Add an episode to the tree."""
        self.tree.add(episode.actions.tolist(), episode.episode_return)
        self.num_episodes += 1
        if episode.episode_return > self.best.episode_return:
            self.best = episode

    def state(self) -> State:
        """Return the full state, but for ``best``."""
        return {
            "random": randomness.save(self._random),
            "tree": self.tree.state(),
            "num_episodes": self.num_episodes,
            "actions": np.array(self._actions, np.uint8),
            "total": self._total,
        }

    def restored(self, state: object, best: Trajectory) -> Searcher:
        """Return a searcher with the settings of this one, and with what was saved.

        Raises:
            StateError: the state is damaged.
        """
        random = randomness.load(take(state, "random", dict))
        other = Searcher(self._num_actions, self._exploration, self._capacity, random)
        other.tree = Tree.from_state(take(state, "tree", dict), self._num_actions, self._capacity)
        other.best, other.num_episodes = best, take(state, "num_episodes", int)
        other._actions = take_array(state, "actions", np.uint8).tolist()
        other._total = take(state, "total", float)
        if max(other._actions, default=0) >= self._num_actions:
            raise StateError("The saved episode has an action that there is not; begin a new run.")
        for action in other._actions:
            other._node = OUTSIDE if other._node == OUTSIDE else other.tree.child(other._node, action)
        return other

    def _begin(self) -> None:
        self._node, self._actions, self._total = ROOT, [], 0.0

    def _random_action(self) -> int:
        return int(self._random.integers(self._num_actions))

    def _action_in_the_tree(self) -> int:
        if self._random.random() < self._exploration / math.log(self.tree.visits(self._node) + 2):
            return self._random_action()
        best = self.tree.best_actions(self._node)
        return int(best[self._random.integers(len(best))])
