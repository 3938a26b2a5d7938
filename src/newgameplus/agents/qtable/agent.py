"""Tabular Q: a table of the hash of a screen and an action, as a write-up of 2018 reinvented it.

Sources: "Discovering Q learning" (T. Sokol, 2018), the rule ``best-remembered``; Watkins, "Learning from Delayed
Rewards" (1989), and Sutton and Barto, "Reinforcement Learning" (2018), section 12.10, Q(lambda) with replacing traces,
the rule ``bellman``. The bonus for what was rarely tried is that of Strehl and Littman, "An analysis of model-based
Interval Estimation for Markov Decision Processes" (2008).

*Differences from the sources:* states are hashed by BLAKE2b instead of Python's ``hash``, whose seed differs in each
process; the table lies in a file. All rows of a batch share the table, and where several change the same entry in a
step, the mean of their errors counts. Eligibilities below 0.01 are dropped.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.qtable import config as presets
from newgameplus.agents.qtable import rules, screens
from newgameplus.agents.qtable.choice import Choice, greedy, remembered
from newgameplus.agents.qtable.config import QTableConfig
from newgameplus.agents.qtable.recent import Recent
from newgameplus.agents.saved import require_likeness
from newgameplus.errors import StateError
from newgameplus.experience.action_table import FILE_NAME, ActionTable, find_table, keys_of, open_table
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


class QTable:
    """One table for all rows.

    Args:
        config: configuration.
        world: gives the number of rows, the observation shape and the number of actions.
        seed: 0 or more.

    Raises:
        UsageError: a negative seed.
    """

    PRESETS: ClassVar[dict[str, QTableConfig]] = {
        "default": presets.COARSE,
        "raw-2018": presets.ORIGINAL,
        "raw-2018-10": presets.ORIGINAL_10,
        "raw-2018-50": presets.ORIGINAL_50,
        "raw-2018-250": presets.ORIGINAL_250,
        "bellman": presets.BELLMAN,
        "foreground": presets.FOREGROUND,
    }

    def __init__(self, config: QTableConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        assert world.num_actions is not None
        self._num_actions, num_rows = world.num_actions, world.num_envs
        self._label = config.label(world.observation_shape, world.num_actions)
        decay = config.discount * config.trace_decay if config.rule == "bellman" else 0.0
        self._eligibility = rules.eligibilities(decay)
        self._table, self._is_begun = ActionTable(self._label), False
        self._randoms = randomness.split(seed, num_rows)
        self._trace = np.zeros((num_rows, len(self._eligibility)), np.uint64)
        self._choice = Choice.none(num_rows)
        names = ["+".join(combo) or "none" for combo in world.combos]
        self._recent = Recent(names or [str(number) for number in range(world.num_actions)])

    @staticmethod
    def specs(config: QTableConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of the whole picture, of which the agent cuts its part, and of the action set."""
        is_gray = config.gray or config.edges is not None
        seen = ObservationSpec(gray=is_gray, size=config.size, edges=config.edges, stack=config.num_pictures)
        return seen, ActionSpec("set", name=config.actions)

    def keep_in(self, folder: Path, num_steps: int) -> None:
        """Keep the table in a folder.

        Raises:
            UsageError: a table to begin with is missing, or was written with other states or actions.
        """
        if not (folder / FILE_NAME).exists():
            for path in self.config.tables:
                open_table(find_table(Path(path)), self._label)
        self._table = ActionTable(self._label, folder, num_steps * len(self._eligibility))

    def act(self, observation: Array) -> Array:
        """Return the action of every row, int64 ``[B]``, for whole pictures uint8 ``[B, H, W, S * C]``.

        Raises:
            UsageError: at the first step, a table to begin with is missing or was written with other states or actions.
        """
        if not self._is_begun:
            self._table.clear()
            for path in self.config.tables:
                self._table.merge(find_table(Path(path)))
            self._is_begun = True
        state = self._states(observation)
        key = keys_of(state, self._num_actions)
        value, count = self._table.read(key)
        if self.config.rule == "bellman":
            score = value + self.config.bonus / np.sqrt(count + 1.0)
            action, is_random = greedy(score, self._randoms, self.config.epsilon)
        else:
            action, is_random = remembered(value, self._randoms)
        row = np.arange(len(key))
        self._choice = Choice(
            state=state,
            key=key[row, action],
            action=action,
            is_known=count.max(axis=1) > 0,
            is_random=is_random,
            is_greedy=value[row, action] >= value.max(axis=1),
        )
        return action.copy()

    def observe(self, step: Step) -> None:
        """Change the entry of every row, and with ``bellman`` earlier ones.

        Raises:
            OSError: the disk is full.
        """
        choice = self._choice
        self._recent.count(choice)
        if self.config.rule == "bellman":
            self._learn(step)
        else:
            key, which = np.unique(choice.key, return_inverse=True)
            value, count = self._table.read(key)
            best = rules.best_remembered(value, count, which, step.reward)
            self._table.write(key, best, count + np.bincount(which).astype(np.uint32))

    def metrics(self) -> dict[str, float]:
        """Return how often states are seen again, how many there are, and which actions are taken."""
        figures = self._recent.metrics()
        return (
            figures | {"entries": float(len(self._table)), "table_bytes": float(self._table.num_bytes)}
            if figures
            else {}
        )

    def state(self) -> State:
        """Return everything but the table if that lies in a folder, else 16 bytes more per entry."""
        return {
            "agent": "qtable",
            "num_rows": len(self._randoms),
            "label": self._label,
            "is_begun": self._is_begun,
            "table": self._table.state(),
            "randoms": [randomness.save(random) for random in self._randoms],
            "trace": self._trace.copy(),
            "choice": self._choice.saved(),
            "recent": self._recent.state(),
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent, configuration or number of rows, is damaged, or the table's files
                are missing or no longer reach back to it; nothing has changed then.
        """
        require_likeness(self.state(), state)
        if state["label"] != self._label:
            raise StateError(
                f"The saved table is of {state['label']}, this agent's of {self._label}; set the same fields."
            )
        if state["trace"].shape != self._trace.shape:
            raise StateError("The saved traces are of other rows or another decay; set the same fields.")
        randoms = [randomness.load(random) for random in state["randoms"]]
        choice = Choice.load(state["choice"], len(self._randoms))
        if len(randoms) != len(self._randoms):
            raise StateError(f"The saved state has {len(randoms)} rows, this world has {len(self._randoms)}.")
        recent = self._recent.restored(state["recent"])
        if state["is_begun"]:
            self._table.restore(state["table"])
        self._is_begun, self._randoms, self._choice, self._recent = state["is_begun"], randoms, choice, recent
        self._trace = state["trace"].copy()

    def _learn(self, step: Step) -> None:
        """Change the entries of every row's trace by the temporal difference."""
        choice, config = self._choice, self.config
        self._trace = rules.followed(self._trace, choice.key, ~choice.is_greedy)
        reached = keys_of(self._states(step.next_observation), self._num_actions)
        later = np.where(step.terminated, 0.0, self._table.read(reached)[0].max(axis=1))
        own = self._table.read(choice.key)[0]
        error = step.reward + config.discount * later - own
        is_traced = self._trace != 0
        key, which = np.unique(self._trace[is_traced], return_inverse=True)
        value, count = self._table.read(key)
        changed = rules.bellman(value, which, (error[:, None] * self._eligibility)[is_traced], config.learning_rate)
        visits = np.bincount(np.searchsorted(key, choice.key), minlength=len(key)).astype(np.uint32)
        self._table.write(key, changed, count + visits)
        self._trace[step.done] = 0

    def _states(self, observation: Array) -> Array:
        """Return the hash of every row's state, uint64 ``[B]``."""
        config = self.config
        seen = observation if config.crop is None else screens.crop(observation, config.crop)
        if config.foreground is not None:
            seen = screens.foreground(seen, config.num_colours, config.foreground)
        return screens.hashes(screens.quantise(seen, config.levels) if config.levels < 256 else seen)
