"""What is loaded when, and that the import contracts of pyproject.toml cover every room and agent."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "newgameplus"
OTHERS = PACKAGE / "compat" / "contest2018" / "_path"
"""Modules of other projects' names."""

LIST_LOADED = """
import contextlib, io, json, sys, sysconfig
from pathlib import Path
before = set(sys.modules)
with contextlib.redirect_stdout(io.StringIO()):
    {statement}
here = Path(sysconfig.get_paths()["purelib"])
loaded = {{name: module for name, module in list(sys.modules.items()) if "." not in name and name not in before}}
origins = {{name: getattr(module, "__file__", None) or "" for name, module in loaded.items()}}
print(json.dumps(sorted(name for name, origin in origins.items() if here in Path(origin).parents)))
"""


def third_party_packages_loaded_by(statement: str) -> list[str]:
    program = LIST_LOADED.format(statement=statement)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert isinstance(loaded, list)
    return loaded


def contracts() -> dict[str, dict[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def test_importing_the_package_loads_no_other_package() -> None:
    assert third_party_packages_loaded_by("import newgameplus") == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["no-such-verb"]])
def test_the_command_answers_with_click_alone(arguments: list[str]) -> None:
    statement = f"import newgameplus.cli.main as m; m.run({arguments!r})"
    assert third_party_packages_loaded_by(statement) == ["click"]


def test_this_test_sees_a_package_that_is_loaded() -> None:
    assert "numpy" in third_party_packages_loaded_by("import newgameplus.types")


def test_the_names_of_movies_are_read_without_an_emulator() -> None:
    assert third_party_packages_loaded_by("import newgameplus.movies.names") == []


def test_importing_gymnasium_does_not_load_our_environments() -> None:
    program = "import sys, gymnasium; print([name for name in sys.modules if name.startswith('newgameplus.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_agent_may_import_another() -> None:
    folders = [path.parent.name for path in (PACKAGE / "agents").glob("*/__init__.py")]
    assert contracts()["Agents never import each other"]["modules"] == [
        f"newgameplus.agents.{name}" for name in sorted(folders)
    ]


def test_every_world_is_forbidden_to_minds() -> None:
    layers = contracts()["Imports point down"]["layers"]
    assert isinstance(layers, list)
    rooms = [room.strip() for layer in layers for room in layer.split("|")]
    built = [room for room in rooms if (PACKAGE / room.strip("()")).is_dir()]
    assert not [room for room in built if room.startswith("(")], "a room that is built loses its parentheses"
    every_world = {"open_games", "session", "movies", "remote", "envs", "games", "emulator"}
    worlds = [room for room in built if room in every_world]
    assert contracts()["Minds never import worlds"]["forbidden_modules"] == [f"newgameplus.{room}" for room in worlds]


def test_no_room_has_a_name_without_meaning() -> None:
    empty = {"utils", "util", "common", "core", "base", "helpers", "misc"}
    assert not [path for path in PACKAGE.rglob("*") if path.stem in empty and OTHERS not in path.parents]


def test_what_open_games_share_names_none_of_them() -> None:
    folder = PACKAGE / "open_games"
    games = [path.parent.name for path in folder.glob("*/__init__.py")]
    shared = {path: path.read_text(encoding="utf-8").casefold() for path in folder.glob("*.py")}
    assert games
    assert not [(path.name, game) for path, text in shared.items() for game in games if game in text]
