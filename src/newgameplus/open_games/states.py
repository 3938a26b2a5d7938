"""Start states of levels: power-on, the title, the requested level, until the player can act."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

from newgameplus.emulator.backends import Backend, default_backend, open_emulator
from newgameplus.emulator.cores import Core, core_of
from newgameplus.emulator.interface import Emulator
from newgameplus.errors import IntegrationError
from newgameplus.games.integration import Integration
from newgameplus.games.scenario import Scenario, open_scenario
from newgameplus.open_games.open_game import OpenGame

MAX_WAIT_FRAMES = 600
"""Longest wait for the title, and for a level to start; the game takes under 100 frames."""
MAX_READY_FRAMES = 60
"""Longest time from the start of a level until the player can act."""
CONTENT_BYTES = {"genesis_plus_gx": 144_680}
"""Part of a core's state that it writes itself; the rest is uninitialised memory."""
POINTERS = {
    "genesis_plus_gx": (
        *(140_651 + 400 * channel + 80 * slot for channel in range(6) for slot in range(4)),
        *(140_987 + 400 * channel + 8 * output for channel in range(6) for output in range(5)),
        144_605,
    )
}
"""Offsets of pointers in a core's state, eight bytes each: in the sound chip's channels, and in the second processor.
Loading replaces them with those of the process."""
UNUSED = {"genesis_plus_gx": slice(144_228, 144_275, 2)}
"""Part of a core's state that loading ignores; left over from what the process did before."""

_SCENARIO = "scenario"


class Starter:
    """A console that is put at the start of one level after the other; a context manager.

    Args:
        open_game: the open game.
        game: its folder must hold its ROM, ``data.json`` and ``scenario.json``; states are not needed.
        core: the core.
        backend: the emulator's backend; None for the default.

    Raises:
        EmulatorError: the core cannot run.
        IntegrationError: the game does not reach its title.
    """

    def __init__(self, open_game: OpenGame, game: Integration, core: Core, backend: Backend | None = None) -> None:
        self._open_game, self._game = open_game, game
        self.core = core
        self._emulator: Emulator = open_emulator(game.rom(), core, backend=backend)
        try:
            self._scenario: Scenario = open_scenario(self._emulator, game, _SCENARIO)
            self._title = self._at_the_title()
        except BaseException:
            self._emulator.close()
            raise

    def __enter__(self) -> Starter:
        return self

    def __exit__(self, *_: object) -> None:
        self._emulator.close()

    def state(self, level: int) -> bytes:
        """Return the machine state at the start of the level with this index, when the player can act.

        Raises:
            IntegrationError: the level does not start, or the player cannot act in time.
        """
        self._emulator.load(self._title)
        self._scenario.reset()
        self._scenario.set_variable("request_level", level)
        self._scenario.set_variable("request", 1)
        values = self._wait_for(lambda now: now["mode"] == self._open_game.mode_play and not now["request"])
        if values is None or values["level"] != level:
            raise IntegrationError(f"Level {level} of {self._game.name} does not begin on {self.core.name}.")
        while not self._open_game.is_ready(values):
            if values["clock"] > MAX_READY_FRAMES or values["mode"] != self._open_game.mode_play:
                raise IntegrationError(
                    f"In level {level} of {self._game.name} the player is not ready {MAX_READY_FRAMES} frames after "
                    f"the start: {self._open_game.unready(values)}"
                )
            values = self._frame()
        return without_garbage(self._emulator.save(), self.core.name)

    def _at_the_title(self) -> bytes:
        self._scenario.reset()
        if self._wait_for(lambda now: now["mode"] == self._open_game.mode_title) is None:
            raise IntegrationError(
                f"{self._game.name} does not come to its title on {self.core.name} within {MAX_WAIT_FRAMES} frames."
            )
        return self._emulator.save()

    def _wait_for(self, is_there: Callable[[dict[str, int]], bool]) -> dict[str, int] | None:
        for _ in range(MAX_WAIT_FRAMES):
            values = self._frame()
            if is_there(values):
                return values
        return None

    def _frame(self) -> dict[str, int]:
        self._emulator.step(is_drawn=False)
        self._scenario.judge()
        return self._scenario.variables()


def without_garbage(state: bytes, core: str) -> bytes:
    """Return a core's state without what differs between processes, so that the same game gives the same bytes.

    Args:
        state: state as saved by the core.
        core: name of the core; the state of a build with another layout is returned unchanged.
    """
    num_bytes = CONTENT_BYTES.get(core, len(state))
    cleaned = bytearray(state[:num_bytes].ljust(len(state), b"\0"))
    words = [slice(begin, begin + 8) for begin in POINTERS.get(core, ())]
    if all(0 < int.from_bytes(cleaned[word], "little") < 1 << 48 for word in words):
        for word in words:
            cleaned[word] = bytes(8)
        unused = UNUSED.get(core, slice(0))
        cleaned[unused] = bytes(len(cleaned[unused]))
    return bytes(cleaned)


def cores_for(game: Integration, backend: Backend | None = None) -> tuple[Core, ...]:
    """Cores that states can be made for here: stable-retro's default, and on the engine the one that the game names."""
    plain = core_of(game.console)
    if (backend or default_backend()) == "reference" or game.core_name in (None, plain.name):
        return (plain,)
    return plain, core_of(game.console, game.core_name)


def write_states(
    open_game: OpenGame,
    game: Integration,
    folder: Path,
    names: Sequence[str],
    *,
    report: Callable[[], None] = lambda: None,
    backend: Backend | None = None,
) -> None:
    """Make the start state of every level, for every core that runs here, and write them beside the game's ROM.

    Args:
        open_game: the open game.
        game: integration whose folder holds the ROM.
        folder: the game's folder; states for a core other than stable-retro's default go into a folder inside.
        names: names of the levels, in the order of the ROM.
        report: called after each state.
        backend: the emulator's backend; None for the default.

    Raises:
        IntegrationError: a level does not start.
        EmulatorError: a core cannot run.
    """
    for core in cores_for(game, backend):
        place = folder if core.name == game.console.core else folder / core.name
        place.mkdir(exist_ok=True)
        with Starter(open_game, game, core, backend) as starter:
            for number, name in enumerate(names):
                (place / f"{name}.state").write_bytes(gzip.compress(starter.state(number), mtime=0))
                report()
