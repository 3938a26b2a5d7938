"""The index of the agent memory: how much of the nearest it finds, how long a look-up takes, and how large it is.

Features are real: a policy plays levels alone, and each picture gives a moment. Every kind of index of faiss that the
agent offers, and usearch beside them, is filled with the same moments, a few hundred at a time as episodes end, and
then asked for the 100 nearest of pictures that are not among them. Recall is the share of the true 100 nearest that it
returns. The time of a step is that of the whole agent with its emulator, one row. All times are of the processor, one
thread, since other programs use the machine too.

Run: python -m benchmarks.speed.memory_index --weights RUN [--entries 100000] [--split tumbleweed-train]
     [--features FILE.npy]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch

from benchmarks.turns import median_and_interval, parse, parser, publish
from newgameplus.agents.memory.agent import Memory
from newgameplus.agents.memory.config import DEFAULT, MemoryConfig
from newgameplus.envs.world import world_spec
from newgameplus.experience.nearest import IndexName, NearestIndex
from newgameplus.games.levels import Level, find_split
from newgameplus.training.loop import play
from newgameplus.training.plan import read_plan
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import WorldPlan, make_world, with_actions
from newgameplus.types import Array

COUNT = 100
"""Neighbours that are looked up."""
EPISODE = 300
"""Moments that are added at once."""
LEAST_RECALL, MOST_SHARE = 0.9, 0.25
Search = Callable[[Array], Array]


def configuration(weights: Path | None) -> MemoryConfig:
    """The agent with the policy of a run; without one with random weights."""
    if weights is None:
        return DEFAULT
    plan = read_plan(weights).agent
    config = Memory.continued(DEFAULT, plan.name, plan.config)
    if config is None:
        raise SystemExit(f"The agent {plan.name} of {weights} has no features; give a run of ppo or rainbow.")
    return config


def play_steps(
    config: MemoryConfig, levels: list[Level], weights: Path | None, num_steps: int, *, is_frozen: bool = False
) -> Iterator[tuple[Memory, Array]]:
    """Yield the agent and what it sees, after each of its steps on these levels, a row on each."""
    specs = Memory.specs(config)
    with closing(make_world(with_actions(WorldPlan(tuple(levels)), specs[1]), specs, len(levels))) as world:
        agent = Memory(config, world_spec(world, num_timesteps=num_steps), 0)
        if weights is not None:
            begin_from(agent, "memory", weights, is_frozen=is_frozen)
        for _, turn in zip(range(num_steps), play(agent, world, seed=0), strict=False):
            yield agent, turn.step.observation


def features_of(config: MemoryConfig, levels: list[Level], weights: Path | None, num_moments: int) -> Array:
    """Return unit features of pictures that the policy sees on these levels, float32 ``[N, H]``."""
    num_steps = -(-num_moments // len(levels))
    found = []
    for agent, observation in play_steps(config, levels, weights, num_steps, is_frozen=True):
        policy: Any = agent.acting_agent()
        found.append(policy.features(observation))
    seen = np.stack(found, axis=1).reshape(-1, found[0].shape[-1])
    unit: Array = seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-6)
    return unit[:num_moments]


def microseconds_of_a_step(config: MemoryConfig, level: Level, weights: Path | None, num_steps: int) -> list[float]:
    """Return the processor's microseconds of each step of one row."""
    taken, before = [], time.process_time()
    for _ in play_steps(config, [level], weights, num_steps):
        now = time.process_time()
        taken.append((now - before) * 1e6)
        before = now
    return taken[num_steps // 4 :]


def of_faiss(kind: IndexName, training: Array) -> tuple[Callable[[Array], None], Search, Callable[[], int]]:
    """Functions that add, look up and measure an index of the agent."""
    index = NearestIndex(kind, training)
    return index.add, lambda query: index.search(query[None], COUNT)[1][0], index.num_bytes


def of_usearch(kind: str, training: Array) -> tuple[Callable[[Array], None], Search, Callable[[], int]]:
    """Functions that add, look up and measure an index of usearch with links and widths as the agent's ``hnsw``."""
    from usearch.index import Index

    index = Index(
        ndim=training.shape[1], metric="cos", dtype=kind, connectivity=16, expansion_add=64, expansion_search=128
    )

    def add(features: Array) -> None:
        index.add(np.arange(len(index), len(index) + len(features)), features, threads=1)

    return add, lambda query: np.array(index.search(query, COUNT, threads=1).keys), lambda: int(index.memory_usage)


def measure(name: str, stored: Array, queries: Array, exact: Array) -> dict[str, Any]:
    """Fill an index and return recall, microseconds of each look-up and of adding a moment, and megabytes."""
    package, kind = name.split()
    first = stored[: max(len(stored) // 2, 1)]
    before = time.process_time()
    add, search, num_bytes = of_usearch(kind, first) if package == "usearch" else of_faiss(kind, first)  # type: ignore[arg-type]
    for begin in range(0, len(stored), EPISODE):
        add(stored[begin : begin + EPISODE])
    added = (time.process_time() - before) / len(stored) * 1e6
    taken, shares = [], []
    for query, best in zip(queries, exact, strict=True):
        before = time.process_time()
        found = search(query)
        taken.append((time.process_time() - before) * 1e6)
        shares.append(len(set(found.tolist()) & set(best.tolist())) / len(best))
    return {"recall": shares, "microseconds": taken, "added": added, "megabytes": num_bytes() / 1e6}


def described(found: dict[str, dict[str, Any]], step: list[float]) -> dict[str, Any]:
    """Label what was measured."""
    sides: dict[str, Any] = {}
    usual = float(np.median(step))
    for name, each in found.items():
        is_default = name == f"faiss {DEFAULT.index}"
        sides[f"{name}: recall@{COUNT}"] = median_and_interval(
            [float(np.mean(each["recall"]))], at_least=LEAST_RECALL if is_default else None
        )
        sides[f"{name}: microseconds of a look-up"] = median_and_interval(each["microseconds"])
        lookup = float(np.median(each["microseconds"]))
        sides[f"{name}: its share of a step with a look-up"] = median_and_interval(
            [lookup / (lookup + usual)], at_most=MOST_SHARE if is_default else None
        )
        sides[f"{name}: microseconds to add a moment"] = median_and_interval([each["added"]])
        sides[f"{name}: MB of the index"] = median_and_interval([each["megabytes"]])
    sides["a step of the agent without one, one row: microseconds"] = median_and_interval(step)
    return sides


def options_of() -> argparse.ArgumentParser:
    """Parser of the command line."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("--weights", type=Path, help="run of ppo or rainbow; without one weights are random")
    options.add_argument("--features", type=Path, help="file that keeps the features for another time")
    options.add_argument("--split", default="tumbleweed-train", help="where the levels come from")
    options.add_argument("--levels", type=int, default=8, help="how many of them")
    options.add_argument("--entries", type=int, default=100_000, help="moments in the index")
    options.add_argument("--queries", type=int, default=300, help="look-ups")
    options.add_argument("--steps", type=int, default=1000, help="steps of one row whose time is taken")
    return options


def main() -> None:
    """Measure, print and store."""
    arguments = parse(options_of(), levels=2, entries=300, queries=10, steps=12)
    torch.set_num_threads(1)
    config = configuration(arguments.weights)
    levels = find_split(arguments.split).levels
    levels = levels[:: -(-len(levels) // arguments.levels)]
    num_moments = arguments.entries + arguments.queries
    if arguments.features is not None and arguments.features.is_file():
        seen = np.load(arguments.features)[:num_moments]
    else:
        seen = features_of(config, list(levels), arguments.weights, num_moments)
        if arguments.features is not None:
            np.save(arguments.features, seen)
    asked = np.random.default_rng(0).permutation(len(seen))[: arguments.queries]
    stored, queries = np.delete(seen, asked, axis=0), seen[asked]
    exact = np.argsort(-(queries @ stored.T), axis=1)[:, :COUNT]
    kinds = [*(f"faiss {kind}" for kind in get_args(IndexName)), "usearch f16", "usearch bf16"]
    found = {name: measure(name, stored, queries, exact) for name in kinds}
    step = microseconds_of_a_step(replace(config, memory_share=0.0), levels[0], arguments.weights, arguments.steps)
    result = {
        "figure": "memory_index",
        "what": f"Look up {COUNT} of {len(stored):,} moments of {stored.shape[1]} features",
        "unit": "as named",
        "num_rounds": arguments.rounds,
        "num_queries": arguments.queries,
        "is_pretrained": arguments.weights is not None,
        "sides": described(found, step),
        "ratios": [],
    }
    publish(result, arguments.results, ("torch", "faiss-cpu", "usearch"))


if __name__ == "__main__":
    main()
