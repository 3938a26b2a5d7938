"""Lets an agent act on steps that were made beforehand, whatever it does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from newgameplus.agents.interface import Agent
from newgameplus.types import Array, Step


def follow(agent: Agent, steps: Sequence[Step]) -> list[Array]:
    """Let an agent act on what each step but the last shows, and observe the next one; return its actions."""
    actions = []
    for before, step in pairwise(steps):
        actions.append(agent.act(before.observation))
        agent.observe(step)
    return actions
