"""Packing and unpacking: one file with one hash from a folder, and nothing but files from a zip."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.remote.entries import unpack as unpacking
from newgameplus.remote.entries.names import Names
from newgameplus.remote.entries.pack import pack
from newgameplus.remote.entries.store import store
from newgameplus.remote.entries.unpack import unpack

TOML = b'name = "mine"\nversion = "1"\nfunction = "agent:play"\n'
REGULAR = (stat.S_IFREG | 0o644) << 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "data" / "deep").mkdir(parents=True)
    (folder / "entry.toml").write_bytes(TOML)
    (folder / "agent.py").write_text("def play(env): pass\n")
    (folder / "data" / "deep" / "weights.bin").write_bytes(b"\0" * 5000)
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o700)
    return folder


def zip_of(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("entry.toml", TOML)
        for name, content in members:
            if isinstance(name, str):
                info = zipfile.ZipInfo("x")
                info.filename, info.external_attr, name = name, REGULAR, info
            archive.writestr(name, content)
    return path


def of_kind(name: str, kind: int, *, system: int = 3) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = system, (kind | 0o777) << 16
    return info


def test_the_same_folder_gives_the_same_file_whatever_its_times_modes_and_order(tmp_path: Path, folder: Path) -> None:
    first = pack(folder, tmp_path / "first.zip")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "agent.cpython-311.pyc").write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").touch()
    (folder / ".hidden").touch()
    os.utime(folder / "agent.py", (1, 1))
    (folder / "agent.py").chmod(0o666)
    second = pack(folder, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert first == second
    assert first.num_files == 4
    (folder / "agent.py").chmod(0o755)
    assert pack(folder, tmp_path / "second.zip").sha256 != first.sha256


def test_what_is_packed_is_unpacked_as_it_was(tmp_path: Path, folder: Path) -> None:
    pack(folder, tmp_path / "mine.zip")
    before = os.umask(0o077)
    try:
        assert unpack(tmp_path / "mine.zip", tmp_path / "out").name == "mine"
    finally:
        os.umask(before)
    found = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*")}
    assert set(found) == {"entry.toml", "agent.py", "run", "data", "data/deep", "data/deep/weights.bin"}
    assert found["data/deep/weights.bin"].read_bytes() == b"\0" * 5000
    assert stat.S_IMODE(found["run"].stat().st_mode) == 0o755
    assert stat.S_IMODE(found["agent.py"].stat().st_mode) == 0o644
    assert stat.S_IMODE(found["data"].stat().st_mode) == 0o755  # another user reads it
    assert pack(tmp_path / "out", tmp_path / "again.zip").sha256 == pack(folder, tmp_path / "mine.zip").sha256


@pytest.mark.parametrize(
    ("make", "kind"),
    [(lambda path: path.symlink_to("/etc"), "a link"), (os.mkfifo, "a pipe")],
)
def test_what_is_no_file_is_not_packed(tmp_path: Path, folder: Path, make: Callable[[Path], object], kind: str) -> None:
    make(folder / "data" / "odd")
    with pytest.raises(UsageError, match=f"data/odd, which is {kind}"):
        pack(folder, tmp_path / "mine.zip")
    assert not list(tmp_path.glob("*.zip*"))


def test_an_entry_is_not_packed_into_itself(folder: Path) -> None:
    with pytest.raises(UsageError, match="lies in the entry itself"):
        pack(folder, folder / "data" / "mine.zip")


def test_what_is_wrong_with_a_zip_is_said_of_the_file_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGP_HOME", str(tmp_path / "home"))
    path = zip_of(tmp_path / "theirs.zip", ("../evil", b"x"))
    with pytest.raises(UsageError, match=rf"^{path} holds the name '\.\./evil'"):
        store(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("entry.toml", TOML + b"memory = 8\n")
    with pytest.raises(UsageError, match=rf"^{path}/entry\.toml, line 4: there is no field 'memory'"):
        store(path)


def test_a_name_that_could_not_be_unpacked_everywhere_is_not_packed(tmp_path: Path, folder: Path) -> None:
    (folder / "AGENT.py").touch()
    with pytest.raises(UsageError, match="the same name on some systems"):
        pack(folder, tmp_path / "mine.zip")


def test_a_folder_that_cannot_be_read_to_its_end_is_not_packed_in_part(tmp_path: Path, folder: Path) -> None:
    inner = os.open(folder / "data", os.O_RDONLY)
    for _ in range(20):  # no path is as long as this one's
        os.mkdir("d" * 250, dir_fd=inner)
        outer, inner = inner, os.open("d" * 250, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)
    with pytest.raises(UsageError, match=r"Cannot pack .*: File name too long\."):
        pack(folder, tmp_path / "mine.zip")
    assert not list(tmp_path.glob("*.zip*"))


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "a/../../evil",
        "/etc/evil",
        "//evil",
        "./agent.py",
        "a//b",
        "a\\..\\..\\evil",
        "C:evil",
        "evil\0.py",
        "evil\n.py",
        "\x1b[2Jevil",
        "\u202egnp.py",
        " evil",
        "evil.",
        "evil /x",
        "NUL",
        "aux.txt",
        "a?",
        "x" * 256,
        "/".join("x" * 40),
        "Entry.toml",
        "ENTRY.TOML",
        "entry.toml",
        "entry.toml/evil",
    ],
)
def test_odd_and_doubled_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.warns(UserWarning, match="Duplicate") if name == "entry.toml" else contextlib.nullcontext():
        archive = zip_of(tmp_path / "evil.zip", (name, b"x"))
    refused(archive, tmp_path, "holds")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFDIR])
@pytest.mark.parametrize("system", [3, 0])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int, system: int) -> None:
    archive = zip_of(tmp_path / "evil.zip", (of_kind("evil", kind, system=system), b"/etc/passwd"))
    refused(archive, tmp_path, "evil, which is neither a file nor a folder")


def test_a_folder_that_is_a_file_too_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "evil.zip", ("a", b"x"), ("a/b", b"x"))
    refused(archive, tmp_path, "holds the name 'a' twice")
    info = of_kind("dir/", stat.S_IFDIR)
    refused(zip_of(tmp_path / "two.zip", (info, b"content")), tmp_path, "a folder with content of its own")


def test_bombs_are_refused_before_a_byte_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = zipfile.ZipInfo("zeros")
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, REGULAR
    refused(zip_of(tmp_path / "ratio.zip", (info, bytes(2 << 20))), tmp_path, "2,097,152 bytes from few: a bomb")
    many = zip_of(tmp_path / "many.zip", *((f"f{number}", b"") for number in range(5000)))
    refused(many, tmp_path, "more than 5,000 files")
    deep = zip_of(
        tmp_path / "deep.zip", *(("/".join((f"d{number}", *"abcdefghij", "f")), b"") for number in range(480))
    )
    refused(deep, tmp_path, "more than 5,000 files and folders")
    monkeypatch.setattr(unpacking, "MAX_FILES_BYTES", 1000)
    refused(zip_of(tmp_path / "total.zip", ("a", b"x" * 600), ("b", b"x" * 600)), tmp_path, "would unpack to more than")
    monkeypatch.setattr(unpacking, "MAX_PACKED_BYTES", 1000)
    refused(zip_of(tmp_path / "large.zip", ("a", b"x" * 1600)), tmp_path, "the limit of an entry")


def test_a_member_that_is_larger_than_it_says_is_cut_off_and_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "liar.zip", ("liar", b"y" * 100_000))
    content = archive.read_bytes()
    archive.write_bytes(content.replace(struct.pack("<LL", 100_000, 100_000), struct.pack("<LL", 100_000, 10)))
    refused(archive, tmp_path, "damaged")


def test_directories_that_lie_are_refused(tmp_path: Path) -> None:
    content = zip_of(tmp_path / "good.zip", ("agent.py", b"x" * 100)).read_bytes()
    for name, bad, why in [
        ("comment", content[:-2] + b"\3\0abc", "without a comment"),
        ("not", b"GIF89a" * 20, "not a zip"),
        ("empty", b"", "not a zip"),
        ("cut", content[: len(content) // 2], "not a zip"),
        ("zip64", content[:-22] + b"PK\x06\x07" + bytes(16) + content[-22:], "64-bit kind"),
        ("huge", content[:-10] + struct.pack("<LL", 2**31, 0) + b"\0\0", "more than 5,000"),
        ("offset", content[:-6] + struct.pack("<L", 2**31) + b"\0\0", "damaged"),
        ("crc", content.replace(b"x" * 100, b"x" * 99 + b"y"), "damaged"),
    ]:
        path = tmp_path / f"{name}.zip"
        path.write_bytes(bad)
        refused(path, tmp_path, why)


def test_what_is_encrypted_or_packed_otherwise_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("odd")
    info.compress_type, info.external_attr = zipfile.ZIP_BZIP2, REGULAR
    refused(zip_of(tmp_path / "bzip2.zip", (info, b"x")), tmp_path, "packed in a way that is not read")


def test_a_zip_without_an_entry_and_one_that_is_not_there_are_told_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("mine/entry.toml", TOML)
    refused(tmp_path / "other.zip", tmp_path, r"no entry\.toml at its top")
    with pytest.raises(NotFoundError, match="There is no entry"):
        unpack(tmp_path / "nothing.zip", tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept").touch()
    with pytest.raises(UsageError, match="Cannot unpack"):
        unpack(tmp_path / "other.zip", tmp_path / "out")
    assert (tmp_path / "out" / "kept").is_file()


def test_random_bytes_in_a_zip_end_in_a_sentence_or_an_entry(tmp_path: Path) -> None:
    draw = random.Random(1)
    content = zip_of(tmp_path / "good.zip", ("agent.py", b"x" * 100), ("data/w", bytes(50))).read_bytes()
    for _ in range(60):
        bad = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            bad[draw.randrange(len(bad))] = draw.randrange(256)
        (tmp_path / "bad.zip").write_bytes(bytes(bad))
        with contextlib.suppress(UsageError):
            unpack(tmp_path / "bad.zip", tmp_path / "out")
            shutil.rmtree(tmp_path / "out")
        assert {path.name for path in tmp_path.iterdir()} == {"good.zip", "bad.zip"}


def test_names_are_limited_in_number() -> None:
    names = Names("x")
    for number in range(5000):
        names.add(f"{number}")
    with pytest.raises(UsageError, match="more than 5,000"):
        names.add("one more")


def refused(archive: Path, folder: Path, why: str) -> None:
    before = set(folder.iterdir())
    with pytest.raises((UsageError, NotFoundError), match=why) as caught:
        unpack(archive, folder / "out")
    assert set(folder.iterdir()) == before  # nothing is left behind, inside or outside
    assert all(character.isprintable() for character in str(caught.value))
