"""``--sandbox``, and the entries that only play in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.plan_options import agent_plan
from newgameplus.errors import ResultsError, UsageError

if TYPE_CHECKING:
    from newgameplus.contest.entry_plan import EntryPlan
    from newgameplus.contest.plan import Plan
    from newgameplus.training.agent_plan import AgentPlan

AUTO, NONE = "auto", "none"
OF_AGENTS = {
    "preset": "--preset",
    "overrides": "--set",
    "init": "--init",
    "at_steps": "--at-steps",
    "demonstrations": "--demonstrations",
    "prefill": "--prefill",
    "prefill_steps": "--prefill-steps",
    "is_frozen": "--frozen",
}
"""Options that say what one of our agents is like, which an entry says itself."""


def sandbox_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--sandbox``."""
    return click.option(
        "--sandbox",
        metavar="S",
        help="Where a foreign program runs: auto, bubblewrap, container or none.  [default: auto for an entry]",
    )(command)


def contender_plan(options: Mapping[str, Any]) -> AgentPlan | EntryPlan:
    """Return the plan of an agent, or of the entry whose path was given instead of a name.

    Raises:
        NewGamePlusError: there is neither, or it is invalid.
    """
    from newgameplus.agents import AGENTS, CEILINGS
    from newgameplus.contest.entry_plan import entry_plan
    from newgameplus.remote.entries.store import is_entry

    name = options["agent"]
    if name in AGENTS or name in CEILINGS or not is_entry(name):
        return agent_plan(options)
    for option, flag in OF_AGENTS.items():
        if options[option]:
            raise UsageError(f"{name} is an entry, which says itself how it plays: leave out {flag}.")
    return entry_plan(Path(name))


def sandbox_of(name: str | None, agent: AgentPlan | EntryPlan) -> str | None:
    """Return the name of the sandbox to play in; None for the process of the world.

    Args:
        name: what ``--sandbox`` says.
        agent: who plays.

    Raises:
        SandboxError: there is none; the message says how to get one.
    """
    from newgameplus.remote.sandbox.choice import choose
    from newgameplus.training.agent_plan import AgentPlan

    if name is None and isinstance(agent, AgentPlan):
        return None
    return choose(name or AUTO).NAME


def check_resumed(plan: Plan, agent: str | None, sandbox: str | None) -> None:
    """Check that what was typed when results are resumed is what they were begun with.

    Raises:
        ResultsError: it is not, or the results would run an entry unprotected and nobody has said so now.
    """
    from newgameplus.contest.entry_plan import EntryPlan

    if sandbox not in (None, AUTO, plan.sandbox):
        where = f"in the sandbox {plan.sandbox}" if plan.sandbox else "without a sandbox"
        raise ResultsError(f"These results were begun {where} and go on so: leave out --sandbox.")
    if not isinstance(plan.agent, EntryPlan):
        if agent not in (None, plan.agent.name):
            raise ResultsError(f"These results were begun with the agent {plan.agent.name}, not {agent}.")
        return
    if agent is not None and str(Path(agent).resolve()) != plan.agent.path:
        raise ResultsError(f"These results were begun with the entry {plan.agent.path}, not {agent}.")
    if plan.sandbox == NONE != sandbox:
        raise ResultsError(
            f"These results run the entry {plan.agent.path} without any protection: if you trust it, add --sandbox "
            "none."
        )
