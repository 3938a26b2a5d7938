"""What every agent that learns from pictures promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from newgameplus.agents import AGENTS, find_agent
from newgameplus.agents.configuration import configure
from newgameplus.agents.interface import Agent
from newgameplus.emulator.cores import console_named
from newgameplus.errors import StateError
from newgameplus.games.action_sets import resolved
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.testing import check_agent
from newgameplus.types import NOTHING, State, Step, WorldSpec
from tests.agents.acting import follow
from tests.conftest import HELD, ROADS

pytestmark = pytest.mark.usefixtures("one_thread", "road")
SMALL = {
    "experts": {
        "encoder": "dqn-2013",
        "learner_fields": "encoder=dqn-2013,rollout_steps=16,batch_size=16,num_hidden=32",
        "num_hidden": "16",
        "batch_size": "8",
        "train_interval": "4",
        "capacity": "10",
    },
    "dqn": {
        "encoder": "dqn-2013",
        "capacity": "100",
        "min_transitions": "16",
        "batch_size": "4",
        "num_hidden": "16",
        "target_interval": "20",
        "explore_steps": "20",
    },
    "es": {"encoder": "dqn-2013", "num_individuals": "4", "num_hidden": "32"},
    "ppo": {
        "encoder": "dqn-2013",
        "rollout_steps": "16",
        "batch_size": "16",
        "num_hidden": "32",
        "cloning_epochs": "3",
    },
    "rainbow": {
        "encoder": "dqn-2013",
        "capacity": "100",
        "min_transitions": "16",
        "batch_size": "8",
        "num_hidden": "32",
        "train_interval": "4",
        "target_interval": "20",
        "max_offset": "1",
        "demonstration_updates": "6",
    },
}
"""Fields that make an agent learn within a few steps."""
VARIANTS = {
    "es of all parameters": ("es", SMALL["es"] | {"only_last_layer": "no", "is_greedy": "yes"}),
    "es by sep-cma": ("es", SMALL["es"] | {"search": "sep-cma"}),
    "rainbow of quantiles": ("rainbow", SMALL["rainbow"] | {"distribution": "quantiles"}),
    "rainbow of implicit quantiles": (
        "rainbow",
        SMALL["rainbow"] | {"distribution": "implicit-quantiles", "munchausen_weight": "0.9", "random_steps": "40"},
    ),
}
"""The same agents with other fields, where these make them remember or draw something else."""
SHAPE = (84, 84, 4)
LEARNERS = [
    name
    for name in AGENTS
    if name not in ("go_explore", "keeper", "memory", "neat", "qtable", "world_model")
    and find_agent(name).specs(find_agent(name).PRESETS["default"])[0] != NOTHING
]
"""Those that learn by gradients; the promises of the others are in the tests of each."""
REPEATED = ("es by sep-cma", "rainbow of quantiles", "rainbow of implicit quantiles")
"""Variants that differ in a part alone which tests of its own cover; nightly."""
every_learner = pytest.mark.parametrize(
    "name",
    [*LEARNERS, *(pytest.param(name, marks=pytest.mark.nightly) if name in REPEATED else name for name in VARIANTS)],
)


def build(name: str, num_envs: int = 2, seed: int = 0) -> Agent:
    agent_name, fields = VARIANTS.get(name) or (name, SMALL[name])
    agent_class = find_agent(agent_name)
    config = configure(agent_class, "default", fields)
    combos = resolved(agent_class.specs(config)[1], console_named("Genesis")).combos
    zones = ("Mesa", "Canyon")[:num_envs]
    return agent_class(config, WorldSpec(num_envs, (), SHAPE, (), len(combos), num_timesteps=1000, zones=zones), seed)


def outcomes(num_steps: int, num_envs: int = 2, seed: int = 0) -> list[Step]:
    random = np.random.default_rng(seed)
    steps = []
    for _ in range(num_steps):
        terminated, truncated = random.random(num_envs) < 0.05, random.random(num_envs) < 0.05
        final = {int(row): random.integers(0, 256, SHAPE, np.uint8) for row in np.flatnonzero(terminated | truncated)}
        observation = random.integers(0, 256, (num_envs, *SHAPE), np.uint8)
        steps.append(Step(observation, random.choice([0.0, 10.0, -1.0], num_envs), terminated, truncated, final))
    return steps


def weights(agent: Agent) -> bytes:
    state = agent.state()
    networks = [state["network"], *(expert["network"] for expert in state.get("experts", {}).values())]
    return b"".join(network[name].tobytes() for network in networks for name in sorted(network))


def test_there_are_learners() -> None:
    assert {"experts", "ppo", "rainbow"} <= set(LEARNERS)


@pytest.mark.parametrize(
    "road", [*ROADS[:1], pytest.param("off", marks=[pytest.mark.nightly] if HELD else [])], indirect=True
)
@every_learner
def test_it_keeps_every_promise_of_an_agent(name: str) -> None:
    agent_name, fields = VARIANTS.get(name) or (name, SMALL[name])
    agent_class = find_agent(agent_name)
    check_agent(agent_class, configure(agent_class, "default", fields), num_steps=32)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("name", "preset"), [(name, preset) for name in LEARNERS for preset in find_agent(name).PRESETS]
)
def test_every_preset_keeps_every_promise_of_an_agent(name: str, preset: str) -> None:
    agent_class = find_agent(name)
    check_agent(agent_class, configure(agent_class, preset, SMALL[name]), num_envs=1, num_steps=50)


@every_learner
def test_it_learns_from_what_it_observes(name: str) -> None:
    agent, begun = build(name), weights(build(name))
    assert weights(agent) == begun
    follow(agent, outcomes(60))
    assert weights(agent) != begun


@every_learner
def test_the_same_seed_learns_the_same_and_another_one_does_not(name: str) -> None:
    agents = [build(name, seed=seed) for seed in (4, 4, 5)]
    for agent in agents:
        follow(agent, outcomes(60))
    first, again, other = map(weights, agents)
    assert first == again
    assert first != other


@every_learner
@pytest.mark.parametrize("cut", [3, 16, 37])
def test_resumed_from_a_file_it_learns_what_it_would_have_learned(name: str, cut: int, tmp_path: Path) -> None:
    steps = outcomes(60)
    straight, broken = build(name), build(name)
    expected = follow(straight, steps)
    actions = follow(broken, steps[: cut + 1])
    save_state(tmp_path / "state", broken.state())
    resumed = build(name, seed=9)
    resumed.restore(load_state(tmp_path / "state"))
    actions += follow(resumed, steps[cut:])
    assert np.array_equal(actions, expected)
    assert weights(resumed) == weights(straight)


@every_learner
def test_a_frozen_agent_plays_the_weights_it_was_given_and_keeps_them(name: str) -> None:
    trained, frozen = build(name), build(name, seed=3)
    follow(trained, outcomes(60))
    frozen.begin_from(trained.state(), is_frozen=True)  # type: ignore[attr-defined]
    given = weights(frozen)
    follow(frozen, outcomes(60))
    assert weights(frozen) == given == weights(trained)


def damaged(state: State) -> list[State]:
    return [
        {},
        {**state, "agent": "jerk"},
        {**state, "num_rows": 3},
        {**state, "network": {}},
        {key: value for key, value in state.items() if key != "generator"},
    ]


@every_learner
def test_a_state_that_does_not_fit_is_refused_and_nothing_changes(name: str) -> None:
    agent = build(name)
    begun = weights(agent)
    for state in damaged(build(name).state()):
        with pytest.raises(StateError):
            agent.restore(state)
    assert weights(agent) == begun


@every_learner
def test_the_weights_of_a_network_of_another_shape_are_refused_by_name(name: str) -> None:
    agent = build(name)
    state = agent.state()
    first = next(iter(state["network"]))
    state["network"][first] = np.zeros((1, 1), np.float32)
    with pytest.raises(StateError, match=first.replace(".", r"\.")):
        agent.begin_from(state)  # type: ignore[attr-defined]
