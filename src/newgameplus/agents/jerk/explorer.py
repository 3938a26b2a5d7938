"""JERK in one row: chooses what each episode plays, presses it step by step, and remembers its return.

Source: openai/retro-baselines, ``jerk_agent.py`` (2018), which uses nested loops around the environment; here it is a
state machine that is stepped from outside and can be saved after any step. For the variants' sources see ``config``.
"""

from __future__ import annotations

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.agents.jerk.episode import Episode, PlanName
from newgameplus.agents.jerk.plans import OTHERWISE, plans
from newgameplus.agents.moves import NOTHING_PRESSED, NUM_PRESSES
from newgameplus.agents.saved import take, take_count
from newgameplus.errors import StateError
from newgameplus.experience.sequences import SequenceStore
from newgameplus.types import State


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
        self.memory = SequenceStore(NUM_PRESSES, config.capacity)
        self._config = config
        self._total_timesteps = total_timesteps
        self._random = random
        self._num_timesteps = 0
        self._episode: Episode | None = None
        self._plans = plans(config)
        self._patience = config.patience if config.after_sequence == "search" else None

    def press(self) -> int:
        """Return what the next step presses, a byte as defined in ``moves``."""
        episode = self._episode
        if episode is None:
            episode = self._episode = self._begin()
        if episode.move is None and self._follows(episode):
            pressed = episode.sequence[len(episode.pressed)]
        else:
            if episode.move is None or episode.move.steps_left == 0:
                episode.move = self._plans[episode.plan].next_move(episode)
            pressed = NOTHING_PRESSED if episode.move is None else episode.move.press(self._random, self._config)
        episode.pressed.append(pressed)
        return pressed

    def observe(self, reward: float, done: bool) -> None:
        """Observe the reward of the last step and whether the episode ended."""
        episode = self._episode
        if episode is None or not episode.pressed:
            raise StateError("JERK observes the outcome of a step before it has acted; call act() first.")
        self._num_timesteps += 1
        episode.observe(reward, done)
        if done:
            self._plans[episode.plan].remember(episode, self.memory)
            self._episode = None

    def _begin(self) -> Episode:
        if not self.memory:
            return Episode("explore")
        goal = self.memory.best().mean_return
        part_done = self._num_timesteps / self._total_timesteps
        is_repeat = self._random.random() < repeat_probability(self._config, part_done, goal)
        name: PlanName = "repeat" if is_repeat else OTHERWISE[self._config.mutation]
        return Episode(name, self._plans[name].sequence(self.memory, self._random), goal)

    def _follows(self, episode: Episode) -> bool:
        """Whether the next step comes from the sequence and not from a move."""
        num_steps = len(episode.pressed)
        has_patience = self._patience is None or num_steps - episode.rewarded_length <= self._patience
        return num_steps < len(episode.sequence) and has_patience

    def state(self) -> State:
        """Return the full state."""
        return {
            "random": randomness.save(self._random),
            "num_timesteps": self._num_timesteps,
            "memory": self.memory.state(),
            "episode": [] if self._episode is None else [self._episode.state()],
        }

    @classmethod
    def from_state(cls, config: JerkConfig, total_timesteps: int, state: object) -> Explorer:
        """Return an explorer that continues exactly from ``state``.

        Raises:
            StateError: the state is damaged, or of another configuration.
        """
        explorer = cls(config, total_timesteps, randomness.load(take(state, "random", dict)))
        explorer.memory.restore(take(state, "memory", dict))
        explorer._num_timesteps = take_count(state, "num_timesteps")
        for saved in take(state, "episode", list):
            episode = explorer._episode = Episode.from_state(saved)
            if episode.plan not in explorer._plans:
                raise StateError(f"The saved episode has the plan {episode.plan!r}, which this configuration lacks.")
            if episode.plan != "explore" and not explorer.memory:
                raise StateError("The saved episode repeats a solution, but none is saved; begin a new run.")
        return explorer
