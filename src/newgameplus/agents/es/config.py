"""Configuration and presets of evolution strategies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName, PrecisionName

SearchName = Literal["openai", "cma", "sep-cma"]


@dataclass(frozen=True, slots=True)
class EsConfig:
    """Configuration of evolution strategies."""

    search: SearchName = "openai"
    """OpenAI's evolution strategy, CMA-ES with its whole covariance matrix, or with the diagonal only."""
    only_last_layer: bool = True
    """Whether only the policy's last layer is evolved, on the features of a network that stays as it is."""
    num_individuals: int = 64
    """Individuals of a generation; for openai an even number, half of them mirrored."""
    num_episodes: int = 1
    """Episodes of an individual on each level in a generation."""
    sigma: float = 0.02
    """Standard deviation of the noise on the parameters; for CMA-ES that of the first generation."""
    learning_rate: float = 0.01
    """Learning rate of Adam (openai)."""
    weight_decay: float = 0.0
    """Part of the parameters that each gradient takes away from them (openai)."""
    is_greedy: bool = False
    """Whether the most probable action is taken instead of a sampled one."""
    encoder: EncoderName = "nature"
    """Convolutional encoder: Mnih et al. 2015, IMPALA, or depthwise separable (nn/encoders.py)."""
    num_hidden: int = 512
    """Units of the hidden layer between the encoder and the policy."""
    actions: str = "sonic-10"
    """Name of the action set; the buttons that it holds depend on the console."""
    stack: int = 4
    """Number of frames in an observation; four in 2018."""
    device: DeviceName = "auto"
    """Device of the network; ``auto`` takes CUDA if available."""
    precision: PrecisionName = "auto"
    """Precision of the features; the evolved parameters are float32."""

    def __post_init__(self) -> None:
        for name in ("num_individuals", "num_episodes", "num_hidden", "stack"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in ("sigma", "learning_rate"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be more than 0, not {getattr(self, name)}.")
        if not 0 <= self.weight_decay < 1:
            raise UsageError(f"weight_decay must be from 0 to less than 1, not {self.weight_decay}.")


DEFAULT = EsConfig()
"""The last layer of a policy, best that of a run that --init names."""
EXPERIMENTS_2018 = replace(DEFAULT, weight_decay=0.005)
"""After the write-up of 2018, which changed openai/evolution-strategies-starter for the fully connected layer of a PPO
policy; noise, step size and weight decay are that repository's, whose batches were of 10,000 episodes."""
SEP_CMA = replace(DEFAULT, search="sep-cma")
"""The last layer by CMA-ES with a diagonal covariance matrix."""
ALL = replace(DEFAULT, only_last_layer=False, num_individuals=32, num_hidden=128, encoder="dqn-2013", is_greedy=True)
"""All parameters, of a smaller network."""
