"""Tabular Q: updates per second of the table in a file with its log, and bytes of millions of entries.

An update is that of an agent without its pictures: the entries of a state's eight actions are read, and one entry is
written; with traces (lambda 0.9), the last three dozen entries are. Keys are random and most are new, as with raw
hashes. Times are of the CPU, one thread, of 1, 16 and 64 rows at once.

Run: python -m benchmarks.speed.qtable [--entries 10000000]
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.turns import median_and_interval, parse, parser, publish
from newgameplus.experience.action_table import ENTRY, FILE_NAME, ActionTable, keys_of

NUM_ACTIONS, TRACE = 8, 37
LEAST_PER_SECOND, MOST_BYTES = 50_000.0, 400e6
_PIECE = 50_000


def fill(table: ActionTable, num_entries: int, random: np.random.Generator) -> None:
    """Write entries with random keys until there are so many."""
    while len(table) < num_entries:
        count = min(_PIECE, num_entries - len(table))
        key = np.unique(random.integers(1, 1 << 63, count, np.uint64))
        table.write(key, np.ones(len(key), np.float32), np.ones(len(key), np.uint32))


def updates_per_second(table: ActionTable, num_rows: int, length: int, num_updates: int, seed: int) -> float:
    """Read the actions of new states and write entries, ``length`` for each row; return how many per second."""
    random = np.random.default_rng(seed)
    num_turns = max(num_updates // (num_rows * length), 1)
    state = random.integers(0, 1 << 63, (num_turns + length, num_rows), np.uint64)
    begin = time.process_time()
    for turn in range(num_turns):
        key = keys_of(state[turn + length - 1], NUM_ACTIONS)
        value, count = table.read(key)
        traced = np.unique(keys_of(state[turn : turn + length], 1))
        value, count = table.read(traced)
        table.write(traced, value + np.float32(1), count + np.uint32(1))
    return num_turns * num_rows * length / (time.process_time() - begin)


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=3)
    options.add_argument("--entries", type=int, default=10_000_000, help="entries whose bytes are told")
    options.add_argument("--updates", type=int, default=10_000, help="updates whose time is taken, each round")
    arguments = parse(options, entries=20_000, updates=200)
    folder = Path(tempfile.mkdtemp(prefix="qtable"))
    random = np.random.default_rng(0)
    sides = {}
    try:
        table = ActionTable("measured", folder, 1_000_000)
        table.clear()
        fill(table, arguments.entries // 10, random)
        for num_rows in (1, 16, 64):
            for name, length in (("", 1), (f", traces of {TRACE}", TRACE)):
                rates = [
                    updates_per_second(table, num_rows, length, arguments.updates, seed)
                    for seed in range(arguments.rounds)
                ]
                wanted = LEAST_PER_SECOND if num_rows == 64 else None
                sides[f"{num_rows} rows{name}: updates/s"] = median_and_interval(rates, at_least=wanted)
        fill(table, arguments.entries, random)
        num_bytes = float((folder / FILE_NAME).stat().st_size)
        sides[f"bytes of {len(table):,} entries"] = median_and_interval([num_bytes], at_most=MOST_BYTES)
    finally:
        shutil.rmtree(folder)
    result = {
        "figure": "qtable",
        "what": f"A table of {arguments.entries // 10:,} entries of {ENTRY.itemsize} bytes in a file, with its log",
        "unit": "as named",
        "num_rounds": arguments.rounds,
        "sides": sides,
        "ratios": [],
    }
    publish(result, arguments.results)


if __name__ == "__main__":
    main()
