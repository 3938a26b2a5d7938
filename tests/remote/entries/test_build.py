"""Requirements of an entry: installed in a sandbox, kept under the hash of the lock file, or refused in a sentence."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from newgameplus.errors import NotFoundError, SandboxError, UsageError
from newgameplus.games.folders import cache
from newgameplus.remote.entries.build import build, packages_of
from newgameplus.remote.entries.entry import Entry, read_entry
from newgameplus.remote.entries.launch import entry_spec, python_of
from newgameplus.remote.entries.store import client_folder
from newgameplus.remote.sandbox.choice import Way, choose

INFO = "toy-1.0.dist-info"


@pytest.fixture
def way() -> Way:
    try:
        return choose("auto")
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "toy-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("toy.py", "value = 7\n")
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{INFO}/RECORD", "".join(f"{INFO}/{name},,\n" for name in ("METADATA", "WHEEL", "RECORD")))
    return folder


def write_entry(folder: Path, wheels: Path, version: str) -> Entry:
    folder.mkdir()
    (wheel,) = wheels.iterdir()
    (folder / "lock.txt").write_text(f"toy=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    (folder / "entry.toml").write_text(
        'name = "mine"\nversion = "1"\ncommand = ["python", "-c", "import toy; print(toy.value)"]\n'
        'requirements = "lock.txt"\n'
    )
    return read_entry(folder)


def test_requirements_are_installed_once_and_found_by_the_entry(tmp_path: Path, wheels: Path, way: Way) -> None:
    entry = write_entry(tmp_path / "entry", wheels, "1.0")
    with pytest.raises(UsageError, match=r"install them with: ngp entry build .*/entry"):
        packages_of(entry, tmp_path / "entry")
    packages = build(entry, tmp_path / "entry", way, wheels=wheels)
    assert packages_of(entry, tmp_path / "entry") == packages
    assert build(entry, tmp_path / "entry", way) == packages  # without a look at any index
    with way.start(entry_spec(entry, tmp_path / "entry", [], packages=packages)) as started:
        started.wait()
        assert (started.status, started.last_lines()) == (0, ("7",))


def test_a_requirement_that_does_not_exist_is_named(tmp_path: Path, wheels: Path, way: Way) -> None:
    entry = write_entry(tmp_path / "entry", wheels, "9.9")
    with pytest.raises(UsageError, match=r"mine 1 cannot be installed: No matching distribution found for toy==9\.9"):
        build(entry, tmp_path / "entry", way, wheels=wheels)
    assert not [path for path in (cache() / "packages").iterdir() if path.name.startswith(".")]
    with pytest.raises(UsageError, match="are not installed"):
        packages_of(entry, tmp_path / "entry")


def test_a_python_that_is_not_here_is_named() -> None:
    with pytest.raises(UsageError, match=r"name what it needs in requirements"):
        python_of(Entry("mine", "1", function="a:b", python="3.8"))
    with pytest.raises(NotFoundError, match=r"there is no python3\.99 here"):
        python_of(Entry("mine", "1", function="a:b", python="3.99", requirements="lock.txt"))
    with pytest.raises(UsageError, match="asks for cuda, which no sandbox gives"):
        entry_spec(Entry("mine", "1", function="a:b", accelerator="cuda"), Path("/x"), [])


def test_the_client_can_be_imported_without_the_package() -> None:
    every = [path.relative_to(client_folder()) for path in client_folder().rglob("*.*")]
    found = [path.as_posix() for path in every if "__pycache__" not in path.parts]  # of a sandbox "none" before
    assert found == ["newgameplus/remote/client.py"]
