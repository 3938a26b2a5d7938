"""Batch of levels in one process, stepped together by the native engine: the default vector environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from newgameplus.emulator.compiled import in_words, required_engine
from newgameplus.envs.action_table import ActionTable
from newgameplus.envs.capacity import check_room
from newgameplus.envs.engine_rows import (
    EngineRows,
    autoreset_mode_of,
    check_begun,
    check_render_mode,
    check_rows,
    rows_marked,
    seeds_of,
)
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.envs.rows import RowMaker
from newgameplus.envs.stalls import StallCounter
from newgameplus.envs.wrappers.observation import edges_of
from newgameplus.errors import StateError, UsageError
from newgameplus.executor.local import available_cores
from newgameplus.games.levels import Level
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, Array, ObservationSpec, State

if TYPE_CHECKING:
    from newgameplus._engine import Snapshot


class RetroVecEnv(EngineRows):
    """The contest's environment with ``B`` rows in one process.

    Each row equals ``make_contest`` of its level: observations uint8 ``[B, …]`` as the ObservationSpec says, rewards
    float64 ``[B]``, by default same-step autoreset with ``info["final_obs"]``; ``info`` holds the game's variables, one
    int64 ``[B]`` per name. Frames run in threads, with Python's interpreter lock released.

    Args:
        levels: one per row; rows may be different levels and games of one console.
        observation_spec: observation of the agents; edges are found by OpenCV in what the engine shows.
        action_spec: meaning of the actions.
        frame_skip: frames per action.
        max_episode_steps: steps after which an episode is truncated; None for no limit.
        stall_frames: frames without a new best return after which an episode is truncated; None for no limit.
        num_threads: number of threads that run frames; None for one per CPU core.
        core: name of the core; None for each game's default.
        render_mode: ``rgb_array`` if ``render`` shall return each row's screen, which needs pictures as observations.
        autoreset_mode: when the next episode begins, Gymnasium's mode or its value; what an agent plays in has
            ``SAME_STEP``. In the others a row stays at its last moment until its next step (``NEXT_STEP``, without its
            action; ``send`` is not available) or until it is reset (``DISABLED``).
        copies_observations: return a new array in each step; if False, all steps return the same array, which the next
            step overwrites. Edges are always new.

    Raises:
        NotFoundError: no such game, state, scenario or core.
        RomError: a ROM has not been imported.
        UsageError: no levels, levels with different shapes, or an invalid argument.
        EmulatorError: the engine is not built, there is too little memory, a core refuses a ROM, or the crop leaves
            nothing.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        *,
        observation_spec: ObservationSpec = PICTURE,
        action_spec: ActionSpec = BUTTONS,
        frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
        max_episode_steps: int | None = MAX_EPISODE_STEPS,
        stall_frames: int | None = None,
        num_threads: int | None = None,
        core: str | None = None,
        render_mode: Literal["rgb_array"] | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        copies_observations: bool = True,
    ) -> None:
        if not levels:
            raise UsageError("A vector environment needs at least one level.")
        check_render_mode(render_mode, observation_spec)
        self.autoreset_mode = autoreset_mode_of(autoreset_mode)
        self._is_same_step = self.autoreset_mode is AutoresetMode.SAME_STEP
        self.render_mode = render_mode
        check_room(len(levels))
        self._maker = RowMaker(observation_spec, action_spec, frame_skip, max_episode_steps, core)
        self.rows = self._maker.rows(levels)
        self.num_envs = len(levels)
        self._table = ActionTable(self.rows[0].actions)
        self._copies, self._edges = copies_observations, observation_spec.edges
        self._all = list(range(self.num_envs))
        self.stalls = StallCounter(self.num_envs, stall_frames, frame_skip.num_frames)
        """Progress of each row's episode."""
        self._num_sent = 0
        self._saved_by_state: dict[Level, bool] = {}
        with in_words():
            self._engine = required_engine().Engine([row.lane for row in self.rows], num_threads or available_cores())
            if not self._is_same_step:
                self._engine.stop_at_ends()
        self._name_variables()
        shape = self._common_shape(observation_spec)
        self.single_observation_space = spaces.Box(0, 255, shape, np.uint8)
        self.single_action_space = self.rows[0].actions.space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {"autoreset_mode": self.autoreset_mode, "render_modes": ["rgb_array"], "render_fps": 60}
        self._attach_arrays(shape, max(len(row.variables) for row in self.rows))
        self._must_begin = np.ones(self.num_envs, np.bool_)  # not begun or, without same-step autoreset, over
        self._begin_rows()

    def _common_shape(self, spec: ObservationSpec) -> tuple[int, ...]:
        shapes = [self._engine.observation_shape(row) for row in self._all]
        for row, shape in zip(self.rows, shapes, strict=True):
            if shape != shapes[0]:
                self._engine.close()
                raise UsageError(
                    "The rows of a vector environment must be alike, but "
                    f"{self.rows[0].level} shows observations of {shapes[0]} and {row.level} of {shape}; "
                    "give both the same size."
                )
        height, width, channels = shapes[0]
        return (height, width, channels) if spec.kind == "image" else (width,)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode in every row, or in those that ``options["reset_mask"]`` (bool ``[B]``) marks.

        Args:
            seed: row i gets seed + i; or one seed per row. A row that is not reset keeps its random generator.
            options: see above.

        Raises:
            UsageError: the mask or the seeds do not fit the rows.
            EmulatorError: a row has a pending step, or its core does not return.
        """
        mask, seeds = (options or {}).get("reset_mask"), seeds_of(seed, self.num_envs)
        chosen = self._all if mask is None else rows_marked(np.asarray(mask), self.num_envs)
        for row in chosen:
            if seeds[row] is not None:
                self.seed_row(row, seeds[row])
        self._begin(chosen)
        if mask is None:
            return self._seen(), self._variables.of(self._values)
        return self._seen(), self._variables.of_rows(self._values, np.asarray(mask))

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in every row.

        Raises:
            UsageError: an action is not in the space, or there are not as many as rows.
            ResetNeeded: a row was not reset; without autoreset, also where its episode is over.
            EmulatorError: a row has a pending step, or its core does not return; the others were stepped.
            IntegrationError: a Lua script fails.
        """
        actions = np.asarray(actions)
        if actions.ndim == 0 or len(actions) != self.num_envs:
            raise UsageError(f"A step takes {self.num_envs} actions, one per row, not {actions.shape}.")
        masks = self._table.masks(actions)
        again = self._rows_to_begin()
        if again:
            self._step_others(again, masks)
        else:
            with in_words():
                self._engine.step(masks)
            self._end_stalled(self._all)
        info = self._variables.of(self._values)
        over = self._terminated | self._truncated
        if not self._is_same_step:
            self._must_begin = over
        elif over.any():
            info |= self._final(over)
        return self._seen(), self._reward.copy(), self._terminated.copy(), self._truncated.copy(), info

    def send(self, actions: Array, rows: Sequence[int]) -> None:
        """Start a step in some rows without waiting; with more rows than threads, the agent can compute meanwhile.

        Args:
            actions: one per row of ``rows``.
            rows: indices of rows without a pending step.

        Raises:
            UsageError: an action is not in the space, or the rows begin again in their next step.
            ResetNeeded: a row was not reset.
        """
        if self.autoreset_mode is AutoresetMode.NEXT_STEP:
            raise UsageError("Rows that begin again in their next step are not sent one by one: step takes all.")
        check_begun(self._must_begin[list(rows)])
        with in_words():
            self._engine.send(list(rows), self._table.masks(np.asarray(actions)))
        self._num_sent += len(rows)

    def receive(self, count: int) -> tuple[Array, Array, Array, Array, Array, dict[int, Array]]:
        """Wait until at least ``count`` of the pending rows are done.

        Returns:
            For the R rows that are done: their indices int64 ``[R]``, observations ``[R, …]``, rewards, terminated and
            truncated ``[R]``, and the final observation of each row whose episode ended, by index; without autoreset
            there is none, since the observation is the final one.

        Raises:
            UsageError: there is a stall limit, and more rows are pending than ``count``.
        """
        if self.stalls.is_on and count < self._num_sent:
            raise UsageError("A world with a stall limit must receive all rows that were sent at once.")
        with in_words():
            rows = np.array(self._engine.receive(count), np.int64)
        self._num_sent -= len(rows)
        self._end_stalled(rows)
        terminated, truncated = self._terminated[rows], self._truncated[rows]
        over = rows[terminated | truncated]
        if not self._is_same_step:
            self._must_begin[over] = True
            over = over[:0]
        final = {int(row): self._shown(self._final_observation[[row]])[0] for row in over}
        return rows, self._shown(self._observation[rows]), self._reward[rows], terminated, truncated, final

    def save(self, row: int) -> Snapshot:
        """Return a snapshot of a row: console, scenario, frame stack and step count, without its random generator.

        It holds the machine's state if the core's states are exact
        (:func:`~newgameplus.emulator.exactness.are_states_exact`) and no Lua script judges; otherwise the buttons since
        the start of the episode, which are played again when it is loaded. Saving does not change how the row goes on.
        ``snapshot.to_bytes()`` serialises it and :func:`snapshot_from_bytes` reads it.

        Raises:
            EmulatorError: the row has a pending step.
        """
        level = self.rows[row].level
        if level not in self._saved_by_state:
            self._saved_by_state[level] = self.rows[row].is_saved_by_state()
        with in_words():
            if self._saved_by_state[level]:
                self._engine.settle(row)
            return self._engine.save(row)

    def load(self, row: int, snapshot: Snapshot) -> Array:
        """Restore a row from a snapshot, of itself or of another row of the same game; return its observation.

        Raises:
            EmulatorError: the snapshot belongs to another core build or game, or was made with another observation.
            IntegrationError: a Lua script fails.
        """
        with in_words():
            self._engine.load(row, snapshot)
        self.stalls.begin([row])
        self._must_begin[row] = False
        observation: Array = self.observation([row])[0]
        return observation

    def observation(self, rows: Sequence[int]) -> Array:
        """Current observation of some rows, ``[rows, …]``; a copy."""
        return self._shown(self._observation[list(rows)])

    def state(self) -> State:
        """Full state of all rows, including random generators, as plain data.

        ``snapshots`` holds each row's snapshot, uint8 ``[bytes]``, ``random`` the state of its generator, and
        ``observation`` the current observation ``[B, …]``; without same-step autoreset, ``waiting`` the rows that are
        over, bool ``[B]``.

        Raises:
            EmulatorError: a row has a pending step.
        """
        return {
            "snapshots": [np.frombuffer(self.save(row).to_bytes(), np.uint8) for row in self._all],
            "random": [self.random_state(row) for row in self._all],
            "observation": self.observation(self._all),
            **({} if self._is_same_step else {"waiting": self._must_begin.copy()}),
            **self.stalls.state(),
        }

    def restore(self, state: State) -> Array:
        """Restore :meth:`state` and return the observation ``[B, …]``.

        Raises:
            StateError: it is of another kind of world or of another number of rows.
            EmulatorError: it belongs to another core build or game, or was made with another observation.
        """
        check_rows(state, self.num_envs)
        if self._is_same_step is ("waiting" in state):
            raise StateError("The saved world began its episodes in other steps: make this one in its autoreset mode.")
        if "places" in state:
            raise StateError("The saved world played its levels one after another, this one plays them side by side.")
        self.reset()
        for row, (snapshot, random) in enumerate(zip(state["snapshots"], state["random"], strict=True)):
            self.load(row, snapshot_from_bytes(snapshot.tobytes()))
            self.restore_random_state(row, random)
        self.stalls.restore(state)
        if not self._is_same_step:
            self._truncated[:] = self._must_begin[:] = state["waiting"]
        return self._seen()

    def close_extras(self, **kwargs: Any) -> None:
        """Free the consoles."""
        del kwargs
        self._engine.close()

    def _begin(self, rows: Sequence[int]) -> None:
        """Begin an episode in ``rows``."""
        with in_words():
            self._engine.reset(list(rows))
        self.stalls.begin(rows)
        self._must_begin[list(rows)] = False

    def _rows_to_begin(self) -> list[int]:
        """Rows whose episode begins in this step, as Gymnasium's next-step autoreset has it.

        Raises:
            ResetNeeded: a row must be reset by the caller first.
        """
        if not self._must_begin.any():
            return []
        is_over = self._terminated | self._truncated
        if self.autoreset_mode is AutoresetMode.NEXT_STEP and (is_over >= self._must_begin).all():
            return [int(row) for row in self._must_begin.nonzero()[0]]
        check_begun(self._must_begin)
        return []

    def _step_others(self, again: Sequence[int], masks: Array) -> None:
        """Begin an episode in the rows ``again``, without a reward, and take a step in the others."""
        others = [row for row in self._all if row not in set(again)]
        self._begin(again)
        self._reward[again] = 0.0
        self._terminated[again] = self._truncated[again] = False
        if others:
            with in_words():
                self._engine.send(others, masks[others])
                self._engine.receive(len(others))
            self._end_stalled(others)

    def _end_stalled(self, rows: Sequence[int] | Array) -> None:
        """Truncate the episodes of ``rows`` that have stalled, and begin the next ones."""
        if not self.stalls.is_on:
            return
        stalled = self.stalls.step(rows, self._reward[rows], self._terminated[rows] | self._truncated[rows])
        if stalled.size:
            self._truncated[stalled] = True
            if not self._is_same_step:
                return
            self._final_observation[stalled] = self._observation[stalled]
            self._final_values[stalled] = self._values[stalled]
            with in_words():
                self._engine.reset(stalled.tolist())

    def _seen(self) -> Array:
        return self._shown(self._observation.copy() if self._copies else self._observation)

    def _shown(self, observation: Array) -> Array:
        """Return what agents see of stacks ``[R, …]`` of the engine's pictures: themselves, or their edges.

        The engine's stacks stay gray, so that snapshots do not depend on edges.
        """
        if self._edges is None:
            return observation
        shown = np.empty_like(observation)
        for row, stack in enumerate(observation):
            shown[row] = edges_of(stack, self._edges)
        return shown

    def _final(self, over: Array) -> dict[str, Any]:
        observations = np.full(self.num_envs, None, object)
        for row in over.nonzero()[0]:
            observations[row] = self._shown(self._final_observation[[row]])[0]
        return {
            "final_obs": observations,
            "_final_obs": over,
            "final_info": self._variables.of_rows(self._final_values, over),
            "_final_info": over.copy(),
        }


def snapshot_from_bytes(content: bytes) -> Snapshot:
    """Read a snapshot that ``to_bytes`` wrote.

    Raises:
        EmulatorError: the bytes are not a snapshot, truncated or changed.
    """
    with in_words():
        return required_engine().Snapshot.from_bytes(content)
