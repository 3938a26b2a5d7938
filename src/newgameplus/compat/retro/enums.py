"""stable-retro's choices of start state, observations and actions, with its names and values."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Start states besides the names of ``.state`` files."""

    DEFAULT = -1
    """The game's default state; power-on if it has none."""
    NONE = 0
    """Power-on."""


class Observations(Enum):
    """Kinds of observation."""

    IMAGE = 0
    """The screen, uint8 ``[H, W, 3]``."""
    RAM = 1
    """Work RAM, uint8 ``[bytes]``."""


class Actions(Enum):
    """Kinds of action."""

    ALL = 0
    """One number per button."""
    FILTERED = 1
    """One number per button; combinations that the pad cannot press are dropped."""
    DISCRETE = 2
    """The number of a combination that the pad can press."""
    MULTI_DISCRETE = 3
    """One number per part of the pad."""
