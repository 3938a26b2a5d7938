"""A training run goes on exactly after anything, and bad input or a broken machine costs one sentence."""

from __future__ import annotations

import dataclasses
import multiprocessing
import random
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from newgameplus.agents import AGENTS, find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.batch import snapshot_from_bytes
from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.errors import LearningError, ResultsError, StateError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import TrainingPlan, begin, check, read_plan
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan, make_world

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {
    "experts": {
        "encoder": "dqn-2013",
        "learner_fields": "encoder=dqn-2013,rollout_steps=16,batch_size=32,num_epochs=2,num_hidden=16",
        "num_hidden": "16",
        "batch_size": "8",
        "train_interval": "4",
        "capacity": "20",
    },
    "ppo": {"encoder": "dqn-2013", "num_hidden": "16", "rollout_steps": "16", "batch_size": "32", "num_epochs": "2"},
    "rainbow": {
        "encoder": "dqn-2013",
        "capacity": "120",
        "min_transitions": "32",
        "batch_size": "8",
        "num_hidden": "16",
        "train_interval": "8",
        "target_interval": "60",
    },
}
"""Fields that make a learner learn within a few dozen steps; Rainbow's replay buffer goes round several times."""
LEVELS = {"experts": ("Tumbleweed-Genesis-v0/Mesa.Act1", "Tumbleweed-Genesis-v0/Canyon.Act1")}
"""What an agent learns on that needs more than one zone."""
IN_SHORT = ("jerk", "rainbow")
"""An agent without weights and the one with most state; the others are struck down in the nightly tests."""
EVERY_AGENT = [name if name in IN_SHORT else pytest.param(name, marks=pytest.mark.nightly) for name in AGENTS]
FORKS = multiprocessing.get_context("forkserver")
# torch imports its compiler, of which nothing is used here, for the first optimizer of a process.
FORKS.set_forkserver_preload(
    [
        "torch._dynamo",
        "torch.utils.tensorboard",
        "newgameplus.training.run",
        *(target.partition(":")[0] for target in AGENTS.values()),
    ]
)


def plan_of(agent: str, num_steps: int = 300, **changes: Any) -> TrainingPlan:
    config = configure(find_agent(agent), "default", {**SMALL.get(agent, {}), **changes.pop("fields", {})})
    levels = tuple(map(find_level, LEVELS.get(agent, ("Airstriker-Genesis-v0/Level1",))))
    begun = {name: changes.pop(name) for name in ("init", "prefill") if name in changes}
    rules = {"max_episode_steps": 40, **changes.pop("rules", {})}
    defaults = {"checkpoint_steps": 50, "log_steps": 100, "watch_steps": 140 if agent in SMALL else None}
    return TrainingPlan(
        agent=AgentPlan(agent, "default", config, **begun),
        world=WorldPlan(changes.pop("levels", levels), rules=WorldRules(**rules)),
        num_envs=2,
        total_steps=num_steps,
        **{**defaults, **changes},
    )


def run_to_the_end(plan: TrainingPlan, folder: Path) -> Path:
    if not folder.exists():
        begin(plan, folder)
    for _ in train(plan, folder):
        pass
    return folder


def train_on(folder: Path) -> None:
    """What the process does that is killed."""
    torch.set_num_threads(1)
    for _ in train(read_plan(folder), folder):
        pass


def newest(folder: Path) -> Path:
    return TrainingFolder(folder).checkpoints()[-1]


def contents(folder: Path) -> dict[str, Any]:
    """Everything that a run left behind, but for the time that it took."""
    found: dict[str, Any] = {path.name: path.read_bytes() for path in sorted(folder.glob("*.jsonl"))}
    found |= {path.name: path.read_bytes() for path in sorted((folder / "movies").glob("*"))}
    for path in (*TrainingFolder(folder).checkpoints(), folder / "checkpoints" / "best.safetensors"):
        if path.is_file():
            state = load_state(path)
            del state["tracker"]["elapsed_seconds"]
            found[f"what follows {path.name}"] = what_follows(read_plan(folder), state["world"])
            found[path.name] = flat(state)
    return found


def what_follows(plan: TrainingPlan, saved: dict[str, Any]) -> list[bytes]:
    """The memories of some steps from a checkpoint's snapshots; their bytes hold addresses of the process beside."""
    snapshots = saved.pop("snapshots")
    world = make_world(replace(plan.world, rules=CONTEST_WORLD), plan.agent.specs(), plan.num_envs)
    world.reset()
    for row, snapshot in enumerate(snapshots):
        world.load(row, snapshot_from_bytes(snapshot.tobytes()))
        world.restore_random_state(row, saved["random"][row])
    world.action_space.seed(1)
    seen = [world.ram(0).tobytes(), world.ram(1).tobytes()]
    for _ in range(15):
        observation, reward, *_ = world.step(world.action_space.sample())
        seen += [observation.tobytes(), reward.tobytes(), world.ram(0).tobytes(), world.ram(1).tobytes()]
    world.close()
    return seen


def flat(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: flat(inner) for key, inner in node.items()}
    if isinstance(node, list):
        return [flat(inner) for inner in node]
    return (node.dtype.str, node.shape, node.tobytes()) if isinstance(node, np.ndarray) else node


def kill_at_a_random_moment(folder: Path, most_seconds: float, rng: random.Random) -> bool:
    """Let another process train until it has got on by a step or a few dozen, then kill it; return if it still ran."""
    before, goal = TrainingFolder(folder).checkpoints(), rng.choice([0, 0, 1, 2])
    process = FORKS.Process(target=train_on, args=(folder,))
    process.start()
    while process.is_alive() and len(set(TrainingFolder(folder).checkpoints()) - set(before)) < goal:
        time.sleep(0.001)
    process.join(rng.uniform(0.0, most_seconds))
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("agent", EVERY_AGENT)
def test_killed_at_random_moments_and_resumed_a_run_ends_as_if_it_had_never_stopped(agent: str, tmp_path: Path) -> None:
    plan = plan_of(agent)
    started = time.monotonic()
    straight = run_to_the_end(plan, tmp_path / "straight")
    most_seconds = (time.monotonic() - started) / 4
    killed = tmp_path / "killed"
    begin(plan, killed)
    rng = random.Random(f"{agent} {time.time_ns()}")
    was_killed = [kill_at_a_random_moment(killed, most_seconds, rng) for _ in range(3)]
    assert any(was_killed)
    run_to_the_end(plan, killed)
    expected, found = contents(straight), contents(killed)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert expected["episodes.jsonl"].count(b"\n") >= 6
    assert expected["metrics.jsonl"].count(b"\n") >= 3
    assert len(list((straight / "movies").glob("*.bk2"))) == (2 if agent in SMALL else 0)


def test_stopped_at_any_moment_and_resumed_a_run_ends_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    plan = plan_of("ppo", 120, watch_steps=None)
    whole, stopped = run_to_the_end(plan, tmp_path / "whole"), tmp_path / "stopped"
    begin(plan, stopped)
    left = iter(range(30))
    for _ in train(plan, stopped, is_stopped=lambda: next(left, None) is None):
        pass
    assert int(newest(stopped).stem) not in range(0, plan.total_steps + 1, plan.checkpoint_steps)
    assert contents(run_to_the_end(plan, stopped)) == contents(whole)


def test_a_checkpoint_is_written_when_its_time_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newgameplus.training.run.CHECKPOINT_SECONDS", 0.0)
    plan = plan_of("random", 60, checkpoint_steps=1_000_000)
    begin(plan, tmp_path / "run")
    reports = train(plan, tmp_path / "run")
    next(reports)
    reports.close()  # type: ignore[attr-defined]  # a generator
    assert 0 < int(newest(tmp_path / "run").stem) < plan.total_steps


def test_a_checkpoint_that_cannot_be_written_costs_one_sentence_and_no_earlier_one(tmp_path: Path) -> None:
    plan, folder = plan_of("ppo", watch_steps=None), tmp_path / "run"
    begin(plan, folder)
    reports = train(plan, folder)
    while not TrainingFolder(folder).checkpoints():
        next(reports)
    before = {path: path.read_bytes() for path in (folder / "checkpoints").iterdir()}
    with files_of_at_most(100_000), pytest.raises(ResultsError, match=r"its last checkpoint is intact.*--resume"):
        for _ in reports:
            pass
    assert {path: path.read_bytes() for path in (folder / "checkpoints").iterdir()} == before
    straight = run_to_the_end(plan, tmp_path / "straight")
    assert contents(run_to_the_end(plan, folder)) == contents(straight)


@contextmanager
def files_of_at_most(num_bytes: int) -> Iterator[None]:
    """Let every write beyond so many bytes of a file fail, as it does where the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("agent", ["random", "rainbow"])
def test_a_damaged_newest_checkpoint_is_passed_over_for_the_one_before(agent: str, tmp_path: Path) -> None:
    plan = plan_of(agent, 200, watch_steps=None)
    folder = run_to_the_end(plan, tmp_path / "run")
    expected = contents(folder)
    newest(folder).write_bytes(newest(folder).read_bytes()[:-100])
    assert contents(run_to_the_end(plan, folder)) == expected


def test_where_every_checkpoint_is_damaged_the_run_says_so_and_does_not_begin_anew(tmp_path: Path) -> None:
    plan = plan_of("random", 100)
    folder = run_to_the_end(plan, tmp_path / "run")
    for path in TrainingFolder(folder).checkpoints():
        path.write_bytes(b"not a checkpoint")
    with pytest.raises(StateError, match="is not a saved state or is damaged"):
        run_to_the_end(plan, folder)


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    plan = plan_of("random", 100)
    begin(plan, tmp_path / "run")
    half = tmp_path / "run" / "checkpoints" / ".000000000050.safetensors.abc"
    half.write_bytes(b"half")
    run_to_the_end(plan, tmp_path / "run")
    assert not half.exists()


def test_two_processes_cannot_train_in_one_folder(tmp_path: Path) -> None:
    plan, folder = plan_of("random", 100), tmp_path / "run"
    begin(plan, folder)
    first = train(plan, folder)
    next(first)
    with pytest.raises(ResultsError, match="Another process"):
        next(train(plan, folder))
    first.close()


def test_a_log_that_was_shortened_is_noticed(tmp_path: Path) -> None:
    plan = plan_of("random", 200)
    folder = run_to_the_end(plan, tmp_path / "run")
    newest(folder).unlink()
    (folder / "episodes.jsonl").write_bytes(b"")
    with pytest.raises(ResultsError, match="has lost rows"):
        run_to_the_end(plan, folder)


@pytest.mark.parametrize("agent", ["ppo", "rainbow"])
def test_a_loss_that_is_no_longer_a_number_stops_the_run_and_keeps_its_last_checkpoint(
    agent: str, tmp_path: Path
) -> None:
    plan, folder = (
        plan_of(agent, fields={"learning_rate": "1e30"}, watch_steps=None, checkpoint_steps=20),
        tmp_path / "r",
    )
    begin(plan, folder)
    with pytest.raises(LearningError, match="NaN or infinite"):
        train_on(folder)
    assert np.isfinite(load_state(newest(folder))["agent"]["network"]["hidden.weight"]).all()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A short run of each learner."""
    folder = tmp_path_factory.mktemp("trained")
    return {agent: run_to_the_end(plan_of(agent, 60, watch_steps=None), folder / agent) for agent in SMALL}


@pytest.mark.parametrize(
    ("agent", "of", "fields", "sentence"),
    [
        ("ppo", "rainbow", {}, "saved state of the agent 'rainbow', not of 'ppo'"),
        ("rainbow", "ppo", {"encoder": "impala"}, "belongs to another network"),
        ("ppo", "ppo", {"actions": "sonic-10"}, "another observation or action set"),
        ("rainbow", "rainbow", {"actions": "sonic-8"}, "another observation or action set"),
        ("ppo", "ppo", {"encoder": "mobile"}, "belongs to another network"),
        ("ppo", "ppo", {"num_hidden": "17"}, "hidden.weight is of shape"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused_before_anything_is_written(
    agent: str, of: str, fields: dict[str, str], sentence: str, trained: dict[str, Path]
) -> None:
    with pytest.raises(StateError, match=sentence) as caught:
        check(plan_of(agent, init=str(trained[of]), fields=fields))
    assert str(caught.value).count("\n") == 0


def test_the_convolutions_of_ppo_are_what_rainbow_begins_with(trained: dict[str, Path], tmp_path: Path) -> None:
    plan = plan_of("rainbow", 20, init=str(trained["ppo"]), watch_steps=None)
    own = load_state(newest(run_to_the_end(plan, tmp_path / "run")))["agent"]["network"]
    given = load_state(newest(trained["ppo"]))["agent"]["network"]
    encoder = [name for name in given if name.startswith("encoder.")]
    assert encoder
    assert all(np.array_equal(own[name], given[name]) for name in encoder)


def test_a_run_is_of_the_agent_and_fields_that_it_was_begun_with(trained: dict[str, Path]) -> None:
    plan = read_plan(trained["ppo"])
    assert plan == plan_of("ppo", 60, watch_steps=None)
    other = plan_of("ppo", 90, fields={"actions": "sonic-10"}, watch_steps=None)
    with pytest.raises(StateError, match="another observation or action set"):
        run_to_the_end(other, trained["ppo"])


def test_a_checkpoint_that_lacks_something_is_refused_in_words(trained: dict[str, Path], tmp_path: Path) -> None:
    save_state(tmp_path / "other.safetensors", {"something": 1})
    with pytest.raises(StateError, match="holds no agent"):
        run_to_the_end(plan_of("ppo", 20, init=str(tmp_path / "other.safetensors")), tmp_path / "run")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
def test_cuda_is_asked_for_in_vain_before_anything_is_written() -> None:
    with pytest.raises(UsageError, match="There is no CUDA device on this machine"):
        check(plan_of("ppo", fields={"device": "cuda"}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"watch_steps": 5}, "no weights that could be watched"),
        ({"init": "anywhere"}, "no weights, so it cannot begin"),
    ],
)
def test_an_agent_without_weights_is_neither_watched_nor_given_any(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        check(plan_of("random", **changes))


@pytest.mark.parametrize(
    "name", ["num_envs", "total_steps", "checkpoint_steps", "log_steps", "watch_steps", "num_threads", "switch_steps"]
)
def test_numbers_of_a_plan_are_at_least_one(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} must be at least 1"):
        dataclasses.replace(plan_of("random"), **{name: 0})


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ResultsError, match="is not empty"):
        begin(plan_of("random"), tmp_path)
    with pytest.raises(ResultsError, match="Cannot write a run"):
        begin(plan_of("random"), tmp_path / "thesis.tex")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 9}', '{"format": 1}'])
def test_a_damaged_manifest_is_said_to_be_so(content: str, tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text(content)
    with pytest.raises(ResultsError, match=r"training\.json (is damaged|is corrupt|has format)"):
        read_plan(tmp_path)


@pytest.mark.nightly
def test_a_replay_buffer_that_goes_round_between_two_checkpoints_comes_back_whole(tmp_path: Path) -> None:
    plan = plan_of("rainbow", 300, checkpoint_steps=100, watch_steps=None, fields={"capacity": "40"})
    folder = run_to_the_end(plan, tmp_path / "run")
    expected = contents(folder)
    newest(folder).unlink()
    assert contents(run_to_the_end(plan, folder)) == expected
