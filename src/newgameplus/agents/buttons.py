"""Access to buttons by name, for agents whose actions are buttons."""

from __future__ import annotations

from newgameplus.errors import UsageError, did_you_mean
from newgameplus.types import WorldSpec

_NO_ACTION_BUTTONS = frozenset(
    ("UP", "DOWN", "LEFT", "RIGHT", "START", "SELECT", "MODE", "PAUSE", "RESET", "RUN", "COIN")
)


def require_buttons(world: WorldSpec) -> None:
    """Check that the world's actions are one number per button.

    Raises:
        UsageError: they are not.
    """
    if world.action_shape != (len(world.buttons),):
        raise UsageError(
            f"This agent presses buttons, but an action of this world has shape {world.action_shape}: "
            "make the world with the agent's own action specification."
        )


def find_button(world: WorldSpec, name: str) -> int:
    """Return the index of a button in an action.

    Raises:
        UsageError: the console has no such button.
    """
    if name not in world.buttons:
        known = [button for button in world.buttons if button]
        raise UsageError(f"This console has no button {name!r}; it has: {', '.join(known)}.{did_you_mean(name, known)}")
    return world.buttons.index(name)


def jump_button(world: WorldSpec) -> str:
    """Return the name of the button that jumps: B, or the first action button of a console that has no B."""
    if "B" in world.buttons:
        return "B"
    for name in world.buttons:
        if name is not None and name not in _NO_ACTION_BUTTONS:
            return name
    raise UsageError("This console has no button to jump with; name one with jump=BUTTON.")
