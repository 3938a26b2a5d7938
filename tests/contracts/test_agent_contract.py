"""What every agent that looks at nothing promises, whatever its preset; of the others: test_learner_contract.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newgameplus.agents import AGENTS, find_agent
from newgameplus.agents.configuration import configure, describe
from newgameplus.agents.interface import Agent
from newgameplus.errors import NotFoundError, StateError
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.testing import check_agent
from newgameplus.types import BUTTONS, NOTHING, Array, State, Step, WorldSpec

GENESIS = ("B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z")
NES = ("B", None, "SELECT", "START", "UP", "DOWN", "LEFT", "RIGHT", "A")
ATARI = ("BUTTON", None, "SELECT", "RESET", "UP", "DOWN", "LEFT", "RIGHT")

BLIND = [name for name in AGENTS if find_agent(name).specs(find_agent(name).PRESETS["default"]) == (NOTHING, BUTTONS)]
EVERY = [(name, preset) for name in BLIND for preset in find_agent(name).PRESETS]
every_agent = pytest.mark.parametrize(("name", "preset"), EVERY)


def build(name: str, preset: str, num_envs: int = 1, seed: int = 0, buttons: tuple[str | None, ...] = GENESIS) -> Agent:
    agent_class = find_agent(name)
    spec = WorldSpec(num_envs, buttons, (0,), (len(buttons),), num_timesteps=5_000)
    return agent_class(configure(agent_class, preset), spec, seed)


def outcomes(num_envs: int, num_steps: int, seed: int = 0) -> list[Step]:
    """What a world might answer: rewards of both signs, some very large, and episodes of very different lengths."""
    random = np.random.default_rng(seed)
    shape = (num_steps, num_envs)
    reward = random.choice([0.0, 0.0, 0.0, -1.0, 10.0, 1 / 3, 900.0], shape)
    terminated, truncated = random.random(shape) < 0.004, random.random(shape) < 0.002
    nothing = np.zeros((num_envs, 0), np.uint8)
    return [Step(nothing, *row) for row in zip(reward, terminated, truncated, strict=True)]


def follow(agent: Agent, steps: list[Step]) -> list[Array]:
    actions = []
    for step in steps:
        actions.append(agent.act(step.observation).copy())
        agent.observe(step)
    return actions


@every_agent
@pytest.mark.parametrize("num_envs", [1, 3])
def test_it_keeps_every_promise_of_an_agent(name: str, preset: str, num_envs: int) -> None:
    agent_class = find_agent(name)
    check_agent(agent_class, configure(agent_class, preset), num_envs=num_envs, num_steps=900)


@every_agent
@pytest.mark.parametrize("num_envs", [1, 3])
@pytest.mark.parametrize("buttons", [GENESIS, NES, ATARI], ids=["genesis", "nes", "atari"])
def test_actions_are_one_row_of_buttons_per_environment(
    name: str, preset: str, num_envs: int, buttons: tuple[str | None, ...]
) -> None:
    for action in follow(build(name, preset, num_envs, buttons=buttons), outcomes(num_envs, 300)):
        assert action.dtype == np.int8
        assert action.shape == (num_envs, len(buttons))
        assert set(np.unique(action)) <= {0, 1}


@every_agent
def test_the_same_seed_plays_the_same_and_another_one_does_not(name: str, preset: str) -> None:
    steps = outcomes(1, 400)
    first, again, other = (follow(build(name, preset, seed=seed), steps) for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@every_agent
def test_a_row_plays_as_if_it_were_alone(name: str, preset: str) -> None:
    steps = outcomes(3, 2_000)
    alone = [Step(step.observation[:1], step.reward[:1], step.terminated[:1], step.truncated[:1]) for step in steps]
    together = np.array(follow(build(name, preset, 3), steps))
    assert np.array_equal(together[:, :1], follow(build(name, preset, 1), alone))
    assert not np.array_equal(together[:, 0], together[:, 1])


@every_agent
@settings(max_examples=8)
@given(seed=st.integers(0, 2**63), cuts=st.lists(st.integers(0, 1_500), max_size=4), num_envs=st.integers(1, 2))
def test_resumed_at_any_step_equals_uninterrupted(
    name: str, preset: str, seed: int, cuts: list[int], num_envs: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps = outcomes(num_envs, 1_500, seed % 1000)
    path = tmp_path_factory.mktemp("resume") / "state"
    expected = follow(build(name, preset, num_envs, seed), steps)
    agent, actions = build(name, preset, num_envs, seed), []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(steps)], strict=True):
        save_state(path, agent.state())
        agent = build(name, preset, num_envs, seed=99)
        agent.restore(load_state(path))
        actions += follow(agent, steps[begin:end])
    assert np.array_equal(actions, expected)


def paths_in(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every node of a tree except to its root."""
    items = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [found for key, inner in items for found in [(*path, key), *paths_in(inner, (*path, key))]]


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed: Any = dict(node) if isinstance(node, dict) else list(node)
    changed[path[0]] = replaced(node[path[0]], path[1:], value)
    return changed


def damaged(state: State) -> list[State]:
    """The state with one node after the other replaced by something of another type."""
    return [replaced(state, path, wrong) for path in paths_in(state) for wrong in (None, "?", b"", np.zeros((2, 2)))]


@every_agent
def test_a_damaged_state_is_refused_and_nothing_changes(name: str, preset: str) -> None:
    steps = outcomes(1, 1_000)
    agent, untouched = build(name, preset), build(name, preset)
    follow(agent, steps[:777])
    follow(untouched, steps[:777])
    broken = damaged(agent.state())
    assert len(broken) > 10
    for state in [{}, {"agent": name}, {"agent": name, "rows": []}, *broken]:
        with pytest.raises(StateError):
            agent.restore(state)
    assert np.array_equal(follow(agent, steps[777:]), follow(untouched, steps[777:]))


@every_agent
def test_the_state_of_another_number_of_rows_or_another_agent_is_refused(name: str, preset: str) -> None:
    agent = build(name, preset)
    with pytest.raises(StateError, match="2 rows"):
        agent.restore(build(name, preset, 2).state())
    other = next(key for key in BLIND if key != name)
    with pytest.raises(StateError, match=other):
        agent.restore(build(other, "default").state())


@every_agent
def test_a_configuration_describes_itself_and_can_be_set_from_its_description(name: str, preset: str) -> None:
    agent_class = find_agent(name)
    config = configure(agent_class, preset)
    texts = {
        field: ",".join(value) if isinstance(value, list) else str(value) for field, value in describe(config).items()
    }
    assert configure(agent_class, "default", texts) == config


def test_an_unknown_agent_is_named_with_its_neighbour() -> None:
    with pytest.raises(NotFoundError, match=r"'jrek'.*Did you mean jerk\?"):
        find_agent("jrek")


def test_every_agent_has_a_default_preset_and_a_page() -> None:
    docs = Path(__file__).parents[2] / "docs" / "agents"
    for name in AGENTS:
        assert "default" in find_agent(name).PRESETS
        page = (docs / f"{name}.md").read_text()
        for preset in find_agent(name).PRESETS:
            assert f"`{preset}`" in page
