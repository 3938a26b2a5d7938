"""A stream draws levels that nothing else draws, once, and a run that plays them goes on exactly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import UsageError
from newgameplus.executor.local import LocalExecutor
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import Level, find_level, find_split
from newgameplus.open_games.seeds import NUM_NAMED, NUM_SETS, NUM_STREAMS, NUM_TRIES, stream_seed
from newgameplus.open_games.stream import LevelStream
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.curated import chosen_levels
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import read_pack
from newgameplus.open_games.tumbleweed.stream import NUM_LEVELS
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES
from newgameplus.report.training_runs import read_training_runs
from newgameplus.results.checkpoints import load_state
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import Stream, TrainingPlan, begin, check, read_plan
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan

pytestmark = pytest.mark.usefixtures("one_thread")

REFERENCE = "newgameplus.open_games.tumbleweed.open_game:TUMBLEWEED"
SPROUT = replace(TUMBLEWEED, title="Sprout", draw_set=None)
MESA = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a stream of which one set is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(GAMES_VARIABLE, "")
        folder = tmp_path_factory.mktemp("run") / "levels"
        with closing(stream_in(folder)) as stream:
            stream.level(0)
            assert stream.waited_seconds > 0
        yield folder


def stream_in(folder: Path) -> LevelStream:
    return LevelStream(REFERENCE, folder, 0, LocalExecutor[Any](1), "contest", num_ahead=0)


def digest(level: Blueprint) -> str:
    return hashlib.sha256(level.blocks.tobytes() + repr(level.things).encode()).hexdigest()


def levels_of(rom: Path) -> list[Blueprint]:
    return read_pack(rom.read_bytes())


def test_a_set_has_an_easy_and_a_hard_level_of_each_zone_none_of_which_is_published(sets: Path) -> None:
    split = find_split(str(sets / "set0000"))
    drawn = levels_of(split.levels[0].integration.rom())
    assert [level.name for level in drawn] == [level.state for level in split.levels]
    assert sorted(level.act for level in drawn) == [1] * 8 + [5] * 8
    published = levels_of(TUMBLEWEED.folder / TUMBLEWEED.rom_name)
    assert len(published) == len(chosen_levels())
    assert not {digest(level) for level in drawn} & {digest(level) for level in published}


def test_no_stream_set_or_draft_shares_a_seed_and_none_is_the_seed_of_a_level_with_a_name() -> None:
    ends = [(0, 1, limit - 1) for limit in (NUM_STREAMS, NUM_SETS, NUM_TRIES)]
    seeds = [stream_seed(a, b, c) for a in ends[0] for b in ends[1] for c in ends[2]]
    assert seeds == sorted(set(seeds))
    assert max(level.seed for level in chosen_levels()) < NUM_NAMED <= min(seeds)
    for wrong in ((-1, 0), (NUM_STREAMS, 0), (0, NUM_SETS), (0, 0, NUM_TRIES)):
        with pytest.raises(UsageError, match="is a whole number from 0"):
            stream_seed(*wrong)


def test_sets_that_are_there_are_found_again_and_unfinished_ones_are_removed(sets: Path) -> None:
    (sets / ".set0009-left").mkdir()
    before = (sets / "set0000" / "split.toml").stat().st_mtime_ns
    with closing(stream_in(sets)) as stream:
        taken = [stream.level(place) for place in range(NUM_LEVELS)]
        assert stream.waited_seconds == 0.0
    assert taken == list(find_split(str(sets / "set0000")).levels)
    assert (sets / "set0000" / "split.toml").stat().st_mtime_ns == before
    assert not (sets / ".set0009-left").exists()


def test_a_game_without_a_generator_and_a_seed_that_is_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no generator of levels of Sprout"):
        LevelStream(f"{__name__}:SPROUT", tmp_path, 0, LocalExecutor[Any](1), "contest")
    with pytest.raises(UsageError, match="seed is a whole number from 0"):
        LevelStream(REFERENCE, tmp_path, NUM_STREAMS, LocalExecutor[Any](1), "contest")


def plan_on(levels: tuple[Level, ...] = (MESA,), agent: str = "random", **changes: Any) -> TrainingPlan:
    chosen = AgentPlan(agent, "default", configure(find_agent(agent), "default"))
    fields = {"num_envs": 2, "total_steps": 240, "checkpoint_steps": 100, "log_steps": 100, "switch_steps": 15}
    world = WorldPlan(levels, rules=WorldRules(max_episode_steps=10))
    return TrainingPlan(chosen, world, **{"stream": Stream("tumbleweed"), **fields, **changes})


def test_a_run_on_a_stream_goes_on_exactly_and_averages_the_returns_of_a_zone(sets: Path, tmp_path: Path) -> None:
    plan = plan_on()
    check(plan)
    for name, stops in (("straight", ()), ("stopped", (70, 130))):
        folder = tmp_path / name
        begin(plan, folder)
        assert read_plan(folder) == plan
        for last in (*stops, plan.total_steps):
            with closing(stream_in(sets)) as stream:
                for report in train(plan, folder, stream=stream):
                    if report.num_steps >= last and last in stops:
                        break
    straight, stopped = (TrainingFolder(tmp_path / name) for name in ("straight", "stopped"))
    for log in ("episodes", "metrics"):
        assert straight.lines(log) == stopped.lines(log)
    worlds = [load_state(folder.checkpoints()[-1])["world"] for folder in (straight, stopped)]
    assert [world["places"]["places"].tolist() for world in worlds] == [[12, 13]] * 2
    assert [bytes(part) for part in worlds[0]["snapshots"]] == [bytes(part) for part in worlds[1]["snapshots"]]
    played = [line["level"] for line in straight.lines("episodes")]
    assert len(set(played)) > 10
    assert {level.level for level in read_training_runs([straight.path])[0].levels} == set(ZONE_NAMES)
    assert {"return/Mesa", "return/Canyon"} <= json.loads(straight.log("metrics").read_text().splitlines()[-1]).keys()


def test_a_run_that_has_a_stream_is_given_it(tmp_path: Path) -> None:
    plan = plan_on()
    begin(plan, tmp_path / "run")
    with pytest.raises(UsageError, match="give its stream of tumbleweed"):
        next(train(plan, tmp_path / "run"))
    with pytest.raises(UsageError, match="say after how many steps"):
        plan_on(switch_steps=None)
