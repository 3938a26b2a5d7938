"""The brute takes its best sequence again, leaves it at random, and what it finds is judged by pressing it again."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from newgameplus.agents.brute.agent import Brute
from newgameplus.agents.brute.config import BruteConfig
from newgameplus.agents.brute.tree import OUTSIDE, ROOT, Tree
from newgameplus.cli.main import run
from newgameplus.errors import StateError, UsageError
from newgameplus.results.monitor import read_monitor
from newgameplus.testing import check_agent
from newgameplus.types import Array, Step, WorldSpec

LEVEL = "Tumbleweed-Genesis-v0/Mesa.Act1"
NOTHING_SEEN = np.zeros((1, 0), np.uint8)


def build(config: BruteConfig, seed: int = 0) -> Brute:
    return Brute(config, WorldSpec(1, (), (0,), (), num_actions=3), seed)


def played(agent: Brute, num_episodes: int, num_steps: int = 6) -> list[tuple[Array, float]]:
    """Play a game whose step t earns 1 for the action t modulo 3; return actions and returns."""
    episodes = []
    for _ in range(num_episodes):
        actions, rewards = [], []
        for t in range(num_steps):
            actions.append(int(agent.act(NOTHING_SEEN)[0]))
            rewards.append(float(actions[-1] == t % 3))
            agent.observe(Step(NOTHING_SEEN, np.array(rewards[-1:]), np.array([t == num_steps - 1]), np.array([False])))
        episodes.append((np.array(actions, np.uint8), sum(rewards)))
    return episodes


@pytest.mark.parametrize("preset", Brute.PRESETS)
def test_it_keeps_every_promise_of_an_agent(preset: str) -> None:
    check_agent("brute", Brute.PRESETS[preset], num_steps=300)


def test_without_exploration_the_first_episode_is_taken_again_for_ever() -> None:
    episodes = played(build(BruteConfig(exploration=0.0)), 5)
    assert all(np.array_equal(actions, episodes[0][0]) for actions, _ in episodes)


def test_a_random_action_leaves_the_tree_and_the_rest_is_random() -> None:
    agent = build(BruteConfig(exploration=0.4))
    episodes = played(agent, 1500)
    returns = [earned for _, earned in episodes]
    assert max(returns) == 6.0
    assert np.mean(returns[-200:]) > np.mean(returns[:20]) + 2
    assert agent.metrics() == {"best/return": 6.0, "best/steps": 6.0, "tree/nodes": agent.metrics()["tree/nodes"]}


def test_it_is_what_its_description_says() -> None:
    """A restatement: whole episodes are chosen before they are played, from a tree of dicts."""
    config, num_actions = BruteConfig(exploration=0.3), 3
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(7).spawn(1)[0]))
    tree: dict[tuple[int, ...], tuple[float, int]] = {(): (-math.inf, 0)}
    for actions, earned in played(build(config, seed=7), 200):
        chosen: tuple[int, ...] = ()
        for _ in actions:
            if chosen not in tree or random.random() < config.exploration / math.log(tree[chosen][1] + 2):
                action = int(random.integers(num_actions))
            else:
                values = [tree.get((*chosen, each), (-math.inf, 0))[0] for each in range(num_actions)]
                ties = [each for each, value in enumerate(values) if value == max(values)]
                action = ties[random.integers(len(ties))]
            chosen = (*chosen, action)
        assert chosen == tuple(actions.tolist())
        for length in range(len(chosen) + 1):
            value, visits = tree.get(chosen[:length], (-math.inf, 0))
            tree[chosen[:length]] = (max(value, earned), visits + 1)


def test_a_tree_grows_up_to_its_capacity_and_comes_back_whole() -> None:
    tree = Tree(4, capacity=3000)
    random = np.random.default_rng(0)
    for _ in range(20):
        tree.add(random.integers(4, size=200).tolist(), float(random.random()))
    assert len(tree) == 3000
    assert tree.visits(ROOT) == 20
    again = Tree.from_state(tree.state(), 4, 3000)
    assert [again.child(ROOT, action) for action in range(4)] == [tree.child(ROOT, action) for action in range(4)]
    again.add([0, 0, 0, 0], 2.0)
    assert again.best_actions(ROOT).tolist() == [0]
    assert Tree(4, 3000).child(ROOT, 1) == OUTSIDE
    broken = tree.state()
    broken["parent"][5] = 99
    with pytest.raises(StateError, match="before its parent"):
        Tree.from_state(broken, 4, 3000)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(UsageError, match="exploration"):
        BruteConfig(exploration=-1.0)
    with pytest.raises(UsageError, match="capacity"):
        BruteConfig(capacity=0)
    with pytest.raises(UsageError, match="numbers its actions"):
        Brute(BruteConfig(), WorldSpec(1, ("B",), (0,), (1,)), 0)


def test_what_it_finds_is_judged_by_pressing_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    where = ["--level", LEVEL, "--num-envs", "1", "--steps", "600", "--episode-steps", "60"]
    assert run(["train", "brute", *where, "--watch-every", "600", "--run", "run"]) == 0
    episodes = [json.loads(line) for line in Path("run/episodes.jsonl").read_text().splitlines()]
    watched = json.loads(Path("run/watched.jsonl").read_text())
    assert watched["return"] == pytest.approx(max(episode["return"] for episode in episodes))
    frozen = ["evaluate", "brute", "--level", LEVEL, "--init", "run", "--frozen", "--timesteps", "60", "--no-movies"]
    assert run([*frozen, "--results", "sticky"]) == 0
    (monitor,) = Path("sticky").rglob("monitor.csv")
    assert [episode.num_steps for episode in read_monitor(monitor)] == [60]
