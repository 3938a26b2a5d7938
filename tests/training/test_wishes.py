"""What an agent wishes of its world, training grants; a contest does not; and both say so."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.plan import read_plan
from newgameplus.training.wishes import NO_WISHES, grant, outcome
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Wishes

LEVEL = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
WORLD = WorldPlan((LEVEL,))
WISHES = Wishes(frames_per_step=2, stall_frames=20, scenario="score")
WISHER = '''
from dataclasses import dataclass
from newgameplus.agents.random.agent import Random
from newgameplus.types import Wishes

class Wisher(Random):
    """Presses at random and wishes for short steps and short episodes."""

    @staticmethod
    def wishes(config):
        return Wishes(frames_per_step=2, stall_frames=20, scenario="score")
'''
AGENT = "wishers:Wisher"
TRAIN = ["train", AGENT, "--level", str(LEVEL), "--num-envs", "2", "--steps", "200", "--run", "run"]


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_wisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "wishers.py").write_text(WISHER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("wishers", None)


def lengths(folder: Path) -> set[int]:
    return {json.loads(line)["length"] for line in TrainingFolder(folder).log("episodes").read_text().splitlines()}


def test_what_is_wished_for_holds_and_what_is_refused_does_not() -> None:
    assert grant(WORLD, NO_WISHES) == WORLD
    granted = grant(WORLD, WISHES)
    assert granted.rules == WorldRules(frames_per_step=2, stall_frames=20)
    assert granted.levels == (replace(LEVEL, scenario="score"),)
    assert grant(WORLD, WISHES, ["stall_frames", "scenario"]).rules == WorldRules(frames_per_step=2)
    with pytest.raises(UsageError, match="at least 1 frame"):
        grant(WORLD, Wishes(frames_per_step=0))


def test_a_scenario_is_granted_only_where_every_level_has_it() -> None:
    world = WorldPlan((LEVEL, find_level("Airstriker-Genesis-v0/Level1")))
    assert grant(world, Wishes(scenario="coins")) == world
    assert outcome(Wishes(scenario="coins"), world) == {"granted": {}, "refused": {"scenario": "coins"}}


def test_a_wish_that_holds_anyway_is_granted() -> None:
    wishes = Wishes(frames_per_step=4, stall_frames=300)
    assert outcome(wishes, WORLD) == {"granted": {"frames_per_step": 4}, "refused": {"stall_frames": 300}}


def test_training_grants_what_is_wished_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(TRAIN) == 0
    assert "Wishes granted: frames_per_step 2, stall_frames 20, scenario score." in capsys.readouterr().err
    assert read_plan(Path("run"), AGENT).world == grant(WORLD, WISHES)
    told = TrainingFolder(Path("run")).manifest()["wishes"]
    assert told == {"granted": {"frames_per_step": 2, "stall_frames": 20, "scenario": "score"}, "refused": {}}
    assert min(lengths(Path("run"))) == 10


def test_what_is_typed_wins_over_a_wish(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*TRAIN, "--frame-skip", "5", "--episode-steps", "30"]) == 0
    assert "Wishes granted: stall_frames 20, scenario score; refused: frames_per_step 2." in capsys.readouterr().err
    rules = read_plan(Path("run"), AGENT).world.rules
    assert rules == WorldRules(frames_per_step=5, max_episode_steps=30, stall_frames=20)
    assert min(lengths(Path("run"))) == 4


def test_no_wish_is_granted_where_none_is_wanted() -> None:
    assert run([*TRAIN, "--no-wishes", "--sticky", "0.5", "--episode-steps", "25"]) == 0
    assert read_plan(Path("run"), AGENT).world == WorldPlan((LEVEL,), rules=WorldRules(4, 0.5, 25))
    assert lengths(Path("run")) == {25}


def test_a_contest_grants_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate = ["evaluate", AGENT, "--level", str(LEVEL), "--timesteps", "60", "--results", "r", "--no-movies"]
    assert run(evaluate) == 0
    assert "Wishes refused: frames_per_step 2, stall_frames 20, scenario score." in capsys.readouterr().out
    manifest = json.loads(Path("r/manifest.json").read_text())
    assert manifest["wishes"]["granted"] == {}
    assert manifest["rules"]["frames_per_step"] == CONTEST_WORLD.frames_per_step
    (monitor,) = Path("r").rglob("monitor.csv")
    assert [episode.num_steps for episode in read_monitor(RunFolder(monitor.parent).monitor)] == [60]
    assert run(["evaluate", AGENT, "--resume", "--results", "r"]) == 0
