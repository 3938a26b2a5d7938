"""Zones are told apart on real pictures, and every row and run is played by the expert of its zone."""

from __future__ import annotations

import itertools
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of, configure, describe
from newgameplus.agents.experts.agent import Experts
from newgameplus.agents.experts.classifier import ZoneClassifier
from newgameplus.agents.experts.config import ExpertsConfig
from newgameplus.agents.interface import HasActionValues, HasPolicy
from newgameplus.cli.main import run
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.errors import NotFoundError, StateError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.training.transfer import begin_from
from newgameplus.types import SONIC_10, WARPED, Array, State, Step, WorldSpec
from tests.agents.acting import follow

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL_PPO = (
    *("encoder=dqn-2013", "num_hidden=16"),
    *("rollout_steps=8", "batch_size=8", "num_epochs=1", "final_learning_rate=none"),
)
SMALL = ExpertsConfig(
    learner_fields=SMALL_PPO,
    num_hidden=32,
    learning_rate=1e-3,
    batch_size=16,
    train_interval=1,
    capacity=50,
    vote_steps=4,
    device="cpu",
)
TUMBLEWEED = "Tumbleweed-Genesis-v0"
SHAPE = (84, 84, 4)
ALONE = WorldSpec(1, (), SHAPE, (), 7, num_timesteps=80)
"""A world whose zone nobody tells."""
TOLD = WorldSpec(3, (), SHAPE, (), 7, num_timesteps=80, zones=("Mesa", "Canyon", "Mesa"))


def pictures_of(states: list[str], num_steps: int, seed: int, interval: int = 5) -> list[Array]:
    """What levels of Tumbleweed show to buttons pressed at random, mostly to the right: uint8 ``[B, 84, 84, 4]``."""
    levels = [find_level(f"{TUMBLEWEED}/{state}") for state in states]
    random, seen = np.random.default_rng(seed), []
    with closing(RetroVecEnv(levels, observation_spec=WARPED, action_spec=SONIC_10, num_threads=1)) as world:
        seen.append(world.reset(seed=seed)[0])
        action = np.ones(len(levels), np.int64)
        for step in range(num_steps):
            is_new = random.random(len(levels)) < 0.2
            action = np.where(is_new, random.choice([0, 1, 1, 3, 5, 9, 9], len(levels)), action)
            observation = world.step(action)[0]
            if (step + 1) % interval == 0:
                seen.append(observation)
    return seen


def outcomes(num_steps: int, num_rows: int = 3, seed: int = 0) -> list[Step]:
    """Steps whose pictures have stripes, lying ones in the rows of Mesa and upright ones in that of Canyon."""
    random, steps = np.random.default_rng(seed), []
    lying = np.repeat(np.arange(84) // 6 % 2 * 200, 84).reshape(84, 84, 1)
    stripes = np.stack([lying, lying.transpose(1, 0, 2), lying])[:num_rows]
    for _ in range(num_steps):
        observation = (random.integers(0, 50, (num_rows, *SHAPE)) + stripes).astype(np.uint8)
        truncated = random.random(num_rows) < 0.1
        final = {int(row): observation[row] for row in np.flatnonzero(truncated)}
        steps.append(Step(observation, random.normal(0, 10, num_rows), np.zeros(num_rows, bool), truncated, final))
    return steps


def rows_of(steps: list[Step], rows: list[int]) -> list[Step]:
    """What a world of these rows alone would have shown."""
    picked = []
    for step in steps:
        final = {rows.index(row): last for row, last in step.final_observation.items() if row in rows}
        arrays = (step.observation, step.reward, step.terminated, step.truncated)
        picked.append(Step(*(array[rows] for array in arrays), final))
    return picked


def trained(num_steps: int = 40) -> Experts:
    agent = Experts(SMALL, TOLD, 0)
    follow(agent, outcomes(num_steps))
    return agent


@pytest.fixture(scope="module")
def teacher() -> State:
    """What experts know after a short training."""
    return trained().state()


def same(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return np.array_equal(left, right) if isinstance(left, np.ndarray) else left == right


def test_two_zones_are_told_apart_on_levels_not_learned_from() -> None:
    states = ["Mesa.Act1", "Mesa.Act2", "Canyon.Act1", "Canyon.Act3"]
    classifier = ZoneClassifier(replace(SMALL, learning_rate=1e-3), SHAPE, 2, 0)
    for observation in pictures_of(states, 300, seed=0):
        classifier.learn(observation, np.array([0, 0, 1, 1]))
    held_out = pictures_of(["Mesa.Act3", "Canyon.Act2"], 100, seed=1)
    right = [classifier.log_probabilities(pair).argmax(-1) == [0, 1] for pair in held_out]
    # Chance is a half.
    assert np.mean(right) > 0.85


def test_accuracy_is_measured_before_a_picture_is_learned_from() -> None:
    classifier = ZoneClassifier(SMALL, SHAPE, 2, 0)
    observation = outcomes(1)[0].observation[:2]
    guess = int(classifier.log_probabilities(observation)[0].argmax())
    classifier.learn(observation[:1], np.array([1 - guess]))
    assert classifier.metrics() == {"zone_accuracy": 0.0}
    for _ in range(100):
        classifier.learn(observation, np.array([1 - guess, guess]))
    assert classifier.metrics()["zone_accuracy"] > 0.9


def test_each_row_is_played_and_learned_from_by_the_expert_of_its_zone_alone() -> None:
    agent, steps = Experts(SMALL, TOLD, 0), outcomes(30)
    alone = {}
    for zone, rows in (("Mesa", [0, 2]), ("Canyon", [1])):
        learner = find_agent("ppo")(SMALL.learner_config(), replace(TOLD, num_envs=len(rows), zones=None), 1)
        learner.restore(agent.state()["experts"][zone])
        alone[zone] = (rows, np.array(follow(learner, rows_of(steps, rows))), learner)
    actions = np.array(follow(agent, steps))
    for zone, (rows, expected, learner) in alone.items():
        assert np.array_equal(actions[:, rows], expected)
        assert same(agent.state()["experts"][zone], learner.state())


def test_the_figures_are_the_mean_of_the_experts_and_those_of_the_classifier() -> None:
    agent = trained()
    assert agent._team is not None
    experts = [expert.metrics() for expert in agent._team.experts.values()]
    figures = agent.metrics()
    assert figures["policy_loss"] == pytest.approx(np.mean([each["policy_loss"] for each in experts]))
    assert figures["zone_accuracy"] > 0.5
    assert figures["zone_loss"] < 0.3


@pytest.mark.parametrize(("row", "zone"), [(0, "Mesa"), (1, "Canyon")])
def test_where_nobody_tells_the_pictures_vote_and_then_that_expert_plays_and_learns(
    row: int, zone: str, teacher: State
) -> None:
    agent = Experts(SMALL, ALONE, 5)
    agent.begin_from(teacher)
    assert agent.zone is None
    given = agent.state()["experts"]
    steps = rows_of(outcomes(30, seed=1), [row])
    for number, (before, step) in enumerate(itertools.pairwise(steps), start=1):
        agent.act(before.observation)
        assert agent.zone == zone
        agent.observe(step)
        if number < SMALL.vote_steps:
            assert same(
                {name: expert["network"] for name, expert in agent.state()["experts"].items()},
                {name: expert["network"] for name, expert in given.items()},
            )
        else:
            assert list(agent.state()["experts"]) == [zone]
    assert not same(agent.state()["experts"][zone]["network"], given[zone]["network"])
    confidence = {name: figure for name, figure in agent.metrics().items() if name.startswith("confidence/")}
    assert sum(confidence.values()) == pytest.approx(1)
    assert confidence[f"confidence/{zone}"] > 0.6


def test_after_the_vote_another_picture_changes_nothing(teacher: State) -> None:
    agent = Experts(SMALL, ALONE, 5)
    agent.begin_from(teacher)
    follow(agent, rows_of(outcomes(10), [0]))
    follow(agent, rows_of(outcomes(40), [1]))
    assert agent.zone == "Mesa"


def test_one_wrong_picture_is_outvoted(teacher: State) -> None:
    agent = Experts(SMALL, ALONE, 5)
    agent.begin_from(teacher)
    mesa, canyon = (rows_of(outcomes(10), [row]) for row in (0, 1))
    follow(agent, [canyon[0], *mesa])
    assert agent.zone == "Mesa"


@pytest.mark.parametrize("cut", [2, 3, 12])
@pytest.mark.parametrize("is_frozen", [False, True])
def test_resumed_before_and_after_the_vote_it_goes_on_exactly(
    cut: int, is_frozen: bool, teacher: State, tmp_path: Path
) -> None:
    steps = rows_of(outcomes(25, seed=2), [1])
    straight, broken = Experts(SMALL, ALONE, 5), Experts(SMALL, ALONE, 5)
    for agent in (straight, broken):
        agent.begin_from(teacher, is_frozen=is_frozen)
    expected = follow(straight, steps)
    actions = follow(broken, steps[: cut + 1])
    save_state(tmp_path / "state", broken.state())
    resumed = Experts(SMALL, ALONE, 9)
    resumed.begin_from(teacher, is_frozen=is_frozen)
    resumed.restore(load_state(tmp_path / "state"))
    actions += follow(resumed, steps[cut:])
    assert np.array_equal(actions, expected)
    assert same(resumed.state(), straight.state())
    assert resumed.zone == "Canyon"
    assert resumed.metrics() == pytest.approx(straight.metrics())
    is_as_given = same(straight.state()["experts"]["Canyon"]["network"], teacher["experts"]["Canyon"]["network"])
    assert is_as_given == is_frozen


def test_every_expert_begins_with_what_one_learner_knows() -> None:
    learner = find_agent("ppo")(SMALL.learner_config(), replace(TOLD, zones=None), 3)
    agent = Experts(SMALL, TOLD, 0)
    assert not same(agent.state()["experts"]["Mesa"]["network"], agent.state()["experts"]["Canyon"]["network"])
    agent.begin_from(learner.state())
    for expert in agent.state()["experts"].values():
        assert same(expert["network"], learner.state()["network"])


def test_fine_tuned_on_one_zone_the_other_experts_and_the_classifier_stay_as_they_were(teacher: State) -> None:
    agent = Experts(SMALL, replace(TOLD, zones=("Canyon",) * 3), 1)
    agent.begin_from(teacher)
    follow(agent, outcomes(30))
    state = agent.state()
    assert state["zones"] == ["Mesa", "Canyon"]
    assert same(state["network"], teacher["network"])
    assert same(state["experts"]["Mesa"]["network"], teacher["experts"]["Mesa"]["network"])
    assert not same(state["experts"]["Canyon"]["network"], teacher["experts"]["Canyon"]["network"])


def test_rainbow_can_be_an_expert_too(tmp_path: Path) -> None:
    fields = ("capacity=200", "min_transitions=16", "batch_size=8", "num_hidden=16", "train_interval=4")
    config = replace(SMALL, learner="rainbow", learner_fields=fields)
    steps, agents = outcomes(40), []
    for name in ("straight", "broken", "resumed"):
        agents.append(Experts(config, TOLD, 0))
        agents[-1].keep_in(tmp_path / name.replace("resumed", "broken"), 100)
    straight, broken, resumed = agents
    begun = straight.state()["experts"]["Mesa"]["network"]
    expected = follow(straight, steps)
    assert not same(straight.state()["experts"]["Mesa"]["network"], begun)
    actions = follow(broken, steps[:26])
    save_state(tmp_path / "state", broken.state())
    resumed.restore(load_state(tmp_path / "state"))
    assert np.array_equal(actions + follow(resumed, steps[25:]), expected)
    assert {path.name for path in (tmp_path / "broken").iterdir()} == {"expert-0", "expert-1"}
    alone = Experts(config, ALONE, 1)
    alone.begin_from(straight.state(), is_frozen=True)
    expert = alone.acting_agent()
    assert isinstance(expert, HasActionValues)
    assert not isinstance(expert, HasPolicy)
    assert expert.expected_returns(steps[0].observation[:1]).shape == (1, 7)
    waiting = (*fields[:1], "min_transitions=200", *fields[2:])
    at_once = Experts(replace(config, learner_fields=waiting), TOLD, 1)
    at_once.begin_from(straight.state())
    follow(at_once, steps[:22])
    assert all(expert["num_updates"] > 0 for expert in at_once.state()["experts"].values())


def test_a_vote_needs_to_know_the_zones() -> None:
    agent = Experts(SMALL, ALONE, 0)
    assert agent.metrics() == {}
    with pytest.raises(UsageError, match="begin with a run: ngp evaluate experts --init RUN"):
        agent.acting_agent()
    with pytest.raises(UsageError, match="begin with a run: ngp evaluate experts --init RUN"):
        agent.act(np.zeros((1, *SHAPE), np.uint8))
    with pytest.raises(UsageError, match="find out the zone of one row, not of 3"):
        Experts(SMALL, replace(TOLD, zones=None), 0)


def test_weights_that_do_not_fit_are_refused(teacher: State) -> None:
    given, ppo = teacher, find_agent("ppo")
    with pytest.raises(StateError, match=r"the agent 'ppo', who knows no zones.*ngp train experts --init RUN"):
        Experts(SMALL, ALONE, 0).begin_from(ppo(SMALL.learner_config(), TOLD, 0).state())
    with pytest.raises(StateError, match="knows the zones Mesa, Canyon, but not Frost"):
        Experts(SMALL, replace(TOLD, zones=("Mesa", "Frost", "Mesa")), 0).begin_from(given)
    with pytest.raises(StateError, match="another observation or action set"):
        Experts(
            replace(SMALL, learner_fields=(*SMALL_PPO, "actions=sonic-8")), replace(TOLD, num_actions=8), 0
        ).begin_from(given)
    with pytest.raises(StateError, match="saved state of the agent 'ppo', not of 'rainbow'"):
        Experts(replace(SMALL, learner="rainbow", learner_fields=()), ALONE, 0).begin_from(given, is_frozen=True)
    with pytest.raises(StateError, match="saved state of the agent 'jerk', not of 'ppo'"):
        Experts(SMALL, TOLD, 0).begin_from({"agent": "jerk", "num_rows": 3})
    voted = Experts(SMALL, ALONE, 0)
    voted.begin_from(given)
    follow(voted, rows_of(outcomes(10), [0]))
    with pytest.raises(StateError, match="holds the expert of Mesa alone; give a training run"):
        Experts(SMALL, ALONE, 0).begin_from(voted.state())
    undecided = {**voted.state(), "num_votes": 1}
    with pytest.raises(StateError, match="holds the expert of Mesa alone; give a training run"):
        Experts(SMALL, ALONE, 0).begin_from(undecided, is_frozen=True)


def test_the_expert_that_was_voted_for_plays_on_when_frozen(teacher: State) -> None:
    voted, again = (Experts(SMALL, ALONE, seed) for seed in (0, 1))
    voted.begin_from(teacher, is_frozen=True)
    follow(voted, rows_of(outcomes(10), [0]))
    again.begin_from(voted.state(), is_frozen=True)
    assert again.zone == voted.zone
    for step in rows_of(outcomes(4), [1]):
        told, expected = (each.acting_agent().probabilities(step.observation) for each in (again, voted))  # type: ignore[attr-defined]
        assert np.array_equal(told[0], expected[0])
        again.act(step.observation)
        assert again.zone == voted.zone


@pytest.mark.parametrize(
    "change",
    [
        {"zones": ["Mesa"]},
        {"zones": ["Mesa", "Mesa"]},
        {"zones": [1, 2]},
        {"votes": np.zeros(3)},
        {"num_votes": 4},
        {"experts": {}},
        {"experts": {"Mesa": {}, "Canyon": {}}},
    ],
)
def test_a_damaged_state_is_refused_and_nothing_changes(change: dict[str, Any]) -> None:
    agent = trained(10)
    before = agent.state()
    with pytest.raises(StateError):
        agent.restore({**before, **change})
    assert same(agent.state(), before)


@pytest.mark.parametrize(
    ("fields", "error", "sentence"),
    [
        ({"learner": "experts"}, UsageError, "cannot be made of experts"),
        ({"learner": "jerk"}, UsageError, "does not provide HasWeights, and an expert has weights"),
        ({"learner": "pop"}, NotFoundError, r"Did you mean ppo\?"),
        ({"learner_preset": "tune"}, NotFoundError, r"Did you mean tuned\?"),
        ({"learner_fields": "lerning_rate=1"}, UsageError, "Did you mean learning_rate"),
        ({"learner_fields": "num_steps"}, UsageError, "FIELD=VALUE"),
        ({"vote_steps": "0"}, UsageError, "vote_steps must be at least 1"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(
    fields: dict[str, str], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        configure(Experts, "default", fields)


def test_fields_of_the_learner_are_set_with_commas_and_survive_a_manifest() -> None:
    config = configure(Experts, "tuned", {"learner_fields": "rollout_steps=8,learning_rate=1e-4", "device": "cpu"})
    learner = config.learner_config()
    assert (learner.rollout_steps, learner.learning_rate, learner.actions) == (8, 1e-4, "sonic-10")
    assert learner.device == "cpu"
    assert configuration_of(Experts, json.loads(json.dumps(describe(config)))) == config


def test_from_one_policy_to_experts_to_an_evaluation_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NGP_HOME", str(tmp_path / "home"))
    rows = ["--level", f"{TUMBLEWEED}/Mesa.Act1", "--level", f"{TUMBLEWEED}/Canyon.Act1", "--num-envs", "4"]
    ppo = [argument for field in SMALL_PPO for argument in ("--set", field)]
    assert run(["train", "ppo", *rows, *ppo, "--steps", "64", "--run", "joint"]) == 0
    experts = ["--set", f"learner_fields={','.join(SMALL_PPO)}", "--set", "train_interval=1", "--set", "num_hidden=16"]
    learned = ["--init", "joint", "--run", "experts", "--watch-every", "80"]
    assert run(["train", "experts", *rows, *experts, "--steps", "160", *learned]) == 0
    assert "ngp evaluate experts --init experts\n" in capsys.readouterr().err
    last = json.loads((tmp_path / "experts/watched.jsonl").read_text().splitlines()[-1])
    assert len(last["likeliest"]) == 7
    assert "values" in last
    judged = ["--level", f"{TUMBLEWEED}/Mesa.Act3", "--timesteps", "40", "--json", "--results", "results"]
    assert run(["evaluate", "experts", "--init", "experts", *judged]) == 0
    assert json.loads(capsys.readouterr().out)["levels"][0]["runs"][0]["num_timesteps"] == 40
    state = load_state(next((tmp_path / "experts/checkpoints").glob("0*160.safetensors")))["agent"]
    assert state["zones"] == ["Mesa", "Canyon"]
    assert state["experts"]["Mesa"]["num_rows"] == 2
    with pytest.raises(StateError, match="experts cannot begin from"):
        begin_from(Experts(SMALL, ALONE, 0), "experts", tmp_path / "joint")
