"""``ngp entry``: from an empty folder to one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.remote.entries.entry import read_entry


def test_a_new_entry_is_packed_to_one_file_with_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["entry", "new", "mine"]) == 0
    assert run(["entry", "pack", "mine"]) == 0
    assert run(["entry", "pack", "mine", "--output", "again.zip"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("mine.zip  ")
    assert first.rpartition(" ")[2] == second.rpartition(" ")[2]
    assert (tmp_path / "mine.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()


@pytest.mark.parametrize("agent", ["jerk", "simple"])
def test_every_template_is_an_entry(tmp_path: Path, agent: str) -> None:
    assert run(["entry", "new", str(tmp_path / "new"), "--agent", agent]) == 0
    assert read_entry(tmp_path / "new").function
    compile((tmp_path / "new" / "agent.py").read_text(), "agent.py", "exec")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["new", "DIR", "--agent", "jerc"], "Did you mean jerk?"),
        (["new", "DIR", "--agent", "os:system"], "There is no template"),
        (["new", "DIR", "--init", "run"], "name it with --agent"),
        (["new", "DIR", "--agent", "random", "--init", "run"], "has no weights"),
        (["new", "DIR", "--agent", "jerk", "--preset", "x"], "There is no preset"),
        (["pack", "DIR"], "There is no entry.toml"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    folder = str(tmp_path / "dir")
    assert run(["entry", *(folder if argument == "DIR" else argument for argument in arguments)]) == 2
    assert why in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
