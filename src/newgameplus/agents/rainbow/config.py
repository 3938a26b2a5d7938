"""What can be set about Rainbow, and the sets of values that have names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.agents.action_sets import ActionSetName
from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName

_COUNTS = (
    "num_hidden",
    "capacity",
    "batch_size",
    "train_interval",
    "target_interval",
    "num_steps",
    "num_fractions",
    "num_cosines",
)
"""Fields that must be at least 1."""


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
    distribution: Literal["categorical", "quantiles", "implicit-quantiles"] = "categorical"
    """What describes returns: probabilities of atoms (C51), or, without a range, quantiles at the same evenly spaced
    fractions (QR-DQN) or at drawn ones (IQN)."""
    num_atoms: int = 51
    """N: points of a categorical distribution of returns."""
    highest_return: float = 200.0
    """The last atom; the first is its negative. In rewards after scaling."""
    num_fractions: int = 8
    """N: quantiles of each estimate, each target and each decision (8 in IQN, section 2.3, with 32 for decisions; 200
    in QR-DQN)."""
    num_cosines: int = 64
    """Cosines that describe a fraction (IQN, eq. 4)."""
    munchausen_weight: float = 0.0
    """Of the logarithm of the taken action's probability as a reward; 0 for none, 0.9 in Vieillard et al. 2020."""
    munchausen_temperature: float = 0.03
    """Of the policy that this probability is of, in rewards after scaling."""
    munchausen_floor: float = -1.0
    """The least that this logarithm, times the temperature, counts."""
    exponent: float = 0.5
    """Alpha: how much priorities count when transitions are drawn."""
    correction: float = 0.4
    """Beta: how much of the bias of priorities is corrected."""
    priority_offset: float = 0.1
    """Added to a transition's error, so that each keeps some priority."""
    noise: float = 0.5
    """Sigma: the noise on the weights at the start."""
    random_steps: int = 0
    """Agent steps, of all rows together, over which the share of actions drawn at random falls from 1."""
    final_random_share: float = 0.0
    """To what that share falls; 0 leaves exploring to the noise."""
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
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if self.num_atoms < 2 or not self.highest_return > 0:
            raise UsageError("num_atoms must be at least 2 and highest_return more than 0.")
        if not self.munchausen_temperature > 0 or not self.munchausen_floor < 0:
            raise UsageError("munchausen_temperature must be more than 0 and munchausen_floor less than 0.")
        for name in ("discount", "munchausen_weight", "final_random_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} must be from 0 to 1, not {getattr(self, name)}.")
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
    encoder="dqn-2013",
    actions="sonic-10",
    num_hidden=256,
    min_transitions=5_000,
    train_interval=8,
    target_interval=2_000,
    num_steps=10,
    distribution="implicit-quantiles",
    random_steps=10_000,
    learning_rate=2.5e-4,
    adam_epsilon=1e-5,
    reward_scale=0.02,
)
"""Ours, for Tumbleweed: what learned fastest on a first screen (docs/agents/rainbow.md)."""
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
    exponent=0.2,
    correction=0.45,
    adam_epsilon=1.95e-5,
    reward_scale=0.02,
)
"""Clark et al., "Beyond the Rainbow" (2024), arXiv:2411.03820: made for 64 rows (--num-envs 64) and a GPU. Actions, the
scale of the rewards and the random start are ours; the exponents and Adam's epsilon are from memory, not confirmed."""
