"""Go-Explore returns to cells exactly, keeps the best way to each, and resumes exactly; a contest refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents.go_explore.agent import GoExplore, cell_of
from newgameplus.agents.go_explore.archive import START, Archive, Place
from newgameplus.agents.go_explore.config import GoExploreConfig
from newgameplus.cli.main import run
from newgameplus.envs.snapshots import SnapshotWorld
from newgameplus.envs.world import world_spec
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.testing import check_agent
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.loop import play
from newgameplus.training.plan import TrainingPlan, begin
from newgameplus.training.run import train
from newgameplus.training.wishes import grant
from newgameplus.training.worlds import WorldPlan, make_world
from newgameplus.types import WorldSpec

LEVEL = "Tumbleweed-Genesis-v0/Mesa.Act1"
PLAN = WorldPlan((find_level(LEVEL),), core="genesis_plus_gx")
CONFIG = GoExploreConfig(explore_steps=20)


@contextmanager
def opened(config: GoExploreConfig, seed: int = 0) -> Iterator[tuple[GoExplore, SnapshotWorld]]:
    world = make_world(grant(PLAN, GoExplore.wishes(config)), GoExplore.specs(config), 2)
    try:
        assert isinstance(world, SnapshotWorld)
        agent = GoExplore(config, world_spec(world), seed)
        agent.use_snapshots(world)
        yield agent, world
    finally:
        world.close()


@pytest.mark.parametrize("preset", GoExplore.PRESETS)
def test_it_keeps_every_promise_of_an_agent(preset: str) -> None:
    check_agent("go_explore", GoExplore.PRESETS[preset], num_steps=200)


def test_the_best_trajectory_earns_the_same_again_from_the_start() -> None:
    with opened(CONFIG) as (agent, world):
        turns = play(agent, world, seed=0)
        ends = sum(int(next(turns).step.truncated.sum()) for _ in range(200))
        assert ends >= 2 * 200 // 20 - 1
        told, best = agent.metrics(), agent.state()["best"][0]
        assert told["archive/cells"] > 20
    with opened(CONFIG) as (again, world):
        world.reset(seed=1)
        again.begin_from({"agent": "go_explore", "best": [best]}, is_frozen=True)
        turns = play(again, world, seed=1)
        earned = sum(float(next(turns).step.reward[0]) for _ in best["actions"])
    assert earned == pytest.approx(best["episode_return"])
    assert len(best["actions"]) > 20


def test_without_snapshots_every_episode_begins_at_the_start() -> None:
    agent = GoExplore(CONFIG, WorldSpec(1, (), (8, 11, 1), (), num_actions=3), 0)
    assert agent.metrics() == {}
    assert agent.act(np.zeros((1, 8, 11, 1), np.uint8)).shape == (1,)


def test_an_archive_keeps_the_best_way_to_each_cell_and_prefers_those_rarely_seen() -> None:
    archive = Archive(capacity=2)
    random = np.random.default_rng(0)
    assert archive.choose(random) == START
    assert archive.handle(START) is None
    first = Place(archive.extended(Place(), [1, 2, 3]), 3, 5.0)
    assert archive.keep(b"a", first, 7) is None
    assert not archive.is_better(archive.see(b"a"), Place(START, 4, 5.0))
    assert archive.is_better(archive.see(b"a"), Place(START, 2, 5.0))
    second = Place(archive.extended(first, [4]), 4, 9.0)
    assert archive.keep(b"a", second, 8) == 7
    assert archive.actions(archive.place(0).node).tolist() == [1, 2, 3, 4]
    archive.keep(b"b", first, 9)
    assert archive.state()["is_full"] == 0
    assert not archive.is_better(archive.see(b"c"), Place())
    assert archive.state()["is_full"] == 1
    for _ in range(97):
        archive.see(b"a")
    share = np.mean([archive.choose(random) == 1 for _ in range(2000)])
    assert share == pytest.approx(101**0.5 / (101**0.5 + 2**0.5), abs=0.03)
    again = Archive(capacity=2)
    again.restore(archive.state(), num_pixels=1)
    assert again.state().keys() == archive.state().keys()
    assert all(np.array_equal(again.state()[name], value) for name, value in archive.state().items())
    with pytest.raises(StateError, match="another size"):
        again.restore(archive.state(), num_pixels=2)
    with pytest.raises(StateError, match="trajectories"):
        again.restore(archive.state() | {"parent": np.full(4, 9)}, num_pixels=1)


def test_a_cell_has_as_many_gray_levels_as_it_should() -> None:
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert sorted(set(cell_of(picture, 8))) == list(range(8))
    assert cell_of(picture, 256) == picture.tobytes()


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    plan = TrainingPlan(
        agent=AgentPlan("go_explore", "default", CONFIG),
        world=grant(PLAN, GoExplore.wishes(CONFIG)),
        num_envs=2,
        total_steps=240,
    )
    for name, stops in (("straight", []), ("broken", [False] * 64 + [True])):
        begin(plan, tmp_path / name)
        list(train(plan, tmp_path / name, is_stopped=iter([*stops, *[False] * 240]).__next__))
    list(train(plan, tmp_path / "broken"))
    straight, broken = (TrainingFolder(tmp_path / name).last_checkpoint() for name in ("straight", "broken"))
    assert straight is not None
    assert broken is not None
    assert_same(straight["agent"], broken["agent"])
    assert_same(straight["world"]["kept"], broken["world"]["kept"])
    assert len(straight["world"]["kept"]["handles"]) == len(straight["agent"]["archives"]["0"]["handle"])


def assert_same(left: Any, right: Any) -> None:
    if isinstance(left, dict):
        assert left.keys() == right.keys()
        left, right = list(left.values()), list(right.values())
    if isinstance(left, list):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    elif isinstance(left, np.ndarray):
        assert np.array_equal(left, right)
    else:
        assert left == right


def test_where_no_snapshots_are_granted_it_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["evaluate", "go_explore", "--level", LEVEL, "--timesteps", "100", "--results", "r"]) == 2
    assert "begins episodes at snapshots" in capsys.readouterr().err
    train = ["train", "go_explore", "--level", LEVEL, "--steps", "100", "--run", "r"]
    assert run([*train, "--no-wishes"]) == 2
    assert "nor --no-wishes" in capsys.readouterr().err
    assert run([*train, "--level", "Tumbleweed-Genesis-v0/Mesa.Act2", "--switch-every", "10"]) == 2
    assert "cannot change it" in capsys.readouterr().err
    assert not Path("r").exists()


def test_bad_settings_are_refused() -> None:
    for fields in ({"cell_width": 0}, {"cell_depth": 1}, {"repeat_probability": 1.5}, {"capacity": 0}):
        with pytest.raises(UsageError, match=next(iter(fields))):
            GoExploreConfig(**fields)
    with pytest.raises(UsageError, match="numbers its actions"):
        GoExplore(CONFIG, WorldSpec(1, ("B",), (8, 11, 1), (1,)), 0)
