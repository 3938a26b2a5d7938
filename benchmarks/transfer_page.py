"""Tables and pictures of docs/transfer.md, from the published results of benchmarks/runs/transfer.py.

Notation: ``L`` levels, ``K`` seeds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chart import Line, line_chart
from benchmarks.transfer_rows import BEST_JERK, COLOURS, COMPARED, OTHER_COLOUR, ROWS
from newgameplus.contest.comparison import (
    NUM_POINTS,
    Interval,
    difference,
    improvement,
    values_by_zone,
    zone_interval,
    zone_of,
)
from newgameplus.types import Array

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "transfer.md"
BEGIN, END = "<!-- transfer: begin -->", "<!-- transfer: end -->"
"""Markers of the block that this module writes."""
FROZEN_PICTURE = "images/transfer-frozen.svg"
HEADINGS = (
    "",
    "seeds",
    "score",
    "95 % interval",
    "last tenth",
    "best",
    "kept",
    "more than from nothing",
    "95 % interval",
    "p",
    "learned before",
    "commit",
)
COMMIT_SIGNS = 9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row came to with one budget, over all its seeds."""

    row: str
    levels: tuple[str, ...]
    """States of the levels."""
    scores: Array
    """float64 ``[L, K]``."""
    curves: Array
    """float64 ``[L, K, NUM_POINTS]``; not a number where no episode ended."""
    best: Array
    """Return of the best episode, float64 ``[L, K]``; not a number in results that do not say it."""
    commits: tuple[str, ...]
    """Git commits that it was played with, each once; ``+`` stands for changes to them."""
    created: str
    """When the newest of its results was begun, as ISO 8601."""
    num_steps_before: int | None
    """Agent steps that were learned from before, of all levels together; None where there were none."""
    num_levels_before: int | None

    @property
    def mean(self) -> float:
        """The contest's score."""
        return float(self.scores.mean())

    @property
    def mean_curve(self) -> Array:
        """Mean over levels and seeds, float64 ``[NUM_POINTS]``; not a number where a level has no episode."""
        curve_: Array = self.curves.mean((0, 1))
        return curve_


def outcomes(results: Path) -> dict[int, dict[str, Outcome]]:
    """Return steps of a budget to rows to what they came to, from the published results.

    The newest result of a seed counts, and only seeds that were played by the same recipe as the newest are taken
    together.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*_transfer_*/result.json"))]
    found.sort(key=_created)
    newest: dict[tuple[int, str], dict[str, Any]] = {}
    by_seed: dict[tuple[int, str], dict[int, dict[str, Any]]] = {}
    for result in found:
        key = result["num_steps"], result["row"]
        newest[key] = result
        by_seed.setdefault(key, {})[result["seed"]] = result
    table: dict[int, dict[str, Outcome]] = {}
    for num_steps, row in sorted(newest, key=lambda key: (key[0], list(ROWS).index(key[1]))):
        recipe = _recipe(newest[num_steps, row])
        taken = [result for _, result in sorted(by_seed[num_steps, row].items()) if _recipe(result) == recipe]
        table.setdefault(num_steps, {})[row] = _outcome(row, taken)
    return table


def _created(result: dict[str, Any]) -> str:
    return str(result["created"])


def _recipe(result: dict[str, Any]) -> tuple[object, ...]:
    """What must be equal in results that are taken together."""
    init = result["init"]
    return result["agent"], result["is_frozen"], init and init["sha256"], result["rules"], list(result["levels"])


def _outcome(row: str, results: Sequence[dict[str, Any]]) -> Outcome:
    levels = tuple(results[0]["levels"])
    curves = [[result["levels"][level]["curve"] for result in results] for level in levels]
    num_steps, num_levels = 0, None
    init = results[0]["init"]
    while init:
        num_steps += init["num_steps"] or 0
        num_levels = num_levels or (init["plan"] and len(init["plan"]["levels"]))
        init = init["init"]
    return Outcome(
        row,
        levels,
        np.array([[result["levels"][level]["score"] for result in results] for level in levels]),
        np.array(curves, dtype=np.float64),
        np.array([[result["levels"][level].get("best", np.nan) for result in results] for level in levels]),
        tuple(dict.fromkeys(result["git_commit"] or "" for result in sorted(results, key=_created))),
        max(map(_created, results)),
        num_steps or None,
        num_levels,
    )


def write_page(results: Path, docs: Path = DOCS) -> None:
    """Write the tables into the page between its marks, and the pictures beside it."""
    page = docs / PAGE.name
    table = outcomes(results)
    page.write_text(with_block(page.read_text(encoding="utf-8"), block(table)), encoding="utf-8")
    for name, text in pictures(table).items():
        (docs / name).write_text(text, encoding="utf-8")


def pictures(table: dict[int, dict[str, Outcome]]) -> dict[str, str]:
    """Return the SVG of every picture by its path within the documentation."""
    drawn = {picture_name(num_steps): picture(rows, num_steps) for num_steps, rows in table.items()}
    frozen = frozen_lines(table)
    return drawn | ({FROZEN_PICTURE: _frozen_picture(frozen)} if frozen else {})


def with_block(page: str, text: str) -> str:
    """Return ``page`` with ``text`` between the marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}{END}{after}"


def block(table: dict[int, dict[str, Outcome]]) -> str:
    """Return the tables of every budget as Markdown."""
    if not table:
        return "\nThere are no results yet.\n\n"
    lines = [line for num_steps, rows in table.items() for line in _section(num_steps, rows)]
    if frozen_lines(table):
        lines += ["### Frozen weights against the steps that they were trained for", ""]
        lines += [f"![Score of frozen weights against steps of joint training]({FROZEN_PICTURE})", ""]
    return "\n" + "\n".join(lines) + "\n"


def _section(num_steps: int, rows: dict[str, Outcome]) -> list[str]:
    lines = [f"### {num_steps:,} steps per level", ""]
    lines += [f"![Return along the steps]({picture_name(num_steps)})", ""]
    lines += [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    newest = max(rows.values(), key=lambda outcome: outcome.created).commits[-1]
    lines += [_line(outcome, _scratch(name, rows), newest) for name, outcome in rows.items()]
    if len({outcome.commits for outcome in rows.values()}) > 1:
        lines += ["", "\\* played with other code than the newest row of this table."]
    lines += _comparisons(rows)
    zones = list(dict.fromkeys(zone_of(level) for outcome in rows.values() for level in outcome.levels))
    lines += ["", "The same by zone:", "", "| | " + " | ".join(zones) + " |", "|---|" + "---|" * len(zones)]
    lines += [
        f"| {ROWS[name].label} | " + " | ".join(_by_zone(outcome, zones)) + " |" for name, outcome in rows.items()
    ]
    return [*lines, ""]


def _scratch(name: str, rows: dict[str, Outcome]) -> Outcome | None:
    """The row from nothing that a row is compared with; None without one."""
    return next((rows[other] for other in ROWS[name].scratch if other in rows), None)


def _comparisons(rows: dict[str, Outcome]) -> list[str]:
    """Table of the pairs in ``COMPARED`` that were played on the same levels."""
    jerk = next((name for name in BEST_JERK if name in rows), None)
    lines = []
    for one, other in COMPARED:
        if one not in rows or other not in rows or rows[one].levels != rows[other].levels:
            continue
        if other in BEST_JERK and one not in BEST_JERK and other != jerk:
            continue
        ours, theirs = rows[one].scores.tolist(), rows[other].scores.tolist()
        better = improvement(ours, theirs).mean()
        cells = [f"{ROWS[one].label} − {ROWS[other].label}", *_gain(rows[one], rows[other]), f"{better:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    heading = ["", "| score of one row minus that of another | mean | 95 % interval | p | improves |"]
    return [*heading, "|---|---|---|---|---|", *lines] if lines else []


def _gain(one: Outcome, other: Outcome) -> list[str]:
    """Cells of a paired difference: mean, interval and p."""
    found = difference(one.levels, one.scores.tolist(), other.scores.tolist())
    return [f"{found.mean:+,.0f}", _span(found.interval, "+"), f"{found.p:.3f}"]


def _line(outcome: Outcome, scratch: Outcome | None, newest: str) -> str:
    cells = [ROWS[outcome.row].label, str(outcome.scores.shape[1]), f"**{outcome.mean:,.0f}**"]
    last, best = outcome.mean_curve[-1], outcome.best.mean()
    cells += [_span(zone_interval(outcome.levels, outcome.scores.mean(1).tolist())), _number(last), _number(best)]
    cells += ["" if np.isnan(last / best) else f"{last / best:.2f}"]
    cells += _gain(outcome, scratch) if scratch is not None and scratch.levels == outcome.levels else ["", "", ""]
    before = outcome.num_steps_before
    levels = f" on {outcome.num_levels_before} levels" if outcome.num_levels_before else ""
    commits = ", ".join(_commit(commit) + ("" if commit == newest else r"\*") for commit in outcome.commits)
    return "| " + " | ".join([*cells, f"{before:,} steps{levels}" if before else "", commits]) + " |"


def _commit(commit: str) -> str:
    return f"`{commit[:COMMIT_SIGNS]}{'+' if commit.endswith('+') else ''}`" if commit else "unknown"


def _span(ends: Interval, sign: str = "") -> str:
    return "" if ends is None else " to ".join(format(end, f"{sign},.0f") for end in ends)


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:,.0f}"


def _by_zone(outcome: Outcome, zones: Sequence[str]) -> list[str]:
    by_zone = values_by_zone(outcome.levels, outcome.scores.mean(1).tolist())
    return [_number(float(np.mean(by_zone[zone]))) if zone in by_zone else "" for zone in zones]


def picture_name(num_steps: int) -> str:
    """Path of a budget's picture within the documentation."""
    return f"images/transfer-{num_steps}.svg"


def picture(rows: dict[str, Outcome], num_steps: int) -> str:
    """Return the curves of every row with a budget as SVG."""
    moments = (num_steps * np.arange(1, NUM_POINTS + 1) / NUM_POINTS).tolist()
    lines = []
    for name, outcome in rows.items():
        points = zip(moments, outcome.mean_curve.tolist(), strict=True)
        known = [(x, y) for x, y in points if not np.isnan(y)]
        lines.append(Line(ROWS[name].label, _colour(name), ROWS[name].dash, known))
    return line_chart(lines, "agent steps on the level", "mean return of the last tenth of the steps")


def frozen_lines(table: dict[int, dict[str, Outcome]]) -> list[Line]:
    """Return for each agent and budget the scores of frozen weights against the steps that they were trained for.

    Only agents with frozen weights of two or more lengths of training have a line.
    """
    lines = []
    for num_steps, rows in table.items():
        points: dict[str, dict[int, float]] = {}
        for name, outcome in rows.items():
            if ROWS[name].is_frozen and outcome.num_steps_before is not None:
                points.setdefault(ROWS[name].agent, {})[outcome.num_steps_before] = outcome.mean
        lines += [
            Line(f"{agent}, {num_steps:,} steps", COLOURS.get(agent, OTHER_COLOUR), "", sorted(found.items()))
            for agent, found in points.items()
            if len(found) > 1
        ]
    return lines


def _frozen_picture(lines: Sequence[Line]) -> str:
    return line_chart(lines, "agent steps of joint training, all levels together", "score of the frozen weights")


def _colour(name: str) -> str:
    return COLOURS.get(ROWS[name].agent, OTHER_COLOUR)
