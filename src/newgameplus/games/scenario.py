"""Variables, reward and end of a running game, evaluated by stable-retro itself, Lua scripts included."""

from __future__ import annotations

from typing import Any

from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.errors import IntegrationError
from newgameplus.games.integration import Integration
from newgameplus.types import Array


class ReferenceScenario:
    """Judges the frames of one emulator by one scenario of its game.

    Args:
        emulator: the machine that runs the game.
        integration: the game's files.
        name: which of its scenarios judges; a missing one is an error.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: stable-retro cannot load its files.
    """

    def __init__(self, emulator: ReferenceEmulator, integration: Integration, name: str) -> None:
        self._data: Any = emulator.data
        variables, scenario = integration.data(), integration.scenario(name)
        try:
            is_loaded = self._data.load(str(variables), str(scenario))
        except (RuntimeError, ValueError) as error:
            raise IntegrationError(f"The scenario {scenario} cannot be loaded: {error}.") from error
        if not is_loaded:
            raise IntegrationError(f"stable-retro cannot load {variables} with {scenario}; check both files.")

    def reset(self) -> None:
        """Begin an episode: forget earlier values and start the scripts anew."""
        self._data.reset()
        self._data.update_ram()

    def judge(self) -> tuple[float, bool]:
        """Read the memory after a frame and return that frame's reward and whether the episode is over."""
        data = self._data
        data.update_ram()
        return data.current_reward(), bool(data.is_done())

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
