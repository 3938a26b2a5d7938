"""Buttons by name, for agents that press them."""

from __future__ import annotations

from newgameplus.errors import UsageError, did_you_mean
from newgameplus.types import WorldSpec


def require_buttons(world: WorldSpec) -> None:
    """Refuse a world whose actions are not made of buttons.

    Raises:
        UsageError: an action has another shape than one number per button.
    """
    if world.action_shape != (len(world.buttons),):
        raise UsageError(
            f"This agent presses buttons, but an action of this world has shape {world.action_shape}: "
            "make the world with the agent's own action specification."
        )


def find_button(world: WorldSpec, name: str) -> int:
    """Return the place of a button in an action.

    Raises:
        UsageError: the console has no such button.
    """
    if name not in world.buttons:
        known = [button for button in world.buttons if button]
        raise UsageError(f"This console has no button {name!r}; it has: {', '.join(known)}.{did_you_mean(name, known)}")
    return world.buttons.index(name)
