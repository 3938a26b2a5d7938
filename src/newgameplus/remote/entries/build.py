"""The requirements of an entry, installed in a sandbox that has a network and sees no level.

What installs packages runs other people's code, so it runs where the entry will; only wheels are taken, each of which
has its hash in the lock file. What was installed is kept in the user's cache under the hash of the lock file.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shlex
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.folders import cache
from newgameplus.printable import printable_field
from newgameplus.remote.ends import Reason
from newgameplus.remote.entries.entry import Entry, read_lock
from newgameplus.remote.entries.launch import masked, python_of
from newgameplus.remote.entries.store import in_cache, keep
from newgameplus.remote.sandbox.choice import Way
from newgameplus.remote.sandbox.privileges import ordinary_user
from newgameplus.remote.sandbox.spec import Bind, Spec
from newgameplus.remote.sandbox.started import Started

MAX_SECONDS = 1800.0
"""Time that an installation may take."""
MAX_BYTES = 16 << 30
"""Size that the installed packages may have."""
_LOOK_SECONDS = 1.0
_PIP, _LOCK, _WHEELS, _OUTPUT = Path("/pip/pip"), Path("/lock.txt"), Path("/wheels"), Path("/output")
_SETTINGS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY")
"""Variables that say where packages come from; those of small letters, too."""


def packages_of(entry: Entry, folder: Path, shown: Path | None = None) -> Path | None:
    """Return the folder with an entry's requirements; None if it has none.

    Args:
        entry: the entry.
        folder: folder that it is unpacked in.
        shown: path that messages name; None for the folder.

    Raises:
        UsageError: they are not installed.
        NotFoundError: its Python is not here.
    """
    if entry.requirements is None:
        return None
    packages = _place() / _key(entry, folder)
    if not packages.is_dir():
        command = f"ngp entry build {shlex.quote(str(shown or folder))}"
        raise UsageError(f"The requirements of {entry.title} are not installed; install them with: {command}")
    return packages


def build(entry: Entry, folder: Path, sandbox: Way, *, wheels: Path | None = None) -> Path:
    """Install an entry's requirements; return the folder with them.

    Args:
        entry: an entry with requirements.
        folder: folder that it is unpacked in.
        sandbox: sandbox to install them in.
        wheels: folder of wheels to take, without a network; None to take them from the index of packages.

    Raises:
        UsageError: they cannot be installed; the message says what is in the way.
        NewGamePlusError: the entry's Python, pip or the sandbox cannot be had.
    """
    key = _key(entry, folder)
    with in_cache(_place()) as (place, unfinished):
        packages = place / key
        if not packages.is_dir():
            made = unfinished / "packages"
            made.mkdir()
            user = ordinary_user(Spec(argv=("pip",)).user)
            if user is not None:
                os.chown(made, *user)
            try:
                _install(sandbox.start(_spec(entry, folder, made, wheels)), entry, made)
            finally:
                _give_back(made, is_root=user is not None)
            keep(made, packages)
    return packages


def _place() -> Path:
    return cache() / "packages"


def _key(entry: Entry, folder: Path) -> str:
    """What the packages are those of: the lock file, the Python and the machine."""
    assert entry.requirements is not None
    lock = read_lock(folder, entry.requirements)
    parts = (lock, python_of(entry).version, platform.system(), platform.machine())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _spec(entry: Entry, folder: Path, made: Path, wheels: Path | None) -> Spec:
    assert entry.requirements is not None
    python = python_of(entry)
    source = () if wheels is None else ("--no-index", "--find-links", str(_WHEELS))
    binds = (*python.binds, Bind(_pip(), _PIP), Bind(folder / entry.requirements, _LOCK))
    if wheels is not None:
        binds = (*binds, Bind(wheels.resolve(), _WHEELS))
    settings = {name: value for name in _SETTINGS for name in (name, name.lower()) if (value := os.environ.get(name))}
    options = ("--no-cache-dir", "--no-input", "--disable-pip-version-check", "--no-warn-script-location")
    pinned = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--requirement", str(_LOCK))
    return Spec(
        argv=(
            *(str(python.program), "-s", "-m", "pip", "install", *options, *source, *pinned),
            *("--no-compile", "--target", str(_OUTPUT)),
        ),
        env={"PYTHONPATH": str(_PIP.parent), "PYTHONDONTWRITEBYTECODE": "1", "PIP_NO_COLOR": "1", **settings},
        binds=binds,
        writable=(Bind(made, _OUTPUT),),
        masked=masked(binds),
        tmp_bytes=MAX_BYTES,
        tmp_files=1_000_000,
        has_network=wheels is None,
    )


def _pip() -> Path:
    """Folder of pip alone.

    Raises:
        NotFoundError: it is not installed.
    """
    found = importlib.util.find_spec("pip")
    if found is None or found.origin is None:
        raise NotFoundError("Requirements are installed by pip, which is missing here: python -m ensurepip")
    return Path(found.origin).parent


def _install(started: Started, entry: Entry, made: Path) -> None:
    """Wait for an installation.

    Raises:
        UsageError: it failed.
    """
    deadline = time.monotonic() + MAX_SECONDS
    with started:
        while (reason := started.wait(_LOOK_SECONDS)) is None:
            if time.monotonic() > deadline:
                raise UsageError(f"The requirements of {entry.title} were not installed within {MAX_SECONDS:g} s.")
            if sum(status.st_size for status in _statuses(made)) > MAX_BYTES:
                raise UsageError(f"The requirements of {entry.title} are larger than {MAX_BYTES >> 30} GB.")
    if reason is not Reason.AGENT_EXIT or started.status != 0:
        errors = [line for line in started.last_lines() if line.startswith("ERROR: ")]
        said = errors[-1].removeprefix("ERROR: ") if errors else " ".join(started.last_lines(1)) or str(reason)
        raise UsageError(
            f"The requirements of {entry.title} cannot be installed: {printable_field(said[:300]).rstrip('.')}."
        )


def _statuses(folder: Path) -> Iterator[os.stat_result]:
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            try:
                yield Path(root, name).lstat()
            except OSError:  # it is being moved
                continue


def _give_back(made: Path, *, is_root: bool) -> None:
    """Make what a sandbox has written this user's own, and everybody's to read; links are left as they are."""
    for root, folders, files in os.walk(made):
        for path in (Path(root), *(Path(root, name) for name in (*folders, *files))):
            if is_root:
                os.lchown(path, 0, 0)
            if stat.S_ISDIR(mode := path.lstat().st_mode):
                path.chmod(0o755)
            elif stat.S_ISREG(mode):
                path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)
            elif not stat.S_ISLNK(mode):
                path.unlink()
