"""Content of a comparison, for the page and for the terminal: all texts and numbers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newgameplus import __version__
from newgameplus.contest.comparison import Interval, values_by_zone
from newgameplus.report.comparison_figures import curves, profiles, ranking
from newgameplus.report.content import NOTHING, Note, counted, listed
from newgameplus.report.figures import Figure
from newgameplus.report.labels import level_names, levels_in_words
from newgameplus.report.standings import Comparison, Pair, Standing

SHORT_COMMIT = 9
"""Signs of a commit that are shown."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of a table whose background shows its number."""

    text: str
    share: float
    """0 for the background, 1 for the full colour."""


@dataclass(frozen=True, slots=True)
class HeatTable:
    """A table with a coloured cell for each row and column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell, ...]], ...]
    """Name and cells."""


@dataclass(frozen=True, slots=True)
class ComparisonContent:
    """Everything that the template shows."""

    title: str
    lede: tuple[str, ...]
    notes: tuple[Note, ...]
    ranking: tuple[tuple[str, tuple[str, ...]], ...]
    """Label and cells of each contender."""
    num_competitors: int
    """Number of those that are ranked; the others, after them, are ceilings."""
    pairs: tuple[tuple[str, ...], ...]
    is_exact: bool
    """Whether the p values are exact."""
    improvement: HeatTable
    zones: HeatTable
    levels: HeatTable
    sources: tuple[tuple[str, tuple[str, ...]], ...]
    """Label, and a line for each results directory."""
    has_band: bool
    optimum: str
    """Most that an episode can earn; empty if that is not known."""
    figures: dict[str, Figure]
    version: str


def gather_comparison(found: Comparison, title: str | None) -> ComparisonContent:
    """Return the content of the page on a comparison."""
    standings = found.standings
    numbers, num_ranked = range(len(standings)), found.num_competitors or len(standings)
    return ComparisonContent(
        title=title or f"{counted(num_ranked, 'agent')} on {levels_in_words(found.levels)}",
        lede=(_lede(found),),
        notes=tuple(Note(note) for note in notes_of(found)),
        ranking=tuple((standings[number].label, cells_of_standing(found, number)[1:]) for number in numbers),
        num_competitors=found.num_competitors,
        pairs=tuple(cells_of_pair(found, pair) for pair in found.pairs),
        is_exact=all(pair.difference.is_exact for pair in found.pairs),
        improvement=_improvements(found),
        zones=_zone_table(found),
        levels=_level_table(found),
        sources=tuple((standing.label, _sources(standing)) for standing in standings),
        has_band=standings[0].band is not None,
        optimum="" if found.optimum is None else whole_points(found.optimum),
        figures={"ranking": ranking(found), "curves": curves(found), "profiles": profiles(found)},
        version=__version__,
    )


def whole_points(value: float | None, sign: str = "") -> str:
    """A score without decimals; with ``sign="+"`` a difference."""
    if value is None or np.isnan(value):
        return NOTHING
    return format(round(value), f"{sign},d")


def cells_of_standing(found: Comparison, number: int) -> tuple[str, ...]:
    """Return the cells of a contender in the table of scores, its label first."""
    standing = found.standings[number]
    least, most = standing.num_seeds
    return (
        f"{number + 1}. {standing.label}" if number < found.num_competitors else standing.label,
        f"{least}" if least == most else f"{least} to {most}",
        whole_points(standing.mean),
        _span(standing.interval),
        whole_points(standing.last_tenth),
        whole_points(standing.best),
        NOTHING if standing.retention is None else f"{standing.retention:.2f}",
        whole_points(standing.interquartile_mean),
        whole_points(standing.gap),
    )


def cells_of_pair(found: Comparison, pair: Pair) -> tuple[str, ...]:
    """Return the cells of a pair in the table of differences, its name first."""
    ours, theirs = found.standings[pair.one].label, found.standings[pair.other].label
    return (
        f"{ours} − {theirs}",
        whole_points(pair.difference.mean, "+"),
        _span(pair.difference.interval, "+"),
        f"{'' if pair.difference.is_exact else '≈ '}{pair.difference.p:.3f}",
        f"{pair.p_holm:.3f}",
        f"{pair.improvement:.2f}",
    )


def cells_of_zones(found: Comparison) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return headings and rows of the table of scores by zone."""
    table = _zone_table(found)
    return ("agent", *table.columns), [(name, *(cell.text for cell in cells)) for name, cells in table.rows]


def notes_of(found: Comparison) -> list[str]:
    """What a reader should know before the numbers."""
    notes = []
    contenders = [standing.contender for standing in found.standings]
    every = dict.fromkeys(level for one in contenders for level in (*one.runs, *one.left_out))
    if others := [level for level in every if level not in found.levels]:
        notes.append(f"Left out, because not every agent has played them to the end: {listed(others)}.")
    if ceilings := [one.label for one in contenders if one.is_ceiling]:
        notes.append(
            f"Ceilings are not ranked, and no difference is tested with them: {listed(ceilings)}. A person, or who "
            "knows how a level is won, is no competitor."
        )
    commits = dict.fromkeys(commit for one in contenders for commit in one.commits)
    if len(commits) > 1:
        short = [f"{commit[:SHORT_COMMIT]}{'+' if commit.endswith('+') else ''}" for commit in commits]
        notes.append(f"The results come from different versions of the code: commits {listed(short)}.")
    if found.pairs and len(found.zones) < 2:
        notes.append("All levels are of one zone, so there are no intervals over zones.")
    return notes


def _lede(found: Comparison) -> str:
    rules = found.standings[0].contender.evaluations[0].manifest.get("rules") or {}
    steps = rules.get("max_timesteps")
    budget = f", {steps:,} steps each" if isinstance(steps, int) else ""
    return (
        f"Mean score over {counted(len(found.levels), 'level')} of {counted(len(found.zones), 'zone')}{budget}: the "
        "mean return of all episodes of a run, learning included, over seeds, then over levels."
    )


def _improvements(found: Comparison) -> HeatTable:
    """Probability that a run of the row's contender scores more than one of the column's."""
    known = {(pair.one, pair.other): pair.improvement for pair in found.pairs}
    known |= {(other, one): 1 - value for (one, other), value in known.items()}
    numbers = range(found.num_competitors)

    def cell(row: int, column: int) -> HeatCell:
        return HeatCell(NOTHING, 0.0) if row == column else HeatCell(f"{known[row, column]:.2f}", known[row, column])

    rows = [(found.standings[row].label, tuple(cell(row, column) for column in numbers)) for row in numbers]
    return HeatTable(tuple(standing.label for standing in found.standings[: found.num_competitors]), tuple(rows))


def _zone_table(found: Comparison) -> HeatTable:
    zones = level_names(found.zones)
    rows = [
        [float(np.mean(values)) for values in values_by_zone(found.levels, standing.by_level.tolist()).values()]
        for standing in found.standings
    ]
    return _heat(found, [zones[zone] for zone in found.zones], rows)


def _level_table(found: Comparison) -> HeatTable:
    """A row for each level, since there may be many."""
    names = level_names(found.levels)
    by_level = np.array([standing.by_level for standing in found.standings]).T
    top = found.optimum or max(float(by_level.max()), 1.0)
    rows = [
        (names[level], tuple(_cell(value, top) for value in values))
        for level, values in zip(found.levels, by_level.tolist(), strict=True)
    ]
    return HeatTable(tuple(standing.label for standing in found.standings), tuple(rows))


def _heat(found: Comparison, columns: Sequence[str], rows: Sequence[Sequence[float]]) -> HeatTable:
    top = found.optimum or max(1.0, *(value for row in rows for value in row))
    named = zip((standing.label for standing in found.standings), rows, strict=True)
    return HeatTable(tuple(columns), tuple((label, tuple(_cell(value, top) for value in row)) for label, row in named))


def _cell(value: float, top: float) -> HeatCell:
    return HeatCell(whole_points(value), min(1.0, max(0.0, value / top)))


def _sources(standing: Standing) -> tuple[str, ...]:
    lines = []
    for evaluation in standing.contender.evaluations:
        command = evaluation.manifest.get("command")
        said = shlex.join(map(str, command)) if isinstance(command, list) else ""
        commit = evaluation.manifest.get("git_commit")
        lines.append(
            f"{evaluation.path}{f' · {said}' if said else ''}"
            f"{f' · commit {commit[:SHORT_COMMIT]}' if isinstance(commit, str) else ''}"
        )
    return tuple(lines)


def _span(interval: Interval, sign: str = "") -> str:
    return NOTHING if interval is None else " to ".join(whole_points(end, sign) for end in interval)
