"""stable-retro's ``GameData``, which environments have as ``data``: variables, reward and end of a running game."""

from __future__ import annotations

from types import SimpleNamespace

from newgameplus.emulator.interface import Emulator
from newgameplus.errors import NotFoundError, UsageError, did_you_mean
from newgameplus.games.scenario import Scenario


class GameData:
    """Variables, reward and end of a running game.

    Args:
        emulator: the machine that runs the game.
        scenario: judges its frames.
    """

    def __init__(self, emulator: Emulator, scenario: Scenario) -> None:
        self._emulator, self._scenario = emulator, scenario
        self._must_begin = False
        self._reward, self._is_done = 0.0, False
        self._written: dict[str, int] = {}
        """Values written since the last frame was judged."""

    def reset(self) -> None:
        """Forget the episode; the next one begins with the frame that :meth:`update_ram` sees next."""
        self._must_begin = True

    def update_ram(self) -> None:
        """Read the memory after a frame: variables, reward and end.

        Raises:
            IntegrationError: the scenario's script fails.
        """
        self._written.clear()
        if self._must_begin:
            self._must_begin = False
            self._scenario.reset()
            self._reward, self._is_done = 0.0, False
        else:
            self._reward, self._is_done = self._scenario.judge()

    def current_reward(self, player: int = 0) -> float:
        """Reward of the last frame.

        Raises:
            UsageError: another player than the first.
        """
        if player != 0:
            raise UsageError(f"Only the first player (0) is rewarded yet, not player {player}.")
        return self._reward

    def is_done(self) -> bool:
        """Whether the last frame ended the episode."""
        return self._is_done

    def lookup_all(self) -> dict[str, int]:
        """All variables by name."""
        return self._scenario.variables() | self._written

    def lookup_value(self, name: str) -> int:
        """Value of a variable.

        Raises:
            NotFoundError: the game has no such variable.
        """
        values = self.lookup_all()
        if name not in values:
            known = ", ".join(values)
            raise NotFoundError(f"The game has no variable {name!r}; it has: {known}.{did_you_mean(name, values)}")
        return values[name]

    def set_value(self, name: str, value: int) -> None:
        """Write a variable into the machine's memory.

        Raises:
            NotFoundError: the game has no such variable.
        """
        self.lookup_value(name)
        self._scenario.set_variable(name, int(value))
        self._written[name] = int(value)

    def __getitem__(self, name: str) -> int:
        return self.lookup_value(name)

    def __setitem__(self, name: str, value: int) -> None:
        self.set_value(name, value)

    def filter_action(self, mask: int) -> int:
        """Drop the combinations that the pad cannot press from a button mask."""
        return self._scenario.filter(mask)

    def valid_actions(self) -> list[list[int]]:
        """Groups of button masks; one of each group is held."""
        return self._scenario.combos()

    @property
    def memory(self) -> SimpleNamespace:
        """Copy of the machine's memory: ``memory.blocks`` holds the bytes of each block by address."""
        return SimpleNamespace(blocks=dict(self._emulator.memory()))
