"""How long `ngp --help` and `import newgameplus` take, beside a bare Python. Target: `ngp --help` under 0.3 s.

Every turn is a new process.

Run: python -m benchmarks.speed.cli_start [--rounds 20]
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.turns import Ratio, median_and_interval, parse, parser, publish, ratios, raw, take_turns

COMMANDS = {
    "python": ["-c", "pass"],
    "import newgameplus": ["-c", "import newgameplus"],
    "ngp --help": ["-m", "newgameplus", "--help"],
}
LIMITS = {"ngp --help": 0.3}


def command(words: list[str]) -> Callable[[], None]:
    """A side whose turn is one run of Python."""

    def run() -> None:
        subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)

    return run


def main() -> None:
    """Measure, print and store."""
    arguments = parse(parser(__doc__, num_rounds=20))
    sides = {name: partial(command, words) for name, words in COMMANDS.items()}
    rounds = list(take_turns(sides, arguments.rounds))
    publish(
        {
            "figure": "cli_start",
            "what": "Seconds from the start of a process to its end",
            "unit": "seconds",
            "num_rounds": len(rounds),
            "sides": {
                name: median_and_interval([turns[name].clock for turns in rounds], at_most=LIMITS.get(name))
                for name in COMMANDS
            },
            "ratios": ratios(rounds, [Ratio("python", "ngp --help")]),
            "seconds": raw(rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
