"""Which run played the episode of a movie, as the folder of results or of a training run tells that it is in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.errors import ResultsError
from newgameplus.results.evaluations import Results
from newgameplus.results.runs import RunFolder
from newgameplus.results.training_runs import TrainingFolder

_SEED = re.compile(r"seed-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class MovieRun:
    """The run that played an episode; None for what its folder does not tell."""

    run: str
    """Name of the folder of results or of the training run."""
    agent: str | None = None
    """Name of the agent, with its preset unless that is the default."""
    seed: int | None = None
    num_steps: int | None = None
    """Agent steps of training before the episode."""
    games: tuple[str, ...] = ()
    """Folders of games that the run's manifest names."""


def evaluation_of(movie: Path) -> tuple[Results, RunFolder, int] | None:
    """Return the evaluation that a movie is in, the run of one level and its seed; None if it is in none."""
    parents, seed = movie.parents, _SEED.fullmatch(movie.parent.parent.name)
    if len(parents) > 4 and seed and movie.parent.name == "bk2" and (parents[4] / "manifest.json").is_file():
        return Results(parents[4]), RunFolder(parents[1]), int(seed[1])
    return None


def training_of(movie: Path) -> TrainingFolder | None:
    """Return the training run that a movie is in; None if it is in none."""
    parents = movie.parents
    if len(parents) > 1 and movie.parent.name == "movies" and TrainingFolder(parents[1]).exists():
        return TrainingFolder(parents[1])
    return None


class MovieRuns:
    """Finds the run of movies; the files of a run are read once, damaged ones are taken for missing."""

    def __init__(self) -> None:
        self._manifests: dict[Path, dict[str, Any]] = {}
        self._watched: dict[Path, dict[str, int]] = {}

    def of(self, movie: Path) -> MovieRun | None:
        """Return the run of the movie at ``movie``; None if no run's folder holds it."""
        if (evaluation := evaluation_of(movie)) is not None:
            results, _, seed = evaluation
            manifest = self._manifest(results)
            return MovieRun(results.path.name, _agent(manifest), seed, games=_games(manifest))
        training = training_of(movie)
        return None if training is None else self._trained(training, movie.name)

    def _manifest(self, folder: Results | TrainingFolder) -> dict[str, Any]:
        if folder.path not in self._manifests:
            self._manifests[folder.path] = _manifest(folder)
        return self._manifests[folder.path]

    def _trained(self, folder: TrainingFolder, movie: str) -> MovieRun:
        if folder.path not in self._watched:
            self._watched[folder.path] = _steps_of(folder)
        manifest, steps = self._manifest(folder), self._watched[folder.path].get(f"movies/{movie}")
        seed = manifest.get("seed")
        return MovieRun(
            folder.path.name, _agent(manifest), seed if isinstance(seed, int) else None, steps, _games(manifest)
        )


def _manifest(folder: Results | TrainingFolder) -> dict[str, Any]:
    try:
        return folder.manifest()
    except ResultsError:
        return {}


def _agent(manifest: dict[str, Any]) -> str | None:
    agent = manifest.get("agent")
    if not isinstance(agent, dict) or not isinstance(name := agent.get("name"), str):
        return None
    preset = agent.get("preset")
    return name if preset in (None, "default") or not isinstance(preset, str) else f"{name} {preset}"


def _games(manifest: dict[str, Any]) -> tuple[str, ...]:
    games = manifest.get("games")
    return tuple(name for name in games if isinstance(name, str)) if isinstance(games, list) else ()


def _steps_of(folder: TrainingFolder) -> dict[str, int]:
    try:
        lines = folder.lines("watched")
    except ResultsError:
        return {}
    return {
        line["movie"]: line["num_steps"]
        for line in lines
        if isinstance(line.get("movie"), str) and isinstance(line.get("num_steps"), int)
    }
