"""Consoles for a search: rows that jump between moments of one level, on the fastest core, and what they show.

The levels' start states belong to another core, so the search makes its own: it asks the game for the same level and
lets the clock run to the same frame. Memory is a function of the frames and the buttons alone, on every core; playing
the found movie on the level's own core proves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from newgameplus.emulator.cores import Core, core_of
from newgameplus.emulator.native import NativeEmulator, core_spec, fingerprint, in_words, read_rom, required_engine
from newgameplus.envs.actions import ActionMeaning
from newgameplus.errors import StateError
from newgameplus.games.integration import Integration, read_json_object
from newgameplus.games.levels import Level
from newgameplus.games.native_scenario import NativeScenario, scenario_spec
from newgameplus.games.pad import Pad
from newgameplus.tumbleweed.macros import JUMP, LEFT, RIGHT
from newgameplus.types import SONIC_8, Array

SEARCH_CORE = "picodrive"
"""Runs about eight times as many frames per second as the usual core."""
FRAMES_PER_STEP = 4
"""The contest's, but never late."""
MODE_PLAY, MODE_CLEAR = 2, 4
"""Of the variable ``mode``: under way, and beyond the goal."""
BOOT_FRAMES, MAX_WAIT_FRAMES = 60, 600
"""Until the game takes requests, and until it has surely begun a level."""


class Moment(NamedTuple):
    """What a row shows after a step."""

    mode: int
    x: int
    y: int
    ground_speed: int
    x_speed: int
    is_grounded: int
    is_rolling: int
    switches: int
    coins: int
    shield: int
    breath: int
    lives: int


def action_meaning(level: Level) -> ActionMeaning:
    """Return what the actions of a plan hold on the level's pad."""
    game = level.integration
    pad = Pad(game.console, read_json_object(game.scenario(level.scenario)))
    return ActionMeaning(SONIC_8, game.console.buttons, pad.combos(), pad.filter)


_TRIAL = (RIGHT, RIGHT, RIGHT, LEFT, JUMP, JUMP, RIGHT, RIGHT, RIGHT)
"""What shows whether two cores do the same with the same buttons."""


def start_on(core: Core, level: Level) -> bytes:
    """Return the machine state of ``level``'s first moment; on another core than the state's own, make it.

    A core may end its frame while the program is at work, and so show what a button did one frame later than another.
    Its state is then made a frame earlier, so that the same buttons do the same: a trial on both cores tells.

    Raises:
        StateError: the game does not come to the same moment, or buttons do something else there.
    """
    game, meaning = level.integration, action_meaning(level)
    if core.name == game.core().name:
        return game.state(level.state)
    trial = [meaning.mask(action) for action in _TRIAL for _ in range(FRAMES_PER_STEP)]
    with _machine(level, game.core()) as (emulator, scenario):
        state = game.state(level.state)
        emulator.load(state)
        scenario.reset()
        first = scenario.variables()
        wanted = _after(emulator, scenario, state, trial, first["clock"] + len(trial) + 1)
    with _machine(level, core) as (emulator, scenario):
        _begin_level(emulator, scenario, first["level"])
        for clock in (first["clock"] - 1, first["clock"]):
            state = _wait_for_clock(emulator, scenario, level, clock)
            if wanted == _after(emulator, scenario, state, trial, first["clock"] + len(trial) + 1):
                return state
            emulator.load(state)
    raise StateError(
        f"On {core.name}, {level} plays otherwise than from its start state; if the game was built anew, make its "
        "start states anew as well."
    )


@contextmanager
def _machine(level: Level, core: Core) -> Iterator[tuple[NativeEmulator, NativeScenario]]:
    game = level.integration
    emulator = NativeEmulator(game.rom(), core, _options(game, core))
    try:
        yield emulator, NativeScenario(emulator, game, level.scenario)
    finally:
        emulator.close()


def _begin_level(emulator: NativeEmulator, scenario: NativeScenario, number: int) -> None:
    """Ask the game for a level, once the program has set up its variables: what is asked before that is lost."""
    scenario.reset()
    for _ in range(BOOT_FRAMES):
        emulator.step(is_drawn=False)
    scenario.set_variable("request_level", number)
    scenario.set_variable("request", 1)
    emulator.step(is_drawn=False)


def _wait_for_clock(emulator: NativeEmulator, scenario: NativeScenario, level: Level, clock: int) -> bytes:
    """Run without buttons until the level's clock shows ``clock``."""
    for _ in range(MAX_WAIT_FRAMES):
        scenario.judge()
        now = scenario.variables()
        if not now["request"] and now["mode"] == MODE_PLAY and now["clock"] == clock:
            return emulator.save()
        emulator.step(is_drawn=False)
    raise StateError(f"On {emulator.core.name}, {level} does not come to the moment of its start state.")


def _after(
    emulator: NativeEmulator, scenario: NativeScenario, state: bytes, masks: list[int], clock: int
) -> Moment | None:
    """What is to be seen when the clock shows ``clock``, after ``masks`` were played from ``state``."""
    emulator.load(state)
    for mask in (0, *masks, 0, 0):
        emulator.step((mask,), is_drawn=False)
        scenario.judge()
        now = scenario.variables()
        if now["clock"] == clock:
            return Moment._make(now[name] for name in Moment._fields)
    return None


def _options(game: Integration, core: Core) -> dict[str, str]:
    """The game's own core options belong to its own core."""
    return game.core_options if core.name == game.core().name else {}


class Arena:
    """Rows of one level on one core, without pictures, sound or late actions; a context manager.

    Args:
        level: where the search happens.
        num_rows: how many consoles.
        num_threads: how many threads run them.
        core: name of the core.

    Raises:
        NotFoundError, RomError, IntegrationError, EmulatorError: as when the level is played.
        StateError: the level begins otherwise on the search's core.
    """

    def __init__(self, level: Level, num_rows: int, num_threads: int, core: str = SEARCH_CORE) -> None:
        game = level.integration
        played_by = core_of(game.console, core)
        judged_by = scenario_spec(game, level.scenario)
        names = [variable.name for variable in judged_by.variables]
        self._columns = [names.index(name) for name in Moment._fields]
        self._masks = [action_meaning(level).mask(action) for action in range(len(SONIC_8.combos))]
        self._goal_column = names.index("goal_x")
        self.num_rows = num_rows
        lane = _lane(game, played_by, start_on(played_by, level), judged_by)
        with in_words():
            self._engine = required_engine().Engine([lane] * num_rows, num_threads)
        self._values = np.zeros((num_rows, len(names)), np.int64)
        self._final_values = np.zeros_like(self._values)
        self._terminated = np.zeros(num_rows, np.bool_)
        self._attach()

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def _attach(self) -> None:
        height, width, channels = self._engine.observation_shape(0)
        unseen = np.zeros((self.num_rows, height * width * channels), np.uint8)
        with in_words():
            self._engine.attach(
                observation=unseen,
                final_observation=unseen.copy(),
                reward=np.zeros(self.num_rows, np.float64),
                terminated=self._terminated,
                truncated=np.zeros(self.num_rows, np.bool_),
                values=self._values,
                final_values=self._final_values,
            )

    def begin(self) -> Moment:
        """Put all rows at the level's start, one frame later as every episode, and return what they show."""
        with in_words():
            self._engine.reset(list(range(self.num_rows)))
        return self._moments(self._values)[0]

    @property
    def goal_x(self) -> int:
        """Where the level ends, in pixels."""
        return int(self._values[0, self._goal_column])

    def step(self, actions: Sequence[int]) -> list[Moment]:
        """Take one step in every row and return what each shows; a row whose episode ended shows its end."""
        with in_words():
            self._engine.step(np.array([self._masks[action] for action in actions], np.uint32))
        if self._terminated.any():
            return self._moments(np.where(self._terminated[:, None], self._final_values, self._values))
        return self._moments(self._values)

    def save(self, row: int) -> Any:  # the engine's own class, without stubs
        """Return a row's moment."""
        with in_words():
            return self._engine.save(row)

    def load(self, row: int, snapshot: Any) -> None:
        """Put a row at a moment."""
        with in_words():
            self._engine.load(row, snapshot)

    def _moments(self, values: Array) -> list[Moment]:
        return [Moment._make(row) for row in values[:, self._columns].tolist()]


def _lane(game: Integration, core: Core, start_state: bytes, judged_by: Any) -> Any:
    engine, rom_path = required_engine(), game.rom()
    rom = read_rom(rom_path)
    return engine.LaneSpec(
        core=core_spec(core, rom_path, _options(game, core)),
        fingerprint=fingerprint(core, rom),
        rom=engine.Blob(rom),
        start_state=engine.Blob(start_state),
        scenario=judged_by,
        observation=engine.ObservationSpec(
            kind="none",
            window=(0, 0, 0, 0),
            crop=(0, 0, 0, 0),
            is_gray=False,
            size=(0, 0),
            stack=1,
            takes_maximum=False,
        ),
        frames_per_step=FRAMES_PER_STEP,
        sticky_probability=0.0,
        max_episode_steps=0,
    )
