"""MkDocs hook: writes the reference from docstrings and tables of benchmarks, and lists pages that come in numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PACKAGE = Path(__file__).parent.parent / "src" / "newgameplus"
RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"
RESULTS_MARK = "<!-- results of benchmarks -->"
"""Where a page wants the tables of the newest results."""
PURPOSE = re.compile(r'\s*r?"""(.+?)(?:\n\s*\n|""")', re.DOTALL)
"""The first paragraph of a module's docstring."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the sections Agents, Reference and Decisions to the navigation."""
    docs = Path(config.docs_dir)
    reference: list[dict[str, Any]] = [{"Overview": "reference/index.md"}]
    reference += [{room: f"reference/{room}.md"} for room in rooms()]
    sections = {"Agents": _pages(docs, "agents"), "Reference": reference, "Decisions": _pages(docs, "decisions")}
    assert config.nav is not None
    home_and_guide, rest = config.nav[:2], config.nav[2:]
    added = [{title: pages} for title, pages in sections.items() if pages]
    config.nav = [*home_and_guide, *added[:1], *rest, *added[1:]]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference pages, which exist only in the built site."""
    for name, text in reference_pages().items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the tables of the newest results where a page asks for them."""
    return markdown.replace(RESULTS_MARK, result_tables()) if RESULTS_MARK in markdown else markdown


def result_tables() -> str:
    """The newest result of each figure as Markdown; results from before benchmarks/turns.py have no ``sides``."""
    newest: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in sorted(RESULTS.glob("*/result.json"), key=_age):
        result = json.loads(path.read_text(encoding="utf-8"))
        if "sides" in result:
            newest[result["figure"]] = (path.parent.name, result)
    return "\n".join(_result_table(*newest[figure]) for figure in sorted(newest)) or "There are none yet."


def _age(path: Path) -> tuple[str, int]:
    """Date of a result, and its number among those of that figure and day."""
    date, _, name = path.parent.name.partition("_")
    number = name.rpartition("-")[2]
    return date, int(number) if number.isdigit() else 1


def _result_table(folder: str, result: dict[str, Any]) -> str:
    lines = [f"### {result['figure']}", "", f"{result['what']}. {result['num_rounds']} rounds; `{folder}`.", ""]
    lines += [f"| {result['unit']} | median | 95 % interval | wanted |", "|---|---|---|---|"]
    for name, figure in result["sides"].items():
        signs = {"at_least": "≥", "at_most": "≤"}
        wanted = [_wanted(sign, figure[key], figure["is_met"]) for key, sign in signs.items() if key in figure]
        lines.append(f"| {name} | {_span(figure)} | {''.join(wanted)} |")
    if result["ratios"]:
        lines += ["", "| times as fast | by the clock | 95 % interval | wanted | processor time | 95 % interval |"]
        lines += ["|---|---|---|---|---|---|"]
    for ratio in result["ratios"]:
        wanted_ratio = "" if ratio["target"] is None else _wanted("≥", ratio["target"], ratio["is_met"])
        title = f"{ratio['of']} against {ratio['to']}"
        lines.append(f"| {title} | {_span(ratio['clock'])} | {wanted_ratio} | {_span(ratio['processor'])} |")
    if result.get("differences"):
        lines += ["", "| paired difference | mean | 95 % interval | p (sign flips) |", "|---|---|---|---|"]
    for found in result.get("differences", ()):
        interval = " to ".join(map(_number, found["interval"])) if found["interval"] else "none"
        lines.append(
            f"| {found['of']} minus {found['to']} | {_number(found['mean'])} | {interval} | {found['p']:.2f} |"
        )
    lines += [f"\n{note}" for note in result.get("notes", ())]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items() if version)
    return "\n".join([*lines, "", f"{versions}; {_machine(result)}.", ""])


def _machine(result: dict[str, Any]) -> str:
    """What a result was measured on: older ones do not name the CPU."""
    parts = [f"{result['num_cores']} cores", result.get("cpu"), result["platform"]]
    if "load_average" in result:
        parts.append(f"load average {result['load_average']:.1f}")
    if "kernels" in result:
        parts.append(f"kernels {result['kernels']}")
    parts += [f"{name}={value}" for name, value in result.get("limits", {}).items()]
    return ", ".join(part for part in parts if part)


def _span(figure: dict[str, Any]) -> str:
    low, high = figure["interval"]
    return f"{_number(figure['median'])} | {_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _wanted(sign: str, limit: float, is_met: bool) -> str:
    return f"{sign} {_number(limit)}: {'met' if is_met else 'missed'}"


def rooms() -> dict[str, list[str]]:
    """Name of each room to its public modules; a module at the top of the package is a room of its own."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        module = parts[:-1] if parts[-1] == "__init__" else parts
        if not any(part.startswith("_") for part in module):
            found.setdefault(module[0] if module else "newgameplus", []).append(".".join(("newgameplus", *module)))
    return found


def reference_pages() -> dict[str, str]:
    """Name of each reference page to its Markdown."""
    pages = {}
    index = ["# Reference", "", "Written from the docstrings. One page per room of the package.", ""]
    for room, modules in rooms().items():
        index += [f"- [{room}]({room}.md): {_purpose(modules[0])}"]
        lines = [f"# {room}", ""]
        for module in modules:
            lines += [f"::: {module}", "    options:", "      show_submodules: false", ""]
        pages[room] = "\n".join(lines)
    pages["index"] = "\n".join(index) + "\n"
    return pages


def _purpose(module: str) -> str:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    text = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    found = PURPOSE.match(text)
    return " ".join(found[1].split()) if found else ""


def _pages(docs: Path, folder: str) -> list[str]:
    return [f"{folder}/{path.name}" for path in sorted((docs / folder).glob("*.md"))]
