"""A growing archive is a complete zip after every single write, and after every write that was torn in the middle."""

from __future__ import annotations

import os
import zipfile

from newgameplus.movies.archive import GrowingArchive, Member, assemble

PAGE_BYTES = 4096
LINES = [b"x%d\n" % number * 700 for number in range(250)]


def _content(path):
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return file.read("first"), file.read("log")


def test_what_was_appended_is_read_back_at_every_step(tmp_path):
    path = tmp_path / "movie.zip"
    archive = GrowingArchive(path, [Member.deflated("first", b"one" * 1000)], "log", b"head\n")
    expected = b"head\n"
    for line in LINES:
        archive.append(line)
        expected += line
        assert _content(path) == (b"one" * 1000, expected)
    archive.close()
    assert len(expected) > 3 * 2**17, "the log has outgrown its reserved space several times"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_torn_at_any_byte_leaves_the_archive_as_it_was(tmp_path, monkeypatch):
    path, torn = tmp_path / "movie.zip", tmp_path / "torn.zip"
    archive = GrowingArchive(path, [Member.deflated("first", b"one")], "log", b"head\n")
    write = os.pwrite
    num_torn = 0

    def write_with_accidents(descriptor, content, offset):
        nonlocal num_torn
        before = path.read_bytes()
        expected = _content(path)
        is_within_a_page = offset // PAGE_BYTES == (offset + len(content) - 1) // PAGE_BYTES
        if not is_within_a_page:  # the system writes page by page, so only such a write can be torn by a kill
            first_cut = PAGE_BYTES - offset % PAGE_BYTES
            for cut in range(first_cut, len(content), PAGE_BYTES):
                end = offset + cut
                torn.write_bytes(before[:offset] + content[:cut] + before[end:])
                assert _content(torn) == expected
                num_torn += 1
        return write(descriptor, content, offset)

    monkeypatch.setattr(os, "pwrite", write_with_accidents)
    for line in LINES:
        archive.append(line)
    archive.close()
    assert num_torn > 50
    assert _content(path)[1] == b"head\n" + b"".join(LINES)


def test_the_directory_never_crosses_a_page(tmp_path, monkeypatch):
    archive = GrowingArchive(tmp_path / "movie.zip", [Member.deflated("first", b"one")], "log", b"head\n")
    write, directories = os.pwrite, []

    def note(descriptor, content, offset):
        if content.startswith(b"PK\1\2"):
            directories.append((offset, len(content)))
        return write(descriptor, content, offset)

    monkeypatch.setattr(os, "pwrite", note)
    for line in LINES:
        archive.append(line)
    archive.close()
    assert len({offset for offset, _ in directories}) > 2
    assert all(offset % PAGE_BYTES == 0 and length < PAGE_BYTES for offset, length in directories)


def test_the_same_members_make_the_same_bytes():
    members = [Member.deflated("a", b"1" * 100), Member.deflated("b", b"2")]
    assert assemble(members) == assemble(members)
