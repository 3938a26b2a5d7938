"""Tabular Q on one level: how often each hash is seen again, what each single change mends, and what it earns.

    python -m benchmarks.runs.qtable play     play what is not yet in the work folder, and publish all of it
    python -m benchmarks.runs.qtable page     write table and pictures of docs/agents/qtable.md from the newest result

Every way plays the level under the contest's rules in a few rows, which share one table. Beside it, right alone is
held, and right with random other buttons. The score is the mean return of all episodes that ended within the steps,
the ones at the beginning included.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.chart import Line, line_chart
from benchmarks.jerk_page import with_block
from benchmarks.level_runs import Way, kept, summary, validation_level
from benchmarks.turns import TINY, median_and_interval, parse, parser, publish, temporary_folder

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "agents" / "qtable.md"
WAYS: dict[str, Way] = {
    "raw-2018": ("qtable", "raw-2018"),
    "bellman": ("qtable", "bellman"),
    "default, rule=best-remembered": ("qtable", "default", "rule=best-remembered"),
    "default": ("qtable", "default"),
    "always right": ("random", "hold-right", "press_probability=0"),
    "right, other buttons at random": ("random", "hold-right"),
    "default, bonus=30": ("qtable", "default", "bonus=30"),
    "raw-2018-10": ("qtable", "raw-2018-10"),
    "raw-2018-50": ("qtable", "raw-2018-50"),
    "raw-2018-250": ("qtable", "raw-2018-250"),
    "foreground": ("qtable", "foreground"),
    "default, trace_decay=0": ("qtable", "default", "trace_decay=0"),
    "default, stack=2": ("qtable", "default", "stack=2"),
    "default, levels=256": ("qtable", "default", "levels=256"),
}
"""Agent, preset and changed fields of each way, the most telling ones first."""
SHOWN = {
    "raw-2018": ("#d55e00", ""),
    "raw-2018-10": ("#d55e00", "2 3"),
    "bellman": ("#0072b2", ""),
    "default, rule=best-remembered": ("#009e73", "6 4"),
    "default": ("#009e73", ""),
}
"""Colour and dash pattern of the ways in the pictures."""


def table(result: Mapping[str, Any]) -> str:
    """Return a line per way as Markdown."""
    heads = ("", "seen again", "states", "random actions", "score", "last third", "best episode", "episodes")
    lines = [f"{result['what']}:", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for way, end in result["ways"].items():
        cells = [f"`{way}`"] + [""] * 3
        if "revisit_rate" in end:
            cells[1:] = [
                f"{end['revisit_rate']:.1%}",
                f"{end['distinct_states']:,.0f}",
                f"{end['random_share']:.0%}",
            ]
        cells += [f"**{end['score']:,.0f}**", *(f"{end[name]:,.0f}" for name in ("late", "best", "episodes"))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def pictures(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the pictures of the page as SVG, by path in docs."""

    def lines(metric: str, factor: float = 1.0) -> list[Line]:
        return [
            Line(way, *SHOWN[way], [(point["steps"], factor * point[metric]) for point in result["curves"][way]])
            for way in SHOWN
            if way in result["curves"]
        ]

    actions = [name for name in result["ways"].get("default", {}) if name.startswith("action/")]
    colours = ("#888888", "#0072b2", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#111111")
    shares = [
        Line(
            name.removeprefix("action/"),
            colours[number % len(colours)],
            "",
            [(point["steps"], 100 * point[name]) for point in result["curves"]["default"]],
        )
        for number, name in enumerate(actions)
    ]
    return {
        "images/qtable-states.svg": line_chart(lines("distinct_states"), "steps", "distinct states"),
        "images/qtable-revisits.svg": line_chart(lines("revisit_rate", 100), "steps", "states seen before, in %"),
        "images/qtable-actions.svg": line_chart(shares, "steps", "share of the actions, in %"),
    }


def write_page(results: Path, page: Path = PAGE) -> None:
    """Write the newest result into the page, and its pictures beside it."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*_qtable_level*/result.json")]
    result = max(found, key=lambda each: str(each["created"]))
    page.write_text(with_block(page.read_text(encoding="utf-8"), "ways", table(result)), encoding="utf-8")
    for name, picture in pictures(result).items():
        (page.parent.parent / name).write_text(picture, encoding="utf-8")


def main() -> None:
    """Play, or write the page."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("what", choices=("play", "page"), nargs="?", default="play")
    options.add_argument("--steps", type=int, default=20_000, help="agent steps, over all rows")
    options.add_argument("--rows", type=int, default=4, help="how many play side by side")
    options.add_argument("--level", default="Mesa.Act3", help="state of a level of tumbleweed-validation")
    options.add_argument("--ways", type=int, help="only the first so many")
    work = temporary_folder() if TINY in sys.argv else Path("results/qtable")
    options.add_argument("--work", type=Path, default=work, help="where what each way came to is kept")
    arguments = parse(options, steps=40, rows=2, ways=2)
    if arguments.what == "page":
        write_page(arguments.results)
        return
    level = validation_level(arguments.level)
    place = arguments.work / f"{level.state}-{arguments.steps}"
    ways = dict(list(WAYS.items())[: arguments.ways])
    runs = {way: kept(place / f"{way}.json", ways[way], level, arguments.rows, arguments.steps) for way in ways}
    ends = {way: summary(run, arguments.steps) for way, run in runs.items()}
    result = {
        "figure": "qtable_level",
        "what": f"{level.state} of tumbleweed-validation, {arguments.steps:,} steps in {arguments.rows} rows, one seed",
        "unit": "score",
        "created": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "num_rounds": arguments.rounds,
        "sides": {way: median_and_interval([end["score"]]) for way, end in ends.items()},
        "ratios": [],
        "ways": ends,
        "curves": {way: run["curve"] for way, run in runs.items() if run["curve"]},
    }
    pictures(result)
    publish(result, arguments.results)


if __name__ == "__main__":
    main()
