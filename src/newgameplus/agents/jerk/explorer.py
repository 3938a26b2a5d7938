"""JERK in one row: chooses what each episode plays, presses it step by step, and remembers its return.

Source: openai/retro-baselines, ``jerk_agent.py`` (2018), which uses nested loops around the environment; here it is a
state machine that is stepped from outside and can be saved after any step. For the variants' sources see ``config``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.jerk import mutation
from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.agents.jerk.moves import NOTHING_PRESSED, NUM_PRESSES, Move
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import StateError
from newgameplus.experience.sequences import SequenceStore
from newgameplus.types import State

Plan = Literal["explore", "repeat", "mutate"]
"""What an episode plays: only moves, the best solution, or a mutation of it."""


@dataclass(slots=True)
class Episode:
    """State of the current episode."""

    plan: Plan
    sequence: bytes = b""
    """Sequence to press before the moves begin."""
    goal: float = 0.0
    """Mean return of the best solution at the start of the episode."""
    move: Move | None = None
    """Current or last move; None while the sequence is played."""
    pressed: bytearray = field(default_factory=bytearray)
    """Byte pressed in every step so far."""
    last_reward: float = 0.0
    total: float = 0.0
    """Sum of the rewards so far."""
    best_total: float = -math.inf
    """Highest value of ``total`` after any step."""
    best_length: int = 0
    """Number of steps after which ``total`` first had that value."""
    rewarded_length: int = 0
    """Number of steps before the last rewarded step of the sequence, or up to the end of the last rewarded move."""


def repeat_probability(config: JerkConfig, part_done: float, best_return: float) -> float:
    """Return the probability (may exceed 1) that the next episode repeats the best solution.

    Args:
        config: gives ``schedule``, ``exploit_bias`` and ``max_return``.
        part_done: fraction of the total steps done.
        best_return: mean return of the best solution.
    """
    late = config.exploit_bias + part_done
    best = best_return / config.max_return
    if config.schedule == "time":
        return late
    return late + best if config.schedule == "time-and-best" else (best + late**3) / 2


class Explorer:
    """JERK in one row of the world.

    Args:
        config: configuration.
        total_timesteps: agent steps over which the schedule runs.
        random: generator of this row.
    """

    def __init__(self, config: JerkConfig, total_timesteps: int, random: np.random.Generator) -> None:
        self.memory = SequenceStore(NUM_PRESSES)
        self._config = config
        self._total_timesteps = total_timesteps
        self._random = random
        self._num_timesteps = 0
        self._episode: Episode | None = None

    def press(self) -> int:
        """Return what the next step presses, a byte as defined in ``moves``."""
        episode = self._episode
        if episode is None:
            episode = self._episode = self._begin()
        if episode.move is None and self._follows(episode):
            pressed = self._next_in_sequence(episode)
        else:
            if episode.move is None or episode.move.steps_left == 0:
                episode.move = self._next_move(episode)
            pressed = episode.move.press(self._random, self._config)
        episode.pressed.append(pressed)
        return pressed

    def observe(self, reward: float, done: bool) -> None:
        """Observe the reward of the last step and whether the episode ended."""
        episode = self._episode
        if episode is None or not episode.pressed:
            raise StateError("JERK observes the outcome of a step before it has acted; call act() first.")
        self._num_timesteps += 1
        episode.last_reward = reward
        episode.total += reward
        if episode.total > episode.best_total:
            episode.best_total = episode.total
            episode.best_length = len(episode.pressed)
        if episode.move is not None:
            episode.move.reward += reward
            if (done or episode.move.steps_left == 0) and episode.move.reward != 0:
                episode.rewarded_length = len(episode.pressed)
        elif reward > 0:
            episode.rewarded_length = len(episode.pressed) - 1
        if done:
            self._remember(episode)
            self._episode = None

    def _begin(self) -> Episode:
        if not self.memory:
            return Episode("explore")
        best = self.memory.best()
        part_done = self._num_timesteps / self._total_timesteps
        if self._random.random() < repeat_probability(self._config, part_done, best.mean_return):
            self.memory.sort()
            return Episode("repeat", best.actions, best.mean_return)
        if self._config.mutation == "none":
            return Episode("explore")
        mutate = mutation.replace if self._config.mutation == "replace" else mutation.truncate
        rate = (1.0 - best.mean_return / self._config.max_return) * self._config.mutation_damping
        return Episode("mutate", mutate(best.actions, rate, self._random), best.mean_return)

    def _follows(self, episode: Episode) -> bool:
        """Whether the next step comes from the sequence and not from a move."""
        if episode.plan == "explore":
            return False
        if self._config.after_sequence == "wait":
            return True
        num_steps = len(episode.pressed)
        has_patience = (
            self._config.after_sequence != "search" or num_steps - episode.rewarded_length <= self._config.patience
        )
        return num_steps < len(episode.sequence) and has_patience

    @staticmethod
    def _next_in_sequence(episode: Episode) -> int:
        num_steps = len(episode.pressed)
        return episode.sequence[num_steps] if num_steps < len(episode.sequence) else NOTHING_PRESSED

    def _next_move(self, episode: Episode) -> Move:
        previous, config = episode.move, self._config
        if episode.plan == "explore":
            is_backward = previous is not None and not previous.is_backward and previous.reward <= 0
        elif config.after_sequence == "follow-reward":
            is_backward = (episode.last_reward if previous is None else previous.reward) <= 0
        else:
            return Move(previous is not None and previous.reward == 0, config.forward_steps)
        return Move(is_backward, config.backward_steps if is_backward else config.forward_steps)

    def _remember(self, episode: Episode) -> None:
        """Add the return to the repeated solution, and store what the episode found."""
        memory, config = self.memory, self._config
        found = bytes(episode.pressed[: episode.best_length])
        if episode.plan == "explore":
            memory.add(found, episode.best_total)
            return
        is_new = True
        if episode.plan == "repeat":
            memory.sequences[-1].add_return(episode.total)
            is_new = len(found) != len(memory.sequences[-1].actions)
        if config.mutation != "none" and is_new and self._is_kept(episode):
            memory.add(found[: episode.rewarded_length], episode.best_total)

    def _is_kept(self, episode: Episode) -> bool:
        """Whether the episode came close enough to its goal."""
        if episode.goal <= 0:
            return episode.total > episode.goal
        return episode.total / episode.goal > self._config.keep_ratio

    def state(self) -> State:
        """Return the full state."""
        return {
            "random": randomness.save(self._random),
            "num_timesteps": self._num_timesteps,
            "memory": self.memory.state(),
            "episode": [] if self._episode is None else [_episode_state(self._episode)],
        }

    @classmethod
    def from_state(cls, config: JerkConfig, total_timesteps: int, state: object) -> Explorer:
        """Return an explorer that continues exactly from ``state``.

        Raises:
            StateError: the state is damaged.
        """
        explorer = cls(config, total_timesteps, randomness.load(take(state, "random", dict)))
        explorer.memory.restore(take(state, "memory", dict))
        explorer._num_timesteps = take_count(state, "num_timesteps")
        for saved in take(state, "episode", list):
            explorer._episode = _episode_from_state(saved)
            if explorer._episode.plan != "explore" and not explorer.memory:
                raise StateError("The saved episode repeats a solution, but none is saved; begin a new run.")
        return explorer


def _episode_state(episode: Episode) -> State:
    return {
        "plan": episode.plan,
        "sequence": np.frombuffer(episode.sequence, np.uint8),
        "goal": episode.goal,
        "move": [] if episode.move is None else [episode.move.state()],
        "pressed": np.frombuffer(bytes(episode.pressed), np.uint8),
        "last_reward": episode.last_reward,
        "total": episode.total,
        "best_total": episode.best_total,
        "best_length": episode.best_length,
        "rewarded_length": episode.rewarded_length,
    }


def _episode_from_state(state: object) -> Episode:
    plan = take(state, "plan", str)
    if plan not in get_args(Plan):
        raise StateError(f"There is no plan {plan!r}, as the saved episode has; begin a new run.")
    moves = [Move.from_state(move) for move in take(state, "move", list)]
    sequence, pressed = take_array(state, "sequence", np.uint8), take_array(state, "pressed", np.uint8)
    if max(sequence.max(initial=0), pressed.max(initial=0)) >= NUM_PRESSES:
        raise StateError("The saved episode presses unknown buttons; begin a new run.")
    return Episode(
        cast("Plan", plan),
        sequence.tobytes(),
        take(state, "goal", float),
        moves[0] if moves else None,
        bytearray(pressed.tobytes()),
        take(state, "last_reward", float),
        take(state, "total", float),
        take(state, "best_total", float),
        take_count(state, "best_length"),
        take_count(state, "rewarded_length"),
    )
