"""Check that memory use stays constant over many resets: python -m benchmarks.soak --resets 100000."""

from __future__ import annotations

import argparse
import gc
import os
from pathlib import Path

from benchmarks.turns import add_tiny, parse
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.levels import find_level

NUM_ROUNDS = 10
NUM_ROWS = 2


def resident_mebibytes() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resets", type=int, default=100_000, help="of each of two consoles")
    parser.add_argument("--core", help="such as picodrive, with a level whose state it takes")
    parser.add_argument("--level", default="Airstriker-Genesis-v0/Level1")
    add_tiny(parser)
    options = parse(parser, resets=20)
    env = RetroVecEnv([find_level(options.level)] * NUM_ROWS, core=options.core)
    try:
        env.reset(seed=0)
        for round_ in range(NUM_ROUNDS + 1):
            print(f"{round_ * options.resets // NUM_ROUNDS:>9,} resets  {resident_mebibytes():8.2f} MiB", flush=True)
            for _ in range(options.resets // NUM_ROUNDS if round_ < NUM_ROUNDS else 0):
                env.reset()
    finally:
        env.close()


if __name__ == "__main__":
    main()
