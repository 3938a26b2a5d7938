"""Variables, reward and end of a running game, as stable-retro has them, Lua scripts included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.errors import IntegrationError
from newgameplus.games.integration import Integration, read_json_object
from newgameplus.types import Array


class ReferenceScenario:
    """Judges the frames of one emulator by one scenario of its game.

    Args:
        emulator: the machine that runs the game.
        integration: the game's files.
        name: which of its scenarios judges; a missing one is an error.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: its files cannot be loaded, or it names a script that is not there.
    """

    def __init__(self, emulator: ReferenceEmulator, integration: Integration, name: str) -> None:
        self._data: Any = emulator.data
        variables, scenario = integration.data(), integration.scenario(name)
        self._path = scenario
        _check_scripts(scenario)
        try:
            is_loaded = self._data.load(str(variables), str(scenario))
        except (RuntimeError, ValueError) as error:
            raise IntegrationError(f"The scenario {scenario} cannot be loaded: {error}.") from error
        if not is_loaded:
            raise IntegrationError(f"stable-retro cannot load {variables} with {scenario}; check both files.")

    def reset(self) -> None:
        """Begin an episode: forget earlier values and start the scripts anew.

        Raises:
            IntegrationError: a script fails, or the scenario names a variable that the game lacks.
        """
        try:
            self._data.reset()
            self._data.update_ram()
        except (RuntimeError, ValueError, LookupError) as error:
            raise self._failure(error) from error

    def judge(self) -> tuple[float, bool]:
        """Read the memory after a frame and return that frame's reward and whether the episode is over.

        Raises:
            IntegrationError: a script fails.
        """
        data = self._data
        try:
            data.update_ram()
        except (RuntimeError, ValueError, LookupError) as error:
            raise self._failure(error) from error
        return data.current_reward(), data.is_done()

    def variables(self) -> dict[str, int]:
        """Every variable of ``data.json`` as of the last frame that was judged."""
        return dict(self._data.lookup_all())

    def set_variable(self, name: str, value: int) -> None:
        """Write a variable into the console's memory."""
        self._data.set_value(name, value)

    def filter(self, mask: int) -> int:
        """Drop the button combinations that the pad of this console cannot press."""
        return int(self._data.filter_action(mask))

    def combos(self) -> list[list[int]]:
        """Groups of allowed button masks; from each group one is held."""
        return [list(group) for group in self._data.valid_actions()]

    def crop(self, picture: Array) -> Array:
        """Cut ``picture`` ``[H, W, 3]`` to the part that the scenario shows the agent."""
        left, top, width, height = self._data.crop_info(0)
        num_rows, num_columns = picture.shape[:2]
        right = num_columns if not width or left + width > num_columns else left + width
        bottom = num_rows if not height or top + height > num_rows else top + height
        return picture[top:bottom, left:right]

    def _failure(self, error: Exception) -> IntegrationError:
        return IntegrationError(f"The scenario {self._path} cannot judge a frame: {error}.")


def _check_scripts(scenario: Path) -> None:
    """Find what stable-retro would not mention (a missing script) or die of (a language that it does not have)."""
    content = read_json_object(scenario)
    named = content.get("scripts", [])
    for script in named if isinstance(named, list) else [named]:
        if not (scenario.parent / str(script)).is_file():
            raise IntegrationError(f"The scenario {scenario} names the script {script!r}, which is not beside it.")
    for function in _script_functions(content):
        language, separator, _ = str(function).partition(":")
        if separator and language != "lua":
            raise IntegrationError(f"The scenario {scenario} calls {function!r}; scripts are in lua.")


def _script_functions(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        if "script" in node:
            yield node["script"]
        for child in node.values():
            yield from _script_functions(child)
    elif isinstance(node, list):
        for child in node:
            yield from _script_functions(child)
