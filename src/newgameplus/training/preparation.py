"""What happens to an agent before its first step: demonstrations or stages, then a prefill of its replay buffer.

Neither counts as steps of its run.
"""

from __future__ import annotations

from collections.abc import Iterator

from newgameplus.agents.interface import Agent, LearnsInStages
from newgameplus.training.demonstrations import Preparation, Prepared, check_demonstrations, teach
from newgameplus.training.prefill import check_prefill, fill
from newgameplus.training.stages import check_stages, learn


def check_preparation(preparation: Preparation) -> None:
    """Check that an agent can be prepared as its plan says, before anything is written.

    Raises:
        UsageError: the agent cannot do what is asked, or the demonstrations or the prefill are of another console.
        NewGamePlusError: a movie or a level cannot be played.
    """
    if preparation.agent.demonstrations is not None:
        check_demonstrations(preparation)
        check_stages(preparation)
    if preparation.agent.prefill is not None:
        check_prefill(preparation)


def prepare(preparation: Preparation, agent: Agent) -> Iterator[Prepared]:
    """Prepare an agent as its plan says; yield nothing if there is nothing to do.

    It is a new one, or one that was saved after a report that was resumable.

    Raises:
        LearningError: the loss is NaN or infinite.
        NewGamePlusError: a movie or a level cannot be played.
    """
    if preparation.agent.demonstrations is not None:
        yield from learn(preparation, agent) if isinstance(agent, LearnsInStages) else teach(preparation, agent)
    if preparation.agent.prefill is not None:
        yield from fill(preparation, agent)
