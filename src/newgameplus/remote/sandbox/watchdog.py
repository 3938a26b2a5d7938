"""A look at the processes and folders of a sandbox from outside, for limits that the kernel does not keep."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_RESERVE_SHARE = 0.05
_LARGEST_RESERVE_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes of a sandbox hold at a moment, together."""

    memory_bytes: int = 0
    """Resident memory that no file backs; a page that several share counts for each."""
    threads: int = 0
    """Threads, of which a process has at least one."""


@dataclass(frozen=True, slots=True)
class FolderUsage:
    """How full a folder is that is a file system of its own."""

    name: str
    """Its path inside."""
    used_bytes: int
    free_bytes: int
    files: int
    """Files and folders in it."""


class Watchdog:
    """Open descriptors of a sandbox's folders, by which it is looked at; they stay with it if PIDs are given anew."""

    def __init__(self, root: str, folders: Iterable[str] = (), below: int | None = None) -> None:
        """Look at a sandbox.

        Args:
            root: path of its root, such as ``/proc/1234/root``; "" for this machine's own.
            folders: paths inside, each a file system of its own.
            below: PID of a process; only its descendants are the sandbox's. None for all that are seen inside.

        Raises:
            OSError: it is over, or it is not this user's.
        """
        self._below = below
        with contextlib.ExitStack() as opened:
            self._processes = _open_folder(f"{root}/proc", opened)
            self._folders = {name: _open_folder(f"{root}{name}", opened) for name in folders}
            self._opened = opened.pop_all()

    def usage(self) -> Usage:
        """Return what its processes hold."""
        kilobytes = threads = 0
        for text in self._each("status"):
            fields = {name: rest.split() for name, _, rest in (line.partition(":") for line in text.splitlines())}
            threads += int(fields["Threads"][0])
            if "RssAnon" in fields:  # it is not ending
                kilobytes += int(fields["RssAnon"][0]) + int(fields["RssShmem"][0])
        return Usage(kilobytes * 1024, threads)

    def cpu_seconds(self) -> float:
        """Return the processor time of its processes, with that of ended ones whose parent has asked for their end."""
        ticks = 0
        for text in self._each("stat"):
            ticks += sum(map(int, text.rpartition(")")[2].split()[11:15]))
        return ticks / _TICKS_PER_SECOND

    def _pids(self) -> list[str]:
        if self._below is not None:
            return _descendants(self._below)
        return os.listdir(self._processes)  # noqa: PTH208 (a descriptor)

    def _each(self, file: str) -> Iterable[str]:
        """The text of a file of ``/proc/PID``, of each process."""
        with contextlib.suppress(OSError):  # all have ended
            for name in self._pids():
                if name.isdigit():
                    with contextlib.suppress(OSError):  # this one has
                        yield _read_at(self._processes, f"{name}/{file}")

    def folder_usage(self) -> list[FolderUsage]:
        """Return how full its folders are."""
        usage = []
        for name, descriptor in self._folders.items():
            found = os.fstatvfs(descriptor)
            used_bytes = (found.f_blocks - found.f_bfree) * found.f_frsize
            usage.append(FolderUsage(name, used_bytes, found.f_bavail * found.f_frsize, found.f_files - found.f_ffree))
        return usage

    def close(self) -> None:
        """Let go of the sandbox, whose memory is free only then."""
        self._opened.close()


def _descendants(pid: int) -> list[str]:
    """PIDs of the processes that a process and its children have started."""
    found: list[str] = []
    waiting = [str(pid)]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(OSError):  # it has ended
            for task in Path(f"/proc/{parent}/task").iterdir():
                children = (task / "children").read_text(encoding="ascii").split()
                waiting += children
                found += children
    return found


def first_inside(pid: int) -> int | None:
    """Return the PID of the first process of a PID namespace among the descendants of a process, once it runs there.

    None while there is none, and while it is the runtime's own that sets the namespace up.
    """
    for descendant in _descendants(pid):
        with contextlib.suppress(OSError):  # it has ended
            fields = dict(line.split(":", 1) for line in _read_status(descendant).splitlines())
            if fields["NSpid"].split()[1:] == ["1"] and not fields["Name"].strip().startswith("runc"):
                return int(descendant)
    return None


def _read_status(pid: str) -> str:
    return Path("/proc", pid, "status").read_text(encoding="utf-8", errors="replace")


def is_memory_scarce() -> bool:
    """Whether the machine is close to the end of its memory: a twentieth, 512 MB at most, is left.

    This bounds what no process has in its own memory: buffers of sockets and pipes.
    """
    lines = (line.partition(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    kilobytes = {name: int(rest.split()[0]) for name, _, rest in lines}
    reserve = min(_RESERVE_SHARE * kilobytes["MemTotal"] * 1024, _LARGEST_RESERVE_BYTES)
    return kilobytes.get("MemAvailable", kilobytes["MemTotal"]) * 1024 < reserve


def _open_folder(path: str, opened: contextlib.ExitStack) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    opened.callback(os.close, descriptor)
    return descriptor


def _read_at(folder: int, name: str) -> str:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.read(descriptor, 4096).decode(errors="replace")
    finally:
        os.close(descriptor)
