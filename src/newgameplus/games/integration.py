"""One game's integration: the files that say what its memory means, wherever they lie.

A game is a folder of ``data.json`` (variables), ``scenario.json`` and others (reward and end), ``metadata.json``,
``*.state`` (start states), ``rom.sha`` (SHA-1 of the ROMs that fit) and perhaps the ROM itself. The same game may have
folders in several collections; each file is taken from the first that has it, as stable-retro does.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from newgameplus.emulator.cores import Console, console_named
from newgameplus.errors import IntegrationError, NotFoundError, RomError, did_you_mean
from newgameplus.games.folders import rom_store

MAX_STATE_BYTES = 64 * 2**20
"""No console here has a larger save state; a longer one is a damaged or hostile file."""


@dataclass(frozen=True)
class Integration:
    """The files of one game."""

    name: str
    """The game's name with its console, such as ``Airstriker-Genesis-v0``."""
    folders: tuple[Path, ...]
    """Where its files are looked for, first match wins."""

    @cached_property
    def console(self) -> Console:
        """The console that the game runs on.

        Raises:
            NotFoundError: no installed core plays it.
        """
        return console_named(console_name(self.name))

    def file(self, name: str) -> Path | None:
        """Return the path of an integration file, or None when no folder has it."""
        return next((path for folder in self.folders if (path := folder / name).is_file()), None)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The contents of ``metadata.json``, empty when there is none."""
        path = self.file("metadata.json")
        return {} if path is None else read_json_object(path)

    @cached_property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Name of each variable in ``data.json`` to its address and type."""
        path = self.file("data.json")
        return {} if path is None else dict(read_json_object(path).get("info", {}))

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of the start states, sorted; those that begin with an underscore are private to the game."""
        names = {path.stem for folder in self.folders for path in folder.glob("*.state")}
        return tuple(sorted(name for name in names if not name.startswith("_")))

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios: the json files that define a reward or an end."""
        names = {path.stem for folder in self.folders for path in folder.glob("*.json")}
        names -= {"data", "metadata"}
        return tuple(sorted(name for name in names if self._is_scenario(name)))

    @property
    def default_scenario(self) -> str:
        """``contest`` where the game has one, else ``scenario``."""
        return "contest" if "contest" in self.scenarios else "scenario"

    @property
    def default_state(self) -> str | None:
        """The start state that the integration names, or its only one; None starts from power-on."""
        named = self.metadata.get("default_state")
        if named is None and len(self.states) == 1:
            return self.states[0]
        return named

    @cached_property
    def rom_sha1s(self) -> tuple[str, ...]:
        """SHA-1 of every ROM that fits, lower case hexadecimal."""
        lines = [line for folder in self.folders for line in _lines(folder / "rom.sha")]
        return tuple(dict.fromkeys(lines))

    @property
    def is_free(self) -> bool:
        """Whether the game may be passed on, so that its ROM comes with a package."""
        return any(self._rom_in(folder) is not None for folder in self.folders)

    def rom(self) -> Path:
        """Return the path of the ROM.

        Raises:
            RomError: the user has not imported it yet.
        """
        path = self.find_rom()
        if path is None:
            wanted = " or ".join(self.rom_sha1s) or "(the integration names none)"
            raise RomError(
                f"The ROM of {self.name} is not here: import a file with SHA-1 {wanted} "
                f"with: ngp games import PATH"
            )
        return path

    def find_rom(self) -> Path | None:
        """Return the path of the ROM, or None when it is not on this machine."""
        folders = (rom_store() / self.name, *self.folders)
        return next((path for folder in folders if (path := self._rom_in(folder)) is not None), None)

    def scenario(self, name: str) -> Path:
        """Return the file of scenario ``name``.

        Raises:
            NotFoundError: the game has no such scenario. There is never a fallback to another one.
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

    def state(self, name: str) -> bytes:
        """Return the machine state that level ``name`` starts from.

        Raises:
            NotFoundError: the game has no such state.
            IntegrationError: the file is damaged.
        """
        path = self.file(f"{name}.state")
        if path is None:
            known = ", ".join(self.states) or "none"
            raise NotFoundError(
                f"{self.name} has no level {name!r}; it has: {known}.{did_you_mean(name, self.states)}"
            )
        try:
            with gzip.open(path) as file:
                content = file.read(MAX_STATE_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise IntegrationError(f"The state {path} is damaged: {error}.") from error
        if len(content) > MAX_STATE_BYTES:
            raise IntegrationError(f"The state {path} is larger than {MAX_STATE_BYTES} bytes.")
        return content

    def _rom_in(self, folder: Path) -> Path | None:
        names = [f"rom.{extension}" for extension in self.console.extensions]
        if "original_rom_name" in self.metadata:  # FBNeo reads its game's name from the file name
            names.insert(0, Path(self.metadata["original_rom_name"]).name)
        return next((path for name in names if (path := folder / name).is_file()), None)

    def _is_scenario(self, name: str) -> bool:
        path = self.file(f"{name}.json")
        try:
            return path is not None and not {"reward", "rewards", "done"}.isdisjoint(read_json_object(path))
        except IntegrationError:
            return False


def console_name(game: str) -> str:
    """Return the console part of a game's name: ``Airstriker-Genesis-v0`` → ``Genesis``."""
    stem, _, version = game.rpartition("-v")
    return (stem if version.isdigit() else game).rpartition("-")[2]


def read_json_object(path: Path) -> dict[str, Any]:
    """Read an integration's json file.

    Raises:
        IntegrationError: it is not a json object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IntegrationError(f"{path} is not valid json: {error}.") from error
    if not isinstance(content, dict):
        raise IntegrationError(f"{path} must hold a json object, not {type(content).__name__}.")
    return content


def _lines(path: Path) -> list[str]:
    return path.read_text().lower().split() if path.is_file() else []
