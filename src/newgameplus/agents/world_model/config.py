"""Configuration and presets of world models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName


@dataclass(frozen=True, slots=True)
class WorldModelConfig:
    """Configuration of V, M and C, and of the stages in which they learn; the defaults are the preset ``small``."""

    size: Literal[64, 128] = 64
    """Height and width of the picture in pixels."""
    vision_channels: tuple[int, ...] = (16, 32, 64, 128)
    """Filters of V's four convolutions."""
    num_latents: int = 32
    """Z, the number of latents of a picture."""
    beta: float = 1.0
    """Weight of V's KL divergence."""
    vision_updates: int = 20_000
    """Gradient steps of stage v."""
    vision_batch: int = 64
    """Pictures in a gradient step."""
    vision_rate: float = 1e-3
    """Learning rate of Adam."""
    chunk_steps: int = 25_000
    """Steps whose pictures are in memory at a time; movies are decoded again as often as this needs."""
    num_inputs: int = 0
    """Units of a layer before M's LSTM; 0 for none."""
    num_hidden: int = 128
    """Units of M's LSTM."""
    num_mixtures: int = 5
    """Gaussians over each latent."""
    takes_scalar: bool = False
    """Whether M is told the number of an action over 10, as the write-up did, instead of one input per action."""
    dynamics_updates: int = 12_000
    """Gradient steps of stage m."""
    dynamics_batch: int = 32
    """Sequences in a gradient step."""
    dynamics_rate: float = 1e-3
    """Learning rate of Adam."""
    sequence_steps: int = 48
    """Steps of a sequence."""
    outputs: Literal["buttons", "actions"] = "buttons"
    """Outputs of C: one per button of the action set, pressed from 0 on (the action with the fewest other buttons is
    taken), or one per action (the largest is taken)."""
    sees_cell: bool = False
    """Whether C sees the LSTM's cells besides the latents and hidden units."""
    search: Literal["cma", "sep-cma"] = "cma"
    """CMA-ES with its whole covariance matrix, or with the diagonal only."""
    num_individuals: int = 32
    """Individuals of a generation."""
    num_episodes: int = 1
    """Episodes of an individual on each level in a generation, in the real game."""
    sigma: float = 0.5
    """Standard deviation of the first generation."""
    dream_generations: int = 60
    """Generations of stage c, in the dream; the real game goes on from there. 0 for none."""
    dream_episodes: int = 4
    """Episodes of an individual in the dream."""
    dream_steps: int = 150
    """Steps of an episode in the dream."""
    dream_rows: int = 64
    """Rows of the dream."""
    temperature: float = 1.15
    """Uncertainty of the dream; 1 for M's own."""
    stall_frames: int | None = 600
    """Frames without a new best return after which training ends an episode, a wish; None for no limit."""
    actions: str = "sonic-10"
    """Name of the action set; the buttons that it holds depend on the console."""
    device: DeviceName = "auto"
    """Device of V and M; ``auto`` takes CUDA if available."""

    def __post_init__(self) -> None:
        if len(self.vision_channels) != 4 or min(self.vision_channels) < 2:
            raise UsageError(f"vision_channels are four numbers from 2, not {self.vision_channels}.")
        for name in ("num_inputs", "dream_generations"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must be 0 or more, not {getattr(self, name)}.")
        for name in _FROM_1:
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in ("vision_rate", "dynamics_rate", "sigma", "temperature"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be more than 0, not {getattr(self, name)}.")
        if not self.beta >= 0:
            raise UsageError(f"beta must be 0 or more, not {self.beta}.")


_FROM_1 = (
    "num_latents", "vision_updates", "vision_batch", "chunk_steps", "num_hidden", "num_mixtures", "dynamics_updates",
    "dynamics_batch", "sequence_steps", "num_individuals", "num_episodes", "dream_episodes", "dream_steps",
    "dream_rows",
)  # fmt: skip

SMALL = WorldModelConfig()
"""Sizes close to those of Ha and Schmidhuber's car race, for two cores."""
CONTEST_2018 = replace(
    SMALL, size=128, vision_channels=(32, 64, 128, 256), num_latents=200, beta=3.0, vision_updates=400_000,
    vision_batch=300, num_inputs=1024, num_hidden=1024, num_mixtures=8, takes_scalar=True, dynamics_updates=20_000,
    dynamics_batch=2, sequence_steps=100, sees_cell=True, search="sep-cma", num_episodes=4, sigma=4.0,
    dream_generations=0, temperature=1.25,
)  # fmt: skip
"""Sizes and numbers of the write-up's code (2018); its controller was evolved in the real game only."""
