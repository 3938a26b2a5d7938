"""Interface of a scenario on a running game: variables, reward and end, computed by the emulator's backend."""

from __future__ import annotations

from typing import Protocol

from newgameplus.emulator.interface import Emulator
from newgameplus.emulator.native import NativeEmulator
from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.games.integration import Integration
from newgameplus.games.native_scenario import NativeScenario
from newgameplus.games.reference_scenario import ReferenceScenario
from newgameplus.types import Array


class Scenario(Protocol):
    """One scenario of a game on one emulator."""

    def reset(self) -> None:
        """Begin an episode: forget earlier values and restart the scripts."""
        ...

    def judge(self) -> tuple[float, bool]:
        """Read the memory after a frame; return the frame's reward and whether the episode is over."""
        ...

    def variables(self) -> dict[str, int]:
        """All variables of ``data.json`` as of the last frame judged."""
        ...

    def set_variable(self, name: str, value: int) -> None:
        """Write a variable into the console's memory."""
        ...

    def save(self) -> list[int]:
        """What the scenario keeps from frame to frame, as numbers.

        Raises:
            EmulatorError: it has a script, or runs on the reference backend; neither can be copied.
        """
        ...

    def restore(self, memory: list[int]) -> None:
        """Restore what :meth:`save` returned.

        Raises:
            EmulatorError: it belongs to another scenario.
        """
        ...

    def filter(self, mask: int) -> int:
        """Remove the button combinations that the console's pad cannot press from a mask."""
        ...

    def combos(self) -> list[list[int]]:
        """Groups of allowed button masks; one of each group is held."""
        ...

    def crop(self, picture: Array) -> Array:
        """Crop ``picture`` ``[H, W, 3]`` to the part that the scenario shows the agent."""
        ...


def open_scenario(emulator: Emulator, integration: Integration, name: str) -> Scenario:
    """Open a game's scenario on ``emulator``.

    Raises:
        NotFoundError: the game has no such scenario; there is no fallback to another one.
        IntegrationError: its files cannot be loaded.
    """
    if isinstance(emulator, NativeEmulator):
        return NativeScenario(emulator, integration, name)
    assert isinstance(emulator, ReferenceEmulator)
    return ReferenceScenario(emulator, integration, name)
