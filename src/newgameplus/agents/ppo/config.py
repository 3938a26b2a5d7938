"""What can be set about PPO, and the sets of values that have names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.agents.action_sets import ActionSetName
from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName


@dataclass(frozen=True, slots=True)
class PpoConfig:
    """One way to run PPO."""

    encoder: EncoderName = "nature"
    """The convolutions: Mnih et al. 2015, IMPALA, or depthwise separable ones."""
    num_hidden: int = 512
    """Units of the layer between the convolutions and the heads."""
    actions: ActionSetName = "sonic-7"
    """Which button combinations the actions are (action_sets.py)."""
    num_steps: int = 128
    """T: steps in each row between two updates."""
    num_epochs: int = 4
    """How often an update goes over the rollout."""
    batch_size: int = 256
    """Steps in one gradient step; the rollout's T × B steps are shared out evenly."""
    learning_rate: float = 2.5e-4
    """Of Adam."""
    final_learning_rate: float | None = 0.0
    """What the learning rate falls to, in a line over the run; None keeps it."""
    clip: float = 0.1
    """How far the ratio of probabilities may move before its gain no longer counts."""
    value_clip: float | None = 0.1
    """How far a value may move before its loss no longer falls; None for no limit."""
    value_weight: float = 0.5
    """Weight of the value loss."""
    entropy_weight: float = 0.01
    """Weight of the entropy, in nats, that the policy is rewarded for."""
    discount: float = 0.99
    """Gamma."""
    smoothing: float = 0.95
    """Lambda of the generalized advantage estimation."""
    advantage_memory: float = 0.0
    """Share of the largest spread of advantages that is kept from update to update, and that advantages are divided by
    where their own is less; 0 divides each batch by its own. A stretch without any reward then changes little."""
    reference_weight: float = 0.0
    """Weight of the policy's divergence, in nats, from the one that it began from (--init); nothing without one."""
    max_gradient_norm: float = 0.5
    """To which the gradient is scaled down."""
    adam_epsilon: float = 1e-5
    """Added to Adam's denominator."""
    reward_scale: float = 0.01
    """Multiplies the world's rewards."""
    allows_backtracking: bool = False
    """Whether only new bests of an episode's sum are rewarded (retro-baselines, AllowBacktracking)."""
    has_noisy_layers: bool = False
    """Whether the heads explore by learned noise on their weights."""
    novelty_weight: float = 0.0
    """Reward, after scaling, for an observation never seen before; it falls with the root of the visits."""
    distillation_weight: float = 0.0
    """Weight of the normalised error of random network distillation (Burda et al., 2018) as a reward."""
    max_offset: int = 0
    """Pixels by which the pictures of a gradient step are shifted at random (DrQ; the contest's third place)."""
    device: DeviceName = "auto"
    """Where the network runs; auto is CUDA where there is some."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of matrix products; auto takes bfloat16 where the hardware multiplies it."""

    def __post_init__(self) -> None:
        for name in ("num_hidden", "num_steps", "num_epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in ("discount", "smoothing", "advantage_memory"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} must be from 0 to 1, not {getattr(self, name)}.")
        if self.reference_weight < 0:
            raise UsageError(f"reference_weight must be at least 0, not {self.reference_weight}.")
        for name in ("learning_rate", "clip", "adam_epsilon", "max_gradient_norm"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be more than 0, not {getattr(self, name)}.")


DEFAULT = PpoConfig()
CONTEST_2018 = PpoConfig(num_steps=4096, batch_size=512, num_epochs=3, learning_rate=2e-4, final_learning_rate=None)
"""The baseline of the contest: retro-baselines ``ppo2_agent.py``, 8 minibatches of one row of 4,096 steps."""
JOINT_2018 = PpoConfig(
    num_steps=8192,
    batch_size=8192,
    num_epochs=4,
    learning_rate=2e-4,
    final_learning_rate=None,
    clip=0.2,
    value_clip=0.2,
    entropy_weight=0.001,
    reward_scale=0.005,
)
"""Of the technical report's joint training, as far as it is known (its figures are from memory, not confirmed)."""
TUNED = replace(
    DEFAULT,
    actions="sonic-10",
    num_steps=256,
    num_epochs=3,
    clip=0.2,
    value_clip=None,
    reward_scale=0.005,
    allows_backtracking=True,
    discount=0.995,
    final_learning_rate=None,
)
"""Ours, for Tumbleweed."""
JOINT = replace(TUNED, num_steps=128, num_epochs=2, batch_size=512, learning_rate=4e-4)
"""Ours, for many levels side by side: short stretches of many rows."""
FINE_TUNED = replace(
    TUNED,
    num_steps=1024,
    learning_rate=1e-4,
    entropy_weight=0.002,
    advantage_memory=0.99,
    reference_weight=0.02,
)
"""Ours, for going on from joint training on one level: long stretches, and little unlearned where nothing is gained."""
