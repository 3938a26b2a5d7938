"""How long a program takes to start in a sandbox. Asked for: bubblewrap less than 0.1 s beyond the program itself.

A turn is the time from the start to the first byte that a small program sends by a passed descriptor, and then its end,
which is not counted. ``plain`` is the same program without a sandbox or a guardian, ``none`` the guardian alone.
``fork in a sandbox`` is what a program that was started before, and forks for each run, would need.

Run: python -m benchmarks.speed.sandbox_start [--rounds 30] [--containers]
"""

from __future__ import annotations

import importlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import cast

from benchmarks.turns import Side, median_and_interval, parse, parser, publish, raw, take_turns
from newgameplus.remote.sandbox.choice import Way
from newgameplus.remote.sandbox.spec import Spec, interpreter_binds

PROGRAM = "import os; os.write({descriptor}, b'x')"
FORKING = (
    "import os, socket\n"
    "orders = socket.socket(fileno=3)\n"
    "while orders.recv(1):\n"
    "    if os.fork() == 0: orders.send(b'x'); os._exit(0)\n"
    "    os.wait()"
)
LIMITS = {"bubblewrap": 0.1}


def python(code: str) -> tuple[str, ...]:
    """The smallest start of Python with this code."""
    return (sys.executable, "-I", "-S", "-c", code)


def plain() -> Callable[[], float]:
    """A side whose turn is the program alone."""

    def run() -> float:
        reading, writing = os.pipe()
        began = time.perf_counter()
        with subprocess.Popen(python(PROGRAM.format(descriptor=writing)), pass_fds=[writing]):
            os.close(writing)
            return _until_first_byte(reading, began)

    return run


def sandboxed(kind: str) -> Callable[[], float]:
    """A side whose turn is the program in a sandbox."""
    way = cast(Way, importlib.import_module(f"newgameplus.remote.sandbox.{kind}"))

    def run() -> float:
        reading, writing = os.pipe()
        began = time.perf_counter()
        spec = Spec(argv=python(PROGRAM.format(descriptor=3)), binds=interpreter_binds(), descriptors=(writing,))
        with way.start(spec):
            os.close(writing)
            return _until_first_byte(reading, began)

    return run


def forked() -> Callable[[], float]:
    """A side whose turn is a fork in a program that runs in bubblewrap."""
    from newgameplus.remote.sandbox import bubblewrap

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    spec = Spec(argv=python(FORKING), binds=interpreter_binds(), descriptors=(theirs.fileno(),))
    started = bubblewrap.start(spec)
    theirs.close()

    def run() -> float:
        assert started.poll() is None
        began = time.perf_counter()
        ours.send(b"x")
        ours.recv(1)
        return time.perf_counter() - began

    return run


def _until_first_byte(reading: int, began: float) -> float:
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    return time.perf_counter() - began


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=30)
    options.add_argument("--containers", action="store_true", help="measure podman, too")
    arguments = parse(options)
    kinds = ["none", "bubblewrap", *(["container"] if arguments.containers else [])]
    sides: dict[str, Side] = {
        "plain": plain,
        **{kind: partial(sandboxed, kind) for kind in kinds},
        "fork in a sandbox": forked,
    }
    rounds = list(take_turns(sides, arguments.rounds))
    publish(
        {
            "figure": "sandbox_start",
            "what": "Seconds from the start of a small program to its first byte",
            "unit": "seconds",
            "num_rounds": len(rounds),
            "sides": {
                name: median_and_interval([turns[name].answer for turns in rounds], at_most=LIMITS.get(name))
                for name in sides
            },
            "ratios": [],
            "notes": ["The seconds of single turns count the end of the program, too."],
            "seconds": raw(rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
