"""Levels side by side in one process, stepped together by the native engine: the default vector environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from newgameplus.emulator.cores import Core, core_of
from newgameplus.emulator.native import core_spec, fingerprint, in_words, read_rom, required_engine
from newgameplus.envs.actions import ActionMeaning
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.errors import EmulatorError, StateError, UsageError
from newgameplus.games.integration import read_json_object
from newgameplus.games.levels import Level
from newgameplus.games.native_scenario import scenario_spec
from newgameplus.games.pad import Pad
from newgameplus.games.window import window_of
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, Array, ObservationSpec

INSTANCE_BYTES = 16 * 2**20
"""Upper estimate of the memory of one console, used to refuse more of them than the machine can hold."""


class RetroVecEnv(VectorEnv[Array, Array, Array]):
    """The contest's environment, ``B`` rows in one process.

    The same as ``make_vector`` of single environments: observations uint8 ``[B, …]`` as the ObservationSpec says,
    rewards float64 ``[B]``, same-step autoreset with ``info["final_obs"]``; ``info`` holds the game's variables, one
    array per name. Frames run in threads, with Python's lock released.

    Args:
        levels: one per row; rows may be different levels and games of one console.
        observation_spec: what the agents see; edges are left to the wrappers.
        action_spec: what actions mean.
        frame_skip: how long an action lasts.
        max_episode_steps: steps after which an episode is truncated; None for no limit.
        num_threads: how many threads run frames; None for one per processor core.
        core: name of the core that plays; None for the one that the game names.
        copies_observations: whether each step returns a new array; if not, the next step overwrites it.

    Raises:
        NotFoundError: no such game, state, scenario or core.
        RomError: a ROM has not been imported.
        UsageError: no levels, or levels that differ in shape.
        EmulatorError: the engine is not built, the memory is too small, a core refuses a ROM.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        *,
        observation_spec: ObservationSpec = PICTURE,
        action_spec: ActionSpec = BUTTONS,
        frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
        max_episode_steps: int | None = MAX_EPISODE_STEPS,
        num_threads: int | None = None,
        core: str | None = None,
        copies_observations: bool = True,
    ) -> None:
        if not levels:
            raise UsageError("A vector environment needs at least one level.")
        _check_room(len(levels))
        rows = _Rows(levels, observation_spec, action_spec, frame_skip, max_episode_steps, core)
        self.levels = tuple(levels)
        self.num_envs = len(levels)
        self.buttons = rows.buttons
        self.cores = rows.cores
        self._copies = copies_observations
        self._variables = rows.variables
        self._table = _mask_table(rows.actions)
        self._actions = rows.actions
        with in_words():
            self._engine = required_engine().Engine(rows.lanes, num_threads or _num_cores())
        shape = self._common_shape(observation_spec)
        self.single_observation_space = spaces.Box(0, 255, shape, np.uint8)
        self.single_action_space = rows.actions.space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": [], "render_fps": 15}
        self.render_mode = None
        self._make_arrays(shape)
        self._all = list(range(self.num_envs))

    def _common_shape(self, spec: ObservationSpec) -> tuple[int, ...]:
        shapes = [self._engine.observation_shape(row) for row in range(self.num_envs)]
        if len(set(shapes)) > 1:
            self.close()
            raise UsageError(f"The levels show pictures of different sizes, {sorted(set(shapes))}: give them one size.")
        return shapes[0] if spec.kind == "image" else (shapes[0][1] * shapes[0][2],)

    def _make_arrays(self, shape: tuple[int, ...]) -> None:
        rows, num_values = self.num_envs, max(len(names) for names in self._variables)
        self._observation = np.zeros((rows, *shape), np.uint8)
        self._final_observation = np.zeros((rows, *shape), np.uint8)
        self._reward = np.zeros(rows, np.float64)
        self._terminated = np.zeros(rows, np.bool_)
        self._truncated = np.zeros(rows, np.bool_)
        self._values = np.zeros((rows, num_values), np.int64)
        self._final_values = np.zeros((rows, num_values), np.int64)
        self._columns = _columns(self._variables)
        with in_words():
            self._engine.attach(
                observation=self._observation.reshape(rows, -1),
                final_observation=self._final_observation.reshape(rows, -1),
                reward=self._reward,
                terminated=self._terminated,
                truncated=self._truncated,
                values=self._values,
                final_values=self._final_values,
            )

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode in every row, or in those that ``options["reset_mask"]`` (bool ``[B]``) marks.

        Args:
            seed: row i gets seed + i; or one seed per row.
            options: see above.
        """
        rows = self._rows_to_reset((options or {}).get("reset_mask"))
        for row, row_seed in zip(self._all, self._seeds(seed), strict=True):
            if row_seed is not None:
                self.seed_row(row, row_seed)
        with in_words():
            self._engine.reset(rows)
        return self._seen(self._observation), self._info(self._values)

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in every row."""
        with in_words():
            self._engine.step(self._masks(actions))
        over = self._terminated | self._truncated
        info = self._info(self._values)
        if over.any():
            info |= self._final(over)
        return (
            self._seen(self._observation),
            self._reward.copy(),
            self._terminated.copy(),
            self._truncated.copy(),
            info,
        )

    def send(self, actions: Array, rows: Sequence[int]) -> None:
        """Begin a step in some rows without waiting; with more rows than threads, the agent thinks meanwhile.

        Args:
            actions: one per row of ``rows``.
            rows: rows that are not under way.
        """
        with in_words():
            self._engine.send(list(rows), self._masks(actions))

    def receive(self, count: int) -> tuple[Array, Array, Array, Array, Array]:
        """Wait until at least ``count`` of the rows sent are done.

        Returns:
            Their numbers int64 ``[R]``, observations ``[R, …]``, rewards, terminated and truncated ``[R]``.
        """
        with in_words():
            rows = np.array(self._engine.receive(count), np.int64)
        return rows, self._observation[rows], self._reward[rows], self._terminated[rows], self._truncated[rows]

    def save(self, row: int) -> Any:  # the engine's own handle
        """Return a row's moment: console, scenario, stack and step count, but not its random numbers.

        Raises:
            EmulatorError: the row is under way, or a Lua script judges it.
        """
        with in_words():
            return self._engine.save(row)

    def load(self, row: int, snapshot: Any) -> Array:
        """Put a row back to a moment, of itself or of another row of the same game, and return its observation.

        Raises:
            EmulatorError: the snapshot belongs to another core build or game.
        """
        with in_words():
            self._engine.load(row, snapshot)
        return self._observation[row].copy()

    def seed_row(self, row: int, seed: int) -> None:
        """Choose the random numbers of one row, as ``reset(seed=…)`` of a single environment would."""
        generator, _ = seeding.np_random(seed)
        self.restore_random_state(row, generator.bit_generator.state)

    def random_state(self, row: int) -> dict[str, Any]:
        """The random numbers that a row has still to draw, as numpy has them."""
        high, low, inc_high, inc_low = self._engine.random_state(row)
        state = {"state": high << 64 | low, "inc": inc_high << 64 | inc_low}
        return {"bit_generator": "PCG64", "state": state, "has_uint32": 0, "uinteger": 0}

    def restore_random_state(self, row: int, state: Mapping[str, Any]) -> None:
        """Put the random numbers of one row back.

        Raises:
            StateError: it is not such a state.
        """
        try:
            numbers = [int(state["state"][key]) for key in ("state", "inc")]
            halves = [half for number in numbers for half in (number >> 64, number & (2**64 - 1))]
            self._engine.set_random_state(row, *halves)
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"This is not the state of a row's random generator: {error!r}.") from error

    def screen(self, row: int) -> Array:
        """The picture of a row as its console draws it, uint8 ``[H, W, 3]``; of the last frame that was drawn."""
        picture: Array = self._engine.screen(row)
        return picture

    def close_extras(self, **kwargs: Any) -> None:
        """Free the consoles."""
        del kwargs
        self._engine.close()

    def _masks(self, actions: Array) -> Array:
        return self._table.masks(np.asarray(actions))

    def _rows_to_reset(self, mask: Array | None) -> list[int]:
        if mask is None:
            return self._all
        chosen = np.asarray(mask)
        if chosen.shape != (self.num_envs,) or chosen.dtype != np.bool_ or not chosen.any():
            raise UsageError(f"A reset mask is bool [{self.num_envs}] with at least one row, not {chosen!r}.")
        return [int(row) for row in chosen.nonzero()[0]]

    def _seeds(self, seed: int | Sequence[int | None] | None) -> Sequence[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + row for row in self._all]
        if len(seed) != self.num_envs:
            raise UsageError(f"There are {self.num_envs} rows but {len(seed)} seeds.")
        return seed

    def _seen(self, observation: Array) -> Array:
        return observation.copy() if self._copies else observation

    def _info(self, values: Array) -> dict[str, Any]:
        info: dict[str, Any] = {}
        for name, (columns, present) in self._columns.items():
            info[name] = values[self._all, columns]
            info[f"_{name}"] = present
        return info

    def _final(self, over: Array) -> dict[str, Any]:
        observations = np.full(self.num_envs, None, object)
        for row in over.nonzero()[0]:
            observations[row] = self._final_observation[row].copy()
        final_info = {
            name: value & over if name.startswith("_") else value
            for name, value in self._info(self._final_values).items()
        }
        return {"final_obs": observations, "_final_obs": over, "final_info": final_info, "_final_info": over}


class _Rows:
    """What each row is made of, read from the games' files."""

    def __init__(
        self,
        levels: Sequence[Level],
        observation_spec: ObservationSpec,
        action_spec: ActionSpec,
        frame_skip: FrameSkip,
        max_episode_steps: int | None,
        core_name: str | None,
    ) -> None:
        if max_episode_steps is not None and max_episode_steps < 1:
            raise UsageError(f"An episode lasts at least 1 step, not {max_episode_steps}.")
        self._observation_spec = observation_spec
        self._frame_skip = frame_skip
        self._max_episode_steps = max_episode_steps or 0
        self._blobs: dict[bytes, Any] = {}
        made = {level: self._lane(level, action_spec, core_name) for level in dict.fromkeys(levels)}
        self.lanes = [made[level][0] for level in levels]
        self.cores: tuple[Core, ...] = tuple(made[level][1] for level in levels)
        self.variables: list[tuple[str, ...]] = [made[level][2] for level in levels]
        meanings = [made[level][3] for level in levels]
        self.actions: ActionMeaning = meanings[0]
        self.buttons = self.cores[0].console.buttons
        for level, meaning in zip(levels, meanings, strict=True):
            if meaning.space != self.actions.space or meaning.buttons != self.buttons:
                raise UsageError(f"{levels[0]} and {level} have different pads; a batch needs levels of one console.")

    def _lane(
        self, level: Level, action_spec: ActionSpec, core_name: str | None
    ) -> tuple[Any, Core, tuple[str, ...], ActionMeaning]:
        module = required_engine()
        game = level.integration
        core = core_of(game.console, core_name or game.core_name)
        rom_path = game.rom()
        rom = read_rom(rom_path)
        spec = scenario_spec(game, level.scenario)
        content = read_json_object(game.scenario(level.scenario))
        pad = Pad(game.console, content)
        meaning = ActionMeaning(action_spec, game.console.buttons, pad.combos(), pad.filter)
        lane = module.LaneSpec(
            core=core_spec(core, rom_path, game.core_options),
            fingerprint=fingerprint(core, rom),
            rom=self._blob(rom),
            start_state=self._blob(game.state(level.state)),
            scenario=spec,
            observation=_native_observation(self._observation_spec, content),
            frames_per_step=self._frame_skip.num_frames,
            sticky_probability=self._frame_skip.sticky_probability,
            max_episode_steps=self._max_episode_steps,
        )
        return lane, core, tuple(variable.name for variable in spec.variables), meaning

    def _blob(self, content: bytes) -> Any:
        if content not in self._blobs:
            self._blobs[content] = required_engine().Blob(content)
        return self._blobs[content]


def _native_observation(spec: ObservationSpec, scenario: Mapping[str, Any]) -> Any:
    if spec.edges is not None:
        raise UsageError("The engine finds no edges: make the pictures gray and put envs.wrappers' Edges on top.")
    window = window_of(scenario)
    return required_engine().ObservationSpec(
        kind=spec.kind,
        window=(window.x, window.y, window.width, window.height),
        crop=spec.crop or (0, 0, 0, 0),
        is_gray=spec.gray,
        size=spec.size or (0, 0),
        stack=spec.stack,
        takes_maximum=False,
    )


class _MaskTable:
    """The mask of every action of a batch at once, looked up in a table where the actions can be numbered."""

    def __init__(self, actions: ActionMeaning) -> None:
        self._actions = actions
        self._weights: Array | None = None
        if isinstance(actions.space, spaces.Discrete):
            numbered = np.arange(int(actions.space.n))
            self._masks = np.array([actions.mask(number) for number in numbered], np.uint32)
        elif isinstance(actions.space, spaces.MultiBinary):
            num_buttons = len(actions.buttons)
            self._weights = (1 << np.arange(num_buttons)).astype(np.int64)
            bits = (np.arange(1 << num_buttons)[:, None] >> np.arange(num_buttons)) & 1
            self._masks = np.array([actions.mask(row) for row in bits.astype(np.int8)], np.uint32)

    def masks(self, actions: Array) -> Array:
        """Return uint32 ``[B]`` for ``actions`` ``[B, …]``.

        Raises:
            UsageError: an action is not in the space.
        """
        space = self._actions.space
        is_whole = actions.dtype.kind in "biu"
        if is_whole and isinstance(space, spaces.Discrete) and actions.ndim == 1:
            if ((actions >= 0) & (actions < space.n)).all():
                return self._masks[actions]
        is_pressed_or_not = is_whole and self._weights is not None and actions.shape[1:] == space.shape
        if is_pressed_or_not and ((actions >= 0) & (actions <= 1)).all():
            return self._masks[actions @ self._weights]
        return np.array([self._actions.mask(action) for action in actions], np.uint32)


def _mask_table(actions: ActionMeaning) -> _MaskTable:
    return _MaskTable(actions)


def _columns(variables: Sequence[tuple[str, ...]]) -> dict[str, tuple[list[int], Array]]:
    """Name of each variable to its column in each row (0 where the row's game has none) and which rows have it."""
    names = sorted({name for row in variables for name in row})
    return {
        name: (
            [row.index(name) if name in row else 0 for row in variables],
            np.array([name in row for row in variables]),
        )
        for name in names
    }


def _num_cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_room(num_envs: int) -> None:
    """Refuse more consoles than the machine has memory for."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - a device, not a file of anybody's
            available = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:")) * 1024
    except (OSError, StopIteration):
        return
    if num_envs * INSTANCE_BYTES > available:
        raise EmulatorError(
            f"{num_envs} consoles need about {num_envs * INSTANCE_BYTES >> 20} MiB of memory, and only "
            f"{available >> 20} MiB are free; make fewer."
        )
