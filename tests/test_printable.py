"""What others have named or written is shown, and never a command to the terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

import newgameplus
from newgameplus.cli.main import run
from newgameplus.printable import (
    PrintableStream,
    open_console,
    printable,
    printable_field,
    printable_number,
    printable_output,
)

EVIL = "a\x1b]0;owned\x07b\x9b2Jc\u202ed\ud800e\rf"
SHOWN = r"a\x1b]0;owned\x07b\x9b2Jc\u202ed\ud800e\rf"


def stream(encoding: str) -> tuple[io.BytesIO, io.TextIOWrapper]:
    content = io.BytesIO()
    return content, io.TextIOWrapper(content, encoding, write_through=True)


def test_text_keeps_what_is_shown_and_escapes_what_is_not() -> None:
    assert printable(EVIL) == SHOWN
    assert printable("Ünï — 日本語 🎮\tand\nlines") == "Ünï — 日本語 🎮\tand\nlines"
    assert printable("日本 é", "latin-1") == r"\u65e5\u672c é"
    assert printable_field("two\tfields\nlines") == r"two\tfields\nlines"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_a_stream_writes_any_text_in_any_encoding(encoding: str) -> None:
    content, inner = stream(encoding)
    PrintableStream(inner).write(EVIL + "日\n")
    assert b"\x1b" not in content.getvalue()
    assert content.getvalue().startswith(rb"a\x1b]0;owned")


def test_a_table_on_a_terminal_has_its_colours_and_no_other_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    content, inner = stream("latin-1")
    monkeypatch.setattr(sys, "stdout", inner)
    table = Table()
    table.add_column(EVIL)
    table.add_row(Text(EVIL + "日", style="bold red"))
    with printable_output():
        console = open_console()
        console.print(table, soft_wrap=True)
        console.print(Text(EVIL), markup=False)
    written = content.getvalue().decode("latin-1")
    assert "\x1b[1;31m" in written
    assert "\x1b]" not in written
    assert "\x9b" not in written


def test_a_refusal_names_what_was_typed_without_obeying_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levels", "list", "--split", "no\x1b[2Jsuch"]) == 2
    assert run(["no\x1b[2Jverb"]) == 2
    assert run(["games", "info", "half\ud800"]) == 2
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert r"half\ud800" in said.err


def test_nothing_writes_past_the_one_place() -> None:
    """Every console is opened by ``open_console``."""
    folder = Path(newgameplus.__file__).parent
    files = [path for path in folder.rglob("*.py") if path.name != "printable.py"]
    assert [path.name for path in files if " Console(" in path.read_text() and "rich" in path.read_text()] == []
    assert [path.name for path in files if "stdout.buffer" in path.read_text()] == []


def test_lines_into_a_pipe_are_never_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    content, inner = stream("utf-8")
    monkeypatch.setattr(sys, "stdout", inner)
    table = Table(box=None, show_header=False)
    table.add_row("a name", "some words " * 30)
    console = open_console()
    console.print("a sentence of many words " * 30, highlight=False)
    console.print(table)
    assert content.getvalue().count(b"\n") == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(6301.000300000001, "6,301"), (0.1 + 0.2, "0.30"), (-1e-12, "0"), (1234567.0, "1,234,567"), (-0.5, "-0.50")],
)
def test_a_number_is_shown_without_the_noise_of_floats(value: float, text: str) -> None:
    assert printable_number(value) == text
