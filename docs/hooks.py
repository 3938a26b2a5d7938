"""MkDocs hook: writes a reference page per room from the docstrings, and lists pages that come in numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PACKAGE = Path(__file__).parent.parent / "src" / "newgameplus"
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
