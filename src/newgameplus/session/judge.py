"""Computes reward and end of a session's frames; can be set back to an earlier frame if the scenario allows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from newgameplus.emulator.compiled import in_words, required_engine
from newgameplus.emulator.native import NativeEmulator
from newgameplus.errors import EmulatorError, IntegrationError
from newgameplus.games.integration import Integration
from newgameplus.games.native_scenario import scenario_spec

if TYPE_CHECKING:
    from newgameplus._engine import ScenarioProbe


class RewindingJudge:
    """One scenario of a game, evaluated on a copy of the console's memory.

    The copy (64 kB on a Mega Drive, a few microseconds) makes the scenario's own memory accessible: the engine allows
    reading and writing it only for a scenario over memory that the caller owns.

    Args:
        emulator: the machine; it must have run a frame since its state was loaded.
        integration: the game's files.
        name: name of the scenario.

    Raises:
        NotFoundError: the game has no such scenario.
        IntegrationError: its files cannot be loaded.
    """

    def __init__(self, emulator: NativeEmulator, integration: Integration, name: str) -> None:
        spec = scenario_spec(integration, name)
        self._path: Path = integration.scenario(name)
        self._emulator = emulator
        self._blocks = {
            address: np.frombuffer(bytearray(content), np.uint8) for address, content in emulator.memory().items()
        }
        self.can_be_saved = spec.script is None
        """Whether :meth:`save` works; the state of a script cannot be copied."""
        try:
            with in_words():
                self._probe: ScenarioProbe = required_engine().ScenarioProbe(spec, self._blocks)
        except EmulatorError as error:
            raise self._failure(error) from error

    def reset(self) -> None:
        """Begin an episode with the frame that has just run.

        Raises:
            IntegrationError: a script fails, or the end of the level is unknown.
        """
        self._read()
        try:
            with in_words():
                self._probe.reset()
        except EmulatorError as error:
            raise self._failure(error) from error

    def judge(self) -> tuple[float, bool]:
        """Return the reward of the last frame, and whether the episode is over.

        Raises:
            IntegrationError: a script fails.
        """
        self._read()
        with in_words():
            return self._probe.judge()

    def variables(self) -> dict[str, int]:
        """All variables of the game, as of the last frame judged."""
        return dict(self._probe.values)

    def save(self) -> tuple[int, ...]:
        """What the scenario keeps from frame to frame."""
        return tuple(self._probe.memory())

    def restore(self, memory: tuple[int, ...]) -> None:
        """Restore what :meth:`save` returned."""
        self._probe.restore(memory)

    def _read(self) -> None:
        for address, content in self._emulator.memory().items():
            self._blocks[address][:] = np.frombuffer(content, np.uint8)

    def _failure(self, error: EmulatorError) -> IntegrationError:
        return IntegrationError(f"The scenario {self._path} cannot be judged: {error}")
