"""Configuration and presets of tabular Q."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.errors import UsageError

MOST_DECAY = 0.999
"""Bound of discount times lambda."""


@dataclass(frozen=True, slots=True)
class QTableConfig:
    """Configuration of tabular Q; the field defaults are the write-up's (reverie_agent's predecessor, 2018)."""

    gray: bool = False
    """One luma channel instead of three colours."""
    size: tuple[int, int] | None = None
    """(height, width) in pixels that the picture is resampled to, each an average; None leaves it as it is."""
    crop: tuple[int, int, int, int] | None = (140, 100, 180, 100)
    """(x, y, width, height), in pixels after ``size``, of the part that is looked at; None for all of it."""
    edges: tuple[int, int] | None = None
    """Lower and upper threshold of Canny's edges; implies gray."""
    foreground: int | None = None
    """Blacken pixels of which no colour has changed by so much since the last step; None to keep all."""
    levels: int = 256
    """Number of levels of each colour, 256 for all."""
    stack: int = 1
    """Number of consecutive pictures that make a state; two tell the direction of motion."""
    actions: str = "reverie-8"
    """Name of the action set, that of the same author's next agent; the buttons that it holds depend on the console."""
    rule: Literal["best-remembered", "bellman"] = "best-remembered"
    """``best-remembered``: an entry is the best reward that ever followed, and a random action is taken where the best
    entry is 0 (the write-up). ``bellman``: Watkins's Q(lambda), and the best action is taken, ties at random."""
    learning_rate: float = 0.2
    """With ``bellman``: share of the error by which an entry changes."""
    discount: float = 0.98
    """With ``bellman``: discount per step."""
    trace_decay: float = 0.9
    """With ``bellman``: lambda, the decay of the eligibility of earlier entries, besides the discount."""
    epsilon: float = 0.02
    """With ``bellman``: probability of a random action."""
    bonus: float = 0.0
    """With ``bellman``: bonus of an action, over the root of one more than its visits; 0 for none."""
    tables: tuple[str, ...] = ()
    """Tables to begin with: files, or training runs of this agent; several are merged."""

    def __post_init__(self) -> None:
        if self.crop is not None and (min(self.crop[:2]) < 0 or min(self.crop[2:]) < 1):
            raise UsageError(f"crop is x, y (0 or more), width, height (1 or more), not {self.crop}.")
        if self.stack < 1:
            raise UsageError(f"stack is 1 or more, not {self.stack}.")
        if not 2 <= self.levels <= 256:
            raise UsageError(f"levels lies between 2 and 256, not at {self.levels}.")
        if self.foreground is not None and not 1 <= self.foreground <= 255:
            raise UsageError(f"foreground is a difference of 1 to 255, not {self.foreground}.")
        for name in ("learning_rate", "discount", "trace_decay", "epsilon"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UsageError(f"{name} lies between 0 and 1, not at {getattr(self, name)}.")
        if self.discount * self.trace_decay > MOST_DECAY:
            raise UsageError(f"discount * trace_decay is at most {MOST_DECAY}, else traces never end.")
        if not 0.0 <= self.bonus < float("inf"):
            raise UsageError(f"bonus is 0 or more, not {self.bonus}.")

    @property
    def num_colours(self) -> int:
        """Number of channels of a picture."""
        return 1 if self.gray or self.edges is not None else 3

    @property
    def num_pictures(self) -> int:
        """Number of pictures that are needed for a state."""
        return self.stack + (self.foreground is not None)

    def label(self, shape: tuple[int, ...], num_actions: int) -> str:
        """Return what the keys of a table are computed from, as text.

        Args:
            shape: shape of the observation, ``(H, W, channels)``.
            num_actions: number of actions in the set.
        """
        crop = "all" if self.crop is None else ",".join(map(str, self.crop))
        edges = "none" if self.edges is None else ",".join(map(str, self.edges))
        colours, foreground = "gray" if self.num_colours == 1 else "colours", self.foreground or "none"
        return (
            f"crop {crop} of {shape[1]} x {shape[0]}, {colours}, edges {edges}, foreground {foreground}, "
            f"levels {self.levels}, stack {self.stack}, {num_actions} actions {self.actions}"
        )


ORIGINAL = QTableConfig()
"""The write-up's last hash: the raw colours of 180 x 100 pixels at (140, 100), and its rule."""

ORIGINAL_10 = replace(ORIGINAL, crop=(155, 107, 10, 10))
"""The write-up's first: the 10 x 10 pixels in the middle of the screen."""

ORIGINAL_50 = replace(ORIGINAL, crop=(135, 87, 50, 50))
"""The write-up's second: the 50 x 50 pixels in the middle."""

ORIGINAL_250 = replace(ORIGINAL, crop=(70, 100, 250, 100))
"""The write-up's third: 250 pixels wide, so that the first moves change something."""

BELLMAN = replace(ORIGINAL, rule="bellman")
"""The same hash with the update that its author discovered afterwards."""

COARSE = replace(BELLMAN, gray=True, size=(7, 10), crop=(0, 1, 10, 6), levels=4)
"""The same on averages of 32 x 32 pixels below the status line, in four levels of gray."""

FOREGROUND = replace(COARSE, foreground=12)
"""The same where something has changed since the last step: its author's idea of a filter for the background."""
