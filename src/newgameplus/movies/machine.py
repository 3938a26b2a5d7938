"""The machine that a movie was recorded on: its game, ROM and core, as far as they are here. No emulator is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from newgameplus.emulator.cores import Core, core_of
from newgameplus.emulator.native import lasting_options
from newgameplus.errors import MovieError, NotFoundError
from newgameplus.games.catalogue import find_game
from newgameplus.games.integration import Integration
from newgameplus.movies.origin import rom_sha1
from newgameplus.movies.record import EpisodeRecord

_SHA1 = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Machine:
    """What plays a movie here."""

    integration: Integration
    rom: Path
    core: Core
    other_core: str
    """How core or core options differ from the recorded ones, as a part of a sentence; empty if they do not."""


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
        any_core: allow a core of another build, or with other options, than the recorded one.

    Raises:
        MovieError: the game is not here, or ROM or core are not those of the movie.
        RomError: the ROM has not been imported.
        EmulatorError: the core's library is missing.
    """
    integration = _integration(path, game, platform)
    rom = integration.rom()
    _check_rom(path, rom, integration, header, record)
    core = _core(path, integration, record)
    other_core = _other_core(integration, core, record)
    if other_core and not any_core:
        raise MovieError(
            f"The movie {path} was recorded {other_core}; to play it nevertheless, with rewards and pictures that may "
            "differ, allow any core (--any-core)."
        )
    return Machine(integration, rom, core, other_core)


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


def _other_core(integration: Integration, core: Core, recorded: EpisodeRecord) -> str:
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
