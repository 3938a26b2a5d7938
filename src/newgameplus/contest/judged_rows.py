"""The rows of a batch, each judged on its own, as one world.

Every row has a :class:`~newgameplus.contest.judged_world.JudgedWorld` with its own seed, logs and movies; the engine
steps them together. A row whose run is over takes no further steps: its observations and rewards are 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from newgameplus.contest.judged_world import JudgedWorld, begin_recording
from newgameplus.contest.rules import Rules
from newgameplus.envs.apart import RowWorld, step_together
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.movies.marks import FRAMES_PER_MARK
from newgameplus.results.runs import RunFolder
from newgameplus.training.worlds import Specs, WorldPlan, make_batch
from newgameplus.types import ActionSpec, Array


class JudgedRows:
    """A world of ``B`` rows, of which each is judged until its run is over.

    Args:
        batch: the batch, which the caller closes.
        rows: all rows of the batch.
        judges: judge of each row by its index, over the world in ``rows``; the other rows are not played.
    """

    def __init__(self, batch: RetroVecEnv, rows: Sequence[RowWorld], judges: Mapping[int, JudgedWorld]) -> None:
        self._batch, self._rows = batch, rows
        self.judges = dict(judges)
        """Judge of each row that is played; whoever ends a run takes its judge out."""
        self.metadata: dict[str, Any] = {**batch.metadata, "autoreset_mode": AutoresetMode.SAME_STEP}

    @property
    def num_envs(self) -> int:
        """B, the number of rows, with those whose run is over."""
        return self._batch.num_envs

    @property
    def single_observation_space(self) -> gym.Space[Any]:
        """Observation space of one row."""
        return self._batch.single_observation_space

    @property
    def observation_space(self) -> gym.Space[Any]:
        """Observation space, with B as the first axis."""
        return self._batch.observation_space

    @property
    def single_action_space(self) -> gym.Space[Any]:
        """Action space of one row."""
        return self._batch.single_action_space

    @property
    def action_space(self) -> gym.Space[Any]:
        """Action space, with B as the first axis."""
        return self._batch.action_space

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, in the bit order of a mask."""
        return self._batch.buttons

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of an action."""
        return self._batch.action_spec

    @property
    def level_ids(self) -> Sequence[str]:
        """``Game/State`` of each row."""
        return self._batch.level_ids

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin to play, or leave the current episodes for the next ones.

        Raises:
            UsageError: a seed is given.
        """
        observation = self._nothing()
        for row, judge in self.judges.items():
            observation[row] = judge.reset(seed=seed, options=options)[0][0]
        return observation, {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take the action of each row, ``[B, …]``; those of rows that are not played are ignored.

        Raises:
            NewGamePlusError: as a judged world.
        """
        num_rows, final = self.num_envs, np.full(self.num_envs, None, object)
        observation, reward = self._nothing(), np.zeros(num_rows)
        terminated, truncated = np.zeros(num_rows, np.bool_), np.zeros(num_rows, np.bool_)
        open_rows = list(self.judges)
        step_together(self._batch, self._rows, open_rows, actions[open_rows])
        for row, judge in self.judges.items():
            seen, paid, is_terminated, is_truncated, info = judge.step(actions[row : row + 1])
            observation[row], reward[row] = seen[0], paid[0]
            terminated[row], truncated[row] = is_terminated[0], is_truncated[0]
            if "final_obs" in info:
                final[row] = info["final_obs"][0]
        over = terminated | truncated
        told = {"final_obs": final, "_final_obs": over} if over.any() else {}
        return observation, reward, terminated, truncated, told

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator."""
        return self._batch.random_state(row)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Refuse, since the judges determine the random numbers.

        Raises:
            UsageError: always.
        """
        raise UsageError("Judged rows draw the random numbers that their judges have chosen.")

    def close(self) -> None:
        """End the rows that are still played, and close their logs."""
        for judge in self.judges.values():
            judge.close()

    def _nothing(self) -> Array:
        shape, dtype = self.observation_space.shape, self.observation_space.dtype
        assert shape is not None
        return np.zeros(shape, dtype)


@contextmanager
def open_judged_rows(
    plan: WorldPlan,
    levels: Sequence[Level],
    specs: Specs,
    rules: Rules,
    folders: Sequence[RunFolder],
    *,
    seeds: Sequence[int],
    saved: Mapping[int, Mapping[str, Any] | None],
    records_movies: bool = True,
) -> Iterator[JudgedRows]:
    """Make judged rows for some of a plan's levels, and close them on exit.

    Args:
        plan: core and rules of the world.
        levels: level of each of the B rows.
        specs: observation and action specs.
        rules: the budget of each row, and how steps and episodes are counted.
        folders: folder of each row's logs and movies.
        seeds: seed of each row's world.
        saved: for each row that is played, by its index, the ``state`` of its judge to continue from; None to begin.
        records_movies: record every episode as a movie.

    Raises:
        NewGamePlusError: a level cannot be played, or not beside the others.
        ResultsError: a log has been changed since it was saved.
    """
    if FRAMES_PER_MARK % plan.rules.frames_per_step:
        raise UsageError(
            f"Steps of {plan.rules.frames_per_step} frames do not fit the seconds of a movie, so these runs cannot "
            "be played as the rows of a batch."
        )
    with closing(make_batch(plan, levels, specs, num_threads=1)) as batch:
        heard = {row: begin_recording(folders[row], levels[row], records_movies, saved[row]) for row in saved}
        rows = [RowWorld(batch, row, heard[row][1] if row in saved else ()) for row in range(len(levels))]
        judged = JudgedRows(batch, rows, {})
        with closing(judged):
            for row, state in saved.items():
                judged.judges[row] = JudgedWorld(
                    rows[row], rules, folders[row], seed=seeds[row], frames=heard[row][0], saved=state
                )
            yield judged
