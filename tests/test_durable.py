"""Files are whole or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from newgameplus.durable import write_atomically

WRITE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from newgameplus.durable import write_atomically
path = Path(sys.argv[1])
for number in itertools.count():
    write_atomically(path, str(number % 10) * 100_000)
    print(number, flush=True)
"""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("content", "expected"), [("Größe\n", "Größe\n".encode()), (b"\x00\xff", b"\x00\xff")])
def test_text_is_written_as_utf8_and_bytes_as_they_are(tmp_path: Path, content: str | bytes, expected: bytes) -> None:
    write_atomically(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == expected


def test_an_old_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a long old content")
    write_atomically(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert names_in(tmp_path) == ["file"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "file", "\ud800")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert names_in(tmp_path) == ["file", "folder"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing" / "file", "new")


def test_others_may_read_the_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", "new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    content = path.read_text()
    assert content == content[0] * 100_000
