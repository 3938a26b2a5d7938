"""Tables of docs/agents/jerk.md, from the published results of benchmarks/runs/jerk_tuning.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "agents" / "jerk.md"
BLOCKS = ("presets", "tuning")
"""Names of the blocks of the page that this module writes, each between two marks."""


def write_page(results: Path, page: Path = PAGE) -> None:
    """Write the newest results of every number of steps into the page."""
    text = page.read_text(encoding="utf-8")
    for name in BLOCKS:
        tables = [table(result) for result in newest(results, name)]
        text = with_block(text, name, "\n".join(tables) or "There are no results yet.\n")
    page.write_text(text, encoding="utf-8")


def newest(results: Path, name: str) -> list[dict[str, Any]]:
    """Return the newest result of every number of steps, the fewest steps first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob(f"*_jerk_{name}_*/result.json")]
    found.sort(key=lambda result: result["created"])
    by_steps = {result["num_steps"]: result for result in found}
    return [by_steps[num_steps] for num_steps in sorted(by_steps)]


def with_block(page: str, name: str, text: str) -> str:
    """Return ``page`` with ``text`` between the marks of the block ``name``.

    Raises:
        ValueError: the page lacks a mark.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if begin not in page or end not in page:
        raise ValueError(f"The page lacks {begin} or {end}.")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}{end}{after}"


def table(result: dict[str, Any]) -> str:
    """Return a result as Markdown: a line per way, the difference to the first one beside it."""
    first, *_ = result["means"]
    differences = {found["of"]: found for found in result["differences"]}
    heads = ["", "score", "95 % interval", "last tenth", "best episode", f"more than `{first}`", "95 % interval", "p"]
    lines = [f"{result['what']}:", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for way, means in result["means"].items():
        cells = [f"`{way}`", f"**{means['score']:,.0f}**", _span(result["intervals"][way])]
        cells += [f"{means['last_tenth']:,.0f}", f"{means['best']:,.0f}"]
        more = differences.get(way)
        cells += [f"{more['mean']:+,.0f}", _span(more["interval"], "+"), f"{more['p']:.3f}"] if more else ["", "", ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _span(ends: Sequence[float] | None, sign: str = "") -> str:
    return "" if ends is None else " to ".join(f"{end:{sign},.0f}" for end in ends)
