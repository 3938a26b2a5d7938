"""Comparison of a resumed agent with an uninterrupted one."""

from __future__ import annotations

from collections.abc import Sequence

from newgameplus.agents.interface import Agent, HasWeights
from newgameplus.testing.exchanges import AgentCase, opinions
from newgameplus.testing.promises import first_difference, require, require_same
from newgameplus.types import Array

_NUM_OPINIONS = 8


def require_resumed(
    case: AgentCase,
    actions: tuple[Sequence[Array], Sequence[Array]],
    agents: tuple[Agent, Agent],
    place: str = "",
) -> None:
    """Make sure that a resumed agent played and learned as the uninterrupted one.

    Args:
        case: of both.
        actions: what they did.
        agents: the resumed one and the other.
        place: where the one was resumed, for the message.

    Raises:
        AssertionError: it did not.
    """
    require_same(
        actions,
        f"{case.name} goes on differently when it is restored{place}: its state holds all that the next step depends "
        "on, random numbers too.",
    )
    states = [agent.state() for agent in agents]
    players = [case.build() for _ in agents]
    has_weights = False
    for player, state in zip(players, states, strict=True):
        if isinstance(player, HasWeights):
            has_weights = True
            player.begin_from(state, is_frozen=True)
    if has_weights:
        first, second = (opinions(player, case.exchanges[:_NUM_OPINIONS]) for player in players)
        require_same((first, second), f"{case.name} learns differently when it is restored{place}.")
    else:
        where = first_difference(states[0], states[1])
        require(where is None, f"{case.name} is left in another state when it is restored{place}: see {where}.")
