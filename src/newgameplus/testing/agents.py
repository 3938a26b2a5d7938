"""Checks that an agent keeps the promises of :class:`newgameplus.agents.interface.Agent`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of, describe
from newgameplus.agents.interface import Agent, AgentClass
from newgameplus.envs.contest import make_contest
from newgameplus.envs.world import SingleWorld
from newgameplus.errors import NewGamePlusError
from newgameplus.games.levels import find_level
from newgameplus.testing.agent_parts import PART_CHECKS
from newgameplus.testing.exchanges import LEVEL, AgentCase, example_world, follow, make_exchanges
from newgameplus.testing.promises import (
    first_difference,
    first_stranger,
    require,
    require_refusal,
    require_same,
    through_a_file,
    while_checking,
)
from newgameplus.testing.resumption import require_resumed
from newgameplus.testing.signatures import check_signatures
from newgameplus.training.loop import play
from newgameplus.types import ActionSpec, ObservationSpec, WorldSpec

_NUM_REAL_STEPS = 30


def check_agent(
    agent_class: AgentClass | str,
    config: Any = None,
    *,
    world: WorldSpec | None = None,
    num_envs: int = 2,
    num_steps: int = 200,
    seed: int = 0,
) -> None:
    """Check that an agent keeps every promise that training and evaluation rely on.

    It is created a few dozen times and given random data in the shapes of Airstriker, which it plays at the end. An
    agent that learns needs a configuration with which it learns within ``num_steps``: for networks a small one.

    Args:
        agent_class: the class, or its name as on the command line, ``package.module:Class``.
        config: its configuration; None for its preset ``default``.
        world: description of another world than Airstriker, which then is not played.
        num_envs: B, if ``world`` is None.
        num_steps: agent steps in each row per check, at least 8.
        seed: seed of the agent and of the random data.

    Raises:
        AssertionError: it breaks a promise; the message says which. Errors raised by the agent are passed on with a
            note on what was being checked.
    """
    found: Any = find_agent(agent_class) if isinstance(agent_class, str) else agent_class
    check_signatures(found)
    config = found.PRESETS["default"] if config is None else config
    with while_checking("Specs and configuration say the same every time."):
        _check_specs(found, config)
        _check_description(found, config)
    of_a_real_world = () if world else (_plays_in_a_real_world,)
    if world is None:
        world = example_world(found, config, num_envs, num_steps)
    case = AgentCase(found, config, world, make_exchanges(world, num_steps, seed), seed)
    for check in (*_CHECKS, *PART_CHECKS, *of_a_real_world):
        with while_checking(check.__doc__ or ""):
            check(case)


def _check_specs(agent_class: AgentClass, config: Any) -> None:
    specs = agent_class.specs(config)
    is_pair = [type(spec) for spec in specs] == [ObservationSpec, ActionSpec]
    require(is_pair, f"specs returns an ObservationSpec and an ActionSpec, not {specs!r}.")
    require(agent_class.specs(config) == specs, "specs of the same configuration are the same each time.")


def _check_description(agent_class: AgentClass, config: Any) -> None:
    told = describe(config)
    try:
        comes_back = configuration_of(agent_class, json.loads(json.dumps(told))) == config
    except (TypeError, ValueError, NewGamePlusError) as error:
        raise AssertionError(f"A configuration is kept in manifests as JSON, but {config!r}: {error}") from error
    require(comes_back, f"A configuration is kept in manifests as JSON, but {config!r} does not come back from {told}.")


def _has_its_specs(case: AgentCase) -> None:
    """An agent is an Agent with the specs that its class returns."""
    agent = case.build()
    require(isinstance(agent, Agent), f"{case.name} has no observation_spec or no action_spec: set both in __init__.")
    require(
        (agent.observation_spec, agent.action_spec) == case.agent_class.specs(case.config),
        f"The observation_spec and action_spec of {case.name} are not what its specs({case.config!r}) announces.",
    )


def _leaves_arguments_alone(case: AgentCase) -> None:
    """Neither observations nor steps are written to."""
    agent = case.build()
    for observation, step in case.exchanges:
        arrays = [observation, step.observation, step.reward, step.terminated, step.truncated]
        arrays += step.final_observation.values()
        before = [array.tobytes() for array in arrays]
        agent.act(observation)
        agent.observe(step)
        require(
            before == [array.tobytes() for array in arrays],
            f"{case.name} writes to an array that it was given; copy what is to be changed.",
        )


def _acts_within_its_spec(case: AgentCase) -> None:
    """An action has one row per environment and is in the world's action space."""
    shape, num_actions = (case.world.num_envs, *case.world.action_shape), case.world.num_actions
    for action in follow(case.build(), case.exchanges):
        require(
            action.shape == shape and action.dtype.kind in "biu",
            f"An action of {case.name} is an array of whole numbers {shape}, not {action.dtype} {action.shape}.",
        )
        if num_actions is not None:
            is_inside = bool(((action >= 0) & (action < num_actions)).all())
            require(is_inside, f"An action of {case.name} lies from 0 to {num_actions - 1}, unlike {action.tolist()}.")


def _gives_actions_away(case: AgentCase) -> None:
    """The caller may keep and change an action."""
    agent, twin = case.build(), case.build()
    for observation, step in case.exchanges:
        action = agent.act(observation)
        require(
            np.array_equal(action, twin.act(observation)),
            f"{case.name} acts otherwise after the caller changed an action that it returned, or has no fixed seed; "
            "return a copy, and draw from a generator made of the seed.",
        )
        action[...] = 0
        agent.observe(step)
        twin.observe(step)


def _is_determined_by_its_seed(case: AgentCase) -> None:
    """The same seed plays and learns the same."""
    first, again = case.build(), case.build()
    actions = follow(first, case.exchanges), follow(again, case.exchanges)
    require_same(actions, f"{case.name} plays differently with the same seed: draw from a generator made of it.")
    where = first_difference(first.state(), again.state())
    require(where is None, f"{case.name} learns differently with the same seed; the states differ in {where}.")


def _has_a_plain_state(case: AgentCase) -> None:
    """A state is a plain tree that a file stores exactly."""
    agent = case.build()
    follow(agent, case.exchanges)
    state: Any = agent.state()
    require(type(state) is dict, f"The state of {case.name} is a dict, not {type(state).__name__}.")
    where = first_stranger(state)
    require(
        where is None,
        f"The state of {case.name} is made of dicts with string keys, lists, bool, int, float, str, None and numpy "
        f"arrays; not so {where}.",
    )
    where = first_difference(through_a_file(state), state)
    require(where is None, f"A file does not hold the state of {case.name} exactly: {where} comes back differently.")


def _state_stays_as_it_was(case: AgentCase) -> None:
    """A state does not change when the agent continues."""
    agent, half = case.build(), len(case.exchanges) // 2
    follow(agent, case.exchanges[:half])
    state = agent.state()
    kept = through_a_file(state)
    follow(agent, case.exchanges[half:])
    where = first_difference(kept, state)
    require(where is None, f"A state of {case.name} changed while it went on, in {where}: return copies of arrays.")


def _resumes_exactly(case: AgentCase) -> None:
    """Resumed at any step, an agent continues like an uninterrupted one."""
    exchanges, straight = case.exchanges, case.build()
    expected = follow(straight, exchanges)
    cuts = [0, 1, len(exchanges) // 3, len(exchanges) // 2 + 1, len(exchanges) - 1]
    agent, actions = case.build(), []
    for begin, end in zip([0, *cuts], [*cuts, len(exchanges)], strict=True):
        state = through_a_file(agent.state())
        agent = case.build(case.seed + 1)
        agent.restore(state)
        actions += follow(agent, exchanges[begin:end])
    require_resumed(case, (actions, expected), (agent, straight))


def _resumes_between_act_and_observe(case: AgentCase) -> None:
    """A state taken between act and observe is also exact."""
    agent, resumed = case.build(), case.build(case.seed + 1)
    now = max(range(len(case.exchanges)), key=lambda number: case.exchanges[number][1].reward.sum())
    follow(agent, case.exchanges[:now])
    observation, step = case.exchanges[now]
    agent.act(observation)
    resumed.restore(through_a_file(agent.state()))
    agent.observe(step)
    resumed.observe(step)
    rest = case.exchanges[now + 1 :]
    actions = follow(resumed, rest), follow(agent, rest)
    require_resumed(case, actions, (resumed, agent), " between act and observe")


def _restores_copies(case: AgentCase) -> None:
    """An agent does not share arrays with a restored state."""
    half = len(case.exchanges) // 2
    agent, alone, other = case.build(), case.build(), case.build()
    follow(agent, case.exchanges[:half])
    follow(alone, case.exchanges[:half])
    other.restore(agent.state())
    follow(other, case.exchanges[half:])
    require_same(
        (follow(agent, case.exchanges[half:]), follow(alone, case.exchanges[half:])),
        f"{case.name} plays differently once another one was restored from its state: copy arrays in restore.",
    )


def _refuses_what_does_not_fit(case: AgentCase) -> None:
    """A damaged state is refused with a StateError and changes nothing."""
    half = len(case.exchanges) // 2
    agent, untouched = case.build(), case.build()
    follow(agent, case.exchanges[:half])
    follow(untouched, case.exchanges[:half])
    state = agent.state()
    for missing in state:
        damaged = {key: value for key, value in state.items() if key != missing}
        require_refusal(partial(agent.restore, damaged), f"{case.name}.restore", f"without {missing!r}")
    if state:
        require_refusal(partial(agent.restore, {}), f"{case.name}.restore", "that is empty")
    require_same(
        (follow(agent, case.exchanges[half:]), follow(untouched, case.exchanges[half:])),
        f"{case.name} plays differently once it refused a damaged state: check it all before the first change.",
    )


def _plays_in_a_real_world(case: AgentCase) -> None:
    """A real world accepts the agent's actions."""
    observation_spec, action_spec = case.agent_class.specs(case.config)
    env = make_contest(find_level(LEVEL), observation_spec=observation_spec, action_spec=action_spec)
    with closing(SingleWorld(env)) as world:
        spec = example_world(case.agent_class, case.config, 1, _NUM_REAL_STEPS)
        agent = case.agent_class(case.config, spec, case.seed)
        turns = list(islice(play(agent, world, seed=case.seed), _NUM_REAL_STEPS))
    require(len(turns) == _NUM_REAL_STEPS, f"{case.name} cannot be played with in Airstriker.")


_CHECKS: tuple[Callable[[AgentCase], None], ...] = (
    _has_its_specs,
    _leaves_arguments_alone,
    _acts_within_its_spec,
    _is_determined_by_its_seed,
    _gives_actions_away,
    _has_a_plain_state,
    _state_stays_as_it_was,
    _resumes_exactly,
    _resumes_between_act_and_observe,
    _restores_copies,
    _refuses_what_does_not_fit,
)
