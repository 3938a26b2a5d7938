"""Configuration and presets of the memory hybrid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from newgameplus.agents.interface import AgentClass, HasFeatures, HasWeights, Imitates, LearnsOffPolicy, offers
from newgameplus.agents.learners import configure_learner, find_learner
from newgameplus.errors import UsageError
from newgameplus.experience.episodic import MemorySettings
from newgameplus.experience.nearest import IndexName
from newgameplus.nn.names import DeviceName

_SHARES = ("repeat_bias", "fresh_share", "policy_share", "memory_share", "jump_probability", "discount")
_COUNTS = ("num_best", "reach_steps", "forward_steps", "backward_steps", "jump_steps", "num_neighbours")


@dataclass(frozen=True, slots=True)
class MemoryConfig:
    """Configuration of the memory hybrid."""

    learner: str = "ppo"
    """Name of the agent whose policy and features are used, or ``package.module:Class``; with ``--init`` that of the
    run."""
    learner_preset: str = "default"
    """The learner's preset."""
    learner_fields: tuple[str, ...] = ()
    """Changes to the learner's preset, as ``FIELD=VALUE``."""
    learns: Literal["nothing", "all"] = "nothing"
    """What the learner learns from while it plays, besides ``imitates_best``: nothing, or every step, whoever chose the
    action; the latter needs one that learns off-policy, such as rainbow."""
    imitates_best: int = 0
    """An episode that is among so many of its row's best so far is imitated by the learner: by PPO with behaviour
    cloning, by Rainbow with DQfD's margin, in its replay buffer. 0 for none."""
    repeat_bias: float = 0.0
    """Probability, at the start of the run, that an episode repeats the best sequence; at the end it is 1 more."""
    repeat_power: float = 1.0
    """Power of the fraction of the run done that is added to ``repeat_bias``; 3 in 2018."""
    fresh_share: float = 0.1
    """Share of the other episodes that begin with free play instead of a stored sequence."""
    num_best: int = 4
    """Number of the best sequences that episodes return to."""
    reach_steps: int = 75
    """Steps before a sequence's end up to which an episode leaves it for free play."""
    policy_share: float = 0.5
    """Share of the moves of free play that are the policy's; 0.5 in 2018."""
    memory_share: float = 0.25
    """Share of the moves of free play that are the memory's; 0.5 in 2018. The rest are JERK's."""
    min_episodes: int = 5
    """Episodes after which the memory plays moves; more than 5 in 2018."""
    forward: str = "RIGHT"
    """Button that moves towards the goal."""
    backward: str = "LEFT"
    """Button that moves back."""
    jump: str | None = None
    """Button that jumps; None for B, or the first button that is no direction."""
    forward_steps: int = 100
    """Steps of a move."""
    backward_steps: int = 70
    """Steps of JERK's move back, which follows one of its moves forward without reward."""
    jump_probability: float = 0.1
    """Probability per step of JERK's moves that a jump begins."""
    jump_steps: int = 4
    """Steps for which a jump holds its button."""
    num_neighbours: int = 100
    """Similar moments that are looked up; the action of the one with the best outcome is taken. 100 in 2018."""
    min_similarity: float = 0.97
    """Cosine of the features below which a moment is not similar, so that the policy plays; -1 for no limit."""
    outcome: Literal["return-to-go", "return-so-far"] = "return-to-go"
    """How well it went after a moment: the discounted sum of the rewards after it, or, as in 2018, of all up to it."""
    discount: float = 0.99
    """Discount factor per step of ``return-to-go``."""
    index: IndexName = "hnsw"
    """How the memory is searched: ``flat``, ``ivf``, ``hnsw`` or ``lsh``."""
    capacity: int = 100_000
    """Moments of each row that can be found; when there are more, the worse half is forgotten."""
    only_rewarded: bool = False
    """Whether only moments that were rewarded can be found, as in 2018."""
    duplicate_similarity: float | None = None
    """Cosine from which on a moment with the action of its nearest neighbour is a duplicate and is not kept."""
    is_closed_loop: bool = True
    """Whether a sequence is followed by comparing the features with the stored ones, instead of blindly."""
    track_similarity: float = 0.95
    """Cosine of the features below which the picture has left the stored one, so that the policy takes over."""
    window_steps: int = 8
    """Steps before and after the expected one within which the most similar stored moment is looked for."""
    margin: float = 0.01
    """Cosine by which another moment must be more similar than the expected one to be taken for the present."""
    patience: int = 75
    """Steps by which an episode may lag behind the sequence that it follows, before that is given up for free play."""
    device: DeviceName = "auto"
    """Device of the networks; ``auto`` takes CUDA if available."""

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is from 0 to 1, not {getattr(self, name)}.")
        if self.policy_share + self.memory_share > 1:
            raise UsageError(
                f"policy_share and memory_share are at most 1 together, not {self.policy_share + self.memory_share:g}."
            )
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in ("window_steps", "patience", "min_episodes", "imitates_best"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must be at least 0, not {getattr(self, name)}.")
        if self.capacity < 2:
            raise UsageError(f"capacity must be at least 2, not {self.capacity}.")
        if not self.repeat_power > 0:
            raise UsageError(f"repeat_power must be more than 0, not {self.repeat_power}.")
        self.learner_config()

    def learner_class(self) -> AgentClass:
        """Return the class of the learner.

        Raises:
            NotFoundError: there is no such agent.
            UsageError: it has no weights or features, or cannot learn what ``learns`` and ``imitates_best`` say.
        """
        learner = find_learner(self.learner, (HasWeights, HasFeatures), "memory needs a policy with features")
        if self.learns == "all" and not offers(learner, LearnsOffPolicy):
            raise UsageError(
                f"The agent {self.learner} learns from its own actions alone; set learner=rainbow, or learns=nothing."
            )
        if self.imitates_best:
            find_learner(self.learner, (Imitates,), "imitates_best needs it")
        return learner

    @property
    def has_learning(self) -> bool:
        """Whether the learner learns while it plays."""
        return self.learns == "all" or self.imitates_best > 0

    def learner_config(self) -> Any:
        """Return the configuration of the learner.

        Raises:
            NotFoundError: there is no such agent or preset.
            UsageError: the agent cannot be the learner, or refuses a field.
        """
        return configure_learner(self.learner_class(), self.learner_preset, self.learner_fields, self.device)

    def memory_settings(self) -> MemorySettings:
        """Return the settings of a row's memory."""
        return MemorySettings(self.index, self.capacity, self.only_rewarded, self.duplicate_similarity)


DEFAULT = MemoryConfig()
HYBRID_2018 = replace(
    DEFAULT,
    repeat_power=3.0,
    fresh_share=0.0,
    num_best=1,
    policy_share=0.5,
    memory_share=0.5,
    min_similarity=-1.0,
    outcome="return-so-far",
    index="lsh",
    only_rewarded=True,
    is_closed_loop=False,
)
"""The hybrid of 2018 (gardenermike, openai-retro-contest-experiments), as far as it is known."""
