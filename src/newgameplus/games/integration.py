"""Integration of a game: the files that define the meaning of its memory, wherever they are.

A game is a folder of ``data.json`` (variables), ``scenario.json`` and others (reward and end), ``metadata.json``,
``*.state`` (start states), ``rom.sha`` (SHA-1 of accepted ROMs) and possibly the ROM itself. The same game may have
folders in several collections; each file is taken from the first that has it, as in stable-retro.

A start state fits one core. A game that can be played on several has the states for stable-retro's default core beside
``data.json``, and those for another in a folder of that core's name, which stable-retro does not read.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from newgameplus.emulator.backends import Backend, default_backend
from newgameplus.emulator.cores import Console, Core, console_named, consoles, core_of
from newgameplus.emulator.power_on import power_on_state
from newgameplus.errors import IntegrationError, NotFoundError, RomError, did_you_mean
from newgameplus.games.files import read_json_object, read_sha1s
from newgameplus.games.folders import bundled_games, rom_store

POWER_ON = "power-on"
"""Start state that every game has unless a file of this name defines it: the machine that was just switched on."""
OTHER_DUMP = "other-dump.txt"
"""File beside an imported ROM that is another dump than those of ``rom.sha``; holds its SHA-1 and its name."""
MAX_STATE_BYTES = 64 * 2**20
"""Size limit of a state; no supported console has a larger one."""
PATCH_NAME = "rom.delta"
"""File name of a patch that makes the game's ROM from that of another game."""
_MAX_NAMED = 8
"""Most states that an error lists."""
_DEFAULT_SCENARIOS = ("contest", "scenario")
"""Scenarios taken where none is named, the first that is there; they are scenarios even if empty."""
_FREE_WITH_STABLE_RETRO = frozenset({"Airstriker-Genesis-v0"})
"""Games whose ROM the stable-retro package is allowed to ship."""


@dataclass(frozen=True)
class Integration:
    """Integration of one game."""

    name: str
    """Name of the game with its console, such as ``Airstriker-Genesis-v0``."""
    folders: tuple[Path, ...]
    """Folders searched for its files; the first match wins."""

    @cached_property
    def console(self) -> Console:
        """Console of the game: the last part of its name, or else ``system`` in ``metadata.json``.

        Raises:
            NotFoundError: no installed core emulates it.
        """
        name = console_name(self.name)
        return console_named(name if name in consoles() else self._text("system") or name)

    def file(self, name: str) -> Path | None:
        """Return the path of an integration file, or None if no folder has it; never outside of the folders."""
        if Path(name).name != name:
            return None
        return next((path for folder in self.folders if (path := folder / name).is_file()), None)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Contents of ``metadata.json``, empty if there is none."""
        path = self.file("metadata.json")
        return {} if path is None else read_json_object(path)

    @property
    def core_name(self) -> str | None:
        """Core named in the game's metadata (``"core"``), or None for stable-retro's default."""
        named = self.metadata.get("core")
        return named if isinstance(named, str) else None

    @property
    def plain_core_name(self) -> str:
        """Core of the start states beside ``data.json``: stable-retro's default, if that can play the game.

        Raises:
            NotFoundError: no installed core emulates the console.
        """
        named = self.core_name
        return self.console.core if named is None or self._has_folder(named) else named

    def core(self, backend: Backend | None = None) -> Core:
        """Core of the game: the one named in its metadata, else stable-retro's default.

        The reference backend runs only stable-retro's default core, and uses it for games that have start states for
        both.

        Args:
            backend: the emulator's backend; None for the default.

        Raises:
            NotFoundError: no installed core emulates the console or has that name.
            EmulatorError: the core's library is missing.
        """
        named = self.core_name
        if named is not None and (backend or default_backend()) == "reference":
            named = self.plain_core_name
        return core_of(self.console, named)

    @property
    def core_options(self) -> dict[str, str]:
        """Core options in the game's metadata (``"core_options"``)."""
        named = self.metadata.get("core_options", {})
        return {str(name): str(value) for name, value in named.items()} if isinstance(named, dict) else {}

    @cached_property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Address and type of each variable in ``data.json``, by name.

        Raises:
            IntegrationError: the file is invalid.
        """
        path = self.file("data.json")
        info = {} if path is None else read_json_object(path).get("info", {})
        if not isinstance(info, dict) or not all(isinstance(variable, dict) for variable in info.values()):
            raise IntegrationError(f"'info' in {path} must be an object of variables, each an object itself.")
        return info

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of the start states, sorted; those with a leading underscore are private to the game."""
        names = {path.stem for folder in self.folders for path in folder.glob("*.state")}
        return tuple(sorted(name for name in names if not name.startswith("_")))

    @property
    def starts(self) -> tuple[str, ...]:
        """Names of what levels start from: the states, or power-on if the game has none."""
        return self.states or (POWER_ON,)

    def is_power_on(self, state: str) -> bool:
        """Whether a level of this state starts from power-on, and not from a file."""
        return state == POWER_ON and POWER_ON not in self.states

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios: ``scenario``, ``contest`` and every json file that defines a reward or an end.

        A file that is no json object counts, so that whoever asks for it is told what is wrong with it.
        """
        names = {path.stem for folder in self.folders for path in folder.glob("*.json")}
        names -= {"data", "metadata", "map"}
        return tuple(sorted(name for name in names if self._is_scenario(name)))

    @property
    def default_scenario(self) -> str:
        """``contest`` if the game has it, else ``scenario``."""
        return next((name for name in _DEFAULT_SCENARIOS if name in self.scenarios), "scenario")

    @property
    def default_state(self) -> str | None:
        """Default start state, or the only one; None if there are several and none of them is the default."""
        named = self._text("default_state")
        if named is None and len(self.starts) == 1:
            return self.starts[0]
        return named

    @cached_property
    def rom_sha1s(self) -> tuple[str, ...]:
        """SHA-1 of every accepted ROM, lower case hexadecimal.

        Raises:
            IntegrationError: a ``rom.sha`` holds something else.
        """
        return tuple(dict.fromkeys(sha1 for folder in self.folders for sha1 in read_sha1s(folder / "rom.sha")))

    @property
    def rom_origin(self) -> Literal["free", "own", "other"] | None:
        """Where the ROM is from; None if it is not here.

        ``free`` comes with a package and may be redistributed, ``own`` is imported, and ``other`` is imported too, but
        another dump than those that the integration was made for.
        """
        rom = self.find_rom()
        if rom is None:
            return None
        if (rom.parent / OTHER_DUMP).is_file() and rom.is_relative_to(rom_store()):
            return "other"
        is_shipped = rom.is_relative_to(bundled_games()) or self.name in _FREE_WITH_STABLE_RETRO
        return "free" if is_shipped and not rom.is_relative_to(rom_store()) else "own"

    @property
    def is_free(self) -> bool:
        """Whether the game may be redistributed, so that its ROM comes with a package."""
        return self.rom_origin == "free"

    @property
    def stored_rom(self) -> Path:
        """Path of the game's imported ROM."""
        return rom_store() / self.name / self._rom_names[0]

    def rom(self) -> Path:
        """Return the path of the ROM.

        A ROM is checked by its SHA-1 when it is imported; if the metadata says ``"checks_rom": true``, also each time.

        Raises:
            RomError: the user has not imported it, or it does not match the game's other files.
        """
        path = self.find_rom()
        if path is None:
            raise RomError(
                f"The ROM of {self.name} is not here, and {self.stored_rom} is where it would be: "
                f"{self._how_to_get_rom()}"
            )
        if self.metadata.get("checks_rom") is True:
            self._check_rom(path)
        return path

    def _check_rom(self, path: Path) -> None:
        try:
            status = path.stat()
            sha1 = _sha1_of(path, status.st_mtime_ns, status.st_size)
        except OSError as error:
            raise RomError(f"The ROM {path} cannot be read: {error.strerror}.") from error
        if sha1 not in self.rom_sha1s:
            raise RomError(
                f"The ROM {path} is not the one that {self.name}'s start states and movies belong to: its SHA-1 is "
                f"{sha1}, not {' or '.join(self.rom_sha1s) or 'any, since rom.sha is missing'}; put the right one back."
            )

    def _how_to_get_rom(self) -> str:
        if not self.rom_sha1s:
            return "its integration names no SHA-1, so no file can be recognised; put the ROM there by hand."
        console = self.console.name
        wanted = f"the {console} ROM with SHA-1 {' or '.join(self.rom_sha1s)}"
        if self.file(PATCH_NAME) is not None:
            return (
                f"it is made from the game that it changes ({wanted} comes out), "
                "so import that one with: ngp games import PATH"
            )
        atari = " (for 32 Atari games: ngp games import --from-ale)" if console == "Atari2600" else ""
        return f"import {wanted} with: ngp games import PATH{atari}"

    def find_rom(self) -> Path | None:
        """Return the path of the ROM, or None if it is not on this machine."""
        folders = (rom_store() / self.name, *self.folders)
        return next((path for folder in folders if (path := self._rom_in(folder)) is not None), None)

    def par_movie(self, state: str) -> Path | None:
        """Return the movie that proves that a level can be won, or None if there is none.

        Args:
            state: start state of the level; its movie is ``par/STATE.bk2``, beside the ROM or beside ``data.json``.
        """
        if Path(state).name != state:
            return None
        rom = self.find_rom()
        folders = self.folders if rom is None else (rom.parent, *self.folders)
        return next((path for folder in folders if (path := folder / "par" / f"{state}.bk2").is_file()), None)

    def scenario(self, name: str) -> Path:
        """Return the file of scenario ``name``.

        Raises:
            NotFoundError: the game has no such scenario; there is no fallback to another one.
        """
        if name in self.scenarios:
            path = self.file(f"{name}.json")
            assert path is not None
            return path
        known = ", ".join(self.scenarios) or "none"
        raise NotFoundError(
            f"{self.name} has no scenario {name!r}; it has: {known}.{did_you_mean(name, self.scenarios)}"
        )

    def data(self) -> Path:
        """Return the file of the game's variables.

        Raises:
            IntegrationError: there is none.
        """
        path = self.file("data.json")
        if path is None:
            raise IntegrationError(f"{self.name} has no data.json in {self.folders[0]}; its variables are unknown.")
        return path

    def state(self, name: str, core: str | None = None) -> bytes:
        """Return the machine state that level ``name`` starts from.

        Args:
            name: name of the state, or ``POWER_ON``.
            core: name of the core that will load it; None for the game's core.

        Raises:
            NotFoundError: the game has no such state, or none for this core.
            IntegrationError: the file is damaged.
            RomError: it starts from power-on, and the ROM is not here.
        """
        if self.is_power_on(name):
            played_by = self.core() if core is None else core_of(self.console, core)
            return power_on_state(self.rom(), played_by, self.core_options)
        path = self._state_file(name, core)
        try:
            with gzip.open(path) as file:
                content = file.read(MAX_STATE_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise IntegrationError(f"The state {path} is damaged: {error}.") from error
        if len(content) > MAX_STATE_BYTES:
            raise IntegrationError(f"The state {path} is larger than {MAX_STATE_BYTES} bytes.")
        return content

    def _state_file(self, name: str, core: str | None) -> Path:
        path = self._file_for(core, f"{name}.state")
        if path is not None:
            return path
        if name in self.states:
            wanted = core or self.core().name
            raise NotFoundError(
                f"{self.name} has no start state {name!r} for the core {wanted}, and a state of another core does not "
                f"fit; it has states for: {', '.join(self._cores_with(name))}."
            )
        raise self.no_level(name)

    def no_level(self, state: str) -> NotFoundError:
        """Return the error that the game has no such level, for the caller to raise."""
        if not state:
            which = f"{self.name} has {len(self.states)} levels and none of them is the default, so name one"
            return NotFoundError(f"{which}: {self.name}/{self.states[0]}. See: ngp levels --game {self.name}")
        hint = did_you_mean(state, self.states)
        if hint or len(self.states) > _MAX_NAMED:
            known = f"See: ngp levels --game {self.name}"
        else:
            known = f"It has: {', '.join(self.starts)}."
        return NotFoundError(f"{self.name} has no level {state!r}.{hint} {known}")

    def _file_for(self, core: str | None, name: str) -> Path | None:
        """Return the path of a file that belongs to one core; None takes the game's core."""
        if core is None:
            core = self.core().name if self.core_name is not None else None
        if core is None or core == self.plain_core_name:
            return self.file(name)
        if Path(name).name != name or Path(core).name != core:
            return None
        return next((path for folder in self.folders if (path := folder / core / name).is_file()), None)

    def _cores_with(self, state: str) -> list[str]:
        """Names of the cores that the game has a start state for."""
        further = {
            path.parent.name for folder in self.folders for path in folder.glob("*/*.state") if path.stem == state
        }
        plain = {self.plain_core_name} if self.file(f"{state}.state") else set()
        return sorted(plain | further)

    def _has_folder(self, core: str) -> bool:
        return Path(core).name == core and any((folder / core).is_dir() for folder in self.folders)

    @cached_property
    def _rom_names(self) -> tuple[str, ...]:
        names = [f"rom.{extension}" for extension in self.console.extensions]
        if "zip" in self.console.extensions:  # FBNeo reads its game's name from the file name
            original = Path(self._text("original_rom_name") or "").name
            names = [original, *names] if original else names
        return tuple(names)

    def _rom_in(self, folder: Path) -> Path | None:
        return next((path for name in self._rom_names if (path := folder / name).is_file()), None)

    def _text(self, key: str) -> str | None:
        value = self.metadata.get(key)
        if value is not None and not isinstance(value, str):
            raise IntegrationError(f"{key!r} in {self.file('metadata.json')} must be text, not {value!r}.")
        return value

    def _is_scenario(self, name: str) -> bool:
        path = self.file(f"{name}.json")
        try:
            return path is not None and (
                name in _DEFAULT_SCENARIOS or not {"reward", "rewards", "done"}.isdisjoint(read_json_object(path))
            )
        except IntegrationError:
            return True


@functools.lru_cache(maxsize=64)
def _sha1_of(path: Path, modified_ns: int, size: int) -> str:
    """SHA-1 of a file, computed again when it has changed."""
    del modified_ns, size
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def console_name(game: str) -> str:
    """Return the console part of a game's name: ``Airstriker-Genesis-v0`` → ``Genesis``."""
    stem, _, version = game.rpartition("-v")
    return (stem if version.isdigit() else game).rpartition("-")[2]
