"""Import of ROMs: recognise files by their SHA-1, store copies, and explain why other files were not imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newgameplus.durable import write_atomically
from newgameplus.errors import NewGamePlusError, RomError
from newgameplus.games.diagnosis import explain, looks_like_rom
from newgameplus.games.headers import N64_SUFFIX
from newgameplus.games.integration import OTHER_DUMP, PATCH_NAME, Integration
from newgameplus.games.repairs import Repair, find_repair, sha1s
from newgameplus.games.sources import (
    MAX_ROM_BYTES,
    Offer,
    file_problem,
    file_sha1,
    is_zip,
    zip_offers,
)
from newgameplus.games.vcdiff import apply_patch
from newgameplus.printable import printable_field

Outcome = Literal["imported", "present", "fixable", "unknown", "refused"]
"""``fixable`` needs ``--fix``; ``unknown`` fits no game; ``refused`` was not read."""

_MAX_REPAIRED_BYTES = 8 * 2**20
"""Larger files are repaired only if they look like a ROM, as the search reads them several times."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of importing one file."""

    source: str
    """Where the file is, safe to print on a terminal."""
    outcome: Outcome
    message: str
    """End of a sentence that begins with ``source``."""
    game: str | None = None
    sha1: str | None = None
    """SHA-1 of the stored ROM, or of the unknown file."""
    path: Path | None = None
    """Path of the stored ROM."""
    is_rom: bool = True
    """Whether the file looks like a ROM at all; the others are not reported one by one."""


class Importer:
    """Imports files one after the other.

    Args:
        games: the games whose ROMs are wanted, by name.
        fix: import files with a mechanical defect after repair; the user's own file is never changed.
        dry_run: write nothing.
    """

    def __init__(self, games: Mapping[str, Integration], *, fix: bool = False, dry_run: bool = False) -> None:
        self._games = games
        self._fix = fix
        self._dry_run = dry_run
        self._known: dict[str, list[Integration]] = {}
        self._rom_sets: dict[str, Integration] = {}
        """Arcade games by the file name of their ROM set, a zip that is stored as a whole."""
        self._here: dict[str, bool] = {}
        self.broken: dict[str, str] = {}
        """Games with an invalid integration, which cannot be imported, with the reason."""
        for game in games.values():
            self._index(game)

    def take(self, path: Path) -> Iterator[Verdict]:
        """Import what the file at ``path`` holds; a zip may hold many ROMs.

        Raises:
            RomError: a ROM cannot be written.
        """
        label = printable_field(str(path))
        problem = file_problem(path)
        if problem:
            yield Verdict(label, "refused", problem, is_rom=problem != "is empty")
            return
        try:
            yield from self._take_zip(path, label) if is_zip(path) else self._take_file(path, label)
        except OSError as error:  # it was deleted, or its disk fails
            yield Verdict(label, "refused", f"cannot be read to its end: {error.strerror}")

    def build(self) -> Iterator[Verdict]:
        """Build the ROMs that are patches of another game's ROM, from the ROMs that are here.

        Raises:
            RomError: a ROM cannot be written.
        """
        for game in self._games.values():
            patch = game.file(PATCH_NAME)
            if patch is None or game.name in self.broken or patch.stat().st_size > MAX_ROM_BYTES:
                continue
            if not self._is_here(game):
                yield from self._build(game, patch.read_bytes())

    def _index(self, game: Integration) -> None:
        try:
            if game.stored_rom.suffix == ".zip":
                self._rom_sets[game.stored_rom.name] = game
            for sha1 in game.rom_sha1s:
                self._known.setdefault(sha1, []).append(game)
        except NewGamePlusError as error:
            self.broken[game.name] = str(error)

    def _take_zip(self, path: Path, label: str) -> Iterator[Verdict]:
        sha1 = file_sha1(path)
        set_of = self._rom_sets.get(path.name.lower())
        if sha1 in self._known:
            yield from self._keep(Offer(label, path.name, path.read_bytes()), sha1)
        elif set_of is not None:
            message = (
                f"is named like the ROM set of {set_of.name}, which wants SHA-1 {' or '.join(set_of.rom_sha1s)}, "
                f"and this has {sha1}: probably the set of another emulator version"
            )
            yield Verdict(label, "unknown", message, sha1=sha1)
        else:
            for offer in zip_offers(path):
                yield from self._take_offer(offer)

    def _take_file(self, path: Path, label: str) -> Iterator[Verdict]:
        sha1 = file_sha1(path)
        if sha1 not in self._known and path.stat().st_size > MAX_ROM_BYTES:
            message = f"is larger than any cartridge, and no game has its SHA-1 {sha1}"
            yield Verdict(label, "unknown", message, sha1=sha1, is_rom=path.suffix.lower() in (".chd", ".nds"))
        else:
            yield from self._take_offer(Offer(label, path.name, path.read_bytes()))

    def _take_offer(self, offer: Offer) -> Iterator[Verdict]:
        if offer.problem:
            yield Verdict(offer.label, "refused", offer.problem)
            return
        sha1, *others = sha1s(offer.data)
        for each in (sha1, *others):
            if each in self._known:
                yield from self._keep(offer, each)
                return
        is_rom = looks_like_rom(offer.name, offer.data)
        repair = find_repair(offer.data, self._known) if is_rom or len(offer.data) <= _MAX_REPAIRED_BYTES else None
        if repair is not None:
            yield from self._repair(offer, repair)
        else:
            message = explain(offer.name, offer.data, sha1, self._games)
            yield Verdict(offer.label, "unknown", message, sha1=sha1, is_rom=is_rom)

    def _repair(self, offer: Offer, repair: Repair) -> Iterator[Verdict]:
        done = ", then ".join(repair.words)
        repaired = Offer(offer.label, offer.name, repair.data)
        if self._fix:
            yield from self._keep(repaired, repair.sha1, f" after this repair of the copy: {done}")
            return
        for game in self._known[repair.sha1]:
            if self._is_here(game):
                yield self._present(offer.label, game, repair.sha1)
            else:
                message = f"is the ROM of {game.name} but for its dump: {done}; run again with --fix"
                yield Verdict(offer.label, "fixable", message, game.name, repair.sha1)

    def _keep(self, offer: Offer, sha1: str, how: str = "") -> Iterator[Verdict]:
        for game in self._known[sha1]:
            if game.console.name == "Nes" and offer.data[:4] != b"NES\x1a":
                message = (
                    f"is the game of {game.name} without the 16 bytes of its iNES header, which say how its cartridge "
                    "is wired and cannot be made up; find a copy that has them"
                )
                yield Verdict(offer.label, "unknown", message, game.name, sha1)
            elif self._is_here(game):
                yield self._present(offer.label, game, sha1)
            else:
                path = self._write(game, offer.data, offer.name)
                verb = "would be imported as" if self._dry_run else "imported as"
                yield Verdict(offer.label, "imported", f"{verb} {game.name}{how}", game.name, sha1, path)

    def _present(self, label: str, game: Integration, sha1: str) -> Verdict:
        return Verdict(label, "present", f"is {game.name}, which is already here", game.name, sha1, game.find_rom())

    def _is_here(self, game: Integration) -> bool:
        """Whether the right ROM is stored; a damaged one does not count, so that it is replaced."""
        if game.name not in self._here:
            rom = game.find_rom()
            self._here[game.name] = rom is not None and _is_one_of(rom, game.rom_sha1s)
        return self._here[game.name]

    def _write(self, game: Integration, data: bytes, name: str) -> Path:
        path = rom_path(game, data, name)
        if not self._dry_run:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, data)
                (path.parent / OTHER_DUMP).unlink(missing_ok=True)
            except OSError as error:
                raise RomError(f"The ROM of {game.name} cannot be written to {path}: {error.strerror}.") from error
        self._here[game.name] = True
        return path

    def _build(self, game: Integration, patch: bytes) -> Iterator[Verdict]:
        for base in self._games.values():
            is_candidate = base.name not in self.broken and _is_named_after(game, base)
            rom = base.find_rom() if is_candidate else None
            if rom is None:
                continue
            try:
                data = apply_patch(rom.read_bytes(), patch)
            except RomError:
                continue
            sha1 = sha1s(data)[0]
            if sha1 in game.rom_sha1s:
                path = self._write(game, data, rom.name)
                verb = "would be made" if self._dry_run else "made"
                message = f"{verb} from the ROM of {base.name} by the patch that comes with stable-retro"
                yield Verdict(game.name, "imported", message, game.name, sha1, path)
                return


def _is_named_after(game: Integration, base: Integration) -> bool:
    """Whether ``game`` is named as a variant of ``base``: ``SonicX-Genesis`` of ``Sonic-Genesis-v0``."""
    stem, _, rest = base.name.partition("-")
    return game.name.startswith(stem) and game.name != base.name and game.name.partition("-")[2] in rest


def _is_one_of(rom: Path, wanted: tuple[str, ...]) -> bool:
    if rom.stat().st_size > MAX_ROM_BYTES:
        return file_sha1(rom) in wanted
    return not wanted or not set(wanted).isdisjoint(sha1s(rom.read_bytes()))


def rom_path(game: Integration, data: bytes, name: str) -> Path:
    """Path to store the ROM at; the extension of a Nintendo 64 ROM gives its byte order."""
    path = game.stored_rom
    suffix = N64_SUFFIX.get(data[:4]) if game.console.name == "N64" else None
    if suffix is None and path.stem == "rom" and Path(name).suffix.lower().removeprefix(".") in game.console.extensions:
        suffix = Path(name).suffix.lower().removeprefix(".")
    return path.with_suffix(f".{suffix}") if suffix else path
