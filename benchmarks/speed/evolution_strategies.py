"""What evolution strategies spend their time on: the emulators, the networks, and all the rest.

The last layer of a policy, a population of 64, 8 consoles of a Tumbleweed level. Target: at least 85 % of the time in
emulators and networks; the rest draws individuals, counts episodes and moves the mean.

Run: python -m benchmarks.speed.evolution_strategies [--rounds 5] [--steps 24000]
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.turns import median_and_interval, parse, parser, publish
from newgameplus.agents.es.agent import Es
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.world import world_spec
from newgameplus.executor.local import available_cores
from newgameplus.games.levels import find_level
from newgameplus.nn.arithmetic import describe_arithmetic
from newgameplus.types import Step

LEVEL = "Tumbleweed-Genesis-v0/Mesa.Act1"
NUM_ENVS = 8
MAX_EPISODE_STEPS = 300
"""So that generations end while the time is taken."""
LEAST_SHARE = 0.85


class Spending:
    """An evolution strategy in its world, and where its time goes."""

    def __init__(self) -> None:
        config = Es.PRESETS["default"]
        observation_spec, action_spec = Es.specs(config)
        self._world = RetroVecEnv(
            [find_level(LEVEL)] * NUM_ENVS, observation_spec=observation_spec, action_spec=action_spec,
            max_episode_steps=MAX_EPISODE_STEPS,
        )  # fmt: skip
        self._agent = Es(config, world_spec(self._world), 0)
        self._observation, _ = self._world.reset(seed=0)

    def shares(self, num_steps: int) -> dict[str, float]:
        """Share of the time of each part in so many agent steps, and steps per second."""
        spent = np.zeros(3)
        for _ in range(max(1, num_steps // NUM_ENVS)):
            moments = [time.perf_counter()]
            action = self._agent.act(self._observation)
            moments.append(time.perf_counter())
            self._observation, reward, terminated, truncated, _ = self._world.step(action)
            moments.append(time.perf_counter())
            self._agent.observe(Step(self._observation, reward, terminated, truncated))
            moments.append(time.perf_counter())
            spent += np.diff(moments)
        networks, emulators, rest = (spent / spent.sum()).tolist()
        return {"networks": networks, "emulators": emulators, "rest": rest, "steps/s": num_steps / float(spent.sum())}

    def metrics(self) -> dict[str, Any]:
        """What the agent tells of its last generation."""
        return self._agent.metrics()


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--steps", type=int, default=24_000, help="agent steps of a round, in all rows together")
    arguments = parse(options, steps=64)
    spending = Spending()
    rounds = [spending.shares(arguments.steps) for _ in range(arguments.rounds)]
    used = [one["networks"] + one["emulators"] for one in rounds]
    parts = {name: median_and_interval([one[name] for one in rounds]) for name in ("networks", "emulators", "rest")}
    publish(
        {
            "figure": "evolution_strategies",
            "what": f"Where an evolution strategy spends its time, on {available_cores()} cores",
            "num_rounds": arguments.rounds,
            "unit": "share",
            "level": LEVEL,
            "steps_per_second": median_and_interval([one["steps/s"] for one in rounds])["median"],
            "idle_share": spending.metrics().get("idle_share"),
            "arithmetic": describe_arithmetic("cpu", "auto"),
            "sides": {"emulators and networks": median_and_interval(used, at_least=LEAST_SHARE), **parts},
            "ratios": [],
        },
        arguments.results,
        ("torch", "cmaes"),
    )


if __name__ == "__main__":
    main()
