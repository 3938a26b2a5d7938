"""Configuration and presets of the keeper."""

from __future__ import annotations

from dataclasses import dataclass

from newgameplus.errors import UsageError
from newgameplus.experience.moments import Similarity


@dataclass(frozen=True, slots=True)
class KeeperConfig:
    """Configuration of the keeper; numbers without a source were chosen on generated levels (docs/agents/keeper.md)."""

    forward: str = "RIGHT"
    """Button that moves towards the goal."""
    backward: str = "LEFT"
    """Button that moves back."""
    jump: str | None = None
    """Button that jumps; None for B, or the console's first action button if it has no B."""
    forward_steps: int = 100
    """Steps of a move forward (retro-baselines, ``move``)."""
    backward_steps: int = 70
    """Steps of the backward move that follows a forward move without reward (the same)."""
    jump_probability: float = 0.1
    """Probability per step of a move that a jump begins, unless one is in progress (the same)."""
    jump_steps: int = 4
    """Steps for which a jump holds its button (the same)."""
    picture_size: tuple[int, int] = (14, 20)
    """Height and width of the gray picture that moments are compared by; a sixteenth of the Mega Drive's."""
    progress_unit: float = 0.25
    """Difference in the sum of the rewards that is a distance of 1, in rewards of a fast step."""
    gray_unit: float = 6.0
    """Mean difference of two pictures that is a distance of 1, in gray levels of 255."""
    horizon_steps: int = 60
    """Steps after which it is looked what an action has led to."""
    max_return: float = 10_000.0
    """Return of a perfect episode: 10,000 for the contest's reward. Progress is counted in 200ths of it."""
    finished_share: float = 0.9
    """Fraction of ``max_return`` above which an episode counts as one that reached the goal."""
    kernel_width: float = 1.0
    """Distance at which a moment weighs exp(-1/2)."""
    lost_distance: float = 3.0
    """Distance of the nearest moment above which no moment is followed and a move is made."""
    doubt: float = 0.3
    """Weight of the doubt in an action's estimate: as many moments of which nothing but the place is known."""
    doubted_share: float = 0.9
    """What these moments are expected to earn, as a fraction of what episodes earn that come to the place."""
    haste: float = 0.2
    """What a moment is worth for each point earned within ``horizon_steps``, besides what its episode is expected to
    earn: of ways that end alike the faster one is taken, and not the one where most time was spent."""
    explore_share: float = 0.85
    """Probability that an episode explores from near a good episode's end, until one has reached the goal; it falls to
    0 in the second half of the run."""
    fresh_share: float = 0.03
    """Share of these that explore from the start."""
    vary_share: float = 0.5
    """The same afterwards, from near the end of a recent episode, times the share of those that failed."""
    least_vary_share: float = 0.03
    """Its lower bound, which falls to 0, too."""
    return_steps: int = 75
    """An episode explores from at most so many steps before the end (``jerk``, preset ``returning``); from twice as
    many after every eight in vain, up to four times."""
    vary_steps: int = 40
    """Steps that an episode explores at most once the goal has been reached; then it follows similar moments again."""
    patience: int = 100
    """Steps without progress after which moves are made until there is some."""

    def __post_init__(self) -> None:
        counts = ("forward_steps", "backward_steps", "jump_steps", "horizon_steps", "return_steps", "vary_steps")
        for name in (*counts, "patience"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is a number of steps, 1 or more, not {getattr(self, name)}.")
        shares = (
            "finished_share",
            "haste",
            "doubted_share",
            "explore_share",
            "fresh_share",
            "vary_share",
            "least_vary_share",
        )
        for name in ("jump_probability", *shares):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UsageError(f"{name} lies between 0 and 1, not at {getattr(self, name)}.")
        for name in ("max_return", "progress_unit", "gray_unit", "kernel_width", "lost_distance", "doubt"):
            if not getattr(self, name) > 0.0:
                raise UsageError(f"{name} is more than 0, not {getattr(self, name)}.")
        if min(self.picture_size) < 1:
            raise UsageError(f"picture_size is a height and a width of 1 or more, not {self.picture_size}.")

    @property
    def finished_return(self) -> float:
        """Return above which an episode counts as one that reached the goal."""
        return self.finished_share * self.max_return

    @property
    def similarity(self) -> Similarity:
        """Units in which moments differ."""
        return Similarity(progress=self.progress_unit, reward=self.progress_unit, gray=self.gray_unit)


DEFAULT = KeeperConfig()
"""What measured best on generated levels."""
