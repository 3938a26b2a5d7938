"""Configuration and presets of the zone experts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from newgameplus.agents.interface import AgentClass, HasWeights
from newgameplus.agents.learners import configure_learner, find_learner
from newgameplus.errors import UsageError
from newgameplus.nn.names import DeviceName, EncoderName


@dataclass(frozen=True, slots=True)
class ExpertsConfig:
    """Configuration of the zone experts."""

    learner: str = "ppo"
    """Name of the agent that each expert is, or ``package.module:Class``."""
    learner_preset: str = "default"
    """The learner's preset."""
    learner_fields: tuple[str, ...] = ()
    """Changes to the learner's preset, as ``FIELD=VALUE``."""
    encoder: EncoderName = "nature"
    """Convolutional encoder of the classifier."""
    num_hidden: int = 128
    """Units of the classifier's hidden layer."""
    learning_rate: float = 5e-4
    """Learning rate of the classifier's Adam."""
    batch_size: int = 64
    """Pictures per gradient step of the classifier, on average the same number of each zone."""
    train_interval: int = 8
    """Steps per row between two gradient steps of the classifier."""
    capacity: int = 256
    """Pictures kept per zone for training; one of 84 × 84 × 4 takes 28,224 bytes."""
    max_offset: int = 2
    """Largest random shift of the pictures in a gradient step, in pixels."""
    vote_steps: int = 16
    """Number of steps at the start of a run whose pictures vote on the zone, if the world does not give it."""
    device: DeviceName = "auto"
    """Device of all networks; ``auto`` takes CUDA if available."""

    def __post_init__(self) -> None:
        for name in ("num_hidden", "batch_size", "train_interval", "capacity", "vote_steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if not self.learning_rate > 0:
            raise UsageError(f"learning_rate must be more than 0, not {self.learning_rate}.")
        if self.max_offset < 0:
            raise UsageError(f"max_offset must be at least 0, not {self.max_offset}.")
        self.learner_config()

    def learner_class(self) -> AgentClass:
        """Return the class of every expert.

        Raises:
            NotFoundError: there is no such agent.
            UsageError: it cannot be an expert.
        """
        if self.learner == "experts":
            raise UsageError("An expert cannot be made of experts; set learner to ppo or rainbow.")
        return find_learner(self.learner, (HasWeights,), "an expert has weights")

    def learner_config(self) -> Any:
        """Return the configuration of every expert.

        Raises:
            NotFoundError: there is no such agent or preset.
            UsageError: the agent cannot be an expert, or refuses a field.
        """
        return configure_learner(self.learner_class(), self.learner_preset, self.learner_fields, self.device)


DEFAULT = ExpertsConfig()
FIFTH_2018 = ExpertsConfig(
    learner_preset="contest-2018",
    learner_fields=("actions=sonic-8", "entropy_weight=0.001"),
)
"""Policy of the contest's fifth place (flyyufelix): eight actions, 4,096 steps, low entropy weight."""
TUNED = ExpertsConfig(learner_preset="tuned")
"""Tuned for Tumbleweed."""
FINE_TUNED = ExpertsConfig(learner_preset="fine-tuned")
"""For fine-tuning a joint training run on one level."""
