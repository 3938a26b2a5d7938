"""What ``import newgameplus`` gives, and that it gives it without changing the process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import newgameplus

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "guide" / "python.md").read_text(encoding="utf-8")
NAMES = [name for name in newgameplus.__all__ if not name.startswith("__")]

COMPARE = """
import json, os, signal, sys, warnings
def process():
    return [dict(os.environ), list(map(repr, sys.meta_path)), list(map(repr, sys.path_hooks)), sys.path,
            list(map(str, warnings.filters)), [str(signal.getsignal(number)) for number in range(1, 32)]]
before = process()
import newgameplus
print(json.dumps(process() == before))
"""


def answer_of(program: str) -> object:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_importing_the_package_changes_nothing_in_the_process() -> None:
    assert answer_of(COMPARE) is True


def test_importing_the_package_loads_nothing_but_the_package_itself() -> None:
    program = "import sys; a = set(sys.modules); import newgameplus, json; b = set(sys.modules)"
    loaded = answer_of(f"{program}; print(json.dumps(sorted(n for n in b - a if not n.startswith('json'))))")
    assert [name for name in loaded if "newgameplus" in name] == ["newgameplus"]  # type: ignore[attr-defined]


def test_reading_the_names_loads_nothing() -> None:
    program = "import json, sys, newgameplus; dir(newgameplus); print(json.dumps('numpy' in sys.modules))"
    assert answer_of(program) is False


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_alone_with_a_docstring_and_the_same_each_time(name: str) -> None:
    program = f"import json, newgameplus; from newgameplus import {name}; print(json.dumps({name}.__doc__))"
    assert answer_of(program)
    assert getattr(newgameplus, name) is getattr(newgameplus, name)
    assert name in dir(newgameplus)


def test_every_name_has_a_row_on_its_page_and_no_other_has() -> None:
    assert sorted(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == sorted(NAMES)


def test_a_star_import_gives_the_names() -> None:
    program = "from newgameplus import *; import json; print(json.dumps([find_level.__name__, make.__name__]))"
    assert answer_of(program) == ["find_level", "make_contest"]


def test_another_name_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'newgameplus' has no attribute 'find_levl'"):
        newgameplus.find_levl  # noqa: B018


def test_a_level_is_made_and_played_by_its_id() -> None:
    env = newgameplus.make("Airstriker-Genesis-v0/Level1", observation_spec=newgameplus.ObservationSpec(kind="none"))
    env.reset(seed=0)
    assert env.step(env.action_space.sample())[4]["score"] == 0
    env.close()
