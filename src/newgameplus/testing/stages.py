"""Check of an agent that learns in stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from newgameplus.agents.interface import LearnsInStages
from newgameplus.testing.exchanges import AgentCase, follow
from newgameplus.testing.promises import require, through_a_file
from newgameplus.testing.resumption import require_resumed
from newgameplus.training.loop import play
from newgameplus.types import Array, Step


def learns_in_stages(case: AgentCase) -> None:
    """An agent that is saved between two reports of a stage learns on as if it had not been."""
    agents, resumed = (case.build(), case.build()), case.build(case.seed + 1)
    straight, saved = agents
    if not isinstance(straight, LearnsInStages):
        return
    expected, movies = list(straight.learn_in_stages(_Exchanged(case), play)), _Exchanged(case)
    require(bool(expected), f"learn of {case.name} reports how far it is.")
    num_before = len(expected) // 2
    reports = list(islice(saved.learn_in_stages(movies, play), num_before))  # type: ignore[attr-defined]  # of the same class
    resumed.restore(through_a_file(saved.state()))
    reports += resumed.learn_in_stages(movies, play)  # type: ignore[attr-defined]  # of the same class
    own, others = ([told for told in of if told.stage != "collect"] for of in (reports, expected))
    require(own == others, f"{case.name} that was saved while it learned in stages learns something else afterwards.")
    actions = follow(resumed, case.exchanges), follow(straight, case.exchanges)
    require_resumed(case, actions, (resumed, straight), " after its stages")


@dataclass(frozen=True)
class _Exchanged:
    """The exchanges of a case as a movie of each row."""

    case: AgentCase

    @property
    def num_steps(self) -> list[int]:
        """Number of steps of each row."""
        return [len(self.case.exchanges)] * self.case.world.num_envs

    def read(self, number: int) -> Iterator[tuple[Array, Array, Step]]:
        """Yield the steps of a row until its first episode ends."""
        for place, (observation, step) in enumerate(self.case.exchanges):
            action = np.array([place % (self.case.world.num_actions or 1)])
            yield observation[number : number + 1], action, step.of_rows([number])
            if step.done[number]:
                return
