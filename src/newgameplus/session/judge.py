"""Judges the frames of a session's console, and can be put back to an earlier frame where the scenario allows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.emulator.native import NativeEmulator, in_words, required_engine
from newgameplus.errors import EmulatorError, IntegrationError
from newgameplus.games.integration import Integration
from newgameplus.games.native_scenario import scenario_spec


class RewindingJudge:
    """One scenario of a game, judging a copy of the console's memory.

    The copy (64 kB on a Mega Drive, a few microseconds) is what makes the judge's own memory accessible: the engine
    lets it be read and written only for a scenario over memory that the caller owns.

    Args:
        emulator: the machine; it must have run a frame since its state was loaded.
        integration: the game's files.
        name: which of its scenarios judges.

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
        """Whether :meth:`save` works; what a script remembers cannot be copied."""
        try:
            with in_words():
                self._probe: Any = required_engine().ScenarioProbe(spec, self._blocks)
        except EmulatorError as error:
            raise self._failure(error) from error

    def reset(self) -> None:
        """Begin an episode with the frame that the machine has just run.

        Raises:
            IntegrationError: a script fails, or it is unknown where the level ends.
        """
        self._read()
        try:
            with in_words():
                self._probe.reset()
        except EmulatorError as error:
            raise self._failure(error) from error

    def judge(self) -> tuple[float, bool]:
        """Return the reward of the frame that has just run, and whether the episode is over.

        Raises:
            IntegrationError: a script fails.
        """
        self._read()
        with in_words():
            judgement: tuple[float, bool] = self._probe.judge()
        return judgement

    def variables(self) -> dict[str, int]:
        """Every variable that the console has, as of the last frame judged."""
        return dict(self._probe.values)

    def save(self) -> tuple[int, ...]:
        """What the scenario remembers from frame to frame."""
        return tuple(self._probe.memory())

    def restore(self, memory: tuple[int, ...]) -> None:
        """Go back to what :meth:`save` gave."""
        self._probe.restore(memory)

    def _read(self) -> None:
        for address, content in self._emulator.memory().items():
            self._blocks[address][:] = np.frombuffer(content, np.uint8)

    def _failure(self, error: EmulatorError) -> IntegrationError:
        return IntegrationError(f"The scenario {self._path} cannot be judged: {error}")
