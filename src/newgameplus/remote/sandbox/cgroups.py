"""Groups of processes whose memory and number the kernel bounds: cgroups, version 1 and 2, where they are writable.

A group is made below the one that this process is in, so that the bounds around this process hold in it, too. What
cannot be set, or reads back otherwise, is left to the watchdog. Source: the kernel's ``admin-guide/cgroup-v1/memory``,
``cgroup-v1/pids`` and ``cgroup-v2``. The guardian imports this module, so it imports little itself.
"""

from __future__ import annotations

import contextlib
import os
import time

_PREFIX = "ngp-sandbox"
_PATIENCE_SECONDS = 10.0
"""Time that the kernel may take to empty a group whose processes are killed."""
_PAUSE_SECONDS = 0.001


class Groups:
    """The groups of one sandbox; a path is None where there is no group for that."""

    def __init__(self, memory: str | None = None, processes: str | None = None, cpu: str | None = None) -> None:
        self.memory = memory
        """Folder of the group that bounds memory."""
        self.processes = processes
        """Folder of the group that bounds the number of processes and threads."""
        self.cpu = cpu
        """Folder of the group that counts processor time."""

    def folders(self) -> list[str]:
        """Return the folders, each once: version 2 has a single one."""
        return list(dict.fromkeys(folder for folder in (self.memory, self.processes, self.cpu) if folder))

    def join(self) -> None:
        """Put this process into the groups.

        Raises:
            OSError: it may not.
        """
        for folder in self.folders():
            _write(os.path.join(folder, "cgroup.procs"), "0")

    def memory_kills(self) -> int:
        """Return how many processes the kernel killed because memory was used up."""
        return _counter(self.memory, ("memory.events", "memory.oom_control"), "oom_kill")

    def refused_processes(self) -> int:
        """Return how many processes or threads did not start because there were too many."""
        return _counter(self.processes, ("pids.events",), "max")

    def cpu_seconds(self) -> float:
        """Return the processor time of all processes that were ever in the group; 0.0 if nobody counts."""
        if self.cpu is None:
            return 0.0
        with contextlib.suppress(OSError):
            return int(_read(os.path.join(self.cpu, "cpuacct.usage"))) / 1e9
        return _counter(self.cpu, ("cpu.stat",), "usage_usec") / 1e6

    def remove(self) -> None:
        """Kill what is still in the groups, wait until they are empty, and remove them.

        Groups that :func:`make` has not made are left alone, with all that is in them.

        Raises:
            OSError: a group could not be emptied in ten seconds.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for folder in filter(_is_own, self.folders()):
            while not _remove(folder):
                if time.monotonic() > deadline:
                    raise OSError(f"The cgroup {folder} did not become empty.")
                time.sleep(_PAUSE_SECONDS)


def make(*, memory_bytes: int, processes: int) -> Groups:
    """Make the groups of a sandbox, as far as this process may; they are named after it.

    Args:
        memory_bytes: of all processes together; nothing is swapped out.
        processes: number of processes and threads together.
    """
    own = f"{_PREFIX}-{os.getpid()}-{_began(os.getpid())}"
    places = _places()
    unified = places.get("")
    if unified is not None and "memory" not in places:
        for parent in _ancestors(*unified):
            if folder := _make_unified(parent, own, memory_bytes, processes):
                return Groups(folder, folder, folder)
        return Groups()
    found = {
        controller: os.path.join(*places[controller])
        for controller in ("memory", "pids", "cpuacct")
        if controller in places
    }
    return Groups(
        _make(found.get("memory"), own, {"memory.limit_in_bytes": memory_bytes}, {"memory.swappiness": 0}),
        _make(found.get("pids"), own, {"pids.max": processes}, {}),
        _make(found.get("cpuacct"), own, {}, {}),
    )


def groups_of(pid: int, *, memory_bytes: int, processes: int) -> Groups:
    """Return the groups that somebody else made for a process, those that have these limits.

    A process that has ended is in the outermost group of all, which is nobody's.
    """
    places = {name: os.path.join(mount, path) for name, (mount, path) in _places(pid).items() if path}
    unified = places.get("")
    memory, number = places.get("memory", unified), places.get("pids", unified)
    return Groups(
        memory if _has(memory, ("memory.max", "memory.limit_in_bytes"), memory_bytes) else None,
        number if _has(number, ("pids.max",), processes) else None,
        places.get("cpuacct", unified),
    )


def _has(folder: str | None, names: tuple[str, ...], value: int) -> bool:
    """Whether the first of the files that exists holds a limit."""
    for name in names if folder else ():
        with contextlib.suppress(OSError, ValueError):
            return int(_read(os.path.join(folder or "", name))) in (value, value & -_PAGE_BYTES)
    return False


def _places(pid: int | str = "self") -> dict[str, tuple[str, str]]:
    """Where the group of a process is, by controller, "" for version 2: the mount, and the path below it."""
    paths: dict[str, str] = {}
    for line in _read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    places: dict[str, tuple[str, str]] = {}
    for line in _read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        root, mount = before.split()[3:5]
        kind, _, options = after.split()[:3]
        names = [""] if kind == "cgroup2" else options.split(",") if kind == "cgroup" else []
        for name in names:
            if name in paths and (inside := _below(paths[name], root)) is not None:
                places.setdefault(name, (mount, inside))
    return places


def _below(path: str, root: str) -> str | None:
    """The part of ``path`` below ``root``, without a slash before it; None if it is not below."""
    if root == "/":
        return path.lstrip("/")
    return path[len(root) :].lstrip("/") if f"{path}/".startswith(f"{root}/") else None


def _ancestors(mount: str, path: str) -> list[str]:
    """The group itself and those around it, the innermost first."""
    parts = path.split("/") if path else []
    return [os.path.join(mount, *parts[:length]) for length in range(len(parts), -1, -1)]


def _make_unified(parent: str, own: str, memory_bytes: int, processes: int) -> str | None:
    """A group of version 2 in ``parent``, if that passes both controllers on, or does so when asked."""
    try:
        if not {"memory", "pids"} <= set(_read(os.path.join(parent, "cgroup.subtree_control")).split()):
            _write(os.path.join(parent, "cgroup.subtree_control"), "+memory +pids")
        if not os.access(os.path.join(parent, "cgroup.procs"), os.W_OK):
            return None
    except OSError:
        return None
    limits = {"memory.max": memory_bytes, "pids.max": processes}
    return _make(parent, own, limits, {"memory.swap.max": 0, "memory.oom.group": 1})


def _make(parent: str | None, own: str, limits: dict[str, int], wishes: dict[str, int]) -> str | None:
    """A group in ``parent`` with limits that read back as they were set; None, and nothing left, if that fails."""
    if parent is None:
        return None
    folder = os.path.join(parent, own)
    try:
        _remove_forgotten(parent)
        os.mkdir(folder)
    except OSError:
        return None
    try:
        for name, value in limits.items():
            _write(os.path.join(folder, name), str(value))
            if int(_read(os.path.join(folder, name))) not in (value, value & -_PAGE_BYTES):
                raise OSError(f"{name} of {folder} is not what it was set to.")
    except (OSError, ValueError):
        os.rmdir(folder)
        return None
    for name, value in wishes.items():
        with contextlib.suppress(OSError):  # a kernel without swap has no such file
            _write(os.path.join(folder, name), str(value))
    return folder


_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def _remove_forgotten(parent: str) -> None:
    """Remove the empty groups of guardians that were killed together with whoever would have removed them."""
    for name in os.listdir(parent):
        pid, _, began = name.removeprefix(f"{_PREFIX}-").partition("-")
        if name.startswith(f"{_PREFIX}-") and pid.isdigit() and _began(int(pid)) != began:
            with contextlib.suppress(OSError):
                os.rmdir(os.path.join(parent, name))


def _began(pid: int) -> str:
    """When a process began, in ticks since the start of the machine; "0" if there is none."""
    try:
        return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[19]
    except OSError:
        return "0"


def _is_own(folder: str) -> bool:
    """Whether a group was made here; processes of any other one are never touched."""
    return os.path.basename(folder).startswith(f"{_PREFIX}-")


def _remove(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        _kill_all(folder)
        return False
    return True


def _kill_all(folder: str) -> None:
    assert _is_own(folder), folder
    for pid in map(int, _read(os.path.join(folder, "cgroup.procs")).split()):
        if pid > 0:  # 0 is one that this PID namespace does not see
            with contextlib.suppress(OSError):
                os.kill(pid, 9)


def _counter(folder: str | None, names: tuple[str, ...], key: str) -> int:
    """The number after ``key`` in the first of the files that exists; 0 if there is none."""
    for name in names if folder else ():
        with contextlib.suppress(OSError):
            for line in _read(os.path.join(folder or "", name)).splitlines():
                if line.startswith(f"{key} "):
                    return int(line.split()[1])
    return 0


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
