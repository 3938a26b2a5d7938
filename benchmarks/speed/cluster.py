"""A generation of episodes on a cluster on loopback, beside processes of this machine; and what larger ones would cost.

Every turn plays the same episodes of Airstriker by the same shared weights and must come to the same hash. Target: a
cluster of two workers is at least 0.9 times as fast as two processes. Then the overhead of a task (target: under 10 ms)
is measured with tasks that do nothing, and a model of a generation is compared with tasks that wait, on 1, 2 and 4
workers: waiting workers need no cores of their own.

Run: python -m benchmarks.speed.cluster [--rounds 5] [--episodes 24]
"""

from __future__ import annotations

import atexit
import hashlib
import importlib
import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.generations import EPISODE_STEPS, episode, wait
from benchmarks.play import AIRSTRIKER
from benchmarks.turns import Ratio, Side, median_and_interval, parse, parser, publish, ratios, raw, take_turns
from newgameplus.executor.interface import Executor, Returned, Task, in_order, share
from newgameplus.types import Array

LOCAL, CLUSTER = "two processes", "cluster of two workers"
RATIOS = [Ratio(CLUSTER, LOCAL, 0.9)]
WEIGHTS = (12, 14 * 20)
MODEL_WORKERS = (1, 2, 4)
PREDICTED_WORKERS = (10, 100, 1000)
EPISODE_SECONDS, EPISODES_PER_WORKER, POLICY_BYTES = 1.0, 10, 7_000_000
"""The generation that is predicted: a second per episode, and the weights of a PPO policy."""


def results_of(executor: Executor[Any], work: Callable[..., Any], contents: list[Any], weights: Array) -> list[Any]:
    """Run a generation."""
    shared = share(weights)
    tasks = [Task(work, content, shared, keeps_process=True) for content in contents]
    return [end.result if isinstance(end, Returned) else end for end in in_order(executor, tasks)]


@contextmanager
def cluster(num_workers: int) -> Iterator[Executor[Any]]:
    """Executor on a cluster of this machine alone."""
    from newgameplus.cluster.address import parse_address, with_free_port
    from newgameplus.cluster.connect import executor_on
    from newgameplus.cluster.nodes import KeptNodes, nodes_of

    address = with_free_port(parse_address("tcp://127.0.0.1:0"))
    nodes = nodes_of(address, num_workers, "here", has_scheduler=True, certificates=None)
    is_over = threading.Event()
    with tempfile.TemporaryDirectory() as logs:
        kept = KeptNodes(nodes, Path(logs), print)
        keeping = threading.Thread(target=kept.keep, args=(lambda: not is_over.is_set(),), daemon=True)
        keeping.start()
        try:
            kept.wait_for_scheduler()
            executor = executor_on(str(address))
            yield executor
            executor.close()
        finally:
            is_over.set()
            keeping.join()
            kept.close()


def generation(where: str, num_episodes: int) -> Callable[[], str]:
    """A side whose turn is a generation; it returns a hash of what was played."""
    from newgameplus.cluster.connect import executor_on

    if where == LOCAL:
        executor = executor_on("local", 2)
    else:
        opened = cluster(2)
        executor = opened.__enter__()
        atexit.register(opened.__exit__, None, None, None)
    weights = np.random.default_rng(1).standard_normal(WEIGHTS)

    def turn() -> str:
        results = results_of(executor, episode, list(range(num_episodes)), weights)
        return hashlib.sha256(repr(results).encode()).hexdigest()

    return turn


def seconds_and_bytes(num_workers: int, num_tasks: int, seconds: float) -> tuple[float, int]:
    """Time of a generation of tasks that wait, and bytes on the loopback meanwhile."""
    psutil = importlib.import_module("psutil")  # comes with Dask
    weights = np.zeros(100_000)
    with cluster(num_workers) as executor:
        results_of(executor, wait, [0.0] * 4 * num_workers, np.zeros(1))  # processes are started
        before, began = _loopback_bytes(psutil), time.perf_counter()
        results_of(executor, wait, [seconds] * num_tasks, weights)
        return time.perf_counter() - began, _loopback_bytes(psutil) - before


def _loopback_bytes(psutil: Any) -> int:
    counters = psutil.net_io_counters(pernic=True)
    return int(next(counters[name].bytes_sent for name in ("lo", "lo0") if name in counters))


def predicted_seconds(num_workers: int, num_tasks: int, seconds: float, latency: float, turn: float) -> float:
    """Model of a generation: rounds of tasks, or the scheduler's time for all of them where that is longer.

    Args:
        num_workers: number of workers.
        num_tasks: number of tasks.
        seconds: time of a task.
        latency: time of a worker from one task to the next.
        turn: time of the scheduler and its client for a task.
    """
    rounds = math.ceil(num_tasks / num_workers)
    return max(rounds * (seconds + latency), num_tasks * turn)


def predicted_bytes(num_workers: int, num_tasks: int, weights_bytes: int, bytes_per_task: float) -> float:
    """Model of a generation: the weights once to the scheduler and once to each worker, and messages of tasks."""
    return weights_bytes * (1 + num_workers) + num_tasks * bytes_per_task


def model(num_tasks: int, seconds: float) -> tuple[float, list[str]]:
    """Measure the overhead of a task; return it and what the model says, as sentences."""
    alone, num_bytes = seconds_and_bytes(1, num_tasks, 0.0)
    together, _ = seconds_and_bytes(MODEL_WORKERS[-1], num_tasks, 0.0)
    latency, turn = alone / num_tasks, together / num_tasks
    bytes_per_task = max(0.0, num_bytes - 2 * 800_000) / num_tasks
    notes = []
    for num_workers in MODEL_WORKERS:
        measured, moved = seconds_and_bytes(num_workers, num_tasks, seconds)
        expected = predicted_seconds(num_workers, num_tasks, seconds, latency, turn)
        bytes_expected = predicted_bytes(num_workers, num_tasks, 800_000, bytes_per_task)
        notes.append(
            f"{num_tasks} tasks of {seconds:g} s on {num_workers}: {measured:.2f} s, by the model {expected:.2f} s; "
            f"{moved / 1e6:.2f} MB, by the model {bytes_expected / 1e6:.2f} MB."
        )
    for num_workers in PREDICTED_WORKERS:
        size = num_workers * EPISODES_PER_WORKER
        expected = predicted_seconds(num_workers, size, EPISODE_SECONDS, latency, turn)
        moved_megabytes = predicted_bytes(num_workers, size, POLICY_BYTES, bytes_per_task) / 1e6
        notes.append(
            f"Predicted for {size:,} episodes of {EPISODE_SECONDS:g} s on {num_workers:,} workers with weights of "
            f"{POLICY_BYTES / 1e6:g} MB: {expected:.1f} s and {moved_megabytes:,.0f} MB a generation."
        )
    return latency, [f"The scheduler and its client take {turn * 1000:.1f} ms for a task.", *notes]


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=5)
    options.add_argument("--episodes", type=int, default=24, help="episodes of a generation")
    options.add_argument("--tasks", type=int, default=200, help="tasks that measure the overhead")
    arguments = parse(options, episodes=2, tasks=4)
    sides: dict[str, Side] = {name: partial(generation, name, arguments.episodes) for name in (LOCAL, CLUSTER)}
    rounds = list(take_turns(sides, arguments.rounds))
    hashes = {turn.answer for turns in rounds for turn in turns.values()}
    if len(hashes) != 1:
        raise SystemExit("The sides have played different episodes.")
    overhead, notes = model(arguments.tasks, 0.1)
    publish(
        {
            "figure": "cluster",
            "what": f"Seconds for a generation of {arguments.episodes} episodes of {EPISODE_STEPS} steps at most",
            "unit": "seconds",
            "level": AIRSTRIKER,
            "num_rounds": len(rounds),
            "sides": {name: median_and_interval([turns[name].clock for turns in rounds]) for name in sides},
            "ratios": ratios(rounds, RATIOS),
            "seconds": raw(rounds),
            "milliseconds_per_task": round(overhead * 1000, 2),
            "notes": [
                "The CPU time of the cluster's side is its client's alone.",
                f"A task that does nothing takes {overhead * 1000:.1f} ms on one worker.",
                *notes,
            ],
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
