"""The contents of a training run's folder that a report shows, read as untrusted input."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import ResultsError
from newgameplus.games.folders import add_named_collections
from newgameplus.games.levels import zone_of
from newgameplus.report.generations import Generation, Winner, read_generations, read_winner
from newgameplus.report.labels import unique_labels
from newgameplus.results.checks import finite, is_count, take, whole
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.types import Array

MEAN = "return/mean"
"""Name of the curve of mean returns over all levels."""


@dataclass(frozen=True, slots=True)
class LevelEpisodes:
    """Episodes of one level, in their order."""

    level: str
    steps: Array
    """Agent steps of the run, summed over all rows, at the end of each episode, int64 ``[E]``."""
    returns: Array
    """float64 ``[E]``."""
    lengths: Array
    """Length of each episode in agent steps, int64 ``[E]``."""


@dataclass(frozen=True, slots=True)
class Watched:
    """An episode recorded with the weights at some step of training."""

    num_steps: int
    """Agent steps of training before it."""
    level: str
    episode_return: float
    length: int
    """Length in agent steps."""
    movie: Path
    drawn: dict[str, float]
    """Share of the steps in which each action was taken."""
    likeliest: dict[str, float]
    """Share of the steps in which each action was the greedy one; empty if unknown."""
    values: Array
    """Value estimates along the episode, float64 ``[V]``; empty if unknown."""
    value: float | None
    entropy: float | None
    """Mean entropy of the policy, in nats."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric over the steps of a run; NaN values are left out."""

    steps: Array
    """int64 ``[P]``."""
    values: Array
    """float64 ``[P]``."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Folder of one training run."""

    path: Path
    label: str
    """Label in the report: agent, preset and, if that is ambiguous, the folder's name."""
    agent: str
    preset: str
    manifest: dict[str, Any]
    num_steps: int
    """Planned number of agent steps."""
    num_done: int
    """Number of agent steps played, as far as the files show."""
    num_rows: int
    levels: tuple[LevelEpisodes, ...]
    """Levels in the plan's order, without those that have no finished episode."""
    curves: dict[str, Curve]
    """Curves by name, as in ``metrics.jsonl``."""
    watched: tuple[Watched, ...]
    generations: tuple[Generation, ...] = ()
    """Generations, of an agent that evolves."""
    winner: Winner | None = None
    """Network of the fittest genome, of an agent that evolves networks."""

    @property
    def is_complete(self) -> bool:
        """Whether all steps were played."""
        return self.num_done >= self.num_steps


def is_training_run(path: Path) -> bool:
    """Whether a folder holds a training run."""
    return TrainingFolder(path).exists()


def read_training_runs(paths: Sequence[Path]) -> list[TrainingRun]:
    """Read training runs and give each a unique label.

    Raises:
        ResultsError: a file is corrupt, of another format, or a folder is named twice.
    """
    folders = [TrainingFolder(path) for path in paths]
    manifests = [folder.manifest() for folder in folders]
    for manifest in manifests:
        add_named_collections(manifest.get("games"))
    agents = [_agent(manifest, folder) for manifest, folder in zip(manifests, folders, strict=True)]
    labels = unique_labels(agents, paths)
    return [_read(*parts) for parts in zip(folders, labels, agents, manifests, strict=True)]


def _read(folder: TrainingFolder, label: str, agent: tuple[str, str], manifest: dict[str, Any]) -> TrainingRun:
    where = str(folder.manifest_path)
    planned = [_level_id(entry, where) for entry in take(manifest, "levels", list, where)]
    episodes, metrics = folder.lines("episodes"), folder.lines("metrics")
    if manifest.get("stream"):  # hundreds of levels, each played for a while: a zone's are shown as one
        planned, episodes = [], [{**line, "level": zone_of(str(line.get("level")))} for line in episodes]
    saved = [int(file.stem) for file in folder.checkpoints() if file.stem.isdecimal()]
    return TrainingRun(
        path=folder.path,
        label=label,
        agent=agent[0],
        preset=agent[1],
        manifest=manifest,
        num_steps=whole(manifest.get("total_steps"), "total_steps", where),
        num_done=max([line["num_steps"] for line in (*episodes, *metrics)] + saved, default=0),
        num_rows=whole(manifest.get("num_envs"), "num_envs", where),
        levels=tuple(_levels(dict.fromkeys(planned), episodes, str(folder.log("episodes")))),
        curves=_curves(metrics),
        watched=tuple(_watched(line, folder) for line in folder.lines("watched")),
        generations=read_generations(folder),
        winner=read_winner(folder),
    )


def _agent(manifest: dict[str, Any], folder: TrainingFolder) -> tuple[str, str]:
    where = str(folder.manifest_path)
    agent = take(manifest, "agent", dict, where)
    return take(agent, "name", str, where), take(agent, "preset", str, where)


def _level_id(entry: object, where: str) -> str:
    if not isinstance(entry, list) or len(entry) < 2 or not all(isinstance(part, str) for part in entry):
        raise ResultsError(f"{where} is corrupt: a level is not a list of names.")
    return f"{entry[0]}/{entry[1]}"


def _levels(planned: dict[str, None], lines: list[dict[str, Any]], where: str) -> Iterator[LevelEpisodes]:
    by_level: dict[str, list[tuple[int, float, int]]] = {level: [] for level in planned}
    for line in lines:
        level, value, length = take(line, "level", str, where), finite(line, "return", where), line.get("length")
        if value is None or not is_count(length):
            raise ResultsError(f"{where} is corrupt: an episode has no return or no length.")
        by_level.setdefault(level, []).append((line["num_steps"], value, whole(length, "a length", where)))
    for level, episodes in by_level.items():
        if episodes:
            steps, returns, lengths = zip(*episodes, strict=True)
            yield LevelEpisodes(
                level, np.array(steps, np.int64), np.array(returns, np.float64), np.array(lengths, np.int64)
            )


def _curves(lines: list[dict[str, Any]]) -> dict[str, Curve]:
    points: dict[str, list[tuple[int, float]]] = {}
    for line in lines:
        for name, value in line.items():
            if name != "num_steps" and isinstance(value, int | float) and math.isfinite(value):
                points.setdefault(name, []).append((line["num_steps"], float(value)))
    curves = {}
    for name, of_name in points.items():
        steps, values = zip(*of_name, strict=True)
        curves[name] = Curve(np.array(steps, np.int64), np.array(values, np.float64))
    return curves


def _watched(line: dict[str, Any], folder: TrainingFolder) -> Watched:
    where = str(folder.log("watched"))
    value, length = finite(line, "return", where), line.get("length")
    if value is None or not is_count(length):
        raise ResultsError(f"{where} is corrupt: an episode has no return or no length.")
    values = line.get("values", [])
    if not isinstance(values, list):
        raise ResultsError(f"{where} is corrupt: 'values' is not a list.")
    return Watched(
        num_steps=line["num_steps"],
        level=take(line, "level", str, where),
        episode_return=value,
        length=whole(length, "a length", where),
        movie=folder.movies / _file_name(take(line, "movie", str, where), folder.movies.name, where),
        drawn=_shares(line, "actions", where),
        likeliest=_shares(line, "likeliest", where),
        values=np.array([finite({"values": one}, "values", where) or 0.0 for one in values], np.float64),
        value=finite(line, "value", where),
        entropy=finite(line, "entropy", where),
    )


def _file_name(movie: str, movies: str, where: str) -> str:
    """File name of a movie in the run's folder ``movies``; nothing outside that folder is opened."""
    folder, _, name = movie.partition("/")
    if folder != movies or not name.endswith(".bk2") or "\0" in name or Path(name).name != name:
        raise ResultsError(f"{where} is corrupt: {movie!r} is no movie of this run.")
    return name


def _shares(line: dict[str, Any], key: str, where: str) -> dict[str, float]:
    if key not in line:
        return {}
    shares = take(line, key, dict, where)
    return {name: finite(shares, name, where) or 0.0 for name in shares}
