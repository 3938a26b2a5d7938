"""Checks of an agent that learns from what others did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from newgameplus.agents.interface import Imitates, LearnsFromDemonstrations, LearnsOffPolicy
from newgameplus.testing.exchanges import AgentCase, follow
from newgameplus.testing.promises import require, through_a_file
from newgameplus.testing.resumption import require_resumed
from newgameplus.types import Array


def learns_from_demonstrations(case: AgentCase) -> None:
    """An agent learns from demonstrations what a twin learns, changes none of them, and resumes exactly afterwards."""
    agents, resumed = (case.build(), case.build()), case.build(case.seed + 1)
    told = []
    for agent in agents:
        if not isinstance(agent, LearnsFromDemonstrations):
            return
        _demonstrate(case, agent)
        told.append(list(agent.pretrain()))
    require(told[0] == told[1], f"{case.name} learns differently from the same demonstrations with the same seed.")
    counts = [num_done for num_done, _, _ in told[0]]
    is_whole = counts == sorted(counts) and all(total == counts[-1] for _, total, _ in told[0])
    require(is_whole, f"pretrain of {case.name} yields how many of its gradient steps are done, until all are.")
    resumed.restore(through_a_file(agents[0].state()))
    actions = follow(resumed, case.exchanges), follow(agents[0], case.exchanges)
    require_resumed(case, actions, (resumed, agents[0]), " after demonstrations")


def imitates(case: AgentCase) -> None:
    """An agent that is shown demonstrations while it plays resumes exactly afterwards."""
    straight, agent, resumed = case.build(), case.build(), case.build(case.seed + 1)
    half = len(case.exchanges) // 2

    ends = [number for number, (_, step) in enumerate(case.exchanges) if step.done[0]]

    def advance(learner: Any, begin: int, end: int) -> list[Array]:
        actions = []
        for number in range(begin, end):
            actions += follow(learner, [case.exchanges[number]])
            if number in (ends[0], ends[-1]):
                learner.imitate(_demonstrate(case, learner))
        return actions

    if not isinstance(straight, Imitates):
        return
    expected = advance(straight, 0, len(case.exchanges))
    actions = advance(agent, 0, half)
    resumed.restore(through_a_file(agent.state()))
    actions += advance(resumed, half, len(case.exchanges))
    require_resumed(case, (actions, expected), (resumed, straight), " after demonstrations while it played")


def _demonstrate(case: AgentCase, agent: LearnsFromDemonstrations) -> int:
    """Show an agent half of the exchanges of one row, the last of which ends the episode; return their number."""
    num_shown = len(case.exchanges) // 2
    for number, (every, together) in enumerate(case.exchanges[:num_shown], 1):
        observation, step = every[:1], together.of_rows([0])
        if number == num_shown:
            step = replace(step, truncated=np.array([True]), final_observation={0: step.next_observation[0]})
        before = observation.tobytes(), step.observation.tobytes(), step.reward.tobytes()
        agent.demonstrate(observation, np.zeros(1, np.int64), step, [0])
        after = observation.tobytes(), step.observation.tobytes(), step.reward.tobytes()
        require(before == after, f"{case.name}.demonstrate writes to an array that it was given.")
    return num_shown


def learns_from_what_others_took(case: AgentCase) -> None:
    """An agent whose actions are replaced resumes exactly, and does not keep the array that it was given."""
    straight, agent, resumed = case.build(), case.build(), case.build(case.seed + 1)
    half = len(case.exchanges) // 2

    def advance(learner: Any, exchanges: Sequence[Any]) -> list[Array]:
        actions = []
        for observation, step in exchanges:
            taken = learner.act(observation)[::-1].copy()
            learner.took(taken)
            actions.append(taken.copy())
            taken[...] = 0
            learner.observe(step)
        return actions

    if not isinstance(straight, LearnsOffPolicy):
        return
    expected = advance(straight, case.exchanges)
    actions = advance(agent, case.exchanges[:half])
    resumed.restore(through_a_file(agent.state()))
    actions += advance(resumed, case.exchanges[half:])
    require_resumed(case, (actions, expected), (resumed, straight), " after others had chosen its actions")
