"""Movies from elsewhere: each broken or hostile file gets one clear sentence, in bounded memory."""

from __future__ import annotations

import os
import re
import struct
import tracemalloc
import zipfile

import pytest

from newgameplus.errors import MovieError
from newgameplus.movies import bk2
from newgameplus.movies.bk2 import read_movie

HEADER = b"Platform GEN\nGameName Airstriker-Genesis-v0\n"
LOG = b"[Input]\nP1 A|P1 B|\n|..|AB|\n[/Input]\n"
MEGABYTE = 2**20


def _zip(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            with file.open(name, "w") as member:
                for portion in content if isinstance(content, list) else [content]:
                    member.write(portion)
    return path


def _good(**changed):
    names = {"header": "Header.txt", "log": "Input Log.txt", "state": "Core.bin", "extra": "NewGamePlus.json"}
    members = {"Header.txt": HEADER, "Input Log.txt": LOG, "Core.bin": b"state"}
    return members | {names[key]: value for key, value in changed.items()}


def _log(line, key=b"P1 A|P1 B|"):
    return b"[Input]\n" + key + b"\n" + line + b"\n[/Input]\n"


MANY_PLAYERS = b"".join(b"P%d A|" % player for player in range(1, 99))

BROKEN = {
    "a state that unpacks to 100 MB": (_good(state=[bytes(MEGABYTE)] * 100), "Core.bin .* longer than"),
    "a header that unpacks to 100 MB": (_good(header=[b"x" * MEGABYTE] * 100), "Header.txt .* longer than"),
    "an endless line": (_good(log=[b"[Input]\nP1 A|\n"] + [b"|" * MEGABYTE] * 100), "Line 3 .* longer than"),
    "an endless key line": (_good(log=[b"[Input]\n"] + [b"P1 A|" * 2**18] * 40), "Line 2 .* longer than"),
    "an endless first line": (_good(log=[b"x" * MEGABYTE] * 40), "Line 1 .* longer than"),
    "a deeply nested json": (_good(extra=b"[" * 60_000), "not valid json"),
    "json that is no object": (_good(extra=b"[1]"), "must hold a json object"),
    "no header": ({"Input Log.txt": LOG}, "has no 'Header.txt' inside"),
    "no log": ({"Header.txt": HEADER}, "has no 'Input Log.txt' inside"),
    "no frames": (_good(log=b"[Input]\nP1 A|\n[/Input]\n"), "has no frames"),
    "no start line": (_good(log=b"hello\n"), r"does not begin with \[Input\]"),
    "an unknown platform": (_good(header=b"Platform PS9\nGameName X\n"), "for 'PS9', a console that no core plays"),
    "no platform": (_good(header=b"GameName X\n"), "a console that no core plays"),
    "a header that is not UTF-8": (_good(header=b"Platform \xff\xfe\n"), "Header.txt .* not UTF-8"),
    "a log that is not UTF-8": (_good(log=_log(b"|..|\xff\xfe|")), "Line 3 .* not UTF-8"),
    "an unknown letter": (_good(log=_log(b"|..|Q.|")), "Line 3 .* presses 'Q', which is no button of Genesis"),
    "a missing player": (_good(log=_log(b"|..|A|", b"P1 A|P2 A|")), "has 1 players instead of 2"),
    "a line that is no line": (_good(log=_log(b"hello")), "Line 3 .* is no line of buttons"),
    "an unknown column": (_good(log=_log(b"|..|A|", b"LogKey:#Reset|Power|#P1 Turbo|")), "column 'P1 Turbo'"),
    "a short line": (_good(log=_log(b"|.|A|", b"LogKey:#Reset|Power|#P1 A|")), "does not have the columns"),
    "an analog column": (_good(log=_log(b"|..|  0,|", b"LogKey:#Reset|Power|#P1 A|")), "does not have the columns"),
    "too many players": (_good(log=_log(b"|..|A|", MANY_PLAYERS)), "98 players"),
    "a member outside its folder": (_good() | {"../../evil.txt": b"x"}, "leaves its folder"),
    "a member with an absolute name": (_good() | {"/etc/passwd": b"x"}, "leaves its folder"),
    "a member for Windows": (_good() | {"C:\\x": b"x"}, "leaves its folder"),
    "very many members": (_good() | {f"m{number}": b"" for number in range(100)}, "holds 103 members"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_hostile_movie_gets_one_sentence_in_bounded_memory(case, tmp_path):
    members, message = BROKEN[case]
    path = _zip(tmp_path / "movie.bk2", members)
    tracemalloc.start()
    try:
        with pytest.raises(MovieError, match=message) as caught:
            read_movie(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 * MEGABYTE
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value) or "button log" in str(caught.value)


def test_a_log_of_more_frames_than_a_day_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bk2, "MAX_FRAMES", 1000)
    path = _zip(tmp_path / "movie.bk2", _good(log=b"[Input]\nP1 A|\n" + b"|..|.|\n" * 1001))
    with pytest.raises(MovieError, match="longer than a day"):
        read_movie(path)


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    for content in (b"", b"hello", b"PK\5\6", bytes(1000)):
        path = tmp_path / "movie.bk2"
        path.write_bytes(content)
        with pytest.raises(MovieError, match="is not a bk2 movie, or it is cut short"):
            read_movie(path)


def test_a_movie_cut_anywhere_is_refused(tmp_path):
    whole = _zip(tmp_path / "whole.bk2", _good()).read_bytes()
    path = tmp_path / "cut.bk2"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(MovieError):
            read_movie(path)


def test_a_movie_with_one_byte_changed_never_fails_in_another_way(tmp_path):
    whole = bytearray(_zip(tmp_path / "whole.bk2", _good(), zipfile.ZIP_STORED).read_bytes())
    path = tmp_path / "changed.bk2"
    for position in range(len(whole)):
        changed = whole.copy()
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            read_movie(path)
        except MovieError as error:
            assert re.search(r"movie|bk2", str(error))  # noqa: PT017 - most changes, but not all, are an error


def test_a_directory_that_claims_to_be_huge_is_refused(tmp_path):
    path = tmp_path / "movie.bk2"
    path.write_bytes(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3, 3, 2**31, 0, 0))
    with pytest.raises(MovieError, match="holds 3 members"):
        read_movie(path)


def test_two_members_of_one_name_are_refused(tmp_path):
    path = tmp_path / "movie.bk2"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("Header.txt", HEADER)
        file.writestr("Input Log.txt", LOG)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("Input Log.txt", LOG)
    with pytest.raises(MovieError, match="two members of the same name"):
        read_movie(path)


def test_compressions_that_need_memory_of_the_senders_choice_are_refused(tmp_path):
    path = _zip(tmp_path / "movie.bk2", _good(), zipfile.ZIP_LZMA)
    with pytest.raises(MovieError, match="compressed in a way that bk2 movies are not"):
        read_movie(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(MovieError, match=r"nothing\.bk2 is not there"):
        read_movie(tmp_path / "nothing.bk2")
    with pytest.raises(MovieError, match="is a folder, not a movie"):
        read_movie(tmp_path)


def test_a_pipe_and_a_device_are_refused_unread(tmp_path):
    os.mkfifo(tmp_path / "pipe.bk2")
    (tmp_path / "endless.bk2").symlink_to("/dev/zero")
    for name in ("pipe.bk2", "endless.bk2"):
        with pytest.raises(MovieError, match="a pipe or a device"):
            read_movie(tmp_path / name)
