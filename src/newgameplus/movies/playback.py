"""Playback of a movie, frame by frame: the same buttons, rewards, pictures and sound."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from newgameplus.emulator.backends import open_emulator
from newgameplus.emulator.cores import Core, core_of
from newgameplus.emulator.native import lasting_options
from newgameplus.errors import EmulatorError, IntegrationError, MovieError, NotFoundError
from newgameplus.games.catalogue import find_game
from newgameplus.games.files import read_json_object
from newgameplus.games.integration import Integration
from newgameplus.games.scenario import Scenario, open_scenario
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.origin import rom_sha1
from newgameplus.movies.record import episode_record
from newgameplus.types import Array

_SHA1 = re.compile(r"[0-9a-f]{40}")


class Playback:
    """One movie on one emulator; a context manager that frees the emulator.

    The scenario is the recorded one. For movies of other programs it is the game's contest scenario, or its
    ``scenario``.

    Args:
        path: the movie.
        scenario: scenario to use instead of the recorded one.
        any_core: play even if the movie was recorded on another core build or with other core options; it may then
            desync.
        is_shown: whether pictures and sound will be read; without them it plays faster.

    Raises:
        MovieError: the movie cannot be read, or its game, ROM or core build is not here.
        RomError: the ROM has not been imported.
        EmulatorError: the core cannot run, or, on the reference backend, another emulator is open in this process.
    """

    def __init__(
        self, path: Path, *, scenario: str | None = None, any_core: bool = False, is_shown: bool = True
    ) -> None:
        self.path = path
        self._is_shown = is_shown
        self.movie = read_movie(path)
        self.record = episode_record(self.movie.extra, str(path))
        if self.movie.start_state is None:
            raise MovieError(
                f"The movie {path} starts from power-on (it has no Core.bin); only start states can be played."
            )
        integration = self._integration()
        self.scenario_name = scenario or self.record.scenario or integration.default_scenario
        rom = integration.rom()
        self._check_rom(rom, integration)
        self.emulator = open_emulator(rom, self._core(integration), integration.core_options, has_sound=is_shown)
        try:
            self.other_core = self._other_core(integration)
            """How core or core options differ from the recorded ones, as a part of a sentence; empty if they do not."""
            if self.other_core and not any_core:
                raise MovieError(
                    f"The movie {path} was recorded {self.other_core}; to play it nevertheless, with rewards and "
                    "pictures that may differ, allow any core (--any-core)."
                )
            self.scenario = self._judge_of(integration)
            """The scenario, which computes reward and end of each frame."""
            self._has_scripts = "scripts" in read_json_object(integration.scenario(self.scenario_name))
        except BaseException:
            self.emulator.close()
            raise

    def __enter__(self) -> Playback:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.emulator.close()

    def rewards(self) -> Iterator[float]:
        """Play from the start and yield each frame's reward; the first frame is the reset's, with reward 0."""
        return (reward for reward, _ in self._frames(is_judged=True))

    def frames(self) -> Iterator[float]:
        """Play for the pictures: rewards are not computed, unless the scenario has scripts, which may write memory."""
        return (reward for reward, _ in self._frames(is_judged=self._has_scripts))

    def judged(self) -> Iterator[tuple[float, bool]]:
        """Play from the start and yield each frame's reward and whether the scenario ends the episode there."""
        return self._frames(is_judged=True)

    def memory_sha256(self) -> str:
        """SHA-256 of the console's current memory, all blocks in order of address."""
        return hashlib.sha256(b"".join(self.emulator.memory().values())).hexdigest()

    def picture(self) -> Array:
        """Current picture of the whole screen, uint8 ``[H, W, 3]``."""
        return self.emulator.screen()

    def _frames(self, *, is_judged: bool) -> Iterator[tuple[float, bool]]:
        state = self.movie.start_state
        assert state is not None
        try:
            self.emulator.load(state)
        except EmulatorError as error:
            raise MovieError(f"The start state of the movie {self.path} does not fit: {error}") from error
        first, *rest = map(tuple, self.movie.masks.tolist())
        self.emulator.step(first, is_drawn=self._is_shown)
        self.scenario.reset()
        yield 0.0, False
        for masks in rest:
            self.emulator.step(masks, is_drawn=self._is_shown)
            yield self.scenario.judge() if is_judged else (0.0, False)

    def _integration(self) -> Integration:
        game = self.movie.game
        try:
            integration = find_game(game)
        except NotFoundError as error:
            raise MovieError(f"The movie {self.path} is of a game that is not here: {error}") from error
        if integration.console.name != self.movie.platform:
            raise MovieError(
                f"The movie {self.path} was recorded on {self.movie.platform}, "
                f"but {game} runs on {integration.console.name}."
            )
        return integration

    def _core(self, integration: Integration) -> Core:
        """Core that the movie was recorded on; for movies of other programs, stable-retro's default core."""
        recorded = self.record.core_name
        try:
            return core_of(integration.console, recorded or integration.plain_core_name)
        except NotFoundError as error:
            raise MovieError(f"The movie {self.path} was recorded on a core that is not here: {error}") from error

    def _judge_of(self, integration: Integration) -> Scenario:
        try:
            return open_scenario(self.emulator, integration, self.scenario_name)
        except (NotFoundError, IntegrationError) as error:
            raise MovieError(f"The movie {self.path} cannot be judged: {error}") from error

    def _check_rom(self, rom: Path, integration: Integration) -> None:
        recorded = self.record.rom_sha1
        if recorded is not None:
            if recorded != rom_sha1(rom):
                raise MovieError(
                    f"The movie {self.path} was recorded with another ROM of {integration.name}: SHA-1 {recorded}, "
                    f"not {rom_sha1(rom)} as {rom}."
                )
            return
        claimed = self.movie.header.get("SHA1", "").lower()
        if _SHA1.fullmatch(claimed) and claimed not in (rom_sha1(rom), *integration.rom_sha1s):
            raise MovieError(
                f"The movie {self.path} was recorded with another ROM of {integration.name}: SHA-1 {claimed}."
            )

    def _other_core(self, integration: Integration) -> str:
        core, recorded = self.emulator.core, self.record
        if recorded.core_sha256 not in (None, core.sha256):
            return (
                f"on another build of the core: {recorded.core_name} {recorded.core_version}, not {core.name} "
                f"{core.version} as installed here"
            )
        options = lasting_options(core, integration.core_options)
        theirs = options if recorded.core_options is None else recorded.core_options
        changed = sorted(key for key in options.keys() | theirs.keys() if options.get(key) != theirs.get(key))
        told = ", ".join(f"{key}={theirs.get(key, 'as it is')}, not {options.get(key, 'as it is')}" for key in changed)
        return f"with other core options: {told}" if changed else ""
