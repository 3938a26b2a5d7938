"""Runs of agents on one level, within a process: their episodes, and their metrics along the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.agents.interface import HasMetrics, HasWishes, offers
from newgameplus.envs.world import world_spec
from newgameplus.errors import LearningError
from newgameplus.games.levels import Level, find_split
from newgameplus.training.loop import play
from newgameplus.training.wishes import grant
from newgameplus.training.worlds import WorldPlan, make_world, with_actions

NUM_POINTS = 40
Way = Sequence[str]
"""Agent, preset and changed fields, each as ``FIELD=VALUE``."""
Curve = list[dict[str, float]]
"""Metrics of the agent along the run, with the number of steps as ``steps``."""


def validation_level(state: str) -> Level:
    """Return the level of tumbleweed-validation that begins at a state."""
    return next(each for each in find_split("tumbleweed-validation").levels if each.state == state)


def judge(way: Way, level: Level, num_rows: int, num_steps: int) -> dict[str, Any]:
    """Play a way, in the contest's world but for what its preset wishes.

    Returns:
        ``episodes``: step of the end and return of each; ``curve``: metrics along the run; ``ended``: why the agent
        stopped learning before the end, empty if it did not.
    """
    name, preset, *fields = way
    agent_class: Any = find_agent(name)
    config = configure(agent_class, preset, dict(field.split("=", 1) for field in fields))
    specs = agent_class.specs(config)
    plan = WorldPlan((level,))
    if offers(agent_class, HasWishes):
        plan = grant(plan, agent_class.wishes(config))
    episodes: list[tuple[int, float]] = []
    curve: Curve = []
    total = np.zeros(num_rows)
    num_turns = num_steps // num_rows
    with closing(make_world(with_actions(plan, specs[1]), specs, num_rows)) as world:
        agent = agent_class(config, world_spec(world, num_timesteps=num_turns), 0)
        turns = play(agent, world, seed=0)
        for turn in range(1, num_turns + 1):
            try:
                done = next(turns).step
            except LearningError as error:
                return {"episodes": episodes, "curve": curve, "ended": str(error)}
            total += done.reward
            for row in np.flatnonzero(done.done).tolist():
                episodes.append((turn * num_rows, float(total[row])))
                total[row] = 0.0
            if isinstance(agent, HasMetrics) and turn % max(num_turns // NUM_POINTS, 1) == 0:
                curve.append({"steps": float(turn * num_rows)} | agent.metrics())
    return {"episodes": episodes, "curve": curve, "ended": ""}


def kept(path: Path, way: Way, level: Level, num_rows: int, num_steps: int) -> dict[str, Any]:
    """Return what a way came to, played unless the work folder holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        path.write_text(json.dumps(judge(way, level, num_rows, num_steps)))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def summary(run: Mapping[str, Any], num_steps: int) -> dict[str, float]:
    """Return score, that of the last third, best episode, number of episodes, and the last metrics of a run."""
    totals = [total for _, total in run["episodes"]] or [0.0]
    late = [total for step, total in run["episodes"] if step > num_steps * 2 / 3] or totals[-1:]
    means = {"score": float(np.mean(totals)), "late": float(np.mean(late)), "best": max(totals)}
    return means | {"episodes": float(len(run["episodes"]))} | (run["curve"][-1] if run["curve"] else {})
