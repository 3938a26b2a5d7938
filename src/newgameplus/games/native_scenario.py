"""Variables, reward and end of a running game, computed by the engine."""

from __future__ import annotations

from newgameplus.emulator.compiled import in_words, required_engine
from newgameplus.emulator.native import NativeEmulator
from newgameplus.errors import EmulatorError, IntegrationError, NotFoundError
from newgameplus.games.declarative import ScenarioSpec, compile_scenario
from newgameplus.games.files import read_json_object
from newgameplus.games.integration import Integration
from newgameplus.games.lua import LuaScript, read_scripts
from newgameplus.games.pad import Pad
from newgameplus.games.window import Window, window_of
from newgameplus.types import Array


def scenario_spec(integration: Integration, name: str) -> ScenarioSpec:
    """Compile a scenario for the engine, with its Lua script if it has one.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: its files are invalid, its script may not run here, or it needs Lua and lupa is not installed.
    """
    compiled = compile_scenario(integration, name, word_bytes=integration.console.word_bytes)
    calls = compiled.calls
    if calls is None:
        return compiled.spec
    read_scripts(calls.files)  # refused before a console is made
    return compiled.spec._replace(script=lambda: LuaScript(calls))


class VariableReader:
    """Reads the variables of a game at any moment, without judging: nothing is kept from frame to frame.

    Args:
        emulator: the machine that runs the game.
        integration: the game's files.
        scenario: name of a scenario of the game.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: its files cannot be loaded.
    """

    def __init__(self, emulator: NativeEmulator, integration: Integration, scenario: str) -> None:
        spec = scenario_spec(integration, scenario)
        spec = spec._replace(reward=(), time=None, done=None, progress=None, script=None, milestones=())
        with in_words():
            self._judge = required_engine().Judge(emulator.console, spec)
            self._are_present: list[bool] = self._judge.are_present()
        self._names = tuple(variable.name for variable in spec.variables)

    def read(self) -> dict[str, int]:
        """All variables of ``data.json``, except those outside of the console's memory."""
        with in_words():
            self._judge.reset()
            named = zip(self._names, self._judge.values(), self._are_present, strict=True)
        return {name: value for name, value, is_present in named if is_present}


class NativeScenario:
    """One scenario of a game on one console.

    Args:
        emulator: the machine that runs the game.
        integration: the game's files.
        name: name of the scenario.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: its files cannot be loaded.
    """

    def __init__(self, emulator: NativeEmulator, integration: Integration, name: str) -> None:
        spec = scenario_spec(integration, name)
        self._path = integration.scenario(name)
        self._errors: type[Exception] = required_engine().EngineError
        content = read_json_object(self._path)
        self._names = tuple(variable.name for variable in spec.variables)
        self._pad = Pad(integration.console, content)
        self._window: Window = window_of(content, self._path)
        try:
            with in_words():
                self._judge = required_engine().Judge(emulator.console, spec)
        except EmulatorError as error:
            raise IntegrationError(f"The scenario {self._path} cannot be judged: {error}") from error

        self._are_present: list[bool] = self._judge.are_present()

    def reset(self) -> None:
        """Begin an episode: forget earlier values and restart the scripts.

        Raises:
            IntegrationError: a script fails, or the end of the level is unknown.
        """
        try:
            with in_words():
                self._judge.reset()
        except (EmulatorError, IntegrationError) as error:
            raise IntegrationError(f"The scenario {self._path} cannot judge a frame: {error}") from error

    def judge(self) -> tuple[float, bool]:
        """Read the memory after a frame; return the frame's reward and whether the episode is over.

        Raises:
            IntegrationError: a script fails, or another thread uses the console.
        """
        try:
            return self._judge.judge()
        except self._errors as error:
            raise IntegrationError(f"The scenario {self._path} cannot judge a frame: {error}") from error

    def variables(self) -> dict[str, int]:
        """All variables of ``data.json`` as of the last frame judged, except those outside of the console's memory."""
        with in_words():
            named = zip(self._names, self._judge.values(), self._are_present, strict=True)
        return {name: value for name, value, is_present in named if is_present}

    def set_variable(self, name: str, value: int) -> None:
        """Write a variable into the console's memory.

        Raises:
            NotFoundError: the game has no such variable.
        """
        if name not in self._names:
            raise NotFoundError(f"The game has no variable {name!r}; it has: {', '.join(self._names)}.")
        self._judge.write(self._names.index(name), value)

    def save(self) -> list[int]:
        """What the scenario keeps from frame to frame, as numbers.

        Raises:
            EmulatorError: it has a script, whose state cannot be copied.
        """
        with in_words():
            return self._judge.memory()

    def restore(self, memory: list[int]) -> None:
        """Restore what :meth:`save` returned.

        Raises:
            EmulatorError: it belongs to another scenario.
        """
        with in_words():
            self._judge.restore(memory)

    def filter(self, mask: int) -> int:
        """Remove the button combinations that the console's pad cannot press from a mask."""
        return self._pad.filter(mask)

    def combos(self) -> list[list[int]]:
        """Groups of allowed button masks; one of each group is held."""
        return self._pad.combos()

    def crop(self, picture: Array) -> Array:
        """Crop ``picture`` ``[H, W, 3]`` to the part that the scenario shows the agent."""
        return self._window.cut(picture)
