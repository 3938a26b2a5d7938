"""A program that was started in a sandbox: whether it keeps its limits, what it prints, how it ends."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from newgameplus.errors import SandboxError
from newgameplus.remote.ends import LAST_LINES, Reason
from newgameplus.remote.sandbox.cgroups import Groups, groups_of
from newgameplus.remote.sandbox.guarded import PATIENCE_SECONDS, Guarded
from newgameplus.remote.sandbox.guardian import remove_container
from newgameplus.remote.sandbox.output import Output
from newgameplus.remote.sandbox.spec import Spec
from newgameplus.remote.sandbox.watchdog import Watchdog, first_inside, is_memory_scarce

_PAUSE_SECONDS = 0.0005
_LOOK_SECONDS = 0.02
_PODMAN_FAILED = (125, 126, 127)
"""Exit codes of podman for a container that did not start."""
_SIGNAL_BASE = 128
"""What shells, bubblewrap and podman add to the number of the signal that killed a program."""
_LAST_SIGNAL = signal.SIGRTMAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What the guardian starts."""

    argv: tuple[str, ...]
    """The program with its absolute path, and its arguments."""
    env: dict[str, str]
    """All its environment variables."""
    folder: str = "/"
    """Its current folder."""
    files: tuple[bytes, ...] = ()
    """Texts that it reads from the descriptors after the passed ones."""
    informs: bool = False
    """Whether it is bubblewrap, which says the first process' PID and waits, by the two descriptors after those."""
    own_processes: int = 0
    """Number of processes that the sandbox itself needs, beside the program's; one of them is seen inside."""
    user: tuple[int, int] | None = None
    """Whose rights it gets; None for this process' own."""
    stage: tuple[str, ...] = ()
    """Paths that are bound for it to ``guardian.STAGE``, as 0, 1, …"""
    folders: tuple[str, ...] = ()
    """Paths inside whose bytes and files are limited."""
    container: tuple[str, str] | None = None
    """For a container, the program that runs it and its name: it limits memory and processes itself."""


class Started:
    """A program in a sandbox. Nothing is left of it after :meth:`close`, or when this process is killed.

    Not for use by several threads at a time.
    """

    def __init__(self, spec: Spec, command: Command) -> None:
        """Start a program.

        Raises:
            SandboxError: it did not start; the sentence says why.
        """
        self._spec = spec
        self._command = command
        self._reason: Reason | None = None
        self._watchdog: Watchdog | None = None
        self._cpu_seconds = 0.0
        self._is_open = True
        self.status: int | None = None
        """The program's exit code if the reason is ``agent_exit``, the signal's number if it is ``agent_signal``."""
        self.detail = ""
        """Which limit, and how much of it was used; "" if it was none."""
        self.groups = Groups()
        """The cgroups that the kernel keeps the limits in; a path is None where the watchdog looks after them."""
        self._output = Output(spec.output_bytes_per_second)
        try:
            self._guarded = Guarded(self._plan(), spec.descriptors, self._output.writer)
        except BaseException:
            self._output.close()
            raise
        finally:
            self._output.close_writer()
        try:
            self._wait_for_start()
        except BaseException:
            self.close()
            raise

    def _plan(self) -> dict[str, Any]:
        spec, command = self._spec, self._command
        limits = {
            "RLIMIT_CORE": 1,  # with 0, a program that the kernel pipes cores to would still get one
            "RLIMIT_NOFILE": spec.open_files,
            "RLIMIT_RTPRIO": 0,
            "RLIMIT_NICE": 0,
        }
        return {
            "argv": command.argv,
            "env": command.env,
            "folder": command.folder,
            "memory_bytes": spec.memory_bytes,
            "processes": spec.processes + command.own_processes,
            "limits": limits,
            "cpus": spec.cpus,
            "user": command.user,
            "stage": command.stage,
            "descriptors": spec.descriptors,
            "files": [content.hex() for content in command.files],
            "informs": command.informs,
            "container": command.container,
        }

    def _wait_for_start(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        first = self._guarded.next_report(PATIENCE_SECONDS) or {}
        self.pid: int = first.get("first") or first.get("pid") or 0
        """PID, on this machine, of the first process of the sandbox."""
        self.groups = Groups(**first.get("groups", {}))
        if not self.pid or (self._command.informs and not first["first"]):
            raise SandboxError(self._why(first.get("failed", "")))
        if self._command.informs:
            while not self._is_set_up():
                if time.monotonic() > deadline or self._guarded.next_report(_PAUSE_SECONDS) is not None:
                    raise SandboxError(self._why())
            self._watchdog = Watchdog(f"/proc/{self.pid}/root", self._command.folders)
        elif self._command.container:
            self._find_container(deadline)
        else:
            self._watchdog = Watchdog("", below=self._guarded.pid)
        self._guarded.let_run()

    def _find_container(self, deadline: float) -> None:
        """Wait for the first process in the container, or for the end of a program that was quicker than this."""
        while (first := first_inside(self._guarded.pid)) is None:
            report = self._guarded.next_report(_LOOK_SECONDS)
            if time.monotonic() > deadline or (report is not None and report.get("status") in _PODMAN_FAILED):
                raise SandboxError(self._why())
            if report is not None:
                return
        self.pid = first
        with contextlib.suppress(OSError):  # it has ended since
            self._watchdog = Watchdog(f"/proc/{first}/root", self._command.folders)
            self.groups = groups_of(first, memory_bytes=self._spec.memory_bytes, processes=self._spec.processes)

    def _is_set_up(self) -> bool:
        """Whether the first process has left this machine's root, and bubblewrap's, for the sandbox's."""
        root = Path(f"/proc/{self.pid}/root")
        try:
            has_moved = root.stat().st_dev != Path("/").stat().st_dev
            return has_moved and (root / "proc/1").exists() and (root / "tmp").exists()
        except OSError:
            return False

    def _why(self, cause: str = "") -> str:
        self._guarded.end()
        self._output.read()
        last = self._guarded.last or {}
        if last.get("memory_kills"):
            cause = f"{self._spec.memory_bytes:,} bytes of memory are too few"
        said = [line for _, line in self._output.lines()][-1:]
        ended = f"it ended with exit code {last['status']}" if "status" in last else "its guardian was killed"
        return f"The sandbox did not start: {cause or ' '.join(said) or ended}."

    def poll(self) -> Reason | None:
        """Return why the program ended or must be ended; None while it runs and keeps its limits.

        Call it about every 100 ms: what it prints waits meanwhile, and only it sees what the kernel does not limit.
        The first answer stays. A program that broke a limit runs on until :meth:`kill` or :meth:`close`.
        """
        if self._reason is not None:
            self._output.read()
            return self._reason
        checks: tuple[Callable[[], Reason | None], ...] = (
            self._check_output,
            self._check_end,
            self._check_groups,
            self._check_folders,
            self._check_processes,
        )
        self._reason = next((reason for check in checks if (reason := check()) is not None), None)
        return self._reason

    def _check_output(self) -> Reason | None:
        if self._output.read():
            return None
        self.detail = f"{self._output.total_bytes:,} bytes, at most {self._spec.output_bytes_per_second:,} a second"
        return Reason.OUTPUT

    def _check_end(self) -> Reason | None:
        report = self._guarded.next_report(0)
        if report is None:
            return None
        self._output.read()
        status = report.get("status")
        if report["memory_kills"]:
            return self._used_memory()
        if report["refused_processes"]:
            return self._used_processes()
        if report.get("killed"):
            return Reason.ORGANISER
        if status is None or (status < 0 and self._command.informs):
            return Reason.SANDBOX_FAILED
        if _SIGNAL_BASE < status <= _SIGNAL_BASE + _LAST_SIGNAL:
            status = _SIGNAL_BASE - status
        self.status = abs(status)
        return Reason.AGENT_SIGNAL if status < 0 else Reason.AGENT_EXIT

    def _check_groups(self) -> Reason | None:
        if self.groups.memory_kills():
            return self._used_memory()
        return self._used_processes() if self.groups.refused_processes() else None

    def _check_folders(self) -> Reason | None:
        for usage in self._watchdog.folder_usage() if self._watchdog else ():
            if usage.files > self._spec.tmp_files:
                self.detail = f"{usage.files:,} files in {usage.name}, at most {self._spec.tmp_files:,}"
                return Reason.DISK
            if not usage.free_bytes:
                self.detail = f"{usage.name} is full: {usage.used_bytes:,} bytes"
                return Reason.DISK
        return None

    def _check_processes(self) -> Reason | None:
        """Look at what the kernel does not limit here."""
        if self._watchdog is None:
            return None
        if not self.groups.cpu or self._command.container:  # podman's group is gone once it has ended
            self._cpu_seconds = self.cpu_seconds()
        if self.groups.memory and self.groups.processes:
            return None
        usage = self._watchdog.usage()
        threads = usage.threads - (1 if self._command.own_processes else 0)
        if not self.groups.processes and threads > self._spec.processes:
            return self._used_processes(f"{threads:,}, ")
        if not self.groups.memory and (usage.memory_bytes > self._spec.memory_bytes or is_memory_scarce()):
            return self._used_memory(f"{usage.memory_bytes:,} bytes, ")
        return None

    def _used_memory(self, used: str = "") -> Reason:
        self.detail = f"{used}at most {self._spec.memory_bytes:,} bytes of memory"
        return Reason.OUT_OF_MEMORY

    def _used_processes(self, used: str = "") -> Reason:
        self.detail = f"{used}at most {self._spec.processes:,} processes and threads"
        return Reason.TOO_MANY_PROCESSES

    def lines(self) -> list[tuple[float, str]]:
        """Return the lines of its output that are kept (64 kB), each with the ``time.monotonic()`` of its reading."""
        return self._output.lines()

    def last_lines(self, number: int = LAST_LINES) -> tuple[str, ...]:
        """Return the last lines of its output."""
        return tuple(line for _, line in self._output.lines()[-number:])

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes until now, or until its end."""
        last = self._guarded.last
        if last is not None and self._command.container:
            return self._cpu_seconds
        if last is not None:
            return max(self._cpu_seconds, float(last["group_cpu"]), float(last.get("cpu", 0.0)))
        if self.groups.cpu:
            return max(self._cpu_seconds, self.groups.cpu_seconds())
        if self._watchdog is not None:
            return max(self._cpu_seconds, self._watchdog.cpu_seconds())
        return self._cpu_seconds

    def wait(self, seconds: float = PATIENCE_SECONDS) -> Reason | None:
        """Wait until it ends; return what :meth:`poll` returns then, or after a time."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            self._guarded.next_report(_LOOK_SECONDS)
        return self._reason

    def kill(self) -> None:
        """End all its processes, and wait until the last one has ended."""
        self._guarded.end()

    def close(self) -> None:
        """End all its processes, take the rest of its output, and leave nothing behind."""
        if not self._is_open:
            return
        self._is_open = False
        self._guarded.end()
        if self._command.container and "status" not in (self._guarded.last or {}):  # the guardian was killed
            remove_container(*self._command.container)
        self._output.close()
        if self._watchdog is not None:
            self._watchdog.close()
        if not self._command.container:
            self.groups.remove()  # the guardian has, unless it was killed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
