"""How long `ngp --help` and `import newgameplus` take, beside a bare Python. Target: `ngp --help` under 0.3 s.

Each command runs in a process of its own, in turn, after one run that warms the file cache; the figure is the median.
Prints one JSON object; what is published is kept in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time

import newgameplus

COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "import newgameplus": [sys.executable, "-c", "import newgameplus"],
    "ngp --help": [sys.executable, "-m", "newgameplus", "--help"],
}
TARGET_SECONDS = 0.3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="processes per command")
    num_runs = parser.parse_args().runs
    for command in COMMANDS.values():
        seconds_of(command)
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(num_runs):
        for name, command in COMMANDS.items():
            seconds[name].append(seconds_of(command))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    result = {
        "figure": "cli_start",
        "unit": "seconds",
        "median": {name: round(value, 4) for name, value in medians.items()},
        "slowest": {name: round(max(values), 4) for name, values in seconds.items()},
        "num_runs": num_runs,
        "target": {"ngp --help": TARGET_SECONDS},
        "is_met": medians["ngp --help"] < TARGET_SECONDS,
        "versions": {"newgameplus": newgameplus.__version__, "python": platform.python_version()},
        "platform": platform.platform(),
    }
    print(json.dumps(result, indent=2))


def seconds_of(command: list[str]) -> float:
    """Run ``command`` to its end and return how long it took."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
