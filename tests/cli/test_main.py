"""The command's frame: verbs, hints, exit codes, and how it ends when it is interrupted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import newgameplus
from newgameplus.cli import main
from newgameplus.cli.main import VERBS, run
from newgameplus.cli.typed import Number

VERBS_THAT_END_BADLY = """
import click
from newgameplus.errors import RomError

@click.command()
def missing():
    raise RomError("The ROM of Sonic is missing; import it with: ngp games import PATH")

@click.command()
def interrupted():
    raise KeyboardInterrupt

@click.command()
def partly():
    return 1

@click.command()
def broken():
    raise ZeroDivisionError

@click.command()
def full():
    raise OSError(28, "No space left on device", "report.html")
"""


@pytest.fixture
def _verbs_that_end_badly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "verbs_that_end_badly.py").write_text(VERBS_THAT_END_BADLY)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("missing", "interrupted", "partly", "broken", "full"):
        monkeypatch.setitem(main.VERBS, name, (f"verbs_that_end_badly:{name}", "For a test."))


def test_help_lists_every_verb_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    for verb, (_, purpose) in VERBS.items():
        assert verb in listed
        assert purpose in listed


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"ngp {newgameplus.__version__}\n"


def test_a_misspelt_verb_gets_a_hint_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evalute"]) == 2
    assert "There is no verb 'evalute'. Did you mean evaluate?" in capsys.readouterr().err


def test_an_unknown_option_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--no-such-option"]) == 2
    assert "--no-such-option" in capsys.readouterr().err


@pytest.mark.usefixtures("_verbs_that_end_badly")
def test_an_error_on_purpose_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["missing"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "Error: The ROM of Sonic is missing; import it with: ngp games import PATH\n"
    assert captured.out == ""


@pytest.mark.usefixtures("_verbs_that_end_badly")
def test_an_interruption_is_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["interrupted"]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted."


@pytest.mark.usefixtures("_verbs_that_end_badly")
def test_a_verb_chooses_its_exit_code_by_what_it_returns() -> None:
    assert run(["partly"]) == 1


@pytest.mark.usefixtures("_verbs_that_end_badly")
def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(["broken"])


def test_the_process_exits_with_the_code() -> None:
    done = subprocess.run([sys.executable, "-m", "newgameplus", "evalute"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean evaluate?" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["levels"], ["games", "--help"]])
def test_a_reader_that_went_away_ends_the_command_without_a_word(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "newgameplus", *arguments]
    try:
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_threads_that_wait_are_put_to_sleep_before_a_verb_is_loaded() -> None:
    program = """if True:
        import atexit, os
        from newgameplus.cli.main import main
        atexit.register(lambda: print(os.environ["GOMP_SPINCOUNT"]))
        main(["--version"])
    """
    environment = {
        name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "10000"


@pytest.mark.usefixtures("_verbs_that_end_badly")
def test_a_full_disk_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["full"]) == 1
    assert capsys.readouterr().err == "Error: report.html: No space left on device.\n"


def test_a_working_folder_that_was_deleted_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert run(["--help"]) == 0
    assert "Verbs" in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "same"), [("help", "--help"), ("help games", "games --help")])
def test_help_is_a_verb_too(typed: str, same: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for line in (typed, same):
        assert run(line.split()) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != ""


@pytest.mark.parametrize(
    ("typed", "number"), [("7", 7), ("10k", 10_000), ("1.5M", 1_500_000), ("10,000", 10_000), ("5_000_000", 5_000_000)]
)
def test_numbers_of_steps_may_be_written_short(typed: str, number: int) -> None:
    assert Number().convert(typed, None, None) == number


@pytest.mark.parametrize("typed", ["k", "1.5", "10kk", "1e6", "ten", ""])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a whole number"):
        Number().convert(typed, None, None)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("report nowhere", "There is no folder nowhere"),
        ("train --resume --run nowhere", "There is no folder nowhere"),
        ("evaluate random --level Mesa.Act1", "write Tumbleweed-Genesis-v0/Mesa.Act1"),
    ],
)
def test_what_is_not_there_is_told_as_such(
    line: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(line.split()) == 2
    assert sentence in capsys.readouterr().err
