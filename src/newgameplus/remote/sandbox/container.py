"""A sandbox by podman: the same isolation as bubblewrap's, made by a container runtime, with an image if one is given.

Without an image the container shows this machine's ``/usr``, as bubblewrap does. docker takes the same arguments, but
for one: it cannot pass an open descriptor, which is all that is shared with the server here, so it is not used.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from newgameplus.errors import SandboxError
from newgameplus.remote.sandbox import seccomp
from newgameplus.remote.sandbox.machine import (
    HIDDEN_IN_PROC,
    HOST_NAME,
    INSIDE_ID,
    NETWORK_FILES,
    SETTINGS,
    system_links,
)
from newgameplus.remote.sandbox.spec import Bind, Spec
from newgameplus.remote.sandbox.started import Command, Started

NAME = "container"
"""Its name as a choice."""
VIEW = "localhost/newgameplus-view:1"
"""Image that holds nothing but the places for this machine's programs and libraries."""
USER = f"{INSIDE_ID}:{INSIDE_ID}"
"""User and group inside."""
_MISSING = "podman is not installed: sudo apt install podman runc."
_LIMITED = ("/tmp", "/dev/shm")
_USERS_PROCESSES = 4096
"""podman's own default needs a right that root may lack in a container; the sandbox's number is ``--pids-limit``."""
_numbers = itertools.count()


def why_not() -> str | None:
    """Return what is in the way of this sandbox, and what to do, in a sentence; None if one was started just now."""
    if shutil.which("podman") is None:
        has_docker = shutil.which("docker") is not None
        return f"docker, which is here, cannot pass an open descriptor, and {_MISSING}" if has_docker else _MISSING
    try:
        with start(Spec(argv=("/usr/bin/true",), processes=4)) as started:
            started.wait()
            return None if started.status == 0 else f"podman does not work here: {' '.join(started.last_lines(1))}."
    except SandboxError as error:
        return f"podman does not work here. {error}"


def podman() -> str:
    """Return the path of podman.

    Raises:
        SandboxError: it is missing.
    """
    program = shutil.which("podman")
    if program is None:
        raise SandboxError(_MISSING)
    return program


def argv(spec: Spec, name: str = "NAME") -> list[str]:
    """Return podman's arguments, without its own name.

    Args:
        spec: what runs, what it sees, its limits.
        name: of the container.

    The filter of system calls is read from the descriptor after the passed ones.
    """
    arguments = ["run", "--name", name, "--pull", "never", "--log-driver", "none", "--http-proxy=false"]
    if shutil.which("runc") and not shutil.which("crun"):
        arguments += ["--runtime", "runc"]
    arguments += ["--network", "host" if spec.has_network else "none", "--hostname", HOST_NAME, "--no-hosts"]
    arguments += ["--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL", "--user", USER]
    arguments += ["--security-opt", "no-new-privileges"]
    arguments += ["--security-opt", f"seccomp=/proc/self/fd/{spec.first_free_descriptor}"]
    arguments += ["--security-opt", f"mask={':'.join(_masked(spec))}"]
    arguments += ["--pids-limit", str(spec.processes), "--memory", str(spec.memory_bytes)]
    arguments += ["--memory-swap", str(spec.memory_bytes), "--shm-size", str(spec.shm_bytes)]
    arguments += ["--ulimit", f"nofile={spec.open_files}:{spec.open_files}", "--ulimit", "core=1:1"]
    arguments += ["--ulimit", f"nproc={_USERS_PROCESSES}:{_USERS_PROCESSES}", "--workdir", spec.working_folder]
    for key, value in spec.environment().items():
        arguments += ["--env", f"{key}={value}"]
    if spec.descriptors:
        arguments += ["--preserve-fds", str(len(spec.descriptors))]
    return [*arguments, *_file_system(spec), spec.image or VIEW, *spec.argv]


def _file_system(spec: Spec) -> Iterator[str]:
    yield from ("--tmpfs", f"/tmp:rw,size={spec.tmp_bytes},mode=1777")
    own = ("/usr", *SETTINGS) if spec.image is None else ()
    for path in map(Path, (*own, *(NETWORK_FILES if spec.has_network else ()))):
        if path.exists():
            yield from _volume(Bind(path), "ro")
    for bind in spec.binds:
        yield from _volume(bind, "ro")
    for bind in spec.writable:
        yield from _volume(bind, "rw")


def _masked(spec: Spec) -> list[str]:
    """Paths inside that show nothing."""
    return ["/sys", *(f"/proc/{name}" for name in HIDDEN_IN_PROC), *map(str, spec.masked)]


def _volume(bind: Bind, access: str) -> tuple[str, str]:
    return ("--volume", f"{bind.source}:{bind.inside}:{access},nosuid,nodev")


def start(spec: Spec) -> Started:
    """Start a program in a container.

    Raises:
        SandboxError: it did not start; the sentence says why.
    """
    program = podman()
    for path in (
        *spec.masked,
        *(path for bind in (*spec.binds, *spec.writable) for path in (bind.source, bind.inside)),
    ):
        if ":" in str(path):
            raise SandboxError(f"podman cannot show or hide {path}, which has a colon in its name.")
    if spec.image is None:
        _make_view(program)
    name = f"newgameplus-{os.getpid()}-{next(_numbers)}"
    return Started(
        spec,
        Command(
            argv=(program, *argv(spec, name)),
            env={key: value for key, value in os.environ.items() if key in _PODMANS_VARIABLES},
            files=(seccomp.profile(has_network=spec.has_network),),
            folders=_LIMITED,
            container=(program, name),
        ),
    )


_PODMANS_VARIABLES = ("PATH", "HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "CONTAINERS_CONF")


def _make_view(program: str) -> None:
    """Make the image that shows this machine, unless there is one."""
    if subprocess.run([program, "image", "exists", VIEW], check=False).returncode == 0:
        return
    done = subprocess.run([program, "import", "-", VIEW], input=_places(), capture_output=True, check=False)
    if done.returncode != 0:
        raise SandboxError(f"podman cannot make an image: {done.stderr.decode(errors='replace').strip()}.")


def _places() -> bytes:
    """A tar archive of empty folders and of the links that lead into ``/usr``."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in ("dev", "etc", "proc", "run", "sys", "tmp", "usr"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(folder)
        for path, target in system_links():
            link = tarfile.TarInfo(path.lstrip("/"))
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return content.getvalue()
