"""Content of the report's page: all texts and numbers, ready for the template."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus import __version__
from newgameplus.printable import printable_number
from newgameplus.report.evaluations import Evaluation, LevelRuns, Run, Statistics
from newgameplus.report.figures import (
    Figure,
    all_levels,
    comparison,
    episode_scatter,
    num_left_out,
    score_curves,
    series_of_level,
)
from newgameplus.report.labels import level_names, levels_in_words
from newgameplus.report.series import WINDOW
from newgameplus.report.videos import FRAMES_PER_SECOND, Clip, Video

COLUMNS = ("Score", "Interval", "Median", "Best", "Interquartile mean", "Episodes", "Steps")
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a summary table."""

    name: str
    kind: str
    """``total``, ``level`` or ``run``; determines how the row is highlighted."""
    cells: tuple[str, ...]
    """Cells in the order of ``COLUMNS``."""


@dataclass(frozen=True, slots=True)
class Note:
    """A warning to show before the scores."""

    text: str
    command: str = ""
    """Command to run about it."""


@dataclass(frozen=True, slots=True)
class ResultContent:
    """Content of one evaluation."""

    label: str
    agent: str
    score: str
    interval: str
    facts: tuple[tuple[str, str], ...]
    """Small figures beside the score: name and value."""
    rows: tuple[TableRow, ...]
    path: str
    command: str
    about: tuple[tuple[str, str], ...]
    """What was run and how: name and value."""
    manifest: str


@dataclass(frozen=True, slots=True)
class ClipContent:
    """A video, or the reason why there is none."""

    title: str
    caption: str
    command: str
    """Command that plays the movie, empty if it is gone."""
    label: str
    source: str
    """Data URI, empty if there is no video."""
    still: str
    """Data URI, empty if there is no video."""
    problem: str


@dataclass(frozen=True, slots=True)
class LevelContent:
    """Content of one level."""

    name: str
    note: str
    """What the plots leave out."""
    clips: tuple[ClipContent, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that the template shows."""

    title: str
    lede: tuple[str, ...]
    notes: tuple[Note, ...]
    confidence: str
    columns: tuple[str, ...]
    results: tuple[ResultContent, ...]
    levels: tuple[LevelContent, ...]
    figures: dict[str, Figure]
    """Figures by id: ``comparison``, ``score-<level>`` and ``episodes-<level>``."""
    window: int
    version: str


def gather(evaluations: Sequence[Evaluation], title: str | None, videos: Sequence[tuple[Clip, Video]]) -> Content:
    """Return the content of the report on ``evaluations``."""
    levels = all_levels(evaluations)
    names = level_names(levels)
    figures: dict[str, Figure] = {"comparison": comparison(evaluations, names)} if len(evaluations) > 1 else {}
    silent = _without_any_video(videos)
    videos = [(clip, video) for clip, video in videos if clip.label not in silent]
    level_contents = []
    for position, level in enumerate(levels):
        of_level = [(clip, video) for clip, video in videos if str(clip.run.level) == level]
        series = series_of_level(evaluations, position)
        figures[f"score-{position}"] = score_curves(series)
        figures[f"episodes-{position}"] = episode_scatter(series, [(clip.run, clip.episode) for clip, _ in of_level])
        level_contents.append(_level(names[level], num_left_out(series), of_level, len(evaluations) > 1))
    notes = [note for evaluation in evaluations for note in _notes(evaluation)]
    notes += [Note(f"{label}: there are no videos: {reason}") for label, reason in silent.items()]
    return Content(
        title=title or _title(evaluations, levels),
        lede=tuple(_sentence(evaluation) for evaluation in evaluations),
        notes=(*_differences(evaluations), *notes),
        confidence=f"{evaluations[0].confidence:.0%}",
        columns=COLUMNS,
        results=tuple(_result(evaluation, names) for evaluation in evaluations),
        levels=tuple(level_contents),
        figures=figures,
        window=WINDOW,
        version=__version__,
    )


def number(value: float | None) -> str:
    """Format a score."""
    return NOTHING if value is None else printable_number(value)


def span(seconds: float) -> str:
    """Format a duration."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    hours = f"{seconds / 3600:,.1f}".removesuffix(".0")
    return f"{hours} h"


def counted(count: int, noun: str) -> str:
    """``1 level``, ``2 levels``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _title(evaluations: Sequence[Evaluation], levels: Sequence[str]) -> str:
    agents = " against ".join(dict.fromkeys(evaluation.label for evaluation in evaluations))
    if len(evaluations) > 3:
        agents = f"{len(evaluations)} agents"
    return f"{agents} on {levels_in_words(levels)}"


def _sentence(evaluation: Evaluation) -> str:
    seeds = [str(seed) for seed in evaluation.manifest["seeds"]]
    runs = evaluation.runs
    frames = sum(run.num_frames or 0 for run in runs)
    played = f", {frames:,} frames, which is {span(frames / FRAMES_PER_SECOND)} of play" if frames else ""
    split = evaluation.manifest.get("split")
    levels = levels_in_words([str(level.level) for level in evaluation.levels])
    of_split = f" in the split {split}" if isinstance(split, str) else ""
    return (
        f"The agent {evaluation.agent} ({evaluation.preset} preset) played {levels}{of_split} with "
        f"{'seed' if len(seeds) == 1 else f'{len(seeds)} seeds:'} {listed(seeds)}, "
        f"{_budget(evaluation.manifest.get('rules'))}. It finished "
        f"{counted(sum(len(run.episodes) for run in runs), 'episode')} in "
        f"{counted(sum(run.num_timesteps for run in runs), 'step')}{played}."
    )


def listed(words: Sequence[str], most: int = 8) -> str:
    """``a, b and c``; of a long list the first words and the number of the others."""
    words = list(words) if len(words) <= most else [*words[: most - 1], f"{len(words) - most + 1} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _budget(rules: Any) -> str:
    if not isinstance(rules, dict):
        return "under rules that its manifest does not name"
    limits = [
        f"{limit:,.0f} {unit}"
        for key, unit in (("max_timesteps", "steps"), ("max_episodes", "episodes"))
        if isinstance(limit := rules.get(key), int | float)
    ]
    if isinstance(seconds := rules.get("max_wall_clock_seconds"), int | float):
        limits.append(span(seconds))
    return f"up to {' or '.join(limits)} each, by the rules “{rules.get('name', 'unnamed')}”"


def _notes(evaluation: Evaluation) -> list[Note]:
    name, runs = evaluation.label, evaluation.runs
    resume = f"ngp evaluate --resume --results {shlex.quote(str(evaluation.path))}"
    notes = []
    unfinished = [run for run in runs if not run.is_complete]
    if not evaluation.has_scores:
        text = "the evaluation was cut before it wrote its scores; they are worked out here from the episodes on disk."
        notes.append(Note(f"{name}: {text}", resume))
    elif unfinished:
        which = listed([f"{run.level} with seed {run.seed} ({run.num_timesteps:,} steps)" for run in unfinished])
        text = f"{counted(len(unfinished), 'run')} did not spend the budget: {which}. Scores are those so far."
        notes.append(Note(f"{name}: {text}", resume))
    silent = [str(level.level) for level in evaluation.levels if not any(run.episodes for run in level.runs)]
    if silent:
        notes.append(Note(f"{name}: no episode ended on {listed(silent)}, so it has no score there."))
    if any(run.num_scored != len(run.episodes) for run in runs):
        notes.append(Note(f"{name}: scores and logs do not count the same episodes; the plots show those in the logs."))
    return notes


def _differences(evaluations: Sequence[Evaluation]) -> list[Note]:
    """Differences that make a comparison of the scores unfair."""
    rules = [evaluation.manifest.get("rules") for evaluation in evaluations]
    levels = [{level.level for level in evaluation.levels} for evaluation in evaluations]
    unlike = ["rules"] if any(other != rules[0] for other in rules) else []
    unlike += ["levels"] if any(other != levels[0] for other in levels) else []
    if not unlike:
        return []
    return [Note(f"Compare with care: the {' and the '.join(unlike)} of these evaluations are not the same.")]


def _result(evaluation: Evaluation, names: Mapping[str, str]) -> ResultContent:
    total, runs = evaluation.statistics, evaluation.runs
    command = evaluation.manifest.get("command")
    return ResultContent(
        label=evaluation.label,
        agent=evaluation.agent,
        score=number(total.score),
        interval=_interval(total),
        facts=(
            ("levels", f"{len(evaluation.levels):,}"),
            ("seeds", f"{len(evaluation.manifest['seeds']):,}"),
            ("episodes", f"{sum(len(run.episodes) for run in runs):,}"),
            ("steps", f"{sum(run.num_timesteps for run in runs):,}"),
            ("best return", number(total.best)),
        ),
        rows=tuple(_rows(evaluation, names)),
        path=str(evaluation.path),
        command=shlex.join(map(str, command)) if isinstance(command, list) else "",
        about=tuple(_about(evaluation.manifest)),
        manifest=json.dumps(evaluation.manifest, indent=2, ensure_ascii=False),
    )


def _rows(evaluation: Evaluation, names: Mapping[str, str]) -> list[TableRow]:
    rows = []
    if len(evaluation.levels) > 1:
        rows.append(TableRow("All levels", "total", _cells(evaluation.statistics, evaluation.runs)))
    for level in evaluation.levels:
        rows.append(TableRow(names[str(level.level)], "level", _cells(level.statistics, level.runs)))
        if len(level.runs) > 1:
            rows += [TableRow(_run_name(run), "run", _cells(run.statistics, [run])) for run in _ordered(level)]
    return rows


def _ordered(level: LevelRuns) -> list[Run]:
    return sorted(level.runs, key=lambda run: run.seed)


def _run_name(run: Run) -> str:
    return f"seed {run.seed}{'' if run.is_complete else ' (unfinished)'}"


def _cells(statistics: Statistics, runs: Sequence[Run]) -> tuple[str, ...]:
    return (
        number(statistics.score),
        _interval(statistics),
        number(statistics.median),
        number(statistics.best),
        number(statistics.interquartile_mean),
        f"{sum(run.num_scored for run in runs):,}",
        f"{sum(run.num_timesteps for run in runs):,}",
    )


def _interval(statistics: Statistics) -> str:
    if statistics.interval is None:
        return NOTHING
    low, high = statistics.interval
    return f"{number(low)} to {number(high)}"


def _about(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Facts of the manifest, one line each; missing values are left out."""
    lines: list[tuple[str, str]] = []
    for name, key in (("Started", "created"), ("Split", "split"), ("Git commit", "git_commit")):
        if isinstance(value := manifest.get(key), str):
            lines.append((name, value))
    for name, key in (("Rules", "rules"), ("Versions", "versions"), ("Machine", "machine")):
        if isinstance(value := manifest.get(key), dict):
            lines.append((name, listing(value, " ")))
    agent = manifest.get("agent")
    if isinstance(agent, dict) and isinstance(config := agent.get("config"), dict) and config:
        lines.append(("Configuration", listing(config, " = ")))
    return lines


def listing(values: dict[str, Any], sign: str) -> str:
    """Names and values of a flat dictionary in one line, without None values."""
    shown = {name: _setting(value) for name, value in values.items() if value is not None}
    return ", ".join(f"{name.replace('_', ' ')}{sign}{value}" for name, value in shown.items())


def _setting(value: Any) -> str:
    """A value of a setting, without the noise of floats: ``0.1 + 0.2`` → ``0.3``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _level(name: str, left_out: int, videos: Sequence[tuple[Clip, Video]], is_comparison: bool) -> LevelContent:
    return LevelContent(
        name=name,
        note=f"{left_out:,} more episodes were played but are not drawn." if left_out else "",
        clips=tuple(_clip(clip, video, is_comparison) for clip, video in videos),
    )


def _without_any_video(videos: Sequence[tuple[Clip, Video]]) -> dict[str, str]:
    """Evaluations whose videos are all missing for the same reason: label to reason."""
    problems: dict[str, set[str]] = {}
    for clip, video in videos:
        problems.setdefault(clip.label, set()).add(video.problem)
    return {label: min(reasons) for label, reasons in problems.items() if len(reasons) == 1 and min(reasons)}


def data_uri(kind: str, content: bytes) -> str:
    """Data URI of a file, or the empty string if the file is empty."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}" if content else ""


def watch_command(movie: Path) -> str:
    """Return the command that plays a movie frame by frame, empty if it is gone."""
    return f"ngp watch {shlex.quote(str(movie))}" if movie.is_file() else ""


def _clip(clip: Clip, video: Video, is_comparison: bool) -> ClipContent:
    run, episode = clip.run, clip.episode
    speed = f" Shown at {video.speed} times the speed." if video.speed > 1 else ""
    return ClipContent(
        title=f"{listed(clip.roles)} episode".capitalize(),
        caption=(
            f"Return {number(float(run.returns[episode]))}, {int(run.lengths[episode]):,} steps; "
            f"episode {episode}, seed {run.seed}.{speed}"
        ),
        command=watch_command(clip.movie),
        label=clip.label if is_comparison else "",
        source=data_uri("video/mp4", video.mp4),
        still=data_uri("image/png", video.still),
        problem=video.problem,
    )
