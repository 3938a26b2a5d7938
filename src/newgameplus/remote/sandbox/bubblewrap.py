"""A sandbox by bubblewrap: namespaces of its own for everything, a file system of what it was given, a filter of calls.

Inside there are the system's programs and libraries (``/usr``), what the specification binds, a small ``/dev`` and a
``/proc`` of its own processes; all of it read-only but for ``/tmp`` and ``/dev/shm``, which are memory of a given size.
There is no network, no name of this machine, no other process, no terminal, no capability, no way to new namespaces.
Needs bubblewrap 0.8 and a kernel that lets ordinary users make namespaces; no rights of root.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from newgameplus.errors import SandboxError
from newgameplus.remote.sandbox import guardian, seccomp
from newgameplus.remote.sandbox.machine import (
    HIDDEN_IN_PROC,
    HOST_NAME,
    INSIDE_ID,
    NETWORK_FILES,
    SETTINGS,
    system_folders,
    system_links,
)
from newgameplus.remote.sandbox.privileges import ordinary_user, out_of_reach
from newgameplus.remote.sandbox.spec import Bind, Spec
from newgameplus.remote.sandbox.started import Command, Started

NAME = "bubblewrap"
"""Its name as a choice."""
_LEAST_VERSION = (0, 8)
"""The first that can forbid namespaces inside; those from 0.7 on bound a tmpfs."""
_LIMITED = ("/tmp", "/dev/shm")
_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def why_not() -> str | None:
    """Return what is in the way of this sandbox, and what to do, in a sentence; None if one was started just now."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux; use --sandbox container."
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap is not installed: sudo apt install bubblewrap."
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError as error:
        return f"{program} cannot be run: {error.strerror}."
    version = tuple(map(int, re.findall(r"\d+", told)[:2]))
    if version < _LEAST_VERSION:
        return f"{told.strip() or 'bubblewrap'} is too old: it must be 0.8 or newer."
    try:
        with start(Spec(argv=("/usr/bin/true",), processes=4)) as started:
            started.wait()
            return None if started.status == 0 else f"bubblewrap does not work here: {' '.join(started.last_lines(1))}."
    except SandboxError as error:
        return f"bubblewrap does not work here. {error}{_advice()}"


def _advice() -> str:
    """What to do where the kernel does not let ordinary users make namespaces."""
    if _APPARMOR.exists() and _APPARMOR.read_text(encoding="ascii").strip() == "1":
        return (
            " Ubuntu's AppArmor lets only programs with a profile make namespaces: sudo apt install apparmor-profiles,"
            " then sudo ln -s /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ and"
            " sudo systemctl reload apparmor."
        )
    return ""


def argv(spec: Spec, staged: Mapping[Path, str] | None = None) -> list[str]:
    """Return bubblewrap's arguments, without its own name.

    Args:
        spec: what runs, what it sees, its limits.
        staged: by source of a bind, the path that it is bound from instead.

    The descriptors after the passed ones are, in this order: the arguments, the filter of system calls, where it says
    the first process' PID, and where it waits for a byte.
    """
    seccomp_descriptor, info, gate = (str(spec.first_free_descriptor + number) for number in (1, 2, 3))
    arguments = ["--unshare-user", "--unshare-all", "--disable-userns"]
    if spec.has_network:
        arguments.append("--share-net")
    arguments += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", HOST_NAME]
    arguments += ["--uid", INSIDE_ID, "--gid", INSIDE_ID, "--clearenv"]
    for name, value in spec.environment().items():
        arguments += ["--setenv", name, value]
    arguments += ["--seccomp", seccomp_descriptor, "--info-fd", info, "--block-fd", gate]
    arguments += [*_file_system(spec, staged or {}), "--chdir", spec.working_folder, "--remount-ro", "/"]
    return [*arguments, "--", *spec.argv]


def _file_system(spec: Spec, staged: Mapping[Path, str]) -> Iterator[str]:
    yield from _system(spec)
    yield from ("--proc", "/proc")
    for name in HIDDEN_IN_PROC:
        yield from _masked(f"/proc/{name}", Path("/proc", name))
    yield from ("--dev", "/dev", "--size", str(spec.shm_bytes), "--tmpfs", "/dev/shm", "--remount-ro", "/dev")
    yield from ("--size", str(spec.tmp_bytes), "--tmpfs", "/tmp")
    yield from _binds("--ro-bind", spec.binds, staged)
    yield from _binds("--bind", spec.writable, staged)
    for path in spec.masked:
        yield from _masked(str(path), spec.source_of(path))


def _system(spec: Spec) -> Iterator[str]:
    """The system's programs and libraries, where they are on this machine, and the few settings that they need."""
    for name, target in system_links():
        yield from ("--symlink", target, name)
    for name in system_folders():
        yield from ("--ro-bind", name, name)
    for name in (*SETTINGS, *(NETWORK_FILES if spec.has_network else ())):
        yield from ("--ro-bind-try", name, name)


def _masked(inside: str, source: Path) -> tuple[str, ...]:
    """Show nothing at a path inside, if there is something on this machine."""
    if source.is_dir():
        return ("--size", "4096", "--tmpfs", inside, "--remount-ro", inside)
    return ("--ro-bind", "/dev/null", inside) if source.exists() else ()


def _binds(option: str, binds: Sequence[Bind], staged: Mapping[Path, str]) -> Iterator[str]:
    for bind in binds:
        yield from (option, staged.get(bind.source, str(bind.source)), str(bind.inside))


def start(spec: Spec) -> Started:
    """Start a program in a sandbox.

    Raises:
        SandboxError: it did not start; the sentence says why.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed: sudo apt install bubblewrap.")
    user = ordinary_user(spec.user)
    hidden = out_of_reach((*spec.binds, *spec.writable)) if user else []
    staged = {source: f"{guardian.STAGE}/{number}" for number, source in enumerate(hidden)}
    arguments = [os.fsencode(argument) for argument in argv(spec, staged)]
    options, command = arguments[: -len(spec.argv)], spec.argv
    return Started(
        spec,
        Command(
            # The arguments would be read inside, in the command line of the first process; so they come by a file.
            argv=(program, "--args", str(spec.first_free_descriptor), "--", *command),
            env={},
            files=(b"".join(option + b"\0" for option in options[:-1]), seccomp.program(has_network=spec.has_network)),
            informs=True,
            own_processes=2,
            user=user,
            stage=tuple(map(str, hidden)),
            folders=_LIMITED,
        ),
    )
