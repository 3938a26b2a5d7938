"""Runs outside a sandbox, as root or as an ordinary user: starts hostile programs in sandboxes, and prints what came of
them as JSON.

``outside.py KIND FOLDER attacks``, ``… bombs`` or ``… kills N``, with the kind of sandbox and a folder that everybody
may read, with ``attacks.py``, ``bombs.py``, ``secret`` and a folder ``levels`` in it.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from newgameplus.remote.ends import Reason
from newgameplus.remote.sandbox.spec import Bind, Spec, interpreter_binds
from newgameplus.remote.sandbox.started import Started

KIND, CODE = sys.argv[1], Path(sys.argv[2])
assert KIND in ("bubblewrap", "container"), "What these programs do, they would do to this machine."
SANDBOX = importlib.import_module(f"newgameplus.remote.sandbox.{KIND}")
SMALL = {
    "memory_bytes": 96 << 20,
    "processes": 20,
    "tmp_bytes": 4 << 20,
    "shm_bytes": 2 << 20,
    "tmp_files": 500,
    "output_bytes_per_second": 20_000,
}
"""Limits that are reached in a moment."""
BOMBS = {
    name: [name]
    for name in [
        "processes",
        "threads",
        "memory",
        "memory_of_many",
        "many_files",
        "deep_folders",
        "sparse_file",
        "flood",
        "flood_without_newline",
        "escapes",
        "survivors",
        "kill_all",
        "crash",
        "fail",
    ]
} | {"fill_tmp": ["fill", "/tmp"], "fill_shm": ["fill", "/dev/shm"]}


def start(program: str, *arguments: str, **settings: Any) -> Started:
    """Start one of the programs in the folder in a sandbox."""
    image = os.environ.get("NGP_TEST_IMAGE")
    python, binds = (sys.executable, interpreter_binds()) if image is None else ("/usr/bin/python3", ())
    spec = Spec(
        argv=(python, "-I", "-S", str(CODE / program), *arguments),
        binds=(*binds, Bind(CODE)),
        masked=(CODE / "levels", CODE / "rom.md"),
        image=image,
        **settings,
    )
    started = SANDBOX.start(spec)
    assert isinstance(started, Started)
    return started


def attacks() -> dict[str, Any]:
    """Make all attacks, and some again in a second sandbox, which is to see nothing of the first."""
    abstract_name = f"ngp-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{abstract_name}")
        abstract.listen()
        arguments = {
            "server": os.getpid(),
            "host_socket": str(CODE.parent / "socket"),
            "abstract_name": abstract_name,
            "secret": str(CODE / "secret"),
            "masked": str(CODE / "levels"),
            "hidden_file": str(CODE / "rom.md"),
        }
        return {"first": attack(arguments), "second": attack(arguments)}


def attack(arguments: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    with start("attacks.py", json.dumps(arguments), descriptors=(writing,), cpus=1) as started:
        os.close(writing)
        with os.fdopen(reading) as file:
            text = file.read()
        reason = started.wait()
    assert (reason, started.status) == (Reason.AGENT_EXIT, 0), (reason, started.detail, started.last_lines())
    report = json.loads(text)
    assert isinstance(report, dict)
    return report


def bombs() -> dict[str, Any]:
    """Let each use up what it can; say how it ended, and what is left of it."""
    outcomes: dict[str, Any] = {}
    before = set(Path("/proc/self/fd").iterdir())
    for name, arguments in BOMBS.items():
        with start("bombs.py", *arguments, **SMALL) as started:
            reason = started.wait()
        outcomes[name] = {**told(started, reason), "left": left_behind()}
    with start("bombs.py", "stop", **SMALL) as started:
        while KIND == "bubblewrap" and not processes("T"):
            assert started.poll() is None
        reason = started.poll()
        started.kill()
        outcomes["stop"] = {**told(started, reason), "then": started.poll(), "left": processes()}
    outcomes["descriptors"] = sorted(map(str, set(Path("/proc/self/fd").iterdir()) - before))
    return outcomes


def told(started: Started, reason: Reason | None) -> dict[str, Any]:
    return {
        "reason": reason,
        "status": started.status,
        "detail": started.detail,
        "lines": started.last_lines(),
        "cpu_seconds": started.cpu_seconds(),
    }


def kills(number: str) -> list[list[str]]:
    """Kill who started a sandbox or its guardian, or close it, at random moments; say what was left each time."""
    generator = random.Random(int(number))
    left = []
    for _ in range(int(number)):
        whom, seconds = generator.choice(["server", "guardian", "nobody"]), generator.uniform(0.001, 0.1)
        child = os.fork()
        if child == 0:
            live(whom, seconds)
        os.waitpid(child, 0)
        deadline = time.monotonic() + 10
        while (found := left_behind()) and time.monotonic() < deadline:
            time.sleep(0.002)
        left.append([*found, *containers(child)])
    return left


def live(whom: str, seconds: float) -> None:
    """In a process of its own: start a sandbox, and die, or end it, after a time."""
    if whom == "server":
        signal.setitimer(signal.ITIMER_REAL, seconds)
    with start("bombs.py", "survivors", **SMALL) as started:
        if whom == "guardian":
            time.sleep(seconds)
            os.kill(started._guarded.pid, signal.SIGKILL)
        started.wait(seconds)
    os._exit(0)


def left_behind() -> list[str]:
    """The processes, cgroups and mounts that there are of the sandboxes of this program, and those of its forks."""
    groups = []
    for folder, *_ in os.walk("/sys/fs/cgroup"):
        prefix, _, rest = Path(folder).name.partition("ngp-sandbox-")
        if not prefix and rest and not Path("/proc", rest.partition("-")[0]).exists():
            groups.append(folder)  # its guardian, which it is named after, has left it
    mounts = set(Path("/proc/self/mounts").read_text().splitlines()) - MOUNTS
    return [*processes(), *groups, *mounts]


def containers(pid: int) -> list[str]:
    """The containers that a process has begun."""
    if KIND != "container":
        return []
    listed = subprocess.run(
        ["podman", "ps", "-a", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split() if name.startswith(f"newgameplus-{pid}-")]


def processes(state: str = "") -> list[str]:
    """The command lines of guardians, which have this program's working folder, and of programs from the folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace") if process.name.isdigit() else ""
            is_guardian = "guardian" in command and (process / "cwd").readlink() == CODE
            if is_guardian or (str(CODE) in command and "outside.py" not in command):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                if fields[0] not in ("Z", "X") and fields[0].startswith(state):
                    found.append(command)
        except OSError:
            continue
    return found


MOUNTS = set(Path("/proc/self/mounts").read_text().splitlines())
os.chdir(CODE)
sys.stdout.write(json.dumps(globals()[sys.argv[3]](*sys.argv[4:])))
