"""Who may work for whom: versions, hashes and ROMs are compared, and both sides are named."""

from __future__ import annotations

import multiprocessing
from contextlib import closing

import pytest

from newgameplus.cluster.address import parse_address
from newgameplus.cluster.connect import check_workers, connect, executor_on
from newgameplus.cluster.identity import difference, identity, needs_of, unfit
from newgameplus.errors import NotFoundError, UsageError
from newgameplus.nn.cpu.compiled import compiled_sets

GAME = "Airstriker-Genesis-v0"


def test_a_machine_is_fit_for_itself():
    assert unfit(identity(), needs_of([GAME]), 1) is None


def test_every_compiled_module_is_compared():
    kernels = {f"newgameplus._kernels_{name}" for name in compiled_sets()}
    assert {"newgameplus._engine", "newgameplus._neat", *kernels} <= identity().keys()


def test_another_version_is_refused_and_both_sides_are_named(cluster):
    ours = identity() | {"newgameplus": "9.9", "newgameplus._engine": "abc"}
    with closing(connect(parse_address(cluster.address))) as client, pytest.raises(UsageError) as told:
        check_workers(client, cluster.address, {}, ours)
    there = identity()
    assert f"No worker of the cluster at {cluster.address} can play this. The worker here-" in str(told.value)
    assert f"has newgameplus {there['newgameplus']} instead of 9.9 here" in str(told.value)
    assert f"newgameplus._engine {there['newgameplus._engine']} instead of abc here" in str(told.value)


@pytest.mark.parametrize(
    ("game", "told"),
    [
        (GAME, r"has another ROM \(SHA-1\) of Airstriker-Genesis-v0: [0-9a-f]{40} instead of 12ab here"),
        ("Secret-Genesis-v0", r"lacks the game Secret-Genesis-v0 \(ROM with the SHA-1 12ab\), which is never sent"),
        ("Pong-Atari2600-v0", r"lacks the ROM of Pong-Atari2600-v0 \(ROM with the SHA-1 12ab\), which is never sent"),
    ],
)
def test_a_worker_without_the_rom_names_game_and_hash(game, told, cluster):
    needs = {game: {"ROM (SHA-1)": "12ab", "core (SHA-256)": "34cd"}}
    with closing(connect(parse_address(cluster.address))) as client, pytest.raises(UsageError, match=told):
        check_workers(client, cluster.address, needs)


def test_a_game_that_is_not_here_is_not_asked_for_elsewhere(cluster):
    with pytest.raises(NotFoundError):
        executor_on(cluster.address, games=["NoSuchGame-Genesis-v0"])


def test_a_cluster_takes_no_number_of_workers(cluster):
    with pytest.raises(UsageError, match="goes with this machine alone"):
        executor_on(cluster.address, 3)


def test_what_is_missing_on_one_side_is_a_difference_too():
    assert difference({"torch": "2"}, {}) == "has torch none instead of 2 here; install the same on both"
    assert difference({}, {"torch": "2"}) == "has torch 2 instead of none here; install the same on both"
    assert difference({"torch": "2"}, {"torch": "2"}) is None


def test_a_process_that_runs_two_tasks_is_no_worker():
    assert "--nthreads 1" in str(unfit(identity(), {}, 2))


def told_fitness(said):
    said.put(unfit(identity(), {}, 1))


def test_a_process_that_may_start_none_is_no_worker():
    context = multiprocessing.get_context("spawn")
    said = context.SimpleQueue()
    daemon = context.Process(target=told_fitness, args=(said,), daemon=True)
    daemon.start()
    assert "DASK_DISTRIBUTED__WORKER__DAEMON=False" in said.get()
    daemon.join()
    said.close()


def test_dask_repeats_nothing(cluster):
    with closing(executor_on(cluster.address)), closing(connect(parse_address(cluster.address))) as client:
        assert client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.allowed_failures) == 0
        assert client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.worker_ttl) == 60
