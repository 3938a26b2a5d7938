"""Configuration and presets of NEAT."""

from __future__ import annotations

from dataclasses import dataclass, replace

from newgameplus.agents.neat.settings import NeatFile, own_file
from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class NeatConfig:
    """Configuration of NEAT; what neat-python reads is in its file."""

    file: NeatFile = own_file("tutorial.cfg")  # noqa: RUF009 - an immutable value
    """Configuration file of neat-python: genomes, mutations, species. Set by the path of one; ours has the numbers of
    the tutorial of 2021 (andruschak/openai-gym-retro) and counts inputs and outputs itself."""
    shrink: int = 8
    """Number by which height and width of the picture are divided; 8 in the tutorial."""
    input_scale: float = 1 / 255
    """Factor of the pixels, 0 to 255; 1 in the tutorial."""
    is_scrambled: bool = False
    """Whether the picture is squeezed as by the tutorial: height and width are exchanged when it is resampled, so that
    224 x 320 pixels become 40 rows of 28."""
    threshold: float = 0.5
    """Output from which on a button is held. The tutorial's outputs are cut off to whole numbers: 1.0."""
    actions: str | None = None
    """Name of an action set, whose action with the highest output is taken; None for a button per output."""
    num_episodes: int = 1
    """Least number of episodes of each individual, on each level, in a generation."""
    frames_per_step: int | None = None
    """Wish for frames per step; None for the contest's."""
    sticky_probability: float | None = None
    """Wish for the probability of sticky frames; None for the contest's."""
    max_episode_steps: int | None = None
    """Wish for the longest episode, in steps; None for the contest's."""
    stall_frames: int | None = 500
    """Wish for the frames without a new best return after which an episode is cut; None for no limit."""
    scenario: str | None = None
    """Wish for the scenario whose return is the fitness; None for the level's."""

    def __post_init__(self) -> None:
        for name, value in (("shrink", self.shrink), ("num_episodes", self.num_episodes)):
            if value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}.")


DEFAULT = NeatConfig()
"""The contest's fitness, progress towards the goal, in the contest's steps."""
EVERY_FRAME = replace(DEFAULT, frames_per_step=1, sticky_probability=0.0, max_episode_steps=18_000)
"""An activation per frame and no sticky frames, as in the tutorial."""
SONIC = replace(EVERY_FRAME, scenario="neat-2021")
"""The tutorial's fitness for Sonic 2: 10 for each frame that gains ground, 100,000 for the goal."""
MARIO = replace(EVERY_FRAME, scenario="neat-2021", stall_frames=400)
"""The tutorial's fitness for Super Mario Bros.: steps to the right, coins and points."""
TUTORIAL_2021 = replace(SONIC, is_scrambled=True, input_scale=1.0, threshold=1.0)
"""The tutorial as it was, with its squeezed picture, raw pixels and outputs cut off to whole numbers."""
