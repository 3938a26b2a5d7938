"""Configuration and presets of PPO."""

from __future__ import annotations

from dataclasses import dataclass, replace

from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName, PrecisionName


@dataclass(frozen=True, slots=True)
class PpoConfig:
    """Configuration of PPO."""

    encoder: EncoderName = "nature"
    """Convolutional encoder: Mnih et al. 2015, IMPALA, or depthwise separable."""
    num_hidden: int = 512
    """Units of the hidden layer between the encoder and the heads."""
    actions: str = "sonic-7"
    """Name of the action set; the buttons that it holds depend on the console."""
    stack: int = 4
    """Number of frames in an observation; four in 2018."""
    rollout_steps: int = 128
    """T: rollout steps of each row."""
    num_epochs: int = 4
    """Number of epochs per rollout."""
    batch_size: int = 256
    """Steps per minibatch; the rollout's T × B steps are split evenly."""
    learning_rate: float = 2.5e-4
    """Learning rate of Adam."""
    final_learning_rate: float | None = 0.0
    """Learning rate at the end of the run, reached linearly; None keeps it constant."""
    clip: float = 0.1
    """Clip range of the probability ratio."""
    value_clip: float | None = 0.1
    """Clip range of the value change; None disables value clipping."""
    value_weight: float = 0.5
    """Coefficient of the value loss."""
    entropy_weight: float = 0.01
    """Coefficient of the entropy bonus, in nats."""
    discount: float = 0.99
    """Discount factor (gamma)."""
    gae_lambda: float = 0.95
    """GAE lambda."""
    advantage_memory: float = 0.0
    """Decay factor, per update, of the largest standard deviation of advantages so far. Advantages are divided by it if
    their own is smaller; 0 divides each batch by its own. Rollouts without any reward then change little."""
    reference_kl_weight: float = 0.0
    """Coefficient of the KL divergence, in nats, from the policy that the run begins with (--init, --demonstrations);
    no effect if it begins from nothing."""
    cloning_epochs: int = 10
    """Epochs of behaviour cloning before the first step, if there are demonstrations."""
    cloning_capacity: int = 20_000
    """Steps of demonstrations that are kept when later ones come, as from the agent memory; the latest."""
    cloning_weight: float = 0.1
    """Coefficient of the loss of behaviour cloning beside PPO's, at the first step; the demonstrations are those of
    --demonstrations."""
    cloning_steps: int = 200_000
    """Agent steps, over all rows, over which this coefficient falls to 0."""
    max_gradient_norm: float = 0.5
    """Norm at which the gradient is clipped."""
    adam_epsilon: float = 1e-5
    """Adam's epsilon."""
    reward_scale: float = 0.01
    """Factor of the world's rewards."""
    allows_backtracking: bool = False
    """Reward only new maxima of the episode's return so far (retro-baselines, AllowBacktracking)."""
    has_noisy_layers: bool = False
    """Whether the heads are noisy layers (NoisyNet exploration)."""
    novelty_weight: float = 0.0
    """Count-based bonus of a first visit, in scaled reward; it falls with the root of the visits."""
    rnd_weight: float = 0.0
    """Coefficient of the RND bonus (Burda et al., 2018), a normalised prediction error."""
    max_offset: int = 0
    """Largest random shift of the pictures in a minibatch, in pixels (DrQ; the contest's third place)."""
    device: DeviceName = "auto"
    """Device of the network; ``auto`` takes CUDA if available."""
    precision: PrecisionName = "auto"
    """Precision of matrix products; ``auto`` takes bfloat16 if the hardware supports it."""

    def __post_init__(self) -> None:
        for name in ("num_hidden", "stack", "rollout_steps", "num_epochs", "batch_size", "cloning_capacity"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in ("discount", "gae_lambda", "advantage_memory"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} must be from 0 to 1, not {getattr(self, name)}.")
        for name in ("reference_kl_weight", "cloning_epochs", "cloning_weight", "cloning_steps"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must be at least 0, not {getattr(self, name)}.")
        for name in ("learning_rate", "clip", "adam_epsilon", "max_gradient_norm"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be more than 0, not {getattr(self, name)}.")


DEFAULT = PpoConfig()
CONTEST_2018 = PpoConfig(rollout_steps=4096, batch_size=512, num_epochs=3, learning_rate=2e-4, final_learning_rate=None)
"""Baseline of the contest: retro-baselines ``ppo2_agent.py``, 8 minibatches of one row of 4,096 steps."""
JOINT_2018 = PpoConfig(
    rollout_steps=8192,
    batch_size=8192,
    num_epochs=4,
    learning_rate=2e-4,
    final_learning_rate=None,
    clip=0.2,
    value_clip=0.2,
    entropy_weight=0.001,
    reward_scale=0.005,
)
"""The technical report's joint training, as far as it is known (its numbers are from memory, not confirmed)."""
TUNED = replace(
    DEFAULT,
    actions="sonic-10",
    rollout_steps=256,
    num_epochs=3,
    clip=0.2,
    value_clip=None,
    reward_scale=0.005,
    allows_backtracking=True,
    discount=0.995,
    final_learning_rate=None,
)
"""Tuned for Tumbleweed."""
JOINT = replace(TUNED, rollout_steps=128, num_epochs=2, batch_size=512, learning_rate=4e-4)
"""For joint training on many levels: short rollouts of many rows."""
DEMONSTRATIONS = replace(JOINT, cloning_weight=0.1, cloning_steps=500_000)
"""``joint`` after behaviour cloning, with ``--demonstrations``."""
FINE_TUNED = replace(
    TUNED,
    rollout_steps=1024,
    learning_rate=1e-4,
    entropy_weight=0.002,
    advantage_memory=0.99,
    reference_kl_weight=0.02,
)
"""For fine-tuning a joint training run on one level: long rollouts, and small changes without reward."""
