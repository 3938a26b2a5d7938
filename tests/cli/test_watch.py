"""``ngp watch``: what it refuses before a server begins."""

from __future__ import annotations

import pytest

from newgameplus.cli.main import run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'PATH...'"),
        (["{folder}/nowhere"], "There is no file or folder {folder}/nowhere."),
        (["{folder}"], "There are no movies (*.bk2) in {folder}."),
        (["{folder}/note.txt"], "{folder}/note.txt is no movie: movies end in .bk2."),
        (["{folder}", "--live"], "There is no run in {folder}: name the folder of a training run"),
        (["{folder}/note.txt", "--live"], "There is no run in {folder}/note.txt"),
        (["{folder}", "--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["{folder}/a.bk2", "--host", "no such host"], "no such host is no address of this machine"),
        (["{folder}/a.bk2", "--host", "192.0.2.1"], "Cannot listen at 192.0.2.1, port 0"),
    ],
)
def test_bad_input_is_one_sentence(arguments, message, tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    if "a.bk2" in str(arguments):
        (folder / "a.bk2").touch()
    (folder / "note.txt").touch()
    assert run(["watch", "--no-browser", *(each.format(folder=folder) for each in arguments)]) == 2
    said = capsys.readouterr().err
    assert message.format(folder=folder) in said
    assert "Traceback" not in said
