"""Fair comparisons: every side in its own process, in turns on the same machine, and every result kept.

A side is created once in its process and then takes a turn whenever asked, A B A B; the order is reversed every other
round, and the first round is a warm-up. Both sides are compared within the same round, so a slow phase of the machine
affects both. CPU time is also recorded, because other programs affect it less.

A result is a JSON object with ``figure`` (its name), ``what``, ``unit``, ``sides`` (name to median and interval),
``ratios``, perhaps paired ``differences`` and ``notes``, and the machine; docs/hooks.py turns the newest of each figure
into a table.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import datetime
import json
import multiprocessing
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

TINY = "--tiny"
RESULTS = Path(__file__).parent / "results"
NUM_RESAMPLES = 2000
CONFIDENCE = 0.95
LIMITS = (("at_least", "≥"), ("at_most", "≤"))
INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16")
"""Those of a CPU that a result names, as Linux calls them."""
PACKAGES = ("newgameplus", "stable-retro", "gymnasium", "numpy")

Side = Callable[[], Callable[[], Any]]
"""Called once in the side's process; returns the function that takes the turns. Must be picklable: a function or a
partial."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one side."""

    clock: float
    """Wall clock seconds."""
    processor: float
    """Seconds of CPU time, including the side's child processes."""
    answer: Any
    """Result of the turn."""


Round = dict[str, Turn]
"""Name of each side to its turn."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A comparison with a target: how many times as fast ``of`` is as ``to``."""

    of: str
    to: str
    target: float | None = None
    """Lower bound, by the wall clock."""


def take_turns(sides: Mapping[str, Side], num_rounds: int, core: int | None = None) -> Iterator[Round]:
    """Let the sides take turns and yield each round.

    Args:
        sides: function that creates each side, by name.
        num_rounds: number of rounds, without the warm-up.
        core: CPU core that every side is bound to, if the system supports it; None for all of them.
    """
    with contextlib.ExitStack() as stack:
        pipes = {name: stack.enter_context(_started(name, side, core)) for name, side in sides.items()}
        for pipe in pipes.values():
            pipe.recv()
        for index in range(-1, num_rounds):
            turns = {}
            for name in list(sides)[:: -1 if index % 2 else 1]:
                pipes[name].send(True)
                turns[name] = pipes[name].recv()
            if index >= 0:
                yield {name: turns[name] for name in sides}


def run_once(side: Side) -> Any:
    """Create a side in its own process, let it take one turn and return the result."""
    with _started("the only side", side, None) as pipe:
        pipe.recv()
        pipe.send(True)
        return pipe.recv().answer


@contextlib.contextmanager
def _started(name: str, side: Side, core: int | None) -> Iterator[Connection[Any, Any]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, side, core))  # no daemon: a side may have children
    process.start()
    theirs.close()
    try:
        yield ours
    except (EOFError, ConnectionResetError):
        ours.close()
        process.join()
        if process.exitcode == 0:
            raise  # another side ended
        sys.exit(f"The process of {name} ended before its time, with exit code {process.exitcode}.")
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection[Any, Any], side: Side, core: int | None) -> None:
    """Be one side until the pipe is closed; the first message means that it is ready."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    take_turn = side()
    pipe.send(None)
    with contextlib.suppress(EOFError):
        while pipe.recv():
            processor, clock = processor_seconds(), time.perf_counter()
            answer = take_turn()
            clock = time.perf_counter() - clock
            pipe.send(Turn(clock, processor_seconds() - processor, answer))


def processor_seconds() -> float:
    """CPU time of this process and of its children, running or ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    if sys.platform == "linux":
        # Linux numbers the processor clock of another process like this (clock_getcpuclockid).
        children = [child.pid for child in multiprocessing.active_children() if child.pid is not None]
        seconds += sum(time.clock_gettime(~pid << 3 | 2) for pid in children)
    return seconds


def median_and_interval(
    values: Sequence[float], *, at_least: float | None = None, at_most: float | None = None
) -> dict[str, Any]:
    """Median, its bootstrap interval, and whether the median meets the limit."""
    random = np.random.default_rng(0)
    medians = np.median(random.choice(values, (NUM_RESAMPLES, len(values))), axis=1)
    tail = (1 - CONFIDENCE) / 2
    median = statistics.median(values)
    result = {"median": median, "interval": np.quantile(medians, (tail, 1 - tail)).tolist()}
    if at_least is not None:
        result |= {"at_least": at_least, "is_met": median >= at_least}
    if at_most is not None:
        result |= {"at_most": at_most, "is_met": median <= at_most}
    return result


def speeds(rounds: Sequence[Round], work: float, at_least: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Speed of each side, from the ``work`` of a turn, in units per second, with its lower bound."""
    least = at_least or {}
    return {
        name: median_and_interval([work / turns[name].clock for turns in rounds], at_least=least.get(name))
        for name in rounds[0]
    }


def ratios(rounds: Sequence[Round], wanted: Sequence[Ratio]) -> list[dict[str, Any]]:
    """How many times as fast one side is as another, round by round, by wall clock and CPU time."""
    table = []
    for ratio in wanted:
        pairs = [(turns[ratio.to], turns[ratio.of]) for turns in rounds]
        clock = [theirs.clock / ours.clock for theirs, ours in pairs]
        table.append(
            {
                "of": ratio.of,
                "to": ratio.to,
                "clock": median_and_interval(clock),
                "processor": median_and_interval([theirs.processor / ours.processor for theirs, ours in pairs]),
                "target": ratio.target,
                "is_met": None if ratio.target is None else statistics.median(clock) >= ratio.target,
            }
        )
    return table


def raw(rounds: Sequence[Round]) -> list[dict[str, list[float]]]:
    """Seconds of every turn, by wall clock and CPU time."""
    return [{name: [turn.clock, turn.processor] for name, turn in turns.items()} for turns in rounds]


def parser(description: str | None, num_rounds: int) -> argparse.ArgumentParser:
    """Parser with the options of every script: ``--rounds``, ``--results`` and ``--tiny``."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=num_rounds, help="turns of every side that count")
    options.add_argument("--results", type=Path, default=RESULTS, help="where the result is kept")
    add_tiny(options)
    return options


def add_tiny(options: argparse.ArgumentParser) -> None:
    """Add the option ``--tiny``, which :func:`parse` reads."""
    options.add_argument(TINY, action="store_true", help="run as little as possible and keep nothing, as a test")


def parse(options: argparse.ArgumentParser, **tiny: Any) -> argparse.Namespace:
    """Return the options of the command line.

    Args:
        options: the parser.
        tiny: defaults that ``--tiny`` puts in place of the parser's, beside one round and a temporary folder.
    """
    if TINY in sys.argv:
        options.set_defaults(rounds=1, results=temporary_folder(), **tiny)
    return options.parse_args()


def temporary_folder() -> Path:
    """Folder that is removed when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="ngp-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def publish(result: dict[str, Any], results: Path, packages: Sequence[str] = ()) -> None:
    """Print a result and keep it in ``results``, with the machine and the versions of our and of ``packages``."""
    _show(result)
    print(f"\nWritten to {keep(result, result['figure'], results, packages)}")


def keep(result: dict[str, Any], name: str, results: Path, packages: Sequence[str] = ()) -> Path:
    """Write a result into a new folder in ``results``, with the machine and the versions; return the folder."""
    result = result | {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in (*PACKAGES, *packages)}},
        "platform": platform.platform(),
        "cpu": cpu(),
        "num_cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
    }
    folder = _new_folder(results, name)
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    return folder


def cpu() -> str:
    """Name of the CPU, and the instruction sets of it that the speed of learners depends on, where Linux tells them."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return platform.processor() or platform.machine()
    told = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in told.items()}
    has = [name for name in INSTRUCTION_SETS if name in fields.get("flags", "").split()]
    return f"{fields.get('model name', platform.machine())} ({', '.join(has) or 'no AVX2'})"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _new_folder(results: Path, name: str) -> Path:
    """Create the folder of today's result; an earlier one of today is kept."""
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        folder = results / f"{datetime.date.today()}_{name}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    sys.exit(f"There are 99 results of today in {results}.")


def _show(result: dict[str, Any]) -> None:
    print(f"{result['what']}\n\n{result['unit']:58}{'median':>10}   {CONFIDENCE:.0%} interval")
    for side, figure in result["sides"].items():
        low, high = figure["interval"]
        limits = [
            f"   wanted: {sign} {figure[key]:g}, met: {figure['is_met']}" for key, sign in LIMITS if key in figure
        ]
        print(f"{side:58}{figure['median']:10.4g}   {low:.4g} to {high:.4g}{''.join(limits)}")
    for ratio in result["ratios"]:
        for measure in ("clock", "processor"):
            low, high = ratio[measure]["interval"]
            title = f"{ratio['of']} / {ratio['to']} ({measure})"
            print(f"{title:58}{ratio[measure]['median']:10.3f}   {low:.3f} to {high:.3f}")
        if ratio["target"] is not None:
            print(f"    wanted: {ratio['target']:.3g} by the clock, met: {ratio['is_met']}")
    for found in result.get("differences", ()):
        interval = "{:.4g} to {:.4g}".format(*found["interval"]) if found["interval"] else "none: one run of each level"
        print(f"{found['of']} minus {found['to']:<30} mean {found['mean']:10.4g}   {interval}   p {found['p']:.2f}")
    for note in result.get("notes", ()):
        print(note)
