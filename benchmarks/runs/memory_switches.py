"""The agent memory with one setting changed at a time, on levels generated for this purpose.

Every variant plays all levels side by side, a row on each, whose memories are independent: that is a contest of one
level per row, with one forward of the network for all. The score of a level is the mean return of its episodes; the
last tenth that of the episodes that end in the last tenth of the steps, 0 if none does. A variant that is done is kept
in the work folder, so that the same command goes on after an interruption.

Run: python -m benchmarks.runs.memory_switches --weights RUN [--weights RUN] [--steps 30000] [--levels 8]
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.runs.ways import first_ways, generated_levels, options_of
from benchmarks.turns import median_and_interval, parse, publish
from newgameplus.agents.configuration import with_fields
from newgameplus.agents.memory.agent import Memory
from newgameplus.agents.memory.config import MemoryConfig
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import Level, find_split
from newgameplus.training.loop import play
from newgameplus.training.plan import read_plan
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import WorldPlan, make_world, with_actions

LEVELS_SEED = 41018
WAYS: dict[str, Sequence[str]] = {
    "default": ("default",),
    "sequences pressed blindly": ("default", "is_closed_loop=no"),
    "free play is JERK's alone": ("default", "policy_share=0", "memory_share=0"),
    "hybrid-2018": ("hybrid-2018",),
    "free play is the policy's alone": ("default", "policy_share=1", "memory_share=0"),
    "free play is the policy's and the memory's": ("default", "policy_share=0.5", "memory_share=0.5"),
    "near-duplicates filtered": ("default", "duplicate_similarity=0.995"),
    "the policy imitates the best episodes": ("default", "imitates_best=4"),
    "Rainbow underneath": ("default", "learns=all"),
    "Rainbow underneath, the best sequences in its replay buffer": ("default", "learns=all", "imitates_best=4"),
}
"""Preset of each variant, and the fields that it changes."""
LEARNERS = dict.fromkeys((way for way in WAYS if way.startswith("Rainbow")), "rainbow")
"""Learner of each variant that has another one than PPO."""


def configuration(name: str, weights: Mapping[str, Path]) -> MemoryConfig:
    """The configuration of a variant, with the learner of a run if there is one."""
    preset, *fields = WAYS[name]
    learner = LEARNERS.get(name, "ppo")
    config: MemoryConfig | None = replace(Memory.PRESETS[preset], learner=learner)
    if learner in weights:
        plan = read_plan(weights[learner]).agent
        config = Memory.continued(Memory.PRESETS[preset], plan.name, plan.config)
    changed: MemoryConfig = with_fields(config, dict(field.split("=", 1) for field in fields))
    return changed


def runs_by_learner(runs: Sequence[Path]) -> dict[str, Path]:
    """The runs by the agent that learned in them."""
    found = {read_plan(run).agent.name: run for run in runs}
    if unknown := found.keys() - {"ppo", "rainbow"}:
        raise SystemExit(f"No variant plays with weights of {', '.join(unknown)}; give a run of ppo or rainbow.")
    return found


def chosen_ways(arguments: Any, weights: Mapping[str, Path]) -> list[str]:
    """Names of the variants to judge; with weights, those whose learner has some."""
    named = arguments.way or first_ways(WAYS, arguments)
    return [name for name in WAYS if name in named and (not weights or LEARNERS.get(name, "ppo") in weights)]


def judge(
    config: MemoryConfig, levels: Sequence[Level], weights: Path | None, num_steps: int, seed: int
) -> dict[str, Any]:
    """Play all levels and return score, last tenth and best of each, and who chose the actions."""
    specs = Memory.specs(config)
    totals, episodes = np.zeros(len(levels)), [[] for _ in levels]  # type: ignore[var-annotated]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(make_world(with_actions(WorldPlan(tuple(levels)), specs[1]), specs, len(levels))) as world,
    ):
        agent = Memory(config, world_spec(world, num_timesteps=num_steps), seed)
        agent.keep_in(Path(folder), num_steps)
        if weights is not None:
            begin_from(agent, "memory", weights)
        for step, turn in zip(range(num_steps), play(agent, world, seed=seed + 100), strict=False):
            totals += turn.step.reward
            for row in np.flatnonzero(turn.step.done).tolist():
                episodes[row].append((step, float(totals[row])))
                totals[row] = 0
        figures = agent.metrics()
    return {
        "score": [_mean([total for _, total in ended]) for ended in episodes],
        "last_tenth": [_mean([total for step, total in ended if step >= 0.9 * num_steps]) for ended in episodes],
        "best": [max((total for _, total in ended), default=0.0) for ended in episodes],
        "metrics": figures,
    }


def _mean(totals: Sequence[float]) -> float:
    return float(np.mean(totals)) if len(totals) else 0.0


def kept(path: Path, way: str, judged: Any) -> dict[str, Any]:
    """Return the variant's result, judged unless the work folder holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        path.write_text(json.dumps(judged(way)))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def described(found: Mapping[str, dict[str, Any]], arguments: Any) -> dict[str, Any]:
    """Return the result: median score of each variant over the levels, and its means."""
    means = ("score", "last_tenth", "best")
    return {
        "figure": "memory_switches",
        "what": f"The agent memory on {arguments.levels} generated levels, {arguments.steps:,} steps each",
        "unit": "median score of the levels",
        "num_rounds": arguments.rounds,
        "sides": {way: median_and_interval(each["score"]) for way, each in found.items()},
        "means": {way: {name: _mean(each[name]) for name in means} for way, each in found.items()},
        "levels": found,
        "ratios": [],
        "ways": {way: list(WAYS[way]) for way in found},
        "seed_of_levels": LEVELS_SEED,
        "is_pretrained": bool(arguments.weights),
    }


def main() -> None:
    """Judge every variant, print and store; the same command goes on after an interruption."""
    options = options_of(__doc__, num_steps=30_000, num_levels=8, work="results/memory")
    options.add_argument(
        "--weights", type=Path, action="append", default=[], help="run of ppo, or rainbow; without any they are random"
    )
    options.add_argument("--way", choices=list(WAYS), action="append", help="judge this variant alone, or these")
    options.add_argument("--seed", type=int, default=0, help="seed of the agent")
    arguments = parse(options, steps=40, levels=1, ways=2)
    torch.set_num_threads(1)
    levels = list(
        find_split(str(generated_levels(arguments.work / f"levels-{arguments.levels}", arguments.levels))).levels
    )

    weights = runs_by_learner(arguments.weights)

    def judged(name: str) -> dict[str, Any]:
        run = weights.get(LEARNERS.get(name, "ppo"))
        return judge(configuration(name, weights), levels, run, arguments.steps, arguments.seed)

    places = {name: place for place, name in enumerate(WAYS)}
    found = {
        name: kept(arguments.work / f"{places[name]}-{arguments.steps}-{arguments.seed}.json", name, judged)
        for name in chosen_ways(arguments, weights)
    }
    publish(described(found, arguments), arguments.results, ("torch", "faiss-cpu"))


if __name__ == "__main__":
    main()
