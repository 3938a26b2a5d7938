"""``entry.toml``: what it may say, and one sentence with the place for everything else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.remote.entries.entry import Entry, read_entry
from newgameplus.remote.entries.new import as_toml, new_entry, our_program
from newgameplus.types import SONIC_7, WARPED

LEAST = 'name = "mine"\nversion = "1"\n'
HASH = "--hash=sha256:" + "0" * 64


def write(folder: Path, text: str) -> Path:
    (folder / "entry.toml").write_text(text, encoding="utf-8")
    return folder


def test_an_entry_is_read_with_its_defaults(tmp_path: Path) -> None:
    entry = read_entry(write(tmp_path, LEAST + 'command = ["python", "agent.py"]\n'))
    assert entry == Entry("mine", "1", command=("python", "agent.py"))
    assert entry.title == "mine 1"


def test_an_entry_that_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    entry = Entry(
        "ppo", "2.0-rc1", function="a.b:play", python="3.9", memory_gb=0.5, observation=WARPED, actions=SONIC_7
    )
    assert read_entry(write(tmp_path, as_toml(entry))) == entry


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (LEAST, "", "one of command and function"),
        (LEAST + 'function = "a:b"\ncommand = ["x"]', "", "one of command and function"),
        (LEAST + 'function = "a:b"\nmemory = 8', ", line 4", "no field 'memory'"),
        (LEAST + 'function = "a:b"\nmemory_gb = "8"', ", line 4", "expected a number, not '8'"),
        (LEAST + 'function = "a:b"\nmemory_gb = nan', ", line 4", "more than 0"),
        (LEAST + 'function = "a.b"', ", line 3", "expected module:function"),
        (LEAST + "command = []", ", line 3", "expected 1 to 64"),
        (LEAST + 'command = ["python", "\\u001b[2J"]', ", line 3", "printable"),
        (LEAST + 'function = "a:b"\npython = "2.7"', ", line 4", "a version such as"),
        (LEAST + 'function = "a:b"\naccelerator = "tpu"', ", line 4", "one of none, cuda"),
        (LEAST + 'function = "a:b"\napi = "2019"', ", line 4", "one of 2018, not '2019'"),
        (LEAST + 'function = "a:b"\napi = 2018', ", line 4", "one of '2018', not 2018"),
        (LEAST + 'function = "a:b"\n\n[observation]\nkind = "smell"', ", line 5", "one of image, ram, none"),
        (LEAST + 'function = "a:b"\nobservation = { size = [9000, 9000] }', ", line 4", "1 to 1024 pixels"),
        (LEAST + 'function = "a:b"\nobservation = { stack = 0 }', ", line 4", "a stack of 1 to 16"),
        ('name = "../evil"\nversion = "1"\nfunction = "a:b"', ", line 1", "small letters"),
        ('name = "x"\nversion = "\\n"\nfunction = "a:b"', ", line 2", "as in '1.0'"),
        ('name = "x"\nfunction = "a:b"', "", "'version' is missing"),
        ("name = ", "", "not valid TOML: Invalid value (at end of document)"),
        ("a = [" * 5000, "", "not valid TOML"),
        ("a = " + "9" * 5000, "", "not valid TOML: Exceeds the limit"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_entry(write(tmp_path, text))
    assert f"entry.toml{line}" in str(caught.value)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_an_entry_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no entry\.toml in .* ngp entry new"):
        read_entry(tmp_path)


def test_neither_links_nor_pipes_nor_floods_are_read(tmp_path: Path) -> None:
    path = tmp_path / "entry.toml"
    path.symlink_to("/etc/hostname")
    with pytest.raises(UsageError, match="must be a file, not a link"):
        read_entry(tmp_path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UsageError, match="not a regular file"):
        read_entry(tmp_path)
    path.unlink()
    path.write_bytes(b"#" * 70_000)
    with pytest.raises(UsageError, match="larger than 64 kB"):
        read_entry(tmp_path)
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_entry(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError, match="not a regular file"):
        read_entry(tmp_path)


def test_a_mark_of_the_byte_order_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "entry.toml").write_text(LEAST + 'function = "a:b"\n', encoding="utf-8-sig")
    assert read_entry(tmp_path).name == "mine"


def test_requirements_are_pinned_with_hashes(tmp_path: Path) -> None:
    write(tmp_path, LEAST + 'function = "a:b"\nrequirements = "lock.txt"\n')
    lock = tmp_path / "lock.txt"
    lock.write_text(
        f"# by hand\nnumpy==2.0.0 \\\n    {HASH} \\\n    {HASH}  # twice\n\ntoy[x]==1 ; os_name == 'a' {HASH}\n"
    )
    assert read_entry(tmp_path).requirements == "lock.txt"


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy==2.0.0",
        f"numpy>=2.0.0 {HASH}",
        f"https://example.org/numpy.whl {HASH}",
        f"numpy @ https://example.org/numpy.whl {HASH}",
        "--index-url https://example.org",
        "-r other.txt",
        "-e .",
        f"numpy==2.0.0 {HASH} --config-settings=x=y",
        f"./local {HASH}",
        "numpy==2.0.0 --hash=md5:0",
        "numpy==2.0.0 \\",
    ],
)
def test_other_requirements_are_refused_with_their_line(tmp_path: Path, line: str) -> None:
    write(tmp_path, LEAST + 'function = "a:b"\nrequirements = "lock.txt"\n')
    (tmp_path / "lock.txt").write_text(f"# first\n{line}\n")
    with pytest.raises(UsageError, match=r"lock\.txt, line 2: .* is not a package with its exact version and hash"):
        read_entry(tmp_path)


@pytest.mark.parametrize("name", ["../lock.txt", "/etc/hostname", "a//b", ""])
def test_the_lock_file_is_one_of_the_entry(tmp_path: Path, name: str) -> None:
    write(tmp_path, LEAST + f'function = "a:b"\nrequirements = "{name}"\n')
    with pytest.raises(UsageError, match="does not lead to a file of the entry"):
        read_entry(tmp_path)


def test_a_lock_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path, LEAST + 'function = "a:b"\nrequirements = "lock.txt"\n')
    with pytest.raises(NotFoundError, match=r"entry\.toml names requirements that are not there: .*lock\.txt"):
        read_entry(tmp_path)


def test_the_lock_file_does_not_lie_behind_a_link(tmp_path: Path) -> None:
    write(tmp_path, LEAST + 'function = "a:b"\nrequirements = "system/passwd"\n')
    (tmp_path / "system").symlink_to("/etc")
    with pytest.raises(UsageError, match="a folder above it is a link"):
        read_entry(tmp_path)


def test_a_new_entry_leaves_what_is_there(tmp_path: Path) -> None:
    entry = Entry("x", "1", function="agent:main")
    program = our_program("ppo", "default", has_weights=True, changed={"num_hidden": 16})
    assert 'replace(configure(agent_class, "default", {}), num_hidden=16)' in program
    new_entry(tmp_path / "new", entry, {"agent.py": program.encode()})
    compile((tmp_path / "new" / "agent.py").read_text(), "agent.py", "exec")
    with pytest.raises(UsageError, match="exists already"):
        new_entry(tmp_path / "new", entry, {})
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="exists already"):
        new_entry(tmp_path / "file", entry, {})
