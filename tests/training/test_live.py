"""A run that is watched: what it shows is so, and it ends as if nobody had looked."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.run import play_run
from newgameplus.results.live import LiveFolder, LiveRows
from newgameplus.results.runs import RunFolder
from newgameplus.training.live import Showing, Standing
from newgameplus.training.plan import begin
from newgameplus.training.run import train
from newgameplus.training.worlds import make_world

from .test_run import contents, plan_of, run_to_the_end

pytestmark = pytest.mark.usefixtures("one_thread")
STEPS = 120


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show every turn, for as long as the test takes."""
    monkeypatch.setattr("newgameplus.training.live.SHOW_SECONDS", 0.0)
    monkeypatch.setattr("newgameplus.training.live.SHARE", 1e9)
    monkeypatch.setattr("newgameplus.results.live.WANTED_SECONDS", 3600.0)


def watched(plan: Any, folder: Path) -> list[LiveRows]:
    """Train to the end; return what was seen after each turn."""
    begin(plan, folder)
    live, seen = LiveFolder(folder), []
    live.ask()

    def look() -> bool:
        if (shown := live.read()) is not None:
            seen.append(shown)
        return False

    for _ in train(plan, folder, is_stopped=look):
        pass
    assert not live.path.exists()
    return seen


@pytest.mark.parametrize("changes", [{}, {"switch_steps": 20}], ids=["side by side", "one after another"])
def test_a_training_run_that_is_watched_ends_as_if_nobody_had_looked(
    tmp_path: Path, always: None, changes: dict[str, Any]
) -> None:
    if changes:
        levels = plan_of("experts").world.levels
        changes = {**changes, "levels": levels}
    plan = plan_of("ppo", STEPS, watch_steps=None, **changes)
    alone = run_to_the_end(plan, tmp_path / "alone")
    seen = watched(plan, tmp_path / "watched")
    assert contents(tmp_path / "watched") == contents(alone)
    assert len(seen) > 20
    last = seen[-1]
    assert last.num_steps >= STEPS - 4
    assert {row.level for row in last.rows} <= set(map(str, plan.world.levels))
    assert any(picture is not None and picture.any() for shown in seen for picture in shown.pictures)
    assert all(row.variables for row in last.rows)


def test_returns_and_steps_are_those_of_the_episodes_that_are_logged(tmp_path: Path, always: None) -> None:
    plan = plan_of("ppo", STEPS, watch_steps=None)
    seen = watched(plan, tmp_path / "run")
    steps = [shown.rows[0].num_steps for shown in seen]
    assert max(steps) < plan.world.rules.max_episode_steps
    assert any(later < sooner for sooner, later in itertools.pairwise(steps)), "another episode begins with none"
    assert all(0 <= row.num_stalled <= row.num_steps for shown in seen for row in shown.rows)
    assert {row.level for shown in seen for row in shown.rows} == {"Airstriker-Genesis-v0/Level1"}


def test_nothing_is_written_when_nobody_looks(tmp_path: Path) -> None:
    plan, folder = plan_of("random", 40), tmp_path / "run"
    begin(plan, folder)
    before = set()
    for _ in train(plan, folder, is_stopped=lambda: before.update(path.name for path in folder.iterdir()) or False):
        pass
    assert "live" not in before


def test_a_run_of_an_evaluation_that_is_watched_ends_as_if_nobody_had_looked(tmp_path: Path, always: None) -> None:
    trained = plan_of("random")
    plan = Plan(trained.agent, trained.world, with_budget(CONTEST, timesteps=150), seeds=(0,))
    folders = [RunFolder(tmp_path / name) for name in ("alone", "watched")]
    seen: list[LiveRows] = []
    live = LiveFolder(folders[1].path)
    folders[1].path.mkdir()
    live.ask()
    for folder in folders:

        def look(_: object, folder: RunFolder = folder) -> None:
            if (shown := LiveFolder(folder.path).read()) is not None:
                seen.append(shown)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("newgameplus.contest.run.REPORT_INTERVAL_SECONDS", 0.0)
            play_run(Job(plan, plan.world.levels[0], 0, folder.path), look)
    alone, watched = ([line.rpartition(",")[0] for line in f.monitor.read_text().splitlines()] for f in folders)
    assert alone == watched
    movies = [sorted(path.name for path in folder.movies.iterdir()) for folder in folders]
    assert movies[0] == movies[1]
    assert len(seen) > 20
    pictures = [shown.pictures[0] for shown in seen]
    assert any(picture is not None and picture.any() for picture in pictures), "drawn, although nothing is observed"
    assert not live.path.exists()


def test_who_does_not_get_on_is_stuck_until_the_return_rises_or_the_episode_ends(tmp_path: Path, always: None) -> None:
    plan = plan_of("random")
    world = make_world(plan.world, plan.agent.specs(), 2)
    world.reset(seed=0)
    showing, live = Showing(tmp_path, world), LiveFolder(tmp_path)
    live.ask()

    def stalled(returns: list[float], steps: list[int]) -> list[int]:
        while not showing.is_due():
            pass
        actions = np.zeros((2, len(world.buttons)), np.int8)
        showing.show(actions, Standing(0, 0, 0.0, np.array(returns), np.array(steps)))
        shown = live.read()
        assert shown is not None
        return [row.num_stalled for row in shown.rows]

    try:
        assert stalled([5.0, 0.0], [100, 100]) == [0, 0]
        assert stalled([5.0, 1.0], [150, 150]) == [50, 0]
        assert stalled([4.0, 1.0], [250, 170]) == [150, 20]
        assert stalled([6.0, 0.0], [260, 10]) == [0, 10]
        showing.close()
        assert not showing.is_due()
    finally:
        world.close()


def test_a_run_goes_on_when_it_cannot_show_itself(tmp_path: Path, always: None) -> None:
    plan, folder = plan_of("random", 40), tmp_path / "run"
    begin(plan, folder)
    live = LiveFolder(folder)
    live.ask()
    (live.path / ".rows").mkdir()  # where the run wants to write a file
    reports = list(train(plan, folder))
    assert reports[-1].num_steps == plan.total_steps
