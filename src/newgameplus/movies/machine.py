"""The machine that a movie was recorded on: its game, ROM and core, as far as they are here. No emulator is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from newgameplus.emulator.cores import Core, core_of
from newgameplus.errors import MovieError, NotFoundError
from newgameplus.games.catalogue import find_game
from newgameplus.games.integration import Integration
from newgameplus.movies.record import EpisodeRecord
from newgameplus.movies.recorder import rom_sha1

_SHA1 = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Machine:
    """What plays a movie here."""

    integration: Integration
    rom: Path
    core: Core


def machine_of(
    path: Path, game: str, platform: str, header: Mapping[str, str], record: EpisodeRecord, *, any_core: bool = False
) -> Machine:
    """Find the machine of a movie.

    Args:
        path: the movie, for messages.
        game: name of the game.
        platform: stable-retro's name of the console.
        header: lines of ``Header.txt``.
        record: what ``NewGamePlus.json`` says.
        any_core: allow a core of another build than the recorded one.

    Raises:
        MovieError: the game is not here, or ROM or core are not those of the movie.
        RomError: the ROM has not been imported.
        EmulatorError: the core's library is missing.
    """
    integration = _integration(path, game, platform)
    rom = integration.rom()
    _check_rom(path, rom, integration, header, record)
    core = _core(path, integration, record)
    if not any_core:
        _check_core(path, core, record)
    return Machine(integration, rom, core)


def _integration(path: Path, game: str, platform: str) -> Integration:
    try:
        integration = find_game(game)
    except NotFoundError as error:
        raise MovieError(f"The movie {path} is of a game that is not here: {error}") from error
    if integration.console.name != platform:
        raise MovieError(f"The movie {path} was recorded on {platform}, but {game} runs on {integration.console.name}.")
    return integration


def _core(path: Path, integration: Integration, record: EpisodeRecord) -> Core:
    """Core that the movie was recorded on; for movies of other programs, stable-retro's default core."""
    try:
        return core_of(integration.console, record.core_name or integration.plain_core_name)
    except NotFoundError as error:
        raise MovieError(f"The movie {path} was recorded on a core that is not here: {error}") from error


def _check_rom(
    path: Path, rom: Path, integration: Integration, header: Mapping[str, str], record: EpisodeRecord
) -> None:
    recorded = record.rom_sha1
    if recorded is not None:
        if recorded != rom_sha1(rom):
            raise MovieError(
                f"The movie {path} was recorded with another ROM of {integration.name}: SHA-1 {recorded}, "
                f"not {rom_sha1(rom)} as {rom}."
            )
        return
    claimed = header.get("SHA1", "").lower()
    if _SHA1.fullmatch(claimed) and claimed not in (rom_sha1(rom), *integration.rom_sha1s):
        raise MovieError(f"The movie {path} was recorded with another ROM of {integration.name}: SHA-1 {claimed}.")


def _check_core(path: Path, core: Core, record: EpisodeRecord) -> None:
    if record.core_sha256 is not None and record.core_sha256 != core.sha256:
        raise MovieError(
            f"The movie {path} was recorded on another build of the core: {record.core_name} "
            f"{record.core_version}, not {core.name} {core.version} as installed here; to play it nevertheless, "
            "with rewards and pictures that may differ, allow any core (--any-core)."
        )
