"""Program between this process and a sandbox: starts it, waits for its end, and leaves nothing of it behind.

It is a process of its own for three reasons. What must be done between fork and exec (groups, limits, another user) is
not safe in a process with threads. Whoever started the sandbox may be killed, and somebody must then end it and remove
its cgroups, as the user who made them. And a sandbox dies with the *thread* that started it, which here is the
guardian's only one. It imports little, since its start is part of the sandbox's.

It reads a plan, a line of JSON, from one pipe and writes reports, lines of JSON, to another. The first pipe stays open:
after the line, a byte lets a program in bubblewrap run, and its end ends the sandbox.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import sys
from typing import TYPE_CHECKING, Any

from newgameplus.remote.sandbox.cgroups import Groups, make

if TYPE_CHECKING:
    from ctypes import CDLL

STAGE = "/sys"
"""Where folders are bound that the sandbox's user could not reach by their own paths; nothing else in the private
namespace uses this one, which every system has."""
_HIGH_DESCRIPTOR = 100
"""Descriptors are moved above it before they get their numbers."""
_PATIENCE_MILLISECONDS = 5_000
_SPARE_THREADS = 8
"""How far the kernel's limit of a user's threads lies above the sandbox's: the watchdog is to see one too many."""
_MS_BIND, _MS_REC, _MS_PRIVATE, _CLONE_NEWNS = 0x1000, 0x4000, 0x40000, 0x20000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_SIGKILL = 9


def main(control: int, reports: int) -> None:
    """Do what the plan on ``control`` says.

    The plan has: ``argv``, ``env``, ``folder``, ``memory_bytes``, ``processes``, ``limits`` (name in ``resource``,
    number), ``cpus``, ``user`` (uid and gid, or None), ``stage`` (paths to bind below ``STAGE``), ``descriptors``
    (those to pass), ``files`` (texts in hexadecimal digits, which the program reads from the descriptors that follow),
    ``informs``: whether the next two are the pipes by which bubblewrap says the PID of the first process inside, and
    waits; and ``container`` (arguments of :func:`remove_container`, or None).
    """
    plan = json.loads(_read_line(control))
    for descriptor in (control, reports, *plan["descriptors"]):
        os.set_inheritable(descriptor, False)
    is_container = plan["container"] is not None  # podman makes its groups
    groups = Groups() if is_container else make(memory_bytes=plan["memory_bytes"], processes=plan["processes"])
    if groups.processes is None and not is_container:
        others = threads_of_user(plan["user"][0] if plan["user"] else os.geteuid())
        plan["limits"]["RLIMIT_NPROC"] = others + plan["processes"] + _SPARE_THREADS
    sandbox = _Sandbox(plan, groups)
    try:
        report = sandbox.start()
        _tell(reports, report)
        report = sandbox.wait(control) if "failed" not in report else {}
    finally:
        left = sandbox.clear()
    _tell(reports, {**report, **left})


class _Sandbox:
    """A started program and the pipes to it."""

    def __init__(self, plan: dict[str, Any], groups: Groups) -> None:
        self._plan = plan
        self._groups = groups
        self._child = 0
        self._first: int | None = None
        self._first_pid = 0
        self._gate = -1

    def start(self) -> dict[str, Any]:
        """Start the program; return ``failed``, or ``pid``, ``first`` (the first process inside) and ``groups``."""
        if not self._plan["informs"]:
            _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        files = [_file_of(bytes.fromhex(content)) for content in self._plan["files"]]
        told, tell = os.pipe()
        gate, self._gate = os.pipe()
        failed, fail = os.pipe()
        self._child = os.fork()
        if not self._child:
            pipes = [tell, gate] if self._plan["informs"] else []
            _become(self._plan, self._groups, [*self._plan["descriptors"], *files, *pipes], fail)
        for descriptor in (*files, tell, gate, fail, *self._plan["descriptors"]):
            os.close(descriptor)
        problem = _read_all(failed)
        if self._plan["informs"] and not problem:
            self._find_first(told)
        os.close(failed)
        os.close(told)
        if problem:
            return {"failed": problem}
        return {"pid": self._child, "first": self._first_pid, "groups": vars(self._groups)}

    def _find_first(self, told: int) -> None:
        text = _read_all(told)
        if text:
            self._first_pid = json.loads(text)["child-pid"]
            with contextlib.suppress(ProcessLookupError):
                self._first = os.pidfd_open(self._first_pid)

    def wait(self, control: int) -> dict[str, Any]:
        """Let it run when told so, end it when told so; return how it ended when it has."""
        child = os.pidfd_open(self._child)
        poller = select.poll()
        poller.register(control, select.POLLIN)
        poller.register(child, select.POLLIN)
        was_killed = False
        while child not in (ready := [descriptor for descriptor, _ in poller.poll()]):
            if control in ready and os.read(control, 1):
                with contextlib.suppress(BrokenPipeError):  # it has ended
                    os.write(self._gate, b"g")
            elif control in ready:
                was_killed = True
                poller.unregister(control)
                os.kill(self._child, _SIGKILL)
        _, status, usage = os.wait4(self._child, 0)
        self._child = 0
        return {
            "status": os.waitstatus_to_exitcode(status),
            "killed": was_killed,
            "cpu": usage.ru_utime + usage.ru_stime,
        }

    def clear(self) -> dict[str, Any]:
        """End what is left; return what the groups have counted."""
        if self._child:
            with contextlib.suppress(ChildProcessError):
                os.kill(self._child, _SIGKILL)
                os.waitpid(self._child, 0)
        if self._first is not None:
            if not _is_over(self._first, 0):  # so this PID is still its own
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._first_pid, _SIGKILL)
            _is_over(self._first, _PATIENCE_MILLISECONDS)
        memory_kills = self._groups.memory_kills()
        if self._plan["container"] is not None:
            memory_kills += remove_container(*self._plan["container"])
        if not self._plan["informs"]:
            _kill_children()
        counted = {
            "memory_kills": memory_kills,
            "refused_processes": self._groups.refused_processes(),
            "group_cpu": self._groups.cpu_seconds(),
        }
        self._groups.remove()
        return counted


def threads_of_user(uid: int) -> int:
    """Return how many threads a user has on this machine; the kernel counts them against ``RLIMIT_NPROC``."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):  # it has ended
                if os.stat(f"/proc/{name}").st_uid == uid:
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


def remove_container(program: str, name: str) -> bool:
    """End and remove a container; return whether memory was used up in it."""
    import subprocess

    inspect = [program, "container", "inspect", "--format", "{{.State.OOMKilled}}", name]
    told = subprocess.run(inspect, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    remove = [program, "rm", "--force", "--time", "0", "--volumes", name]
    subprocess.run(remove, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return told.strip() == b"true"


def _become(plan: dict[str, Any], groups: Groups, passed: list[int], fail: int) -> None:
    """Become the program of the plan; or say why not by ``fail``, and end."""
    try:
        fail = _above(fail)
        _place(passed)
        groups.join()
        if plan["stage"]:
            _stage(plan["stage"])
        if plan["cpus"]:
            _use_cpus(plan["cpus"])
        _set_limits(plan["limits"])
        if plan["user"]:
            _become_user(*plan["user"])
        if not plan["informs"]:
            _libc().prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        os.chdir(plan["folder"])
        os.execve(plan["argv"][0], plan["argv"], plan["env"])
    except BaseException as error:
        os.write(fail, f"{type(error).__name__}: {error}".encode())
    os._exit(127)


def _place(passed: list[int]) -> None:
    """Give the descriptors the numbers from 3 on, and close all others that would be inherited."""
    high = [_above(descriptor) for descriptor in passed]
    for number, descriptor in enumerate(high, start=3):
        os.dup2(descriptor, number, inheritable=True)
    os.closerange(3 + len(passed), _HIGH_DESCRIPTOR)


def _above(descriptor: int) -> int:
    """A copy of a descriptor with a high number, which a started program does not get."""
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)


def _stage(paths: list[str]) -> None:
    """Bind paths to ``STAGE/0``, ``STAGE/1``, … in a mount namespace of this process' own."""
    libc = _libc()
    _check(libc.unshare(_CLONE_NEWNS), "a private mount namespace")
    _check(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "private mounts")
    _check(libc.mount(b"none", STAGE.encode(), b"tmpfs", 0, b"mode=755"), f"a tmpfs in {STAGE}")
    for number, path in enumerate(paths):
        target = os.path.join(STAGE, str(number))
        if os.path.isdir(path):
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
        _check(libc.mount(os.fsencode(path), target.encode(), None, _MS_BIND | _MS_REC, None), f"a bind of {path}")


def _use_cpus(number: int) -> None:
    """Stay on some of the processors that this process may use; which ones differs by its PID."""
    all_cpus = sorted(os.sched_getaffinity(0))
    chosen = {all_cpus[(os.getpid() + offset) % len(all_cpus)] for offset in range(number)}
    os.sched_setaffinity(0, chosen)
    if os.sched_getaffinity(0) != chosen:
        raise OSError("the kernel does not keep to the processors that it was told")


def _set_limits(limits: dict[str, int]) -> None:
    """Set limits of the process, soft and hard, and read them back; none is raised."""
    for name, value in limits.items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
        if resource.getrlimit(kind) != (value, value):
            raise OSError(f"{name} is not what it was set to")


def _become_user(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid) or os.getgroups():
        raise OSError("root's rights could not be given up")


def _kill_children() -> None:
    """Kill what is left below this process, which adopts orphans."""
    while True:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            children = file.read().split()
        if not children:
            return
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), _SIGKILL)
        for child in children:
            os.waitpid(int(child), 0)


def _is_over(process: int, milliseconds: int) -> bool:
    """Whether a process has ended, or does so within a time."""
    poller = select.poll()
    poller.register(process, select.POLLIN)
    return bool(poller.poll(milliseconds))


def _check(result: int, what: str) -> None:
    if result:
        import ctypes

        raise OSError(f"{what} could not be made: {os.strerror(ctypes.get_errno())}")


def _libc() -> CDLL:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def _file_of(content: bytes) -> int:
    descriptor = os.memfd_create("arguments")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _read_line(descriptor: int) -> str:
    text = b""
    while not text.endswith(b"\n"):
        piece = os.read(descriptor, 65536)
        if not piece:
            raise SystemExit  # whoever began this was killed
        text += piece
    return text.decode()


def _read_all(descriptor: int) -> str:
    text = b""
    while piece := os.read(descriptor, 65536):
        text += piece
    return text.decode(errors="replace")


def _tell(reports: int, report: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever began this was killed
        os.write(reports, json.dumps(report).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
