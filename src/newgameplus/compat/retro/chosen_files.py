"""A game with other variables or another scenario than its own: stable-retro's ``info`` and ``scenario``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newgameplus.errors import NotFoundError
from newgameplus.games.integration import Integration


@dataclass(frozen=True)
class ChosenFiles(Integration):
    """An integration whose variables and scenario are given as files."""

    variables_file: Path
    scenario_file: Path

    @classmethod
    def of(cls, game: Integration, scenario: str, info: str) -> ChosenFiles:
        """Choose the files of ``game``: a name of one of its own, or a path that ends in ``.json``.

        Raises:
            NotFoundError: there is no such file.
        """
        scenario_file = _given(scenario) or game.scenario(scenario)
        variables_file = _given(info) or game.file(f"{info}.json")
        if variables_file is None:
            raise NotFoundError(f"{game.name} has no file of variables {info}.json; its own is data.json.")
        return cls(game.name, game.folders, variables_file, scenario_file)

    def scenario(self, name: str) -> Path:
        """Return the file of the chosen scenario, whatever its name."""
        del name
        return self.scenario_file

    def data(self) -> Path:
        """Return the file of the chosen variables."""
        return self.variables_file


def _given(name: str) -> Path | None:
    """Path of a file that is given as one.

    Raises:
        NotFoundError: there is none.
    """
    if not name.endswith(".json"):
        return None
    path = Path(name).expanduser()
    if not path.is_file():
        raise NotFoundError(f"There is no file {name}: name a scenario or variables of the game, or an existing path.")
    return path
