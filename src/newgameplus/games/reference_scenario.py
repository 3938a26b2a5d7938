"""Variables, reward and end of a running game, computed by stable-retro, including Lua scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.errors import EmulatorError, IntegrationError
from newgameplus.games.declarative import compile_scenario
from newgameplus.games.files import read_json_object
from newgameplus.games.integration import Integration
from newgameplus.games.lua import read_scripts
from newgameplus.games.milestones import Milestones
from newgameplus.types import Array


class ReferenceScenario:
    """One scenario of a game on one emulator.

    Args:
        emulator: the machine that runs the game.
        integration: the game's files.
        name: name of the scenario.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: its files cannot be loaded, or it names a missing script.
    """

    def __init__(self, emulator: ReferenceEmulator, integration: Integration, name: str) -> None:
        self._data: Any = emulator.data
        variables, scenario = integration.data(), integration.scenario(name)
        self._path = scenario
        _check_scripts(scenario)
        self._milestones = _milestones(integration, name)
        try:
            is_loaded = self._data.load(str(variables), str(scenario))
        except (RuntimeError, ValueError) as error:
            raise IntegrationError(f"The scenario {scenario} cannot be loaded: {error}.") from error
        if not is_loaded:
            raise IntegrationError(f"stable-retro cannot load {variables} with {scenario}; check both files.")

    def reset(self) -> None:
        """Begin an episode: forget earlier values and restart the scripts.

        Raises:
            IntegrationError: a script fails, or the scenario names a variable that the game lacks.
        """
        try:
            self._data.reset()
            self._data.update_ram()
            if self._milestones is not None:
                self._milestones.reset(self.variables())
        except (RuntimeError, ValueError, LookupError) as error:
            raise self._failure(error) from error

    def judge(self) -> tuple[float, bool]:
        """Read the memory after a frame; return the frame's reward and whether the episode is over.

        Raises:
            IntegrationError: a script fails.
        """
        data = self._data
        try:
            data.update_ram()
        except (RuntimeError, ValueError, LookupError) as error:
            raise self._failure(error) from error
        reward = data.current_reward()
        if self._milestones is not None:
            reward = self._milestones.judge(reward, self.variables())
        return reward, data.is_done()

    def variables(self) -> dict[str, int]:
        """All variables of ``data.json`` as of the last frame judged."""
        return dict(self._data.lookup_all())

    def set_variable(self, name: str, value: int) -> None:
        """Write a variable into the console's memory."""
        self._data.set_value(name, value)

    def save(self) -> list[int]:
        """Refuse: stable-retro does not show what it keeps from frame to frame.

        Raises:
            EmulatorError: always.
        """
        raise EmulatorError(
            "The reference backend cannot save a moment within an episode; the native engine can (pip install with a "
            "C++ compiler)."
        )

    def restore(self, memory: list[int]) -> None:
        """Refuse, as :meth:`save` does."""
        del memory
        self.save()

    def filter(self, mask: int) -> int:
        """Remove the button combinations that the console's pad cannot press from a mask."""
        return int(self._data.filter_action(mask))

    def combos(self) -> list[list[int]]:
        """Groups of allowed button masks; one of each group is held."""
        return [list(group) for group in self._data.valid_actions()]

    def crop(self, picture: Array) -> Array:
        """Crop ``picture`` ``[H, W, 3]`` to the part that the scenario shows the agent."""
        left, top, width, height = self._data.crop_info(0)
        num_rows, num_columns = picture.shape[:2]
        right = num_columns if not width or left + width > num_columns else left + width
        bottom = num_rows if not height or top + height > num_rows else top + height
        return picture[top:bottom, left:right]

    def _failure(self, error: Exception) -> IntegrationError:
        return IntegrationError(f"The scenario {self._path} cannot judge a frame: {error}.")


def _check_scripts(scenario: Path) -> None:
    """Check what stable-retro ignores (a missing script) or crashes on (a language that it does not have)."""
    content = read_json_object(scenario)
    named = content.get("scripts", [])
    files = [scenario.parent / str(script) for script in (named if isinstance(named, list) else [named])]
    for script in files:
        if not script.is_file():
            raise IntegrationError(f"The scenario {scenario} names the script {script.name!r}, which is not beside it.")
    read_scripts(files)  # stable-retro's own Lua has the whole language, and so may delete files
    for function in _script_functions(content):
        language, separator, _ = str(function).partition(":")
        if separator and language != "lua":
            raise IntegrationError(f"The scenario {scenario} calls {function!r}; scripts are in lua.")


def _milestones(integration: Integration, name: str) -> Milestones | None:
    """What stable-retro does not know of a scenario; None if there is no such part."""
    content = read_json_object(integration.scenario(name))
    rewards = content.get("rewards")
    players = [content.get("reward"), *(rewards if isinstance(rewards, list) else ())]
    if not any(isinstance(player, dict) and ("best" in player or "once" in player) for player in players):
        return None
    return Milestones(compile_scenario(integration, name, word_bytes=integration.console.word_bytes).spec)


def _script_functions(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        if "script" in node:
            yield node["script"]
        for child in node.values():
            yield from _script_functions(child)
    elif isinstance(node, list):
        for child in node:
            yield from _script_functions(child)
