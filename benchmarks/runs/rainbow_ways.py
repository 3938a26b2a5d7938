"""First steps of Rainbow from random weights on a level, with different return distributions and networks.

Run: python -m benchmarks.runs.rainbow_ways [--steps 30000] [--levels 4] [--work results/rainbow-ways]
"""

from __future__ import annotations

from benchmarks.runs.ways import TINY_WAYS, described, first_ways, judge, options_of
from benchmarks.turns import parse, publish

_TUNED = ("--preset", "tuned")
_ATOMS = (*_TUNED, "--set", "distribution=categorical", "--set", "v_max=40")
WAYS = {
    "tuned: 8 implicit quantiles, convolutions of 2013": _TUNED,
    "… and the convolutions of 2015": (*_TUNED, "--set", "encoder=nature"),
    "… and 4 implicit quantiles": (*_TUNED, "--set", "num_fractions=4"),
    "… and 32 fixed quantiles": (*_TUNED, "--set", "distribution=quantiles", "--set", "num_fractions=32"),
    "… and atoms": _ATOMS,
    "… and atoms, a gradient step for every fourth step": (*_ATOMS, "--set", "train_interval=4"),
}
"""Options of ``ngp evaluate`` of each variant."""


def main() -> None:
    """Evaluate every variant, print and store; the same command resumes after an interruption."""
    options = options_of(__doc__, num_steps=30_000, num_levels=4, work="results/rainbow-ways")
    arguments = parse(options, **TINY_WAYS)
    ways = first_ways(WAYS, arguments)
    scores = judge("rainbow", ways, arguments)
    result = described("rainbow_ways", "Score of Rainbow from nothing", ways, scores, arguments)
    publish(result, arguments.results, ("torch",))


if __name__ == "__main__":
    main()
