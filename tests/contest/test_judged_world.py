"""A judged world counts whatever is done in it, whoever does it, and knows when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.contest.judged_world import FrameCounter, JudgedWorld, open_judged_world
from newgameplus.contest.rules import CONTEST, CONTEST_2018, Rules, with_budget
from newgameplus.envs.interface import World
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.training.worlds import WorldPlan, make_world
from newgameplus.types import BUTTONS, ObservationSpec

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
SPECS = (ObservationSpec(kind="ram"), BUTTONS)
PLAN = WorldPlan((LEVEL,), rules=WorldRules(max_episode_steps=20))


@contextmanager
def judged(folder: Path, rules: Rules, **keywords: Any) -> Iterator[JudgedWorld]:
    world = open_judged_world(PLAN, LEVEL, SPECS, rules, RunFolder(folder), seed=7, **keywords)
    try:
        yield world
    finally:
        world.close()


def play(world: JudgedWorld, num_steps: int, seed: int = 0) -> list[bytes]:
    """Press buttons at random and return what is seen, the memory of the console."""
    random = np.random.default_rng(seed)
    return [world.step(random.integers(0, 2, world.action_space.shape))[0].tobytes() for _ in range(num_steps)]


def lengths(folder: Path) -> list[int]:
    return [episode.num_steps for episode in read_monitor(RunFolder(folder).monitor)]


def test_it_is_a_world(tmp_path: Path) -> None:
    with judged(tmp_path, CONTEST) as world:
        assert isinstance(world, World)
        assert (world.num_envs, world.level_ids) == (1, (str(LEVEL),))


def test_it_says_when_the_budget_is_spent_and_takes_no_step_more(tmp_path: Path) -> None:
    with judged(tmp_path, with_budget(CONTEST, timesteps=50)) as world:
        world.reset()
        play(world, 49)
        assert not world.is_spent
        play(world, 1)
        assert world.is_spent
        with pytest.raises(UsageError, match="budget is spent"):
            play(world, 1)
        world.conclude()
        assert (world.progress.is_complete, world.progress.num_frames) == (True, 200)
    assert lengths(tmp_path) == [20, 20, 10]
    assert len(list(RunFolder(tmp_path).movies.iterdir())) == 3


def test_nothing_is_played_before_the_first_reset_and_no_one_else_seeds_it(tmp_path: Path) -> None:
    with judged(tmp_path, CONTEST) as world:
        with pytest.raises(UsageError, match="reset this world first"):
            play(world, 1)
        with pytest.raises(UsageError, match="without a seed"):
            world.reset(seed=1)
        with pytest.raises(UsageError, match="judge has chosen"):
            world.restore_random_state(0, world.random_state(0))


def test_an_episode_that_is_left_counts_as_it_stands_and_is_recorded(tmp_path: Path) -> None:
    with judged(tmp_path, with_budget(CONTEST, episodes=3)) as world:
        world.reset()
        play(world, 5)
        world.reset()
        assert world.progress.num_resets == 2
        play(world, 20)
        assert not world.is_spent
        play(world, 7)
        world.reset()
        assert world.is_spent
    assert lengths(tmp_path) == [5, 20, 7]
    assert len(list(RunFolder(tmp_path).movies.iterdir())) == 3


def test_where_an_episode_has_just_begun_a_reset_costs_and_changes_nothing(tmp_path: Path) -> None:
    seen = []
    for name, num_resets in (("once", 1), ("often", 4)):
        with judged(tmp_path / name, with_budget(CONTEST_2018, timesteps=100)) as world:
            for _ in range(num_resets):
                world.reset()
            seen.append(play(world, 30))
            assert world.progress.num_resets == 2
    assert seen[0] == seen[1]


def test_resumed_at_the_beginning_of_an_episode_it_ends_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    rules = with_budget(CONTEST, timesteps=100)
    with judged(tmp_path / "whole", rules) as world:
        world.reset()
        expected = play(world, 40, seed=1) + play(world, 60, seed=2)
    with judged(tmp_path / "pieces", rules) as world:
        world.reset()
        found = play(world, 40, seed=1)
        saved = world.state()
        play(world, 15, seed=3)
    with judged(tmp_path / "pieces", rules, saved=saved) as world:
        world.reset()
        found += play(world, 60, seed=2)
        assert (world.is_spent, world.progress.num_frames) == (True, 400)
    assert found == expected
    assert lengths(tmp_path / "pieces") == lengths(tmp_path / "whole") == [20] * 5


def test_only_a_world_of_one_row_is_judged(tmp_path: Path) -> None:
    world = make_world(PLAN, SPECS, 2)
    with pytest.raises(UsageError, match="one row, not 2"):
        JudgedWorld(world, CONTEST, RunFolder(tmp_path), seed=0, frames=FrameCounter())
    world.close()
