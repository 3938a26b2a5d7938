"""The map in CONTRIBUTING.md, the one in the README and the glossary say what the import contract and the tree say."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "newgameplus"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
CONTRACTS: dict[str, Any] = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
LAYERS = [re.split(r"\s*[|:]\s*", layer) for layer in CONTRACTS["Imports point down"]["layers"]]
"""From the top down; a room in parentheses is planned."""
BUILT = [rooms for layer in LAYERS if (rooms := [room for room in layer if not room.startswith("(")])]
ROOMS = [room for layer in BUILT for room in layer]
WORDS = ("entry", "episode", "frame", "level", "movie", "return", "row", "run", "score", "split", "step", "world")
"""What no page may leave unexplained."""


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the tables below a heading, without their own headings."""
    section = re.split(r"^## ", text.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return [row for row, after in zip(cells, [*cells[1:], [""]], strict=True) if "---" not in row[0] + after[0]]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def modules_of(contract: str, side: str) -> set[str]:
    return {module.removeprefix("newgameplus.") for module in CONTRACTS[contract][side]}


def words() -> list[str]:
    headings = re.findall(r"^## (.+)$", GLOSSARY, flags=re.MULTILINE)
    return [row[0] for heading in headings for row in rows(GLOSSARY, heading)]


def test_the_map_has_a_row_for_each_layer_in_the_order_of_the_contract() -> None:
    drawn = [names_in(row[0]) for row in rows(CONTRIBUTING, "The map")]
    assert [sorted(layer) for layer in drawn] == [sorted(layer) for layer in BUILT]


def test_the_map_tells_worlds_from_minds_as_the_contract_does() -> None:
    family = {room: row[1] for row in rows(CONTRIBUTING, "The map") for room in names_in(row[0])}
    contract = "Minds never import worlds"
    assert {room for room in family if family[room] == "world"} == modules_of(contract, "forbidden_modules")
    assert {room for room in family if family[room] == "mind"} == modules_of(contract, "source_modules")
    assert set(family.values()) == {"world", "mind", ""}


def test_the_readme_names_every_room_above_the_ground_floor() -> None:
    named = [room for row in rows(README, "Map") for room in names_in(row[0])]
    assert sorted(named) == sorted(room for layer in BUILT[:-1] for room in layer)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_a_sentence_what_it_holds(room: str) -> None:
    folder = PACKAGE / room
    path = folder / "__init__.py" if folder.is_dir() else PACKAGE / f"{room}.py"
    purpose = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    assert purpose.endswith("."), purpose
    assert len(purpose.split()) >= 4, purpose


@pytest.mark.parametrize("page", [CONTRIBUTING, GLOSSARY], ids=["CONTRIBUTING.md", "glossary.md"])
def test_a_page_names_only_what_there_is(page: str) -> None:
    paths = [name for name in re.findall(r"`([a-z_.][\w./-]*/[\w./-]*)`", page) if "NAME" not in name]
    places = (ROOT, PACKAGE, ROOT / "docs", ROOT / "tests")
    assert not [path for path in paths if not any((place / path).exists() for place in places)]
    for name in re.findall(r"`(?:newgameplus\.)?([a-z_]+(?:\.\w+)+)`", page):
        module, _, attribute = name.rpartition(".")
        if name.split(".")[0] in ROOMS and attribute != "py":
            found = importlib.import_module(f"newgameplus.{module}")
            assert attribute in dir(found) or importlib.import_module(f"newgameplus.{name}"), name


def test_no_word_has_two_meanings() -> None:
    listed = [word.casefold() for word in words()]
    assert sorted(listed) == sorted(set(listed))


def test_every_word_has_a_meaning() -> None:
    headings = re.findall(r"^## (.+)$", GLOSSARY, flags=re.MULTILINE)
    for heading in headings:
        for row in rows(GLOSSARY, heading):
            assert len(row) == 2, row
            assert all(row), row


def test_the_words_that_everything_else_is_said_in_are_explained() -> None:
    assert set(WORDS) <= set(words())


def test_no_line_of_the_documentation_is_longer_than_120_characters() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    long = [
        f"{page.relative_to(ROOT)}: {line[:60]}"
        for page in pages
        for line in re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE).split(
            "\n"
        )
        if len(line) > 120 and not line.startswith(("|", "!", "<"))
    ]
    assert long == []
