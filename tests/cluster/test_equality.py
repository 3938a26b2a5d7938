"""A generation of episodes has the same returns and pictures wherever it is played, whoever dies meanwhile."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.cluster.connect import executor_on
from newgameplus.envs.retro import RetroEnv
from newgameplus.executor.interface import (
    Begun,
    Cause,
    Checkpoint,
    Died,
    Executor,
    Retried,
    Returned,
    Task,
    Told,
    share,
)
from newgameplus.games.levels import find_level
from tests.conftest import cluster_of

LEVEL = "Airstriker-Genesis-v0/Level1"
_kept: list[RetroEnv] = []


def episode(seed: int, tell: Any, *, shared: np.ndarray) -> tuple[float, str]:
    """Play 40 steps by shared weights and a seed's noise; return the sum of rewards and a hash of the pictures."""
    if not _kept:
        _kept.append(RetroEnv(find_level(LEVEL)))
    env, total, pictures = _kept[0], 0.0, hashlib.sha256()
    weights = shared + 0.1 * np.random.default_rng(seed).standard_normal(shared.shape)
    picture, _ = env.reset(seed=seed)
    for _ in range(40):
        buttons = (weights @ picture[::16, ::16, 0].ravel().astype(float) > 0).astype(np.int8)
        picture, reward, *_ = env.step(buttons)
        total += float(reward)
        pictures.update(picture.tobytes())
    return total, pictures.hexdigest()


def generation(executor: Executor[Any], size: int, at_begin: Callable[[int], None] = lambda count: None) -> str:
    """Play a generation; return a hash of its returns and pictures. ``at_begin`` is given how many have begun."""
    weights = share(np.random.default_rng(1).standard_normal((12, 14 * 20)))
    tasks = [Task(episode, seed, weights, keeps_process=True) for seed in range(size)]
    for task in tasks:
        executor.submit(task)
    results, num_begun = {}, 0
    for event in executor.events():
        assert not isinstance(event, Died), event
        if isinstance(event, Returned):
            results[event.task.content] = event.result
        elif isinstance(event, Begun):
            num_begun += 1
            at_begin(num_begun)
    return hashlib.sha256(repr([results[seed] for seed in range(size)]).encode()).hexdigest()


@pytest.fixture(scope="module")
def expected() -> str:
    with closing(executor_on("local", 1)) as executor:
        return generation(executor, 12)


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Any]:
    """A cluster of three workers whose nodes may be killed."""
    with cluster_of(3, tmp_path) as made:
        yield made


def test_two_workers_of_a_cluster_play_as_one_process_does(expected, cluster):
    with closing(executor_on(cluster.address, games=["Airstriker-Genesis-v0"])) as executor:
        assert generation(executor, 12) == expected


def test_a_third_of_the_workers_may_be_killed(expected, frail):
    with closing(executor_on(frail.address)) as executor:
        assert generation(executor, 12, lambda count: frail.kill("here-2") if count == 5 else None) == expected


@pytest.mark.nightly
def test_two_processes_play_as_one_does(expected):
    with closing(executor_on("local", 2)) as executor:
        assert generation(executor, 12) == expected


@pytest.mark.nightly
def test_three_workers_play_as_one_process_does_again_and_again(expected, frail):
    with closing(executor_on(frail.address)) as executor:
        assert {generation(executor, 12) for _ in range(3)} == {expected}


@pytest.mark.nightly
def test_the_scheduler_may_be_killed(expected, frail):
    with closing(executor_on(frail.address)) as executor:
        assert generation(executor, 12, lambda count: frail.kill("scheduler") if count == 4 else None) == expected
        assert generation(executor, 12) == expected


def count_far(limit: int, tell: Any, *, checkpoint: int = 0) -> list[int]:
    """Tell a checkpoint, and wait for the death of the worker until the limit is reached."""
    if checkpoint < limit:
        tell(Checkpoint(checkpoint + 1))
        tell("waits")
        while True:
            pass
    return [checkpoint]


@pytest.mark.nightly
def test_an_attempt_goes_on_from_its_checkpoint_on_another_worker(frail):
    with closing(executor_on(frail.address)) as executor:
        executor.submit(Task(count_far, 1))
        events = []
        for event in executor.events():
            events.append(event)
            if isinstance(event, Told) and event.content == "waits":
                for name in ("here-1", "here-2", "here-3"):
                    frail.kill(name)
    assert events[-1].result == [1]
    assert any(isinstance(event, Retried) for event in events)


def end_worker(content: None, tell: Any) -> None:
    """End the worker, as a system without memory would."""
    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()


@pytest.mark.nightly
def test_a_task_that_ends_its_worker_three_times_is_set_aside_and_no_other(frail):
    with closing(executor_on(frail.address)) as executor:
        executor.submit(Task(end_worker, None))
        others = [Task(count_far, 0) for _ in range(4)]
        for task in others:
            executor.submit(task)
        ends = {event.task: event for event in executor.events() if isinstance(event, Died | Returned)}
    poison = [end for end in ends.values() if isinstance(end, Died)]
    assert [(end.task.work, end.cause) for end in poison] == [(end_worker, Cause.LOST)]
    assert "in the last of 3 tries" in poison[0].how
    assert all(ends[task].result == [0] for task in others)
