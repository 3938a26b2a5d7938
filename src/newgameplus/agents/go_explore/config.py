"""Configuration and presets of Go-Explore."""

from __future__ import annotations

from dataclasses import dataclass, replace

from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class GoExploreConfig:
    """Configuration of Go-Explore; the field defaults are the paper's for Atari, but for the actions."""

    actions: str = "sonic-10"
    """Name of the action set; the buttons that it holds depend on the console, all 18 moves on an Atari 2600."""
    cell_height: int = 8
    """Height in pixels of the gray picture that a cell is known by."""
    cell_width: int = 11
    """Its width in pixels."""
    cell_depth: int = 8
    """Number of gray levels that are told apart."""
    explore_steps: int = 100
    """Steps for which is explored from a cell, unless the episode ends before."""
    repeat_probability: float = 0.95
    """Probability that a step of the exploration takes the action of the step before again."""
    capacity: int = 10_000
    """Most cells of a level; what is new is forgotten once there are so many. A snapshot takes 15 kB of memory and of
    each checkpoint on a Mega Drive, about 1 kB on an Atari 2600."""

    def __post_init__(self) -> None:
        for name in ("cell_height", "cell_width", "explore_steps", "capacity"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if not 2 <= self.cell_depth <= 256:
            raise UsageError(f"cell_depth lies between 2 and 256 gray levels, not at {self.cell_depth}.")
        if not 0.0 <= self.repeat_probability <= 1.0:
            raise UsageError(f"repeat_probability lies between 0 and 1, not at {self.repeat_probability}.")


PAPER = GoExploreConfig()
"""Cells of 11 x 8 pixels and 8 gray levels, 100 steps of exploration (Ecoffet et al. 2021)."""

COARSE = replace(PAPER, cell_height=4, cell_width=6, cell_depth=4)
"""Larger cells, for games that scroll: there the paper's cells tell apart what hardly differs."""
