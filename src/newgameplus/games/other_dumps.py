"""Import of another dump of a known game, such as another revision or region, marked so that no contest takes it."""

from __future__ import annotations

from pathlib import Path

from newgameplus.durable import write_atomically
from newgameplus.errors import RomError, UsageError
from newgameplus.games.integration import OTHER_DUMP, PATCH_NAME, Integration
from newgameplus.games.repairs import sha1s
from newgameplus.games.roms import Verdict, rom_path
from newgameplus.games.sources import Offer, file_problem, is_zip, zip_offers
from newgameplus.printable import printable_field


def import_as(path: Path, game: Integration, *, dry_run: bool = False) -> Verdict:
    """Import a file as a game's ROM, although the integration does not know its SHA-1.

    Args:
        path: a file, or a zip that holds exactly one.
        game: the game. Its start states belong to the dumps that it knows, and may not fit this one.
        dry_run: write nothing.

    Raises:
        UsageError: the game takes no other dump, or the file is one that it knows.
        RomError: the file cannot be taken, or the ROM cannot be written.
    """
    _check_game(game)
    offer = _only_offer(path)
    sha1, *others = sha1s(offer.data)
    if not set(game.rom_sha1s).isdisjoint((sha1, *others)):
        raise UsageError(f"{offer.label} is a dump that {game.name} knows; leave out --as: ngp games import {path}")
    target = rom_path(game, offer.data, offer.name)
    if not dry_run:
        _store(game, target, offer, sha1)
    verb = "would be imported as" if dry_run else "imported as"
    message = f"{verb} another dump of {game.name}; its start states may not fit, and no contest takes it"
    return Verdict(offer.label, "imported", message, game.name, sha1, target)


def _check_game(game: Integration) -> None:
    if game.is_free or game.metadata.get("checks_rom") is True:
        raise UsageError(
            f"The ROM of {game.name} comes with its integration, which goes with no other; leave out --as."
        )
    if game.file(PATCH_NAME) is not None:
        raise UsageError(f"The ROM of {game.name} is made by a patch of another game's; import that one, without --as.")
    if not game.rom_sha1s:
        raise UsageError(
            f"{game.name} names no SHA-1, so no dump is another; put the ROM to {game.stored_rom} by hand."
        )


def _only_offer(path: Path) -> Offer:
    label = printable_field(str(path))
    problem = file_problem(path) if path.is_file() else "is no file"
    if problem:
        raise RomError(f"{label} {problem}; name one ROM.")
    if not is_zip(path):
        return Offer(label, path.name, path.read_bytes())
    offers = [offer for offer in zip_offers(path) if not offer.problem]
    if len(offers) != 1:
        raise RomError(f"{label} holds {len(offers)} files that could be a ROM; unpack it and name one.")
    return offers[0]


def _store(game: Integration, target: Path, offer: Offer, sha1: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target.parent / OTHER_DUMP, f"{sha1} {printable_field(offer.name)}\n")
        write_atomically(target, offer.data)
    except OSError as error:
        raise RomError(f"The ROM of {game.name} cannot be written to {target}: {error.strerror}.") from error
