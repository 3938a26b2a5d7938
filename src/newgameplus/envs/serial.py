"""Vector environment whose rows move through a queue of levels, one level after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.engine_rows import check_rows
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.envs.inline import BatchInline
from newgameplus.envs.level_queue import LevelQueue
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import Level
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, Array, ObservationSpec, State

if TYPE_CHECKING:
    from newgameplus._engine import Snapshot


class SerialVecEnv(BatchInline, VectorEnv[Array, Array, Array]):
    """``B`` rows that each play one level at a time, taken from a queue.

    Row 0 takes the first level, row 1 the second, and so on. A row that has played its level for ``switch_steps`` steps
    takes the next one when its episode ends, so that no episode is cut short. Which level a row plays in which episode
    follows from the queue and the number of steps alone. Every episode equals that of :class:`RetroVecEnv` on its
    level.

    Source: one submission to the contest pre-trained Rainbow in this way, on another level every 5,000 steps.

    Args:
        queue: queue of levels of one or more games of one console.
        num_envs: B; there may be more rows than levels.
        switch_steps: minimum number of steps that a row plays a level.
        observation_spec: observation of the agents.
        action_spec: meaning of the actions.
        frame_skip: duration of an action.
        max_episode_steps: steps after which an episode is truncated; None for no limit.
        stall_frames: frames without a new best return after which an episode is truncated; None for no limit.
        core: name of the core; None for each game's default.

    Raises:
        UsageError: a number below 1, or levels with different shapes.
        NewGamePlusError: a level cannot be played; see :class:`RetroVecEnv`.
    """

    def __init__(
        self,
        queue: LevelQueue,
        num_envs: int,
        *,
        switch_steps: int,
        observation_spec: ObservationSpec = PICTURE,
        action_spec: ActionSpec = BUTTONS,
        frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
        max_episode_steps: int | None = MAX_EPISODE_STEPS,
        stall_frames: int | None = None,
        core: str | None = None,
    ) -> None:
        if min(num_envs, switch_steps) < 1:
            raise UsageError("Playing levels one after another takes at least one row and step.")
        self._queue, self._switch_steps = queue, switch_steps
        self.levels = [queue.level(row) for row in range(num_envs)]
        """Current level of each row."""
        self._inner = RetroVecEnv(
            self.levels,
            observation_spec=observation_spec,
            action_spec=action_spec,
            frame_skip=frame_skip,
            max_episode_steps=max_episode_steps,
            stall_frames=stall_frames,
            core=core,
        )
        self.num_envs = num_envs
        self.single_observation_space = self._inner.single_observation_space
        self.single_action_space = self._inner.single_action_space
        self.observation_space, self.action_space = self._inner.observation_space, self._inner.action_space
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": [], "render_fps": 60}
        self._places = np.arange(num_envs)
        self._num_taken = num_envs
        self._steps = np.zeros(num_envs, np.int64)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode of its level in every row.

        Args:
            seed: row i gets seed + i; or one seed per row. Without a seed, rows keep their random generators.
            options: ignored.
        """
        del options
        return self._inner.reset(seed=seed)

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in every row; rows whose episode ended begin the next, on their level or another.

        Raises:
            UsageError: an action is not in the space.
            EmulatorError: as :class:`RetroVecEnv`.
            NewGamePlusError: the next level cannot be played.
        """
        observation, reward, terminated, truncated, info = self._inner.step(actions)
        self._steps += 1
        for row in np.flatnonzero((terminated | truncated) & (self._steps >= self._switch_steps)).tolist():
            observation[row] = self._move_on(row)
        return observation, reward, terminated, truncated, info

    def save(self, row: int) -> Snapshot:
        """Return a snapshot of a row, as :meth:`RetroVecEnv.save` does."""
        return self._inner.save(row)

    def load(self, row: int, snapshot: Snapshot) -> Array:
        """Restore a row from a snapshot of its current level; return its observation.

        Raises:
            EmulatorError: the snapshot belongs to another core build or game, or was made with another observation.
        """
        return self._inner.load(row, snapshot)

    def draw_next_step(self) -> None:
        """Do nothing, as :class:`RetroVecEnv` does."""

    def screen(self, row: int) -> Array:
        """Screen of a row, as :class:`RetroVecEnv` has it.

        Raises:
            EmulatorError: nothing was drawn, since nothing is observed or a snapshot was just loaded.
        """
        return self._inner.screen(row)

    def variables(self, row: int) -> dict[str, int]:
        """The game's variables in a row, by name."""
        return self._inner.variables(row)

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator, in numpy's form."""
        return self._inner.random_state(row)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore the random generator of one row.

        Raises:
            StateError: it is not such a state.
        """
        self._inner.restore_random_state(row, state)

    def places(self) -> dict[str, Any]:
        """Positions of the rows in the queue of levels, and their step counts."""
        return {"places": self._places.copy(), "steps": self._steps.copy(), "num_taken": self._num_taken}

    def restore_places(self, state: dict[str, Any]) -> None:
        """Restore the rows' positions in the queue; their snapshots must be loaded afterwards.

        Raises:
            StateError: it is of another number of rows.
        """
        if len(state["places"]) != self.num_envs:
            raise StateError(f"The saved world has {len(state['places'])} rows, this one has {self.num_envs}.")
        self._places, self._steps = state["places"].copy(), state["steps"].copy()
        self._num_taken = state["num_taken"]
        self._play([(row, self._queue.level(place)) for row, place in enumerate(self._places.tolist())])

    def state(self) -> State:
        """Full state of all rows, as :meth:`RetroVecEnv.state`, and ``places``, the positions in the queue."""
        return {**self._inner.state(), "places": self.places()}

    def restore(self, state: State) -> Array:
        """Restore :meth:`state` and return the observation ``[B, …]``.

        Raises:
            StateError: it is of another kind of world or of another number of rows.
            EmulatorError: it belongs to another core build or game, or was made with another observation.
        """
        check_rows(state, self.num_envs)
        if "places" not in state:
            raise StateError("The saved world played its levels side by side, this one plays them one after another.")
        self.restore_places(state["places"])
        return self._inner.restore({name: part for name, part in state.items() if name != "places"})

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, the same in every row, in the bit order of a mask."""
        return self._inner.buttons

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of the actions, the same in every row."""
        return self._inner.action_spec

    @property
    def level_ids(self) -> tuple[str, ...]:
        """``Game/State`` that each row plays now."""
        return tuple(map(str, self.levels))

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of each row: its current ``level``, its ``buttons`` or its ``core``."""
        return self._inner.get_attr(name)

    def close_extras(self, **kwargs: Any) -> None:
        """Free the consoles."""
        del kwargs
        self._inner.close()

    def _move_on(self, row: int) -> Array:
        """Let a row take the next level of the queue; its random generator is kept."""
        self._places[row], self._steps[row] = self._num_taken, 0
        self._num_taken += 1
        self._play([(row, self._queue.level(int(self._places[row])))])
        observation: Array = self._inner.observation([row])[0]
        return observation

    def _play(self, chosen: Sequence[tuple[int, Level]]) -> None:
        """Begin levels in rows, except in rows that play theirs already."""
        mask = np.zeros(self.num_envs, np.bool_)
        for row, level in chosen:
            if level != self.levels[row]:
                self._inner.change_level(row, level)
                self.levels[row], mask[row] = level, True
        if mask.any():
            self._inner.reset(options={"reset_mask": mask})
