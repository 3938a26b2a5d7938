"""Files are whole or not there."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from newgameplus.durable import GrowingLog, hold, is_held, remove_unfinished, write_atomically
from newgameplus.errors import ResultsError

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


def test_what_a_killed_writer_left_is_removed_and_whole_files_stay(tmp_path: Path) -> None:
    (tmp_path / ".a.bin.x7").write_bytes(b"half")
    write_atomically(tmp_path / "a.bin", b"whole")
    remove_unfinished(tmp_path, ".bin")
    assert names_in(tmp_path) == ["a.bin"]


def test_a_folder_is_held_by_one_process_until_it_lets_go(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from newgameplus.durable import hold
from newgameplus.errors import ResultsError
try:
    with hold(Path({str(tmp_path)!r}), "--run"):
        print("held")
except ResultsError as error:
    print(error)
"""
    command = [sys.executable, "-c", program]
    with hold(tmp_path, "--run"):
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert answer == f"Another process is writing to {tmp_path}: wait for it, or give another name with --run.\n"
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "held\n"


def test_who_looks_whether_a_folder_is_held_keeps_nobody_from_it(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    with hold(tmp_path, "--run"):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)
    looking = (tmp_path / ".lock").open()
    fcntl.flock(looking, fcntl.LOCK_SH)
    ended = threading.Timer(0.01, looking.close)
    ended.start()
    with hold(tmp_path, "--run"):
        assert looking.closed
    ended.join()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    with pytest.raises(ResultsError, match="Cannot write to"), hold(tmp_path, "--run"):
        pass


def test_a_growing_log_is_cut_back_to_its_length_at_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = GrowingLog(path, header="a,b")
    log.append("1,2")
    size_bytes = log.size_bytes
    log.append("3,4")
    log.close()
    log = GrowingLog(path, size_bytes, header="a,b")
    log.append("5,6")
    log.close()
    assert path.read_text() == "a,b\n1,2\n5,6\n"
    GrowingLog(path, header="c").close()
    assert path.read_text() == "c\n"


def test_a_growing_log_that_lost_lines_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("a\n")
    with pytest.raises(ResultsError, match="has lost rows"):
        GrowingLog(path, 3)
    assert path.read_text() == "a\n"
