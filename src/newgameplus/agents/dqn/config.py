"""Configuration and presets of DQN."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName, PrecisionName
from newgameplus.types import Wishes

_COUNTS = ("num_hidden", "stack", "capacity", "min_transitions", "batch_size", "train_interval", "n_step")
"""Fields that must be at least 1."""
_SHARES = ("discount", "initial_epsilon", "final_epsilon", "frozen_epsilon")
"""Fields that are from 0 to 1."""


@dataclass(frozen=True, slots=True)
class DqnConfig:
    """Configuration of DQN."""

    crop: tuple[int, int, int, int] | None = (56, 0, 0, 80)
    """Pixels cut off at (top, right, bottom, left); reverie_agent's quarters of a Genesis picture. None for the whole
    picture."""
    size: tuple[int, int] = (84, 120)
    """(height, width) in pixels that the gray picture is resampled to, each an average; half of what is left."""
    edges: tuple[int, int] | None = (100, 200)
    """Lower and upper threshold of Canny's edges; None shows the gray picture itself."""
    stack: int = 4
    """Number of frames in an observation."""
    actions: str = "reverie-8"
    """Name of the action set; the buttons that it holds depend on the console."""
    encoder: EncoderName = "nature"
    """Convolutional encoder."""
    num_hidden: int = 512
    """Units of the hidden layer."""
    capacity: int = 100_000
    """Capacity of the replay buffer in transitions; a frame of 84 x 120 pixels takes 10,080 bytes."""
    min_transitions: int = 2_000
    """Agent steps, over all rows, before learning begins and the share of random actions begins to fall."""
    batch_size: int = 32
    """Transitions per gradient step, drawn uniformly."""
    train_interval: int = 4
    """Agent steps, over all rows, per gradient step."""
    target_interval: int | None = 2_000
    """Agent steps, over all rows, between two updates of the target network; None for no target network: the network
    that learns also gives its own targets."""
    n_step: int = 1
    """n of the n-step returns."""
    discount: float = 0.99
    """Discount factor (gamma)."""
    loss: Literal["huber", "mse", "msle"] = "huber"
    """Loss of a value estimate: Huber's, which is linear beyond an error of 1 (as if gradients were clipped to 1 in
    Mnih et al. 2015), the squared error, or the squared error of logarithms, in which values below 0 count as 0."""
    initial_epsilon: float = 1.0
    """Share of random actions until learning begins."""
    final_epsilon: float = 0.05
    """Share of random actions in the end."""
    explore_steps: int = 10_000
    """Agent steps, over all rows, in which the share falls."""
    frozen_epsilon: float = 0.05
    """Share of random actions of a frozen agent (Mnih et al. 2015)."""
    learning_rate: float = 1e-4
    """Learning rate of Adam."""
    adam_epsilon: float = 1e-5
    """Adam's epsilon."""
    max_gradient_norm: float | None = 10.0
    """Norm at which the gradient is clipped; None for no clipping."""
    reward_scale: float = 0.02
    """Factor of the world's rewards."""
    allows_backtracking: bool = True
    """Reward only new maxima of the episode's return so far (retro-baselines, AllowBacktracking)."""
    frames_per_step: int | None = None
    """Wish: frames that one action lasts; None for the contest's."""
    sticky_probability: float | None = None
    """Wish: probability that a step's first frame still holds the previous action; None for the contest's."""
    max_episode_steps: int | None = None
    """Wish: agent steps after which an episode is truncated; None for the contest's."""
    device: DeviceName = "auto"
    """Device of the network; ``auto`` takes CUDA if available."""
    precision: PrecisionName = "auto"
    """Precision of matrix products; ``auto`` takes bfloat16 if the hardware supports it."""

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} must be from 0 to 1, not {getattr(self, name)}.")
        if self.target_interval is not None and self.target_interval < 1:
            raise UsageError(f"target_interval must be at least 1, or none, not {self.target_interval}.")
        if self.explore_steps < 0:
            raise UsageError(f"explore_steps must be at least 0, not {self.explore_steps}.")
        for name in ("learning_rate", "max_gradient_norm"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} must be more than 0, not {value}.")

    @property
    def wishes(self) -> Wishes:
        """The wished world settings."""
        return Wishes(
            frames_per_step=self.frames_per_step,
            sticky_probability=self.sticky_probability,
            max_episode_steps=self.max_episode_steps,
        )


DEFAULT = DqnConfig()
"""The edges of 2018 with what its network lacked: a target network, Huber's loss, scaled pixels and rewards."""
TUNED = replace(
    DEFAULT,
    crop=None,
    size=(84, 84),
    edges=None,
    actions="sonic-10",
    encoder="dqn-2013",
    num_hidden=256,
    n_step=10,
    learning_rate=2.5e-4,
)
"""For small budgets: the gray picture, returns of ten steps, and the network of Mnih et al. 2013."""
REVERIE_2018 = DqnConfig(
    encoder="keras-2018",
    min_transitions=200_000,
    train_interval=1,
    target_interval=None,
    loss="mse",
    initial_epsilon=0.7,
    final_epsilon=1e-4,
    explore_steps=1_401_201,
    adam_epsilon=1e-7,
    max_gradient_norm=None,
    reward_scale=1.0,
    allows_backtracking=False,
    frames_per_step=1,
    sticky_probability=0.0,
    max_episode_steps=18_000,
    precision="float32",
)
"""The original that failed (reverie_agent, 2018), in one row (--num-envs 1); it then tried --set loss=msle. Its share
of random actions begins at 0.7 but falls by a 200,000th of 0.1 a step."""
