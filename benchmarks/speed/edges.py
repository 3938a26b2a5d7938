"""What Canny's edges cost a batch: agent steps per second of the CPU, with edges and with the gray pictures alone.

Both see stacks of four at the scales of the write-up of 2018, whole and half (reverie_agent), of one level in a few
rows, under the contest's rules; edges are found by OpenCV in each picture of each row's stack. Times are of the CPU,
all threads together.

Run: python -m benchmarks.speed.edges
"""

from __future__ import annotations

import time
from contextlib import closing

import numpy as np

from benchmarks.level_runs import validation_level
from benchmarks.turns import median_and_interval, parse, parser, publish
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.types import REVERIE_8, ObservationSpec

SCALES = {"168 x 240": (168, 240), "84 x 120": (84, 120)}


def steps_per_second(world: RetroVecEnv, num_turns: int, seed: int) -> float:
    """Take random actions; return agent steps, over all rows, per second of the CPU."""
    random = np.random.default_rng(seed)
    actions = random.integers(0, 8, (num_turns, world.num_envs))
    begin = time.process_time()
    for action in actions:
        world.step(action)
    return actions.size / (time.process_time() - begin)


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--turns", type=int, default=100, help="steps of each row in a round")
    options.add_argument("--rows", type=int, default=8, help="rows of the batch")
    arguments = parse(options, turns=2, rows=2)
    levels = [validation_level("Mesa.Act3")] * arguments.rows
    sides = {}
    for scale, size in SCALES.items():
        for name, edges in (("gray", None), ("edges", (100, 200))):
            spec = ObservationSpec(crop=(56, 0, 0, 80), gray=True, size=size, edges=edges, stack=4)
            with closing(RetroVecEnv(levels, observation_spec=spec, action_spec=REVERIE_8)) as world:
                world.reset(seed=0)
                steps_per_second(world, arguments.turns, 0)
                rates = [steps_per_second(world, arguments.turns, seed) for seed in range(arguments.rounds)]
            sides[f"{scale}, {name}"] = median_and_interval(rates)
    result = {
        "figure": "edges",
        "what": f"Agent steps of {arguments.rows} rows per second of the CPU, four pictures each",
        "unit": "agent steps per CPU second",
        "num_rounds": arguments.rounds,
        "sides": sides,
        "ratios": [],
    }
    publish(result, arguments.results)


if __name__ == "__main__":
    main()
