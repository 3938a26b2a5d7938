"""What can be set about Rainbow, and the sets of values that have names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.agents.action_sets import ActionSetName
from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName


@dataclass(frozen=True, slots=True)
class RainbowConfig:
    """One way to run Rainbow."""

    encoder: EncoderName = "nature"
    """The convolutions: Mnih et al. 2015, IMPALA, or depthwise separable ones."""
    num_hidden: int = 512
    """Units of the hidden layer, which the value and the advantages share as in anyrl."""
    actions: ActionSetName = "sonic-7"
    """Which button combinations the actions are (action_sets.py)."""
    capacity: int = 500_000
    """Transitions kept in the replay buffer; 84 × 84 pixels take 7,056 bytes each."""
    min_transitions: int = 20_000
    """Transitions that are stored before learning begins."""
    batch_size: int = 32
    """Transitions of a gradient step."""
    train_interval: int = 1
    """Agent steps, of all rows together, for each gradient step."""
    target_interval: int = 8192
    """Agent steps, of all rows together, between two copies of the network to the target network."""
    num_steps: int = 3
    """n: over how many steps rewards are summed before the target network is asked."""
    discount: float = 0.99
    """Gamma."""
    num_atoms: int = 51
    """N: points of the distribution of returns."""
    highest_return: float = 200.0
    """The last atom; the first is its negative. In rewards after scaling."""
    exponent: float = 0.5
    """Alpha: how much priorities count when transitions are drawn."""
    correction: float = 0.4
    """Beta: how much of the bias of priorities is corrected."""
    priority_offset: float = 0.1
    """Added to a transition's error, so that each keeps some priority."""
    noise: float = 0.5
    """Sigma: the noise on the weights at the start."""
    learning_rate: float = 1e-4
    """Of Adam."""
    adam_epsilon: float = 1.5e-4
    """Added to Adam's denominator."""
    max_gradient_norm: float = 10.0
    """To which the gradient is scaled down."""
    reward_scale: float = 1.0
    """Multiplies the world's rewards."""
    allows_backtracking: bool = True
    """Whether only new bests of an episode's sum are rewarded (retro-baselines, AllowBacktracking)."""
    max_offset: int = 0
    """Pixels by which the pictures of a gradient step are shifted at random (DrQ)."""
    device: DeviceName = "auto"
    """Where the network runs; auto is CUDA where there is some."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of matrix products; auto takes bfloat16 where the hardware multiplies it."""

    def __post_init__(self) -> None:
        for name in ("num_hidden", "capacity", "batch_size", "train_interval", "target_interval", "num_steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if self.num_atoms < 2 or not self.highest_return > 0:
            raise UsageError("num_atoms must be at least 2 and highest_return more than 0.")
        if not 0 <= self.discount <= 1:
            raise UsageError(f"discount must be from 0 to 1, not {self.discount}.")
        if not self.learning_rate > 0:
            raise UsageError(f"learning_rate must be more than 0, not {self.learning_rate}.")


DEFAULT = RainbowConfig(train_interval=4)
"""The contest's, with a gradient step for every fourth step: nearly as good and three times as fast."""
CONTEST_2018 = RainbowConfig()
"""The baseline of the contest: retro-baselines ``rainbow_agent.py`` on anyrl's DQN."""
RUNNER_UP_2018 = RainbowConfig(encoder="nature-extra", num_steps=4, target_interval=1024, batch_size=16)
"""The second of the contest, who trained on the test level alone."""
TUNED = replace(
    DEFAULT,
    actions="sonic-10",
    reward_scale=0.02,
    highest_return=20.0,
    min_transitions=5_000,
    target_interval=2_000,
    num_steps=5,
    discount=0.99,
    max_offset=2,
    learning_rate=1.5e-4,
)
"""Ours, for Tumbleweed."""
