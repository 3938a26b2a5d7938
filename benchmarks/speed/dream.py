"""The dream of ``world_model`` against the real emulator with V and M: the same controllers, 64 rows, preset small.

The dream is M and C; the other side is the engine, V, M and C, as training in the real game plays. V and M have not
learned, which costs the same. Target: 2 times as fast.

Run: python -m benchmarks.speed.dream [--rounds 5] [--steps 12800]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch

from benchmarks.turns import Ratio, parse, parser, publish, ratios, raw, speeds, take_turns
from newgameplus.agents.world_model.agent import WorldModel
from newgameplus.agents.world_model.config import SMALL
from newgameplus.agents.world_model.controller import Controllers
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import find_level
from newgameplus.training.loop import play
from newgameplus.training.worlds import WorldPlan, make_world, with_actions

LEVEL = "Tumbleweed-Genesis-v0/Mesa.Act1"
NUM_ROWS = 64
DREAM, REAL = "dream: M and C", "engine, V, M and C"
TARGET = 2.0
_NEVER = -20.0
"""Logit of an end of the dream, so that episodes have their full length."""


def agent_and_world() -> tuple[WorldModel, Any]:
    """Return an agent and its world, on one thread."""
    torch.set_num_threads(1)
    config = replace(SMALL, device="cpu")
    specs = WorldModel.specs(config)
    world = make_world(with_actions(WorldPlan((find_level(LEVEL),)), specs[1]), specs, NUM_ROWS)
    return WorldModel(config, world_spec(world), 0), world


def dreaming(num_steps: int) -> Callable[[], None]:
    """Return a turn of the dream of so many steps, of all rows together."""
    agent, world = agent_and_world()
    world.close()
    agent.model.starts = np.zeros((1, 2, SMALL.num_latents), np.float32)
    with torch.no_grad():
        agent.model.dynamics.output.weight[-1] = 0
        agent.model.dynamics.output.bias[-1] = _NEVER
    dreamers: Any = Controllers(agent.linear, agent.search(), NUM_ROWS, num_episodes=SMALL.dream_episodes)
    turns = play(dreamers, agent.dream(NUM_ROWS), seed=0)
    return lambda: [None for _ in islice(turns, num_steps // NUM_ROWS)].clear()


def playing(num_steps: int) -> Callable[[], None]:
    """Return a turn of the real game of so many steps, of all rows together."""
    agent, world = agent_and_world()
    turns = play(agent, world, seed=0)
    return lambda: [None for _ in islice(turns, num_steps // NUM_ROWS)].clear()


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--steps", type=int, default=12_800, help="steps of a turn, of all rows together")
    arguments = parse(options, steps=128)
    sides = {DREAM: partial(dreaming, arguments.steps), REAL: partial(playing, arguments.steps)}
    rounds = list(take_turns(sides, arguments.rounds))
    publish(
        {
            "figure": "dream",
            "what": f"Steps of {NUM_ROWS} rows, preset small, one thread for the networks",
            "unit": "steps/s",
            "num_rounds": arguments.rounds,
            "sides": speeds(rounds, arguments.steps),
            "ratios": ratios(rounds, [Ratio(DREAM, REAL, TARGET)]),
            "turns": raw(rounds),
        },
        arguments.results,
        ("torch",),
    )


if __name__ == "__main__":
    main()
