"""JERK's plans: what an episode presses first, how it goes on afterwards, and what is remembered of it.

An episode with the plan ``repeat`` presses the best solution; what the others play depends on the configuration. See
``config`` for the sources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from newgameplus.agents.jerk import mutation
from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.agents.jerk.episode import Episode, PlanName
from newgameplus.agents.moves import Move
from newgameplus.experience.sequences import SequenceStore

Continuation = Callable[[Episode, JerkConfig], Move | None]
"""What ``Plan.next_move`` returns, by a rule that several plans may share."""


def wait(episode: Episode, config: JerkConfig) -> Move | None:
    """Press nothing."""
    return None


def explore(episode: Episode, config: JerkConfig) -> Move | None:
    """Move forward, and once backward after a move forward without reward."""
    previous = episode.move
    return _move(previous is not None and not previous.is_backward and previous.reward <= 0, config)


def follow_reward(episode: Episode, config: JerkConfig) -> Move | None:
    """Move backward whenever the previous step or move had no reward."""
    return _move((episode.last_reward if episode.move is None else episode.move.reward) <= 0, config)


def search(episode: Episode, config: JerkConfig) -> Move | None:
    """Move forward first and backward after any move without reward, all for the same number of steps."""
    return Move(episode.move is not None and episode.move.reward == 0, config.forward_steps)


def _move(is_backward: bool, config: JerkConfig) -> Move:
    return Move(is_backward, config.backward_steps if is_backward else config.forward_steps)


CONTINUATIONS: Mapping[str, Continuation] = {
    "wait": wait,
    "follow-reward": follow_reward,
    "search": search,
    "explore": explore,
}
"""The continuations by the configuration's name for them."""


class Plan(Protocol):
    """What an episode plays and what is remembered of it; it has no state."""

    def sequence(self, memory: SequenceStore, random: np.random.Generator) -> bytes:
        """Return what the episode presses first; ``memory`` holds a sequence unless the plan is ``explore``."""
        ...

    def next_move(self, episode: Episode) -> Move | None:
        """Return the move that follows the sequence, or the last move; None to press nothing in the next step."""
        ...

    def remember(self, episode: Episode, memory: SequenceStore) -> None:
        """Remember an episode that has ended."""
        ...


class Explore:
    """Moves only; what was found becomes a solution."""

    def __init__(self, config: JerkConfig) -> None:
        self._config = config

    def sequence(self, memory: SequenceStore, random: np.random.Generator) -> bytes:
        """Return no sequence."""
        return b""

    def next_move(self, episode: Episode) -> Move | None:
        """Return the next move of an explored episode."""
        return explore(episode, self._config)

    def remember(self, episode: Episode, memory: SequenceStore) -> None:
        """Store what was found."""
        memory.add(episode.found, episode.best_total)


class Repeat:
    """The best solution again; its return counts for the solution's mean."""

    def __init__(self, config: JerkConfig) -> None:
        self._config = config

    def sequence(self, memory: SequenceStore, random: np.random.Generator) -> bytes:
        """Sort the memory, so that the best solution is its last until the episode ends, and return it."""
        memory.sort()
        return memory.best().actions

    def next_move(self, episode: Episode) -> Move | None:
        """Return the next move as configured."""
        return CONTINUATIONS[self._config.after_sequence](episode, self._config)

    def remember(self, episode: Episode, memory: SequenceStore) -> None:
        """Add the return to the repeated solution; where variants are explored, store what went beyond it."""
        repeated, config = memory.sequences[-1], self._config
        repeated.add_return(episode.total)
        if config.mutation == "return":
            is_further = episode.best_total > config.further_ratio * max(repeated.returns[0], 1.0)
            if is_further and episode.best_length > len(repeated.actions):
                memory.add(episode.found, episode.best_total)
        elif config.mutation != "none" and episode.best_length != len(repeated.actions):
            _keep_if_close(episode, memory, config)


class Mutate:
    """A mutation of the best solution (Custom JERK)."""

    def __init__(self, config: JerkConfig) -> None:
        self._config = config
        self._mutate = mutation.replace if config.mutation == "replace" else mutation.truncate

    def sequence(self, memory: SequenceStore, random: np.random.Generator) -> bytes:
        """Return a mutation; the better the best solution, the rarer its mutated steps."""
        best, config = memory.best(), self._config
        rate = (1.0 - best.mean_return / config.max_return) * config.mutation_damping
        return self._mutate(best.actions, rate, random)

    def next_move(self, episode: Episode) -> Move | None:
        """Return the next move as configured."""
        return CONTINUATIONS[self._config.after_sequence](episode, self._config)

    def remember(self, episode: Episode, memory: SequenceStore) -> None:
        """Store what came close enough to the best solution."""
        _keep_if_close(episode, memory, self._config)


class Return:
    """One of the best solutions up to a random step before its end, and from there moves as in ``Explore``."""

    def __init__(self, config: JerkConfig) -> None:
        self._config = config

    def sequence(self, memory: SequenceStore, random: np.random.Generator) -> bytes:
        """Return the beginning of a solution, or, with the probability ``fresh_share``, nothing."""
        if random.random() < self._config.fresh_share:
            return b""
        best = memory.top(self._config.candidates)
        actions = best[random.integers(len(best))].actions
        return actions[: max(0, len(actions) - int(random.integers(1, self._config.reach + 1)))]

    def next_move(self, episode: Episode) -> Move | None:
        """Return the next move of an explored episode."""
        return explore(episode, self._config)

    def remember(self, episode: Episode, memory: SequenceStore) -> None:
        """Store what was found."""
        memory.add(episode.found, episode.best_total)


OTHERWISE: Mapping[str, PlanName] = {"none": "explore", "replace": "mutate", "truncate": "mutate", "return": "return"}
"""The plan of an episode that does not repeat, by the configuration's ``mutation``."""


def plans(config: JerkConfig) -> dict[PlanName, Plan]:
    """Return the plans that a configuration uses, by name."""
    found: dict[PlanName, Plan] = {"explore": Explore(config), "repeat": Repeat(config)}
    if config.mutation == "return":
        found["return"] = Return(config)
    elif config.mutation != "none":
        found["mutate"] = Mutate(config)
    return found


def _keep_if_close(episode: Episode, memory: SequenceStore, config: JerkConfig) -> None:
    """Store what was found up to the last reward, if the return came close enough to the goal (Custom JERK)."""
    goal = episode.goal
    is_close = episode.total / goal > config.keep_ratio if goal > 0 else episode.total > goal
    if is_close:
        memory.add(episode.found[: episode.rewarded_length], episode.best_total)
