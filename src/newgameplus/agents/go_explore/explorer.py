"""Exploration in one row: from where its episode began, random actions, most of them that of the step before."""

from __future__ import annotations

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.go_explore.archive import START, Archive, Place
from newgameplus.agents.go_explore.config import GoExploreConfig
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import StateError
from newgameplus.types import State

_NONE = -1
"""In place of an action: there is none."""


class Explorer:
    """One row.

    Args:
        config: configuration.
        num_actions: number of actions.
        random: its random generator.
    """

    def __init__(self, config: GoExploreConfig, num_actions: int, random: np.random.Generator) -> None:
        self._config, self._num_actions, self._random = config, num_actions, random
        self.upcoming = START
        """Cell at which the next episode begins."""
        self._upcoming_place = Place()
        """Where that was when the world was told of it; the cell may have been improved since."""
        self._script: list[int] = []
        """Actions that the present episode takes before it explores."""
        self._origin = Place()
        """Last moment of the present episode whose trajectory is stored, or its beginning."""
        self._actions: list[int] = []
        """Actions since then."""
        self._last, self._num_steps, self._total = _NONE, 0, 0.0
        """Action of the step before, steps of the episode, and sum of the rewards since the level's start."""

    @property
    def is_last_step(self) -> bool:
        """Whether the exploration ends with the next step."""
        return self._num_steps == len(self._script) + self._config.explore_steps - 1

    @property
    def here(self) -> Place:
        """The present moment, of which the node is known only once the actions are stored."""
        return Place(self._origin.node, self._origin.length + len(self._actions), self._total)

    @property
    def since_stored(self) -> tuple[Place, list[int]]:
        """The last moment whose trajectory is stored, and the actions since."""
        return self._origin, self._actions

    def follow(self, script: list[int]) -> None:
        """Take these actions first in the present episode, which has not begun."""
        self._script = script

    def choose(self) -> int:
        """Return the next action."""
        if self._num_steps < len(self._script):
            action = self._script[self._num_steps]
        elif self._last != _NONE and self._random.random() < self._config.repeat_probability:
            action = self._last
        else:
            action = int(self._random.integers(self._num_actions))
        self._actions.append(action)
        self._last = action
        return action

    def observe(self, reward: float) -> None:
        """Record a step."""
        self._num_steps += 1
        self._total += reward

    def store(self, node: int) -> Place:
        """Remember that the trajectory up to the present moment is stored as ``node``; return the moment."""
        here = self.here
        self._origin, self._actions = Place(node, here.length, here.total), []
        return self._origin

    def begin_next(self, archive: Archive) -> None:
        """Begin the next episode where the world was told, and choose where the one after it begins."""
        self._begin(self._upcoming_place)
        self._script = []
        self.upcoming = archive.choose(self._random)

    def look_up(self, archive: Archive) -> int | None:
        """Return the snapshot at which the next episode is to begin, and remember where that is."""
        self._upcoming_place = archive.place(self.upcoming)
        return archive.handle(self.upcoming)

    def state(self) -> State:
        """Return the full state."""
        return {
            "random": randomness.save(self._random),
            "upcoming": self.upcoming,
            "places": {"origin": _place_state(self._origin), "upcoming": _place_state(self._upcoming_place)},
            "script": np.array(self._script, np.uint8),
            "actions": np.array(self._actions, np.uint8),
            "last": self._last,
            "num_steps": self._num_steps,
            "total": self._total,
        }

    def restored(self, state: object, num_cells: int, num_nodes: int) -> Explorer:
        """Return an explorer with the settings of this one, and with what was saved.

        Raises:
            StateError: the state is damaged, or does not fit an archive of so many cells and nodes.
        """
        other = Explorer(self._config, self._num_actions, randomness.load(take(state, "random", dict)))
        places, other.upcoming = take(state, "places", dict), take(state, "upcoming", int)
        other._origin, other._upcoming_place = (_place(take(places, name, dict)) for name in ("origin", "upcoming"))
        other._script, other._actions = (take_array(state, name, np.uint8).tolist() for name in ("script", "actions"))
        other._last, other._num_steps = take(state, "last", int), take_count(state, "num_steps")
        other._total = take(state, "total", float)
        taken = [*other._script, *other._actions, other._last]
        nodes = other._origin.node, other._upcoming_place.node
        if not (START <= other.upcoming < num_cells and all(START <= node < num_nodes for node in nodes)):
            raise StateError("The saved exploration begins where no cell is; begin a new run.")
        if not all(_NONE <= action < self._num_actions for action in taken):
            raise StateError("The saved exploration has an action that there is not; begin a new run.")
        return other

    def _begin(self, place: Place) -> None:
        self._origin, self._actions = place, []
        self._last, self._num_steps, self._total = _NONE, 0, place.total


def _place_state(place: Place) -> State:
    return {"node": place.node, "length": place.length, "total": place.total}


def _place(state: State) -> Place:
    return Place(take(state, "node", int), take_count(state, "length"), take(state, "total", float))
