"""Vector environment whose rows move through a list of levels, one level after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from newgameplus.envs.batch import RetroVecEnv, snapshot_from_bytes
from newgameplus.envs.engine_rows import check_rows
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.envs.inline import BatchInline
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import Level
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, Array, ObservationSpec, State

if TYPE_CHECKING:
    from newgameplus._engine import Snapshot


class SerialVecEnv(BatchInline, VectorEnv[Array, Array, Array]):
    """``B`` rows that each play one level at a time.

    The levels form a queue, in an order that is shuffled anew for each pass. Row 0 takes the first, row 1 the second,
    and so on. A row that has played its level for ``switch_steps`` steps takes the next one when its episode ends, so
    that no episode is cut short. Every episode equals that of :class:`RetroVecEnv` on its level, and ends in the same
    way, but ``info`` holds only ``final_obs``.

    A row keeps one console for each game among the levels. If its level is not the one that the console was made with,
    an episode begins with a snapshot of that level's first moment.

    Source: one submission to the contest pre-trained Rainbow in this way, on another level every 5,000 steps.

    Args:
        levels: levels of one or more games of one console.
        num_envs: B; there may be more rows than levels.
        switch_steps: minimum number of steps that a row plays a level.
        order_seed: seed of the order of the levels.
        observation_spec: observation of the agents.
        action_spec: meaning of the actions.
        frame_skip: duration of an action.
        max_episode_steps: steps after which an episode is truncated; None for no limit.
        stall_frames: frames without a new best return after which an episode is truncated; None for no limit.
        core: name of the core; None for each game's default.

    Raises:
        UsageError: no levels, a number below 1, or levels with different shapes.
        NewGamePlusError: a level cannot be played; see :class:`RetroVecEnv`.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        num_envs: int,
        *,
        switch_steps: int,
        order_seed: int,
        observation_spec: ObservationSpec = PICTURE,
        action_spec: ActionSpec = BUTTONS,
        frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
        max_episode_steps: int | None = MAX_EPISODE_STEPS,
        stall_frames: int | None = None,
        core: str | None = None,
    ) -> None:
        if not levels or min(num_envs, switch_steps) < 1:
            raise UsageError("Playing levels one after another takes at least one level, row and step.")
        self._made_with: dict[str, Any] = {
            "observation_spec": observation_spec,
            "action_spec": action_spec,
            "frame_skip": frame_skip,
            "max_episode_steps": max_episode_steps,
            "stall_frames": stall_frames,
            "core": core,
        }
        self._line, self._switch_steps, self._order_seed = tuple(levels), switch_steps, order_seed
        bases = {_kind(level): level for level in reversed(levels)}
        self._kinds = {kind: number for number, kind in enumerate(bases)}
        # Lane ``kind * B + row`` is the console on which a row plays the levels of one kind.
        consoles = [level for level in bases.values() for _ in range(num_envs)]
        self._inner = RetroVecEnv(consoles, **self._made_with)
        self._starts: dict[Level, Snapshot] = {}
        self.num_envs = num_envs
        self.single_observation_space = self._inner.single_observation_space
        self.single_action_space = self._inner.single_action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": [], "render_fps": 60}
        self._places = np.arange(num_envs)
        self._num_taken = num_envs
        self._steps = np.zeros(num_envs, np.int64)
        self.levels = [self._level_at(row) for row in range(num_envs)]
        """Current level of each row."""

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode of its level in every row.

        Args:
            seed: row i gets seed + i; or one seed per row. Without a seed, rows keep their random generators.
            options: ignored.
        """
        del options
        seeds = [seed + row for row in range(self.num_envs)] if isinstance(seed, int | np.integer) else seed
        self._inner.reset()
        for row in range(self.num_envs):
            if seeds is not None and seeds[row] is not None:
                self._inner.seed_row(self._lane(row), seeds[row])
        return np.stack([self._begin(row) for row in range(self.num_envs)]), {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in every row; rows whose episode ended begin the next, on their level or another.

        Raises:
            UsageError: an action is not in the space.
            EmulatorError: as :class:`RetroVecEnv`.
        """
        lanes = [self._lane(row) for row in range(self.num_envs)]
        self._inner.send(actions, lanes)
        done_lanes, observation, reward, terminated, truncated, final = self._inner.receive(self.num_envs)
        if (order := _order(done_lanes.tolist(), lanes)) is not None:
            observation, reward, terminated, truncated = (
                part[order] for part in (observation, reward, terminated, truncated)
            )
        self._steps += 1
        over = terminated | truncated
        if not over.any():
            return observation, reward, terminated, truncated, {}
        final_observation = np.full(self.num_envs, None, object)
        for row in np.flatnonzero(over).tolist():
            final_observation[row] = final[lanes[row]]
            if self._steps[row] >= self._switch_steps:
                self._move_on(row)
            observation[row] = self._begin(row)
        return observation, reward, terminated, truncated, {"final_obs": final_observation, "_final_obs": over}

    def save(self, row: int) -> Snapshot:
        """Return a snapshot of a row, as :meth:`RetroVecEnv.save` does."""
        return self._inner.save(self._lane(row))

    def load(self, row: int, snapshot: Snapshot) -> Array:
        """Restore a row from a snapshot of its current level; return its observation.

        Raises:
            EmulatorError: the snapshot belongs to another core build or game, or was made with another observation.
        """
        return self._inner.load(self._lane(row), snapshot)

    def draw_next_step(self) -> None:
        """Do nothing, as :class:`RetroVecEnv` does."""

    def screen(self, row: int) -> Array:
        """Screen of a row, as :class:`RetroVecEnv` has it.

        Raises:
            EmulatorError: nothing was drawn, since nothing is observed or the episode has just begun.
        """
        return self._inner.screen(self._lane(row))

    def variables(self, row: int) -> dict[str, int]:
        """The game's variables in a row, by name."""
        return self._inner.variables(self._lane(row))

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator, in numpy's form."""
        return self._inner.random_state(self._lane(row))

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore the random generator of one row.

        Raises:
            StateError: it is not such a state.
        """
        self._inner.restore_random_state(self._lane(row), state)

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
        self.levels = [self._level_at(place) for place in self._places.tolist()]

    def state(self) -> State:
        """Full state of all rows, as :meth:`RetroVecEnv.state`, and ``places``, the positions in the queue."""
        rows = range(self.num_envs)
        return {
            "snapshots": [np.frombuffer(self.save(row).to_bytes(), np.uint8) for row in rows],
            "random": [self.random_state(row) for row in rows],
            "observation": self._inner.observation([self._lane(row) for row in rows]),
            "places": self.places(),
            **self._inner.stalls.state(),
        }

    def restore(self, state: State) -> Array:
        """Restore :meth:`state` and return the observation ``[B, …]``.

        Raises:
            StateError: it is of another kind of world or of another number of rows.
            EmulatorError: it belongs to another core build or game, or was made with another observation.
        """
        check_rows(state, self.num_envs)
        if "places" not in state:
            raise StateError("The saved world played its levels side by side, this one plays them one after another.")
        self.reset()
        self.restore_places(state["places"])
        for row, (snapshot, random) in enumerate(zip(state["snapshots"], state["random"], strict=True)):
            self.load(row, snapshot_from_bytes(snapshot.tobytes()))
            self.restore_random_state(row, random)
        self._inner.stalls.restore(state)
        return self._inner.observation([self._lane(row) for row in range(self.num_envs)])

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
        if name == "level":
            return tuple(self.levels)
        found = self._inner.get_attr(name)
        return tuple(found[self._lane(row)] for row in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Free the consoles."""
        del kwargs
        self._inner.close()

    def _level_at(self, place: int) -> Level:
        turn, index = divmod(place, len(self._line))
        order = np.random.default_rng([self._order_seed, turn]).permutation(len(self._line))
        return self._line[int(order[index])]

    def _lane(self, row: int) -> int:
        return self._kinds[_kind(self.levels[row])] * self.num_envs + row

    def _move_on(self, row: int) -> None:
        """Let a row take the next level of the queue; its random generator is kept."""
        random = self.random_state(row)
        self._places[row], self._steps[row] = self._num_taken, 0
        self._num_taken += 1
        self.levels[row] = self._level_at(int(self._places[row]))
        self.restore_random_state(row, random)

    def _begin(self, row: int) -> Array:
        return self.load(row, self._start_of(self.levels[row]))

    def _start_of(self, level: Level) -> Snapshot:
        """Snapshot of a level's first moment, made when first needed."""
        if level not in self._starts:
            world = RetroVecEnv([level], num_threads=1, **self._made_with)
            try:
                world.reset(seed=0)
                self._starts[level] = world.save(0)
            finally:
                world.close()
        return self._starts[level]


def _kind(level: Level) -> tuple[str, str]:
    """Key of the levels that can share a console."""
    return level.game, level.scenario


def _order(done: list[int], lanes: list[int]) -> list[int] | None:
    """Return the position in ``done`` of each of ``lanes``, or None if they are in order."""
    if done == lanes:
        return None
    places = {lane: place for place, lane in enumerate(done)}
    return [places[lane] for lane in lanes]
