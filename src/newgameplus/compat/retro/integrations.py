"""stable-retro's kinds of integrations, as a choice among the folders of games."""

from __future__ import annotations

from enum import Flag
from pathlib import Path

from newgameplus.errors import NotFoundError
from newgameplus.games.catalogue import find_game
from newgameplus.games.folders import add_collection, collections, stable_retro_collections
from newgameplus.games.integration import Integration


class Integrations(Flag):
    """Kinds of integrations. Folders of this package and of the user are always among them."""

    STABLE = 1
    EXPERIMENTAL_ONLY = 2
    CONTRIB_ONLY = 4
    CUSTOM_ONLY = 8
    DEFAULT = 16
    """``STABLE``, and what :func:`add_integrations` has added."""
    EXPERIMENTAL = EXPERIMENTAL_ONLY | STABLE
    CONTRIB = CONTRIB_ONLY | STABLE
    CUSTOM = CUSTOM_ONLY | STABLE
    ALL = STABLE | EXPERIMENTAL_ONLY | CONTRIB_ONLY | CUSTOM_ONLY

    @property
    def paths(self) -> list[str]:
        """Folders of games, in order of precedence."""
        return [str(folder) for folder in folders_of(self)]

    @classmethod
    def add_custom_path(cls, path: str | Path) -> None:
        """Add a folder of games, for this process and those that it starts."""
        add_collection(Path(path))


_defaults = [Integrations.STABLE]


def add_integrations(integrations: Integrations) -> None:
    """Add kinds of integrations to the default of this process."""
    _defaults.append(integrations)


def folders_of(inttype: Integrations) -> tuple[Path, ...]:
    """Folders of games of a kind, in stable-retro's order: contrib, experimental, the user's and ours, stable."""
    for default in _defaults if Integrations.DEFAULT in inttype else ():
        inttype |= default
    kinds = {
        "contrib": Integrations.CONTRIB_ONLY,
        "experimental": Integrations.EXPERIMENTAL_ONLY,
        "stable": Integrations.STABLE,
    }
    theirs = {folder.name: folder for folder in stable_retro_collections() if kinds[folder.name] in inttype}
    ours = [folder for folder in collections() if folder not in stable_retro_collections()]
    first = [theirs[name] for name in ("contrib", "experimental") if name in theirs]
    return (*first, *ours, *([theirs["stable"]] if "stable" in theirs else []))


def integration_of(game: str, inttype: Integrations) -> Integration:
    """Return the game called ``game``, with its files in the folders of a kind.

    Raises:
        GameNotFoundError: there is no such game of this kind.
    """
    try:
        found = find_game(game)
    except NotFoundError as error:
        raise GameNotFoundError(str(error)) from error
    parents = folders_of(inttype)
    inside = [folder for parent in parents for folder in found.folders if folder.parent == parent]
    if not inside:
        kinds = ", ".join(sorted({folder.parent.name for folder in found.folders}))
        raise GameNotFoundError(f"{found.name} is an integration of the kind {kinds}: name it with inttype.")
    return Integration(found.name, tuple(inside))


class GameNotFoundError(NotFoundError, FileNotFoundError):
    """No such game; a FileNotFoundError, as stable-retro raises."""
