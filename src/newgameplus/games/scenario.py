"""What judges a running game: variables, reward and end, by the program that emulates it."""

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
    """Judges the frames of one emulator by one scenario of its game."""

    def reset(self) -> None:
        """Begin an episode: forget earlier values and start the scripts anew."""
        ...

    def judge(self) -> tuple[float, bool]:
        """Read the memory after a frame and return that frame's reward and whether the episode is over."""
        ...

    def variables(self) -> dict[str, int]:
        """Every variable of ``data.json`` as of the last frame that was judged."""
        ...

    def set_variable(self, name: str, value: int) -> None:
        """Write a variable into the console's memory."""
        ...

    def filter(self, mask: int) -> int:
        """Drop the button combinations that the pad of this console cannot press."""
        ...

    def combos(self) -> list[list[int]]:
        """Groups of allowed button masks; from each group one is held."""
        ...

    def crop(self, picture: Array) -> Array:
        """Cut ``picture`` ``[H, W, 3]`` to the part that the scenario shows the agent."""
        ...


def open_scenario(emulator: Emulator, integration: Integration, name: str) -> Scenario:
    """Let a scenario of a game judge the frames of ``emulator``.

    Raises:
        NotFoundError: the game has no such scenario; another one is never taken instead.
        IntegrationError: its files cannot be loaded.
    """
    if isinstance(emulator, NativeEmulator):
        return NativeScenario(emulator, integration, name)
    assert isinstance(emulator, ReferenceEmulator)
    return ReferenceScenario(emulator, integration, name)
