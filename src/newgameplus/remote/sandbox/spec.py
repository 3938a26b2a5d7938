"""What runs in a sandbox, what it sees of this machine, and its limits."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newgameplus.errors import UsageError

FIRST_DESCRIPTOR = 3
"""Number that the first passed descriptor has inside; the others follow."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of this machine that is seen inside."""

    source: Path
    """Absolute path on this machine."""
    target: Path | None = None
    """Absolute path inside; None for the same."""

    @property
    def inside(self) -> Path:
        """Path inside."""
        return self.source if self.target is None else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A program in a sandbox. The defaults are the contest's limits.

    Raises:
        UsageError: a path is relative, a limit is not positive, or there is no program.
    """

    argv: tuple[str, ...]
    """The program and its arguments; paths are those inside."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables; PATH, HOME, USER and LANG have defaults, and no others are passed on."""
    binds: tuple[Bind, ...] = ()
    """What is seen beside the system's own programs and libraries (``/usr``), read-only. A later one covers an earlier
    one."""
    writable: tuple[Bind, ...] = ()
    """What is seen and may be written to; no limit of size holds there."""
    masked: tuple[Path, ...] = ()
    """Paths inside that show nothing, though a folder above them is bound."""
    working_folder: str = "/tmp"
    """Current folder of the program, a path inside."""
    tmp_bytes: int = 1 << 30
    """Size of ``/tmp``, which is memory; counts as memory, too, where a cgroup does the counting."""
    tmp_files: int = 50_000
    """Largest number of files and folders in ``/tmp``, and in ``/dev/shm``."""
    shm_bytes: int = 64 << 20
    """Size of ``/dev/shm``, which is memory, too."""
    memory_bytes: int = 8 << 30
    """Memory of all processes together."""
    processes: int = 64
    """Largest number of processes and threads together."""
    cpus: int | None = None
    """Number of processors that it may use; None for all that this process may use."""
    open_files: int = 256
    """Largest number of open files of each process."""
    output_bytes_per_second: int = 1 << 20
    """Rate at which it may print, after a first burst of ten times as much."""
    has_network: bool = False
    """Whether it sees this machine's network; local services are then within its reach."""
    descriptors: tuple[int, ...] = ()
    """Open files of this process that it gets, as numbers 3, 4, …"""
    user: str = "nobody"
    """Whose rights it runs with if this process is root's; in a container it is always an ordinary user of its own."""
    image: str | None = None
    """Image of a container, which is not fetched; None for one that shows this machine's programs and libraries."""

    def __post_init__(self) -> None:
        if not self.argv:
            raise UsageError("A sandbox needs a program to run.")
        paths = [path for bind in (*self.binds, *self.writable) for path in (bind.source, bind.inside)]
        for path in (*paths, *self.masked, Path(self.working_folder)):
            if not path.is_absolute():
                raise UsageError(f"The sandbox's path {path} is relative; give an absolute one.")
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"The sandbox's {name} is {value}; it must be at least 1.")

    @property
    def first_free_descriptor(self) -> int:
        """The number after those of the passed descriptors."""
        return FIRST_DESCRIPTOR + len(self.descriptors)

    def source_of(self, inside: Path) -> Path:
        """Return the path on this machine of what is bound at a path inside."""
        for bind in reversed((*self.binds, *self.writable)):
            if inside.is_relative_to(bind.inside):
                return bind.source / inside.relative_to(bind.inside)
        return inside

    def environment(self) -> dict[str, str]:
        """Return all variables that the program gets."""
        return {**_ENVIRONMENT, **self.env}


_POSITIVE = (
    "tmp_bytes",
    "tmp_files",
    "shm_bytes",
    "memory_bytes",
    "processes",
    "cpus",
    "open_files",
    "output_bytes_per_second",
)
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "USER": "agent", "LANG": "C.UTF-8"}


def interpreter_binds() -> tuple[Bind, ...]:
    """Return what this process' Python needs to run inside: its environment and the installation under it.

    The folder of this package belongs to it where it is not installed into the environment (an editable one).
    """
    package = Path(__file__).parents[2]
    folders = [sys.base_prefix, sys.prefix, sysconfig.get_path("purelib"), str(package)]
    return tuple(Bind(Path(folder)) for folder in _outermost(folders))


def _outermost(folders: Iterable[str]) -> list[str]:
    """Without those that lie in another one, in ``/usr`` or are repeated."""
    kept: list[str] = []
    for folder in sorted(set(folders)):
        above = (Path(folder), *Path(folder).parents)
        if not any(str(parent) in ("/usr", *kept) for parent in above):
            kept.append(folder)
    return kept
