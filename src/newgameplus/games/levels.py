"""Levels (game and start state) and splits (named lists of levels, stored as data files)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newgameplus.errors import IntegrationError, NotFoundError, UsageError, did_you_mean
from newgameplus.games.catalogue import find_game, games, holds_games
from newgameplus.games.files import parse
from newgameplus.games.folders import add_collection, home
from newgameplus.games.integration import Integration

SPLIT_FILE = "split.toml"
"""File name of the split in a folder that holds a split and the games of its levels."""


@dataclass(frozen=True, slots=True, order=True)
class Level:
    """A game, its start state and the scenario that gives reward and end."""

    game: str
    state: str
    scenario: str

    def __str__(self) -> str:
        """Id of the level, ``Game/State``."""
        return f"{self.game}/{self.state}"

    @property
    def folder_name(self) -> str:
        """Id as a file name, ``Game-State``, as in the names of movies since 2018."""
        return f"{self.game}-{self.state}"

    @property
    def zone(self) -> str:
        """Zone, the part of the start state's name before the first dot; levels of a zone look and play alike."""
        return zone_of(str(self))

    @property
    def integration(self) -> Integration:
        """Integration of the game."""
        return find_game(self.game)


@dataclass(frozen=True, slots=True)
class Split:
    """A named list of levels."""

    name: str
    description: str
    levels: tuple[Level, ...]
    reference: str
    """Reference for :func:`find_split`, valid in any working directory: its name, or the absolute path of its file."""
    made_by: str | None = None
    """Command that makes the game of its levels where it is not there."""

    def found(self, scenario: str | None = None) -> tuple[Level, ...]:
        """Return its levels, each looked up.

        Args:
            scenario: name of another scenario than its own.

        Raises:
            NotFoundError: there is no such game, state or scenario; the message says how to make the game, if known.
        """
        if self.made_by is not None and self.levels[0].game not in games():
            raise NotFoundError(f"The levels of {self.name} are not here yet; make them with: {self.made_by}")
        return tuple(find_level(str(level), scenario or level.scenario) for level in self.levels)


def zone_of(level_id: str) -> str:
    """Return the zone of a level by its id, ``Game/State``."""
    return level_id.rpartition("/")[2].partition(".")[0]


def find_level(level_id: str, scenario: str | None = None) -> Level:
    """Return the level ``Game/State``; ``Game`` alone means its default state.

    Args:
        level_id: id as typed by a person. ``Game/power-on`` starts when the machine is switched on, and so does
            ``Game`` if the game has no state.
        scenario: name of the scenario; None takes ``contest`` if the game has it, else ``scenario``.

    Raises:
        UsageError: the id is not of the form ``Game/State``.
        NotFoundError: there is no such game, state or scenario.
    """
    game_name, separator, state = level_id.partition("/")
    if not game_name or "/" in state:
        raise UsageError(f"{level_id!r} is not a level; levels are written Game/State. See: ngp levels")
    try:
        game = find_game(game_name)
    except NotFoundError as error:
        found = [] if separator else _games_with(level_id)
        if len(found) != 1:
            raise
        raise NotFoundError(f"{level_id} is a level of {found[0]}: write {found[0]}/{level_id}") from error
    state = state or game.default_state or ""
    if state not in game.states and not game.is_power_on(state):
        raise game.no_level(state)
    scenario = scenario or game.default_scenario
    game.scenario(scenario)
    return Level(game.name, state, scenario)


def _games_with(state: str) -> list[str]:
    """Names of the games that have a start state of this name and whose ROM is here, at most a few."""
    return [name for name, game in games().items() if state in game.states and game.find_rom() is not None]


def as_level(level: Level | str) -> Level:
    """Return ``level``, found by its id where it is given as one.

    Raises:
        NewGamePlusError: as :func:`find_level`.
    """
    return find_level(level) if isinstance(level, str) else level


def levels_of(game: Integration, scenario: str | None = None) -> tuple[Level, ...]:
    """All levels of a game with ``scenario`` or its default one, sorted."""
    scenario = scenario or game.default_scenario
    return tuple(Level(game.name, state, scenario) for state in game.starts)


def find_split(name: str) -> Split:
    """Return the split called ``name``, or the one in a file or folder of that path.

    A folder that holds a split (``split.toml``) may also hold the games of its levels. They are then added to the
    catalogue of this process and of the processes that it starts.

    Args:
        name: name of a split, or path of a split's ``.toml`` file, or of a folder that holds one.

    Raises:
        NotFoundError: there is no such split.
        IntegrationError: its file is invalid.
    """
    files = split_files()
    if name in files:
        return _read_split(name, name, files[name])
    path = Path(name).expanduser()
    if path.is_dir():
        path /= SPLIT_FILE
        if not path.is_file():
            raise NotFoundError(f"The folder {name} holds no split; a split in a folder is a file called {SPLIT_FILE}.")
    elif path.suffix != ".toml" or not path.is_file():
        raise NotFoundError(
            f"There is no split {name!r}, nor a file or folder of that path; there are: {', '.join(files)}."
            f"{did_you_mean(name, files)}"
        )
    folder = path.resolve().parent
    if holds_games(folder):
        add_collection(folder)
    return _read_split(folder.name if path.name == SPLIT_FILE else path.stem, str(folder / path.name), path)


def split_files() -> dict[str, Path]:
    """Files of all splits by name: the package's, and the user's own in ``<home>/splits``."""
    folders = (Path(__file__).parent / "splits", home() / "splits")
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def _read_split(name: str, reference: str, path: Path) -> Split:
    try:
        content = parse(path)
        description, scenario = content.get("description", ""), content.get("scenario", "contest")
        made_by = content.get("made_by")
        if not isinstance(description, str) or not isinstance(scenario, str) or not isinstance(made_by, str | None):
            raise TypeError("description, scenario and made_by must be text")
        levels = tuple(_level(entry, scenario) for entry in content["levels"])
        return Split(name=name, description=description, levels=levels, reference=reference, made_by=made_by)
    except KeyError:
        raise IntegrationError(f"The split {path} is broken: it has no list called levels.") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IntegrationError(f"The split {path} is broken: {error}.") from error


def _level(entry: str, scenario: str) -> Level:
    game, separator, state = entry.partition("/")
    if not separator or not game or not state or "/" in state:
        raise ValueError(f"{entry!r} is not Game/State")
    return Level(game, state, scenario)
