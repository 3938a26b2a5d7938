"""The rows of a batch one by one, as Gymnasium's vector environments show theirs: attributes, seeds, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv

from newgameplus.emulator.compiled import in_words
from newgameplus.emulator.interface import NO_COPY
from newgameplus.envs.inline import BatchInline
from newgameplus.envs.rows import Row, RowMaker
from newgameplus.envs.variable_info import VariableInfo
from newgameplus.errors import EmulatorError, StateError, UsageError
from newgameplus.games.levels import Level
from newgameplus.types import ActionSpec, Array, ObservationSpec, State

if TYPE_CHECKING:
    from newgameplus._engine import Engine

_HALF = 2**64
UNKNOWN_SEED = -1
"""Gymnasium's seed of a generator that was not made from one."""
ROW_METHODS = ("random_state", "ram", "save", "screen", "variables")
"""Methods of a batch whose first argument is a row, which ``call`` calls for every row."""


OF_THE_BATCH = ("metadata", "render_mode", "spec")
"""Attributes of the whole batch that an environment has as well."""


class EngineRows(BatchInline, VectorEnv[Array, Array, Array]):
    """Base of a batch on the engine: what can be asked of, or done to, a single row.

    Gymnasium's ``SyncVectorEnv`` passes such requests on to its environments; a row is none, so they are answered here.
    """

    rows: tuple[Row, ...]
    """Description of each row: its level, core, start state, variables."""
    _maker: RowMaker
    _engine: Engine
    _must_begin: Array
    """Rows that must be reset before their next step, bool ``[B]``."""
    _seeds_used: list[int]
    _attached: dict[str, tuple[Any, ...]]

    def _begin_rows(self) -> None:
        """Give every row a random generator of its own; to be called once the engine is there."""
        self._attached = {}
        self._seeds_used = [UNKNOWN_SEED] * self.num_envs
        for row in range(self.num_envs):
            self.seed_row(row, None)

    def _name_variables(self) -> None:
        present = [self._engine.are_present(row) for row in range(self.num_envs)]
        self._variables = VariableInfo([row.variables for row in self.rows], present)

    def _attach_arrays(self, shape: tuple[int, ...], num_values: int) -> None:
        num_rows = self.num_envs
        self._observation = np.zeros((num_rows, *shape), np.uint8)
        self._final_observation = np.zeros((num_rows, *shape), np.uint8)
        self._reward = np.zeros(num_rows, np.float64)
        self._terminated = np.zeros(num_rows, np.bool_)
        self._truncated = np.zeros(num_rows, np.bool_)
        self._values = np.zeros((num_rows, num_values), np.int64)
        self._final_values = np.zeros((num_rows, num_values), np.int64)
        flat = (num_rows, int(np.prod(shape)))
        with in_words():
            self._engine.attach(
                observation=self._observation.reshape(flat),
                final_observation=self._final_observation.reshape(flat),
                reward=self._reward,
                terminated=self._terminated,
                truncated=self._truncated,
                values=self._values,
                final_values=self._final_values,
            )

    def change_level(self, row: int, level: Level) -> None:
        """Give a row another level, of any game of its console; the row must be reset before its next step.

        It gets a console of its own and keeps its random generator.

        Raises:
            NewGamePlusError: the level cannot be played with these settings; the row has not changed.
        """
        made = self._maker.rows([level])[0]
        made.check_like(self.rows[0])
        if len(made.variables) > self._values.shape[1]:
            before = self._observation
            self._attach_arrays(before.shape[1:], len(made.variables))
            self._observation[:] = before
        with in_words():
            self._engine.replace(row, made.lane)
        self.rows = (*self.rows[:row], made, *self.rows[row + 1 :])
        self._name_variables()
        self._must_begin[row] = True

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, the same in every row, in the bit order of a mask."""
        return self.rows[0].buttons

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of the actions, the same in every row."""
        return self.rows[0].actions.spec

    @property
    def level_ids(self) -> tuple[str, ...]:
        """``Game/State`` of each row."""
        return tuple(str(row.level) for row in self.rows)

    def seed_row(self, row: int, seed: int | None) -> None:
        """Seed the random generator of one row, as ``reset(seed=…)`` of a single environment would."""
        generator, used = seeding.np_random(seed)
        self.restore_random_state(row, generator.bit_generator.state)
        self._seeds_used[row] = int(used)

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator, in numpy's form."""
        with in_words():
            high, low, high_increment, low_increment = self._engine.random_state(row)
        state = {"state": high * _HALF + low, "inc": high_increment * _HALF + low_increment}
        return {"bit_generator": "PCG64", "state": state, "has_uint32": 0, "uinteger": 0}

    def restore_random_state(self, row: int, state: Mapping[str, Any]) -> None:
        """Restore the random generator of one row.

        Raises:
            StateError: it is not such a state.
        """
        try:
            halves = [half for key in ("state", "inc") for half in divmod(int(state["state"][key]), _HALF)]
            with in_words():
                self._engine.set_random_state(row, *halves)
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"This is not the state of a row's random generator: {error!r}.") from error
        self._seeds_used[row] = UNKNOWN_SEED

    @property  # type: ignore[override]  # one generator per row, as in SyncVectorEnv
    def np_random(self) -> tuple[np.random.Generator, ...]:
        """A copy of each row's random generator; assigning generators replaces them."""
        generators = tuple(np.random.Generator(np.random.PCG64()) for _ in self.rows)
        for row, generator in enumerate(generators):
            generator.bit_generator.state = self.random_state(row)
        return generators

    @np_random.setter  # type: ignore[override]  # likewise
    def np_random(self, value: Sequence[np.random.Generator]) -> None:
        for row, generator in enumerate(value):
            self.restore_random_state(row, generator.bit_generator.state)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]  # as SyncVectorEnv has it
        """Seed of each row's random generator; -1 where its state was restored."""
        return tuple(self._seeds_used)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of each row, such as ``level``, ``core``, ``buttons`` or ``start_state``.

        Raises:
            AttributeError: a row has no such attribute.
        """
        if name in self._attached:
            return self._attached[name]
        if name in ("np_random", "np_random_seed"):
            return tuple(getattr(self, name))
        if name in OF_THE_BATCH:
            return (getattr(self, name),) * self.num_envs
        return tuple(getattr(row, name) for row in self.rows)

    def set_attr(self, name: str, values: Any) -> None:
        """Replace the rows' random generators (``np_random``), or attach something of your own to them.

        Args:
            name: ``np_random``, or a name that a row does not have.
            values: a list or tuple of one per row, or a value for all.

        Raises:
            UsageError: the attribute is one that a row is made with, or the number of values is wrong.
        """
        given = tuple(values) if isinstance(values, list | tuple) else (values,) * self.num_envs
        if len(given) != self.num_envs:
            raise UsageError(f"There are {self.num_envs} rows but {len(given)} values of {name!r}.")
        if name == "np_random":
            self.np_random = given
            return
        if name in (*ROW_METHODS, *OF_THE_BATCH, "np_random_seed") or hasattr(self.rows[0], name):
            raise UsageError(f"A row is made with its {name!r}, which cannot be set afterwards: make another batch.")
        self._attached[name] = given

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call ``render`` or one of ``ROW_METHODS`` for each row, or return an attribute.

        Raises:
            AttributeError: a row has no such method or attribute.
        """
        if name == "render":
            pictures = self.render()
            return (None,) * self.num_envs if pictures is None else pictures
        if name in ROW_METHODS:
            method = getattr(self, name)
            return tuple(method(row, *args, **kwargs) for row in range(self.num_envs))
        return self.get_attr(name)

    def render(self) -> tuple[Any, ...] | None:
        """Return the screen of each row, uint8 ``[H, W, 3]``, or None if ``render_mode`` is None."""
        return None if self.render_mode is None else tuple(self.screen(row) for row in range(self.num_envs))

    def screen(self, row: int) -> Array:
        """The part of a row's screen that its scenario shows, uint8 ``[H, W, 3]``, from the last frame drawn.

        Raises:
            EmulatorError: the observations are not pictures, so nothing is drawn; or nothing was drawn since a snapshot
                was loaded.
        """
        with in_words():
            picture: Array = self._engine.screen(row)
        return picture

    def draw_next_step(self) -> None:
        """Do nothing: the engine draws what is observed, and nothing else."""

    def variables(self, row: int) -> dict[str, int]:
        """The game's variables in a row, by name."""
        with in_words():
            values, present = self._engine.values(row), self._engine.are_present(row)
        named = zip(self.rows[row].variables, values, present, strict=True)
        return {name: value for name, value, is_there in named if is_there}

    def frames(self, row: int) -> list[tuple[int, float]]:
        """Buttons held and reward of each frame of a row's last step; empty after a snapshot was loaded."""
        with in_words():
            return self._engine.frames(row)

    def ram(self, row: int) -> Array:
        """Work RAM of a row, all blocks in order of address, uint8 ``[bytes]``."""
        with in_words():
            memory: Array = self._engine.ram(row)
        return memory

    def __getstate__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise EmulatorError(NO_COPY)


def check_begun(must_begin: Array) -> None:
    """Check that an episode is under way in every row.

    Raises:
        ResetNeeded: ``must_begin``, bool per row, marks one.
    """
    if must_begin.any():
        raise ResetNeeded("The episode of a row is over or has not begun: call reset() before step().")


def autoreset_mode_of(mode: AutoresetMode | str) -> AutoresetMode:
    """Return Gymnasium's autoreset mode ``mode``, which may also be given by its value, such as ``NextStep``.

    Raises:
        UsageError: there is no such mode.
    """
    try:
        return AutoresetMode(mode)
    except ValueError:
        known = ", ".join(known.value for known in AutoresetMode)
        raise UsageError(f"There is no autoreset mode {mode!r}; there are: {known}.") from None


def check_render_mode(render_mode: str | None, observation_spec: ObservationSpec) -> None:
    """Check that a batch on the engine can render.

    Raises:
        UsageError: the mode is neither ``rgb_array`` nor None, or nothing is drawn because nothing is observed.
    """
    if render_mode not in (None, "rgb_array"):
        raise UsageError(
            f"render_mode is 'rgb_array' or None, not {render_mode!r}; for a window put "
            "gymnasium.wrappers.vector.HumanRendering around it."
        )
    if render_mode is not None and observation_spec.kind != "image":
        raise UsageError("The engine draws only what is observed; make_vector renders with a process for each row.")


def check_rows(state: State, num_envs: int) -> None:
    """Check that ``state`` belongs to a world of ``num_envs`` rows.

    Raises:
        StateError: it does not.
    """
    if not {"snapshots", "random", "observation"} <= state.keys():
        raise StateError("This is not the state of a world: it lacks snapshots, random states or the observation.")
    for part in ("snapshots", "random"):
        if len(state[part]) != num_envs:
            raise StateError(f"The saved world has {len(state[part])} rows, this one has {num_envs}.")


def seeds_of(seed: int | Sequence[int | None] | None, num_envs: int) -> Sequence[int | None]:
    """Return one seed, or None, per row: ``seed`` + row for a number.

    Raises:
        UsageError: there are more or fewer seeds than rows.
    """
    if seed is None:
        return [None] * num_envs
    if isinstance(seed, int | np.integer):
        return [int(seed) + row for row in range(num_envs)]
    if len(seed) != num_envs:
        raise UsageError(f"There are {num_envs} rows but {len(seed)} seeds.")
    return seed


def rows_marked(mask: Array, num_envs: int) -> list[int]:
    """Return the rows that a reset mask marks.

    Raises:
        UsageError: it is not bool ``[B]``, or marks none.
    """
    if mask.shape != (num_envs,) or mask.dtype != np.bool_ or not mask.any():
        raise UsageError(f"A reset mask is bool [{num_envs}] with at least one row, not {mask!r}.")
    return [int(row) for row in mask.nonzero()[0]]
