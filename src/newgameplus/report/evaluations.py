"""The contents of a results directory that a report shows, read as untrusted input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.contest.scores import RunScore, contest_score
from newgameplus.errors import ResultsError
from newgameplus.games.folders import add_named_collections
from newgameplus.games.levels import Level
from newgameplus.movies.names import movie_name
from newgameplus.report.labels import unique_labels
from newgameplus.results.checks import finite, objects, take, whole
from newgameplus.results.evaluations import FORMAT, Results
from newgameplus.results.monitor import Episode
from newgameplus.results.runs import RunFolder
from newgameplus.types import Array


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics from ``scores.json`` of a run, a level or the evaluation; None if there was no episode."""

    score: float | None
    median: float | None
    best: float | None
    interquartile_mean: float | None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Run:
    """One level played with one seed."""

    level: Level
    seed: int
    statistics: Statistics
    num_timesteps: int
    """Number of agent steps, counted as the rules say."""
    num_frames: int | None
    """None if the evaluation was interrupted before it wrote its scores."""
    elapsed_seconds: float
    num_scored: int
    """Number of episodes that the score counts."""
    is_complete: bool
    folder: Path
    episodes: tuple[Episode, ...]
    """Rows of ``monitor.csv``."""

    @cached_property
    def returns(self) -> Array:
        """Return of each episode, float64 ``[E]``."""
        return np.array([episode.episode_return for episode in self.episodes], dtype=np.float64)

    @cached_property
    def lengths(self) -> Array:
        """Length of each episode in agent steps, int64 ``[E]``."""
        return np.array([episode.num_steps for episode in self.episodes], dtype=np.int64)

    @cached_property
    def timesteps(self) -> Array:
        """Agent steps of the run at the end of each episode, int64 ``[E]``; resets do not count."""
        return np.cumsum(self.lengths)

    def movie(self, episode: int) -> Path:
        """Path of an episode's movie, None if it has been deleted."""
        return RunFolder(self.folder).movies / movie_name(self.level.folder_name, episode)


@dataclass(frozen=True, slots=True)
class LevelRuns:
    """One level, with a run per seed."""

    level: Level
    statistics: Statistics
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One results directory."""

    path: Path
    label: str
    """Label in the report: agent, preset and, if that is ambiguous, the directory's name."""
    agent: str
    preset: str
    manifest: dict[str, Any]
    statistics: Statistics
    confidence: float
    levels: tuple[LevelRuns, ...]
    is_complete: bool
    has_scores: bool
    """Whether ``scores.json`` exists; if not, the scores are computed from the logs."""

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, level by level."""
        return tuple(run for level in self.levels for run in level.runs)


def read_evaluations(paths: Sequence[Path]) -> list[Evaluation]:
    """Read results directories and give each a unique label.

    Raises:
        ResultsError: one is not a results directory, is corrupt, of another format, named twice, or has no episodes.
    """
    labels = unique_labels([_agent(Results(path)) for path in paths], paths)
    return [read_evaluation(path, label) for path, label in zip(paths, labels, strict=True)]


def read_evaluation(path: Path, label: str) -> Evaluation:
    """Read one results directory.

    Raises:
        ResultsError: as ``read_evaluations`` does.
    """
    results = Results(path)
    agent, preset = _agent(results)
    manifest = results.manifest()
    add_named_collections(manifest.get("games"))
    where = str(results.manifest_path)
    levels = [_level(entry, where) for entry in take(manifest, "levels", list, where)]
    seeds = [whole(seed, "a seed", where) for seed in take(manifest, "seeds", list, where)]
    episodes = _episodes(results, manifest, levels, seeds)
    if not any(episodes.values()):
        raise ResultsError(f"{path} holds no finished episode, so there is nothing to report yet.")
    has_scores = results.scores_path.exists()
    scores = results.scores() if has_scores else _scores_from_logs(episodes)
    where = str(results.scores_path)
    lines = {take(line, "id", str, where): line for line in objects(scores, "levels", where)}
    total = take(scores, "score", dict, where)
    return Evaluation(
        path=path,
        label=label,
        agent=agent,
        preset=preset,
        manifest=manifest,
        statistics=_statistics(total, "mean", where),
        confidence=finite(total, "confidence", where) or 0.0,
        levels=tuple(_level_runs(results, level, seeds, lines, episodes) for level in levels),
        is_complete=take(scores, "is_complete", bool, where),
        has_scores=has_scores,
    )


def _agent(results: Results) -> tuple[str, str]:
    where = str(results.manifest_path)
    agent = take(results.manifest(), "agent", dict, where)
    return take(agent, "name", str, where), take(agent, "preset", str, where)


def _level(entry: object, where: str) -> Level:
    if not isinstance(entry, dict):
        raise ResultsError(f"{where} is corrupt: a level is not an object.")
    level = Level(*(take(entry, key, str, where) for key in ("game", "state", "scenario")))
    if any(sign in level.folder_name for sign in ("/", "\\", "\0")) or level.folder_name.startswith("."):
        raise ResultsError(f"{where} is corrupt: {str(level)!r} is no level.")
    return level


def _level_runs(
    results: Results,
    level: Level,
    seeds: list[int],
    lines: dict[str, dict[str, Any]],
    episodes: dict[tuple[str, int], tuple[Episode, ...]],
) -> LevelRuns:
    where = str(results.scores_path)
    line = lines.get(str(level), {"score": None, "runs": []})
    by_seed = {whole(run.get("seed"), "a seed", where): run for run in objects(line, "runs", where)}
    runs = tuple(
        _run(
            level,
            seed,
            by_seed.get(seed, {}),
            results.run(level.folder_name, seed).path,
            episodes[str(level), seed],
            where,
        )
        for seed in seeds
    )
    return LevelRuns(level, _statistics(line, "score", where), runs)


def _run(level: Level, seed: int, line: dict[str, Any], folder: Path, episodes: tuple[Episode, ...], where: str) -> Run:
    num_frames = int(finite(line, "num_frames", where) or 0)
    return Run(
        level=level,
        seed=seed,
        statistics=_statistics(line, "score", where),
        num_timesteps=int(finite(line, "num_timesteps", where) or 0),
        num_frames=num_frames or None,
        elapsed_seconds=finite(line, "elapsed_seconds", where) or 0.0,
        num_scored=int(finite(line, "num_episodes", where) or 0),
        is_complete=line.get("is_complete") is True,
        folder=folder,
        episodes=episodes,
    )


def _episodes(
    results: Results, manifest: dict[str, Any], levels: list[Level], seeds: list[int]
) -> dict[tuple[str, int], tuple[Episode, ...]]:
    """The episodes of each run; those of a finished run must be those that it played."""
    rules = take(manifest, "rules", dict, str(results.manifest_path))
    counting = {name: rules.get(name) is True for name in ("counts_resets", "drops_last_episode")}
    return {
        (str(level), seed): results.run(level.folder_name, seed).read(**counting).episodes
        for level in levels
        for seed in seeds
    }


def _scores_from_logs(episodes: dict[tuple[str, int], tuple[Episode, ...]]) -> dict[str, Any]:
    runs = [
        RunScore(
            level=level,
            seed=seed,
            returns=tuple(episode.episode_return for episode in of_run),
            num_timesteps=sum(episode.num_steps for episode in of_run),
            num_frames=0,
            elapsed_seconds=of_run[-1].elapsed_seconds if of_run else 0.0,
            is_complete=False,
        )
        for (level, seed), of_run in episodes.items()
    ]
    return contest_score(runs, FORMAT)


def _statistics(line: dict[str, Any], score_key: str, where: str) -> Statistics:
    interval = line.get("interval")
    ends = None
    if interval is not None:
        if not isinstance(interval, list) or len(interval) != 2:
            raise ResultsError(f"{where} is corrupt: an interval is not two numbers.")
        low, high = (finite({"interval": end}, "interval", where) for end in interval)
        ends = (low, high) if low is not None and high is not None else None
    return Statistics(
        score=finite(line, score_key, where),
        median=finite(line, "median", where),
        best=finite(line, "best", where),
        interquartile_mean=finite(line, "interquartile_mean", where),
        interval=ends,
    )
