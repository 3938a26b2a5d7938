"""The replay buffer: the time to draw and update a batch of 32, and the memory of half a million and of a million.

Drawing is measured three times: by the tree of priorities alone, out of a million entries; by a buffer of a million
tiny pictures, where pictures cost next to nothing; and by the full buffers of real size, whose every slot was written
with noise through ``add``, so that no page is left untouched. Memory is what the process holds, Python included; where
the frames lie in files, also the part of it that is no copy of a file, which the system cannot take back. Linux only;
needs 8 GB of memory, and 8 GB of disk in the folder for temporary files.

Run: python -m benchmarks.speed.replay [--rounds 5] [--calls 2000] [--entries 500000 1000000]
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.turns import Side, median_and_interval, parse, parser, publish, run_once, take_turns
from newgameplus.experience.priorities import SumTree
from newgameplus.experience.replay import ReplayBuffer
from newgameplus.types import Array, Step

NUM_ENTRIES = 1_000_000
BATCH = 32
MOST_MICROSECONDS = 150.0
MOST_GIGABYTES_PER_ENTRY = 9e-6
"""9 GB for a million, 4.5 GB for half a million."""
TINY, REAL = (8, 8, 4), (84, 84, 4)
NUM_STEPS, EPISODE_STEPS, NUM_PICTURES = 3, 500, 256


def tree_alone(num_entries: int, num_calls: int) -> Callable[[], float]:
    """A side that returns the median microseconds of finding 32 entries, reading and changing their priorities."""
    random = np.random.default_rng(0)
    tree = SumTree(num_entries)
    tree.set(np.arange(num_entries), random.random(num_entries))

    def draw() -> None:
        entries = tree.find((np.arange(BATCH) + random.random(BATCH)) * (tree.total / BATCH))
        tree.get(entries)
        tree.set(entries, random.random(BATCH))

    return lambda: median_microseconds(draw, num_calls)


def tiny_pictures(num_entries: int, num_calls: int) -> Callable[[], float]:
    """A side that returns the median microseconds of sampling from, and updating, a buffer of tiny pictures."""
    buffer = ReplayBuffer(num_entries, 1, TINY, n_step=NUM_STEPS)
    fill(buffer, TINY, num_entries)
    return lambda: median_microseconds(drawing(buffer), num_calls)


def full_buffer(num_entries: int, num_calls: int, is_in_files: bool) -> Callable[[], dict[str, float]]:
    """A side that fills a buffer and returns gigabytes and the median microseconds of sampling from it."""

    def run() -> dict[str, float]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) if is_in_files else None
            buffer = ReplayBuffer(num_entries, 1, REAL, n_step=NUM_STEPS, folder=folder)
            num_slots = sum(path.stat().st_size for path in Path(name).glob("frame.bin")) // (REAL[0] * REAL[1])
            fill(buffer, REAL, num_slots or num_entries + NUM_STEPS + REAL[2])
            gc.collect()
            return {
                "resident": resident_gigabytes("VmRSS"),
                "not in files": resident_gigabytes("RssAnon"),
                "files": sum(path.stat().st_blocks * 512 for path in Path(name).iterdir()) / 1e9,
                "microseconds": median_microseconds(drawing(buffer), num_calls),
            }

    return run


def fill(buffer: ReplayBuffer, shape: tuple[int, ...], num_steps: int) -> None:
    """Play noise into a buffer, in episodes that end."""
    random = np.random.default_rng(0)
    pictures = random.integers(1, 256, (NUM_PICTURES, 1, *shape), np.uint8)
    action, reward, never = np.zeros(1, np.int64), np.ones(1), np.zeros(1, np.bool_)
    for index in range(num_steps):
        ends = np.array([index % EPISODE_STEPS == EPISODE_STEPS - 1])
        observation: Array = pictures[index % NUM_PICTURES]
        buffer.add(observation, action, reward, Step(observation, reward, ends, never))


def drawing(buffer: ReplayBuffer) -> Callable[[], None]:
    """Return a function that samples a batch and updates its priorities."""
    random = np.random.default_rng(1)

    def draw() -> None:
        batch = buffer.draw(BATCH, 0.4, random)
        buffer.set_priorities(batch.entries, random.random(BATCH) + 0.1)

    return draw


def median_microseconds(call: Callable[[], Any], num_calls: int) -> float:
    """The median time of a call."""
    taken = []
    for _ in range(num_calls):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e6


def resident_gigabytes(kind: str) -> float:
    """A line of Linux's memory statistics of this process, such as ``VmRSS``."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) * 1024 / 1e9


def measure(num_rounds: int, num_calls: int, num_entries: int, sizes: list[int]) -> dict[str, Any]:
    """Let the sides take turns, then fill the large buffers one after the other, and return the result."""
    sides: dict[str, Side] = {
        f"priorities of {num_entries:,}: microseconds": partial(tree_alone, num_entries, num_calls),
        f"buffer of {num_entries:,}, 8 × 8 pixels: microseconds": partial(tiny_pictures, num_entries, num_calls),
    }
    limits = dict(zip(sides, (MOST_MICROSECONDS, None), strict=True))
    rounds = list(take_turns(sides, num_rounds))
    figures = {
        name: median_and_interval([turns[name].answer for turns in rounds], at_most=limits[name]) for name in sides
    }
    for size in sizes:
        for is_in_files in (False, True):
            answer = run_once(partial(full_buffer, size, num_calls, is_in_files))
            figures |= describe(answer, size, is_in_files)
    return {"sides": figures, "ratios": []}


def describe(answer: dict[str, float], size: int, is_in_files: bool) -> dict[str, Any]:
    """Label the result of a full buffer."""
    name = f"buffer of {size:,} in {'files' if is_in_files else 'memory'}"
    figures = {
        f"{name}: microseconds": median_and_interval([answer["microseconds"]]),
        f"{name}: GB resident": median_and_interval([answer["resident"]], at_most=size * MOST_GIGABYTES_PER_ENTRY),
    }
    if is_in_files:
        figures[f"{name}: GB resident, not in files"] = median_and_interval([answer["not in files"]])
        figures[f"{name}: GB of files"] = median_and_interval([answer["files"]])
    return figures


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--calls", type=int, default=2000, help="draws of a turn")
    options.add_argument("--entries", type=int, nargs="+", default=[500_000, 1_000_000], help="sizes of full buffers")
    options.add_argument("--small", type=int, default=NUM_ENTRIES, help="entries of the priorities and tiny pictures")
    arguments = parse(options, calls=4, entries=[200], small=1000)
    publish(
        {
            "figure": "replay",
            "what": f"Draw a batch of {BATCH} and change its priorities, n = {NUM_STEPS}; memory of full buffers",
            "unit": "as named",
            "num_rounds": arguments.rounds,
            "num_calls": arguments.calls,
            **measure(arguments.rounds, arguments.calls, arguments.small, arguments.entries),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
