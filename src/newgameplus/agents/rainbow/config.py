"""Configuration and presets of Rainbow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName, PrecisionName

_COUNTS = (
    "num_hidden",
    "stack",
    "capacity",
    "batch_size",
    "train_interval",
    "target_interval",
    "n_step",
    "num_fractions",
    "num_cosines",
)
"""Fields that must be at least 1."""


@dataclass(frozen=True, slots=True)
class RainbowConfig:
    """Configuration of Rainbow."""

    encoder: EncoderName = "nature"
    """Convolutional encoder: Mnih et al. 2015, IMPALA, or depthwise separable."""
    num_hidden: int = 512
    """Units of the hidden layer, which value and advantages share as in anyrl."""
    actions: str = "sonic-7"
    """Name of the action set; the buttons that it holds depend on the console."""
    stack: int = 4
    """Number of frames in an observation; four in 2018."""
    capacity: int = 500_000
    """Capacity of the replay buffer in transitions; a frame of 84 × 84 pixels takes 7,056 bytes."""
    min_transitions: int = 20_000
    """Transitions stored before learning starts; a batch is enough if all weights are given (--init)."""
    batch_size: int = 32
    """Transitions per gradient step."""
    train_interval: int = 1
    """Agent steps, over all rows, per gradient step."""
    target_interval: int = 8192
    """Agent steps, over all rows, between two updates of the target network."""
    n_step: int = 3
    """n of the n-step returns."""
    discount: float = 0.99
    """Discount factor (gamma)."""
    distribution: Literal["categorical", "quantiles", "implicit-quantiles"] = "categorical"
    """Representation of return distributions: probabilities of atoms (C51), or, without a range, quantiles at evenly
    spaced fractions (QR-DQN) or sampled fractions (IQN)."""
    num_atoms: int = 51
    """N: number of atoms of a categorical distribution."""
    v_max: float = 200.0
    """The last atom, in scaled reward; the first is its negative."""
    num_fractions: int = 8
    """N: number of quantiles in each estimate, each target and each decision (8 in IQN, section 2.3, with 32 for
    decisions; 200 in QR-DQN)."""
    num_cosines: int = 64
    """Number of cosines in the embedding of a fraction (IQN, eq. 4)."""
    munchausen_weight: float = 0.0
    """Coefficient of the Munchausen bonus, the log-probability of the action taken; 0 for none, 0.9 in Vieillard et al.
    2020."""
    munchausen_temperature: float = 0.03
    """Temperature of the Munchausen policy, in scaled reward."""
    munchausen_floor: float = -1.0
    """Lower bound of the log-probability times the temperature."""
    priority_alpha: float = 0.5
    """Priority exponent (alpha)."""
    priority_beta: float = 0.4
    """Importance-sampling exponent (beta)."""
    priority_offset: float = 0.1
    """Added to a transition's error, so that every priority is positive."""
    noisy_sigma: float = 0.5
    """Initial noise scale of the noisy layers (sigma)."""
    random_steps: int = 0
    """Agent steps, over all rows, over which epsilon, the share of random actions, falls from 1."""
    final_random_share: float = 0.0
    """Final epsilon; 0 leaves exploration to the noise."""
    learning_rate: float = 1e-4
    """Learning rate of Adam."""
    adam_epsilon: float = 1.5e-4
    """Adam's epsilon."""
    max_gradient_norm: float = 10.0
    """Norm at which the gradient is clipped."""
    reward_scale: float = 1.0
    """Factor of the world's rewards."""
    allows_backtracking: bool = True
    """Reward only new maxima of the episode's return so far (retro-baselines, AllowBacktracking)."""
    max_offset: int = 0
    """Largest random shift of the pictures in a gradient step, in pixels (DrQ)."""
    demonstration_updates: int = 10_000
    """Gradient steps on demonstrations before the first step, if there are any (750,000 in Hester et al. 2018)."""
    demonstration_bonus: float = 1.0
    """Added to a demonstration's error in addition to ``priority_offset``, so that it is sampled more often."""
    margin: float = 0.8
    """By how much, in scaled reward, the value of a demonstration's action is to exceed that of every other action."""
    margin_weight: float = 1.0
    """Coefficient of the large-margin loss of demonstrations."""
    l2_weight: float = 0.0
    """Coefficient of the sum of the squared weights; 1e-5 in Hester et al. 2018."""
    device: DeviceName = "auto"
    """Device of the network; ``auto`` takes CUDA if available."""
    precision: PrecisionName = "auto"
    """Precision of matrix products; ``auto`` takes bfloat16 if the hardware supports it."""

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if self.num_atoms < 2 or not self.v_max > 0:
            raise UsageError("num_atoms must be at least 2 and v_max more than 0.")
        if not self.munchausen_temperature > 0 or not self.munchausen_floor < 0:
            raise UsageError("munchausen_temperature must be more than 0 and munchausen_floor less than 0.")
        for name in ("discount", "munchausen_weight", "final_random_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} must be from 0 to 1, not {getattr(self, name)}.")
        for name in ("demonstration_updates", "demonstration_bonus", "margin", "margin_weight", "l2_weight"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must be at least 0, not {getattr(self, name)}.")
        if not self.learning_rate > 0:
            raise UsageError(f"learning_rate must be more than 0, not {self.learning_rate}.")


DEFAULT = RainbowConfig(train_interval=4)
"""The contest's, with a gradient step every four steps: nearly as good and three times as fast."""
CONTEST_2018 = RainbowConfig()
"""Baseline of the contest: retro-baselines ``rainbow_agent.py`` on anyrl's DQN."""
RUNNER_UP_2018 = RainbowConfig(encoder="nature-extra", n_step=4, target_interval=1024, batch_size=16)
"""Second place of the contest, trained on the test level alone."""
TUNED = replace(
    DEFAULT,
    encoder="dqn-2013",
    actions="sonic-10",
    num_hidden=256,
    min_transitions=5_000,
    train_interval=8,
    target_interval=2_000,
    n_step=10,
    distribution="implicit-quantiles",
    random_steps=10_000,
    learning_rate=2.5e-4,
    adam_epsilon=1e-5,
    reward_scale=0.02,
)
"""Tuned for Tumbleweed: the fastest learner of a first comparison (docs/agents/rainbow.md)."""
DQFD = replace(TUNED, priority_alpha=0.4, priority_beta=0.6, priority_offset=0.001, l2_weight=1e-5)
"""Hester et al., "Deep Q-learning from Demonstrations" (2018), on top of ``tuned``, whose returns are of ten steps as
there; with ``--demonstrations``."""
BEYOND = RainbowConfig(
    encoder="impala-normalised",
    actions="sonic-10",
    capacity=1_048_576,
    min_transitions=200_000,
    batch_size=256,
    train_interval=64,
    target_interval=32_000,
    discount=0.997,
    distribution="implicit-quantiles",
    munchausen_weight=0.9,
    random_steps=200_000,
    priority_alpha=0.2,
    priority_beta=0.45,
    adam_epsilon=1.95e-5,
    reward_scale=0.02,
)
"""Clark et al., "Beyond the Rainbow" (2024), arXiv:2411.03820: made for 64 rows (--num-envs 64) and a GPU. Actions,
reward scale and random start are ours; the exponents and Adam's epsilon are from memory, not confirmed."""
