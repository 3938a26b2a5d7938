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
from newgameplus.contest.scores import clustered_interval, sign_flip_p
from newgameplus.types import Array

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "transfer.md"
BEGIN, END = "<!-- transfer: begin -->", "<!-- transfer: end -->"
"""Markers of the block that this module writes."""
NUM_POINTS = 40
"""Number of points of a curve."""
WINDOW = 0.1
"""Share of the budget that each point of a curve averages over."""
NAMES = {
    "random": "random",
    "jerk": "JERK",
    "ppo": "PPO from nothing",
    "ppo-fine-tuned": "PPO from nothing, fine-tuned",
    "ppo-joint": "PPO, joint",
    "ppo-joint-frozen": "PPO, joint, frozen",
    "rainbow": "Rainbow from nothing",
    "rainbow-joint": "Rainbow, joint",
    "rainbow-joint-frozen": "Rainbow, joint, frozen",
    "experts": "zone experts",
}
"""Label of each row on the page, in the page's order."""
SCRATCH = {
    "ppo-joint": ("ppo-fine-tuned", "ppo"),
    "ppo-joint-frozen": ("ppo-fine-tuned", "ppo"),
    "rainbow-joint": ("rainbow",),
    "rainbow-joint-frozen": ("rainbow",),
    "experts": ("ppo-fine-tuned", "ppo"),
}
"""Name of each row that starts from joint training to the rows from nothing that it may be compared with: the first
that was played, so that of the same preset if there is one."""
COMPARED = (
    ("ppo-joint", "jerk"),
    ("rainbow-joint", "jerk"),
    ("ppo-joint", "rainbow-joint"),
    ("rainbow", "ppo"),
    ("rainbow", "ppo-fine-tuned"),
    ("ppo-fine-tuned", "ppo"),
)
"""Pairs of rows that a reader would put in order, and whose difference is therefore tested."""
HEADINGS = (
    "",
    "seeds",
    "score",
    "95 % interval",
    "last tenth",
    "more than from nothing",
    "95 % interval",
    "p",
    "learned before",
)
COLOURS = {"random": "#888888", "jerk": "#111111", "ppo": "#0072b2", "rainbow": "#d55e00", "experts": "#009e73"}


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


def curve(episodes: Sequence[tuple[int, float]], num_steps: int) -> list[float | None]:
    """Return the mean return of the episodes that ended in the last tenth of the budget before each of 40 moments.

    Args:
        episodes: steps and return of each, in order.
        num_steps: the budget; the last moment is its end.

    Returns:
        40 means; None where no episode ended.
    """
    ends = np.cumsum([length for length, _ in episodes])
    returns = np.array([value for _, value in episodes])
    means: list[float | None] = []
    for moment in num_steps * np.arange(1, NUM_POINTS + 1) / NUM_POINTS:
        inside = (ends <= moment) & (ends > moment - WINDOW * num_steps)
        means.append(round(float(returns[inside].mean()), 1) if inside.any() else None)
    return means


def interval(levels: Sequence[str], values: Array) -> tuple[float, float] | None:
    """Return the interval of the mean of one value per level, by resampling zones: levels of one zone are alike.

    It says how far the mean of other zones of this kind might lie.

    Args:
        levels: states of the levels, ``[L]``.
        values: float64 ``[L]``, scores or differences of scores.
    """
    zones: dict[str, list[float]] = {}
    for level, value in zip(levels, values.tolist(), strict=True):
        zones.setdefault(_zone(level), []).append(value)
    return clustered_interval(list(zones.values()))


def outcomes(results: Path) -> dict[int, dict[str, Outcome]]:
    """Return steps of a budget to rows to what they came to, from the published results.

    The newest result of a seed counts, and only seeds that were played by the same recipe as the newest are taken
    together.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*_transfer_*/result.json"))]
    found.sort(key=lambda result: result["created"])
    newest: dict[tuple[int, str], dict[str, Any]] = {}
    by_seed: dict[tuple[int, str], dict[int, dict[str, Any]]] = {}
    for result in found:
        key = result["num_steps"], result["row"]
        newest[key] = result
        by_seed.setdefault(key, {})[result["seed"]] = result
    table: dict[int, dict[str, Outcome]] = {}
    for num_steps, row in sorted(newest, key=lambda key: (key[0], list(NAMES).index(key[1]))):
        recipe = _recipe(newest[num_steps, row])
        taken = [result for _, result in sorted(by_seed[num_steps, row].items()) if _recipe(result) == recipe]
        table.setdefault(num_steps, {})[row] = _outcome(row, taken)
    return table


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
        num_steps += init["num_steps"]
        num_levels = num_levels or (init["plan"] and len(init["plan"]["levels"]))
        init = init["init"]
    return Outcome(
        row,
        levels,
        np.array([[result["levels"][level]["score"] for result in results] for level in levels]),
        np.array(curves, dtype=np.float64),
        num_steps or None,
        num_levels,
    )


def write_page(results: Path, docs: Path = DOCS) -> None:
    """Write the tables into the page between its marks, and the pictures beside it."""
    page = docs / PAGE.name
    table = outcomes(results)
    page.write_text(with_block(page.read_text(encoding="utf-8"), block(table)), encoding="utf-8")
    for num_steps, rows in table.items():
        (docs / picture_name(num_steps)).write_text(picture(rows, num_steps), encoding="utf-8")


def with_block(page: str, text: str) -> str:
    """Return ``page`` with ``text`` between the marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}{END}{after}"


def block(table: dict[int, dict[str, Outcome]]) -> str:
    """Return the tables of every budget as Markdown."""
    if not table:
        return "\nThere are no results yet.\n\n"
    return "\n" + "\n".join(line for num_steps, rows in table.items() for line in _section(num_steps, rows)) + "\n"


def _section(num_steps: int, rows: dict[str, Outcome]) -> list[str]:
    lines = [f"### {num_steps:,} steps per level", ""]
    lines += [f"![Return along the steps]({picture_name(num_steps)})", ""]
    lines += [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    lines += [_line(outcome, _scratch(name, rows)) for name, outcome in rows.items()]
    lines += _comparisons(rows)
    zones = list(dict.fromkeys(_zone(level) for outcome in rows.values() for level in outcome.levels))
    lines += ["", "The same by zone:", "", "| | " + " | ".join(zones) + " |", "|---|" + "---|" * len(zones)]
    lines += [f"| {NAMES[name]} | " + " | ".join(_by_zone(outcome, zones)) + " |" for name, outcome in rows.items()]
    return [*lines, ""]


def _scratch(name: str, rows: dict[str, Outcome]) -> Outcome | None:
    """The row from nothing that a row is compared with; None without one."""
    return next((rows[other] for other in SCRATCH.get(name, ()) if other in rows), None)


def _comparisons(rows: dict[str, Outcome]) -> list[str]:
    """Table of the pairs in ``COMPARED`` that were played on the same levels."""
    lines = []
    for one, other in COMPARED:
        if one in rows and other in rows and rows[one].levels == rows[other].levels:
            gains = rows[one].scores.mean(1) - rows[other].scores.mean(1)
            cells = [f"{NAMES[one]} − {NAMES[other]}", f"{gains.mean():+,.0f}"]
            cells += [_span(interval(rows[one].levels, gains), "+"), f"{sign_flip_p(gains):.3f}"]
            lines.append(f"| {' | '.join(cells)} |")
    heading = ["", "| score of one row minus that of another | mean | 95 % interval | p |", "|---|---|---|---|"]
    return [*heading, *lines] if lines else []


def _line(outcome: Outcome, scratch: Outcome | None) -> str:
    cells = [NAMES[outcome.row], str(outcome.scores.shape[1]), f"**{outcome.mean:,.0f}**"]
    cells += [_span(interval(outcome.levels, outcome.scores.mean(1))), _number(outcome.mean_curve[-1])]
    if scratch is not None and scratch.levels == outcome.levels:
        gains = outcome.scores.mean(1) - scratch.scores.mean(1)
        cells += [f"{gains.mean():+,.0f}", _span(interval(outcome.levels, gains), "+"), f"{sign_flip_p(gains):.3f}"]
    else:
        cells += ["", "", ""]
    before = outcome.num_steps_before
    levels = f" on {outcome.num_levels_before} levels" if outcome.num_levels_before else ""
    return "| " + " | ".join([*cells, f"{before:,} steps{levels}" if before else ""]) + " |"


def _span(ends: tuple[float, float] | None, sign: str = "") -> str:
    return "" if ends is None else " to ".join(format(end, f"{sign},.0f") for end in ends)


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:,.0f}"


def _by_zone(outcome: Outcome, zones: Sequence[str]) -> list[str]:
    by_zone: dict[str, list[float]] = {}
    for level, mean in zip(outcome.levels, outcome.scores.mean(1), strict=True):
        by_zone.setdefault(_zone(level), []).append(float(mean))
    return [_number(float(np.mean(by_zone[zone]))) if zone in by_zone else "" for zone in zones]


def _zone(level: str) -> str:
    return level.partition(".")[0]


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
        lines.append(Line(NAMES[name], COLOURS[name.partition("-")[0]], _dash(name), known))
    return line_chart(lines, "agent steps on the level", "mean return of the last tenth of the steps")


def _dash(row: str) -> str:
    """Dashes from nothing, with dots between for the preset of joint rows; dots frozen; a solid line for all others."""
    if row.endswith("frozen"):
        return "2 4"
    if row.endswith("fine-tuned"):
        return "9 4 2 4"
    return "8 5" if any(row in others for others in SCRATCH.values()) else ""
