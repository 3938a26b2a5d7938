"""Program that plays one of our agents in a sandbox: it is given a world, and told of no level.

It makes the agent as an evaluation in one process does, from the same plan and seed, so that the scores are the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from newgameplus.envs.world import world_spec
from newgameplus.remote.client import SessionOverError, connect
from newgameplus.remote.world import RemoteWorld
from newgameplus.training.agent_plan import AgentPlan, agent_plan_of
from newgameplus.training.loop import play
from newgameplus.training.transfer import begin_from


def order(plan: AgentPlan, seed: int, num_timesteps: int | None, init: str | None) -> str:
    """Return the argument of this program.

    Args:
        plan: plan of the agent.
        seed: seed of the agent.
        num_timesteps: number of agent steps that the run may take; None if it is limited otherwise.
        init: path, inside, of the file with the initial weights.
    """
    return json.dumps({**plan.manifest(), "init": init, "seed": seed, "num_timesteps": num_timesteps})


def main(argument: str) -> None:
    """Play until the session is over.

    Args:
        argument: what :func:`order` has returned.
    """
    told: dict[str, Any] = json.loads(argument)
    plan = agent_plan_of(told)
    world = RemoteWorld(connect())
    agent = plan.make(world_spec(world, num_timesteps=told["num_timesteps"]), told["seed"])
    if plan.init is not None:
        begin_from(agent, plan.name, Path(plan.init), is_frozen=plan.is_frozen)
    try:
        for _ in play(agent, world):
            pass
    except SessionOverError as error:
        print(error)  # noqa: T201 - it is the run's log


if __name__ == "__main__":
    main(sys.argv[1])
