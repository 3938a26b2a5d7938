"""The memory hybrid: a pre-trained policy proposes, JERK-like exploration repeats what went well, a memory looks up.

Source: gardenermike, "Experiments for OpenAI Retro Contest" (2018): JERK with mutations, in which half of the free play
is the policy's of PPO and half the best action of the 100 most similar moments so far, by the policy's hidden layer;
the memory as in Pritzel et al., "Neural Episodic Control" (2017). *Differences from the source:* see
docs/agents/memory.md.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from newgameplus.agents import find_agent, randomness
from newgameplus.agents.interface import (
    ActsTogether,
    Agent,
    HasFeatures,
    HasMetrics,
    HasWeights,
    KeepsFiles,
    offers,
)
from newgameplus.agents.learners import arithmetic_of
from newgameplus.agents.memory import config as presets
from newgameplus.agents.memory.config import MemoryConfig
from newgameplus.agents.memory.moves import Script
from newgameplus.agents.memory.player import COUNTED, Player
from newgameplus.agents.saved import require_likeness, take
from newgameplus.errors import StateError
from newgameplus.experience.best_episodes import MOST_STEPS, BestEpisodes
from newgameplus.experience.episodic import EpisodicMemory, Outcome, discounted_outcome, outcome_so_far
from newgameplus.nn.arithmetic import Arithmetic
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec

_NAME = "memory"
CONTEST_TIMESTEPS = 1_000_000
"""Agent steps per level in the 2018 contest; used if the run has no budget of its own."""


class Memory:
    """A policy, and in every row a memory of its own.

    Args:
        config: configuration.
        world: gives rows, observation shape, the actions and the budget.
        seed: seed of the policy, of random weights and of every choice.

    Raises:
        UsageError: the actions are not numbered, the device is not available, or faiss is not installed.
    """

    PRESETS: ClassVar[dict[str, MemoryConfig]] = {
        "default": presets.DEFAULT,
        "hybrid-2018": presets.HYBRID_2018,
    }

    def __init__(self, config: MemoryConfig, world: WorldSpec, seed: int) -> None:
        self.config, self._world, self._seed = config, world, seed
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether the agent is frozen: then the policy plays alone."""
        self._learner = self._new_learner()
        if not config.has_learning:
            self._learner.begin_from(self._learner.state(), is_frozen=True)
        self._eye = self._new_eye(self._learner.state()) if config.has_learning else self._learner
        self._is_pretrained = False
        self._script = Script(config, world)
        self._folder: Path | None = None
        self._players: list[Player] = []
        self._best = self._new_best()
        self._feature: Array | None = None

    @staticmethod
    def arithmetic(config: MemoryConfig) -> Arithmetic:
        """Return what computes the networks on this machine."""
        return arithmetic_of(config.learner_class(), config.learner_config(), config.device)

    @staticmethod
    def specs(config: MemoryConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return the observation and action specs of the learner."""
        return config.learner_class().specs(config.learner_config())

    @staticmethod
    def acts_together(config: MemoryConfig, *, is_frozen: bool) -> bool:
        """Return whether they are frozen, so that the learner's policy plays, and the learners act together."""
        learner: Any = config.learner_class()
        if not is_frozen or not offers(learner, ActsTogether):
            return False
        return bool(learner.acts_together(config.learner_config(), is_frozen=True))

    @staticmethod
    def act_together(agents: Sequence[Memory | None], observation: Array) -> Array:
        """Return the actions of frozen agents of one row each, int64 ``[B]``."""
        played = next(agent for agent in agents if agent is not None)
        learners = [None if agent is None else agent._learner for agent in agents]
        action: Array = type(played._learner).act_together(learners, observation)
        return action

    @staticmethod
    def without_weights(config: MemoryConfig) -> str:
        """Return what becomes of the policy without weights."""
        return f"The policy of {config.learner} and its features are random; give trained ones with --init RUN."

    @staticmethod
    def continued(config: MemoryConfig, agent: str, other: Any) -> MemoryConfig | None:
        """Return the configuration with the learner of another agent's run, None if it cannot be the learner."""
        learner = find_agent(agent)
        if not offers(learner, HasFeatures) or not offers(learner, HasWeights):
            return None
        plain = learner.PRESETS["default"]
        fields = [
            f"{field.name}={_text(getattr(other, field.name))}"
            for field in dataclasses.fields(other)
            if field.name != "device" and getattr(other, field.name) != getattr(plain, field.name)
        ]
        return replace(config, learner=agent, learner_preset="default", learner_fields=tuple(fields))

    def keep_in(self, folder: Path, num_steps: int) -> None:
        """Keep the moments in files in ``folder``, and what the learner keeps in files.

        Args:
            folder: created if missing.
            num_steps: number of steps, over all rows, that may follow a checkpoint before it is restored.
        """
        self._folder = folder
        if isinstance(self._learner, KeepsFiles):
            num_shown = num_steps + MOST_STEPS * self._world.num_envs if self.config.imitates_best else 0
            self._learner.keep_in(folder / "learner", num_steps + num_shown)

    def act(self, observation: Array) -> Array:
        """Return the next action of every row, int64 ``[B]``, for uint8 ``[B, H, W, C]``.

        Raises:
            LearningError: a weight is NaN or infinite.
        """
        proposed: Array = self._learner.act(observation)
        if self.is_frozen:
            return proposed
        self._feature = _unit(self._eye.features(observation))
        self._seat()
        rows = zip(self._players, self._feature, proposed.tolist(), strict=True)
        action = np.array([player.act(feature, choice) for player, feature, choice in rows], np.int64)
        if self.config.learns == "all":
            self._learner.took(action)
        if self._best is not None:
            self._best.see(observation, action)
        return action

    def observe(self, step: Step) -> None:
        """Let every row remember what followed, and the learner learn from it if it does.

        Raises:
            LearningError: a loss is NaN or infinite.
        """
        if self.is_frozen:
            return
        if self._feature is None:
            raise StateError("The memory observes the outcome of a step before it has acted; call act() first.")
        rows = zip(self._players, self._feature, step.reward.tolist(), step.done.tolist(), strict=True)
        for player, feature, reward, done in rows:
            player.observe(feature, reward, done)
        self._feature = None
        if self.config.learns == "all":
            self._learner.observe(step)
        if self._best is not None:
            self._imitate(self._best, step)

    def acting_agent(self) -> Agent:
        """Return the learner, whose policy proposes."""
        learner: Agent = self._learner
        return learner

    def metrics(self) -> dict[str, float]:
        """Return sizes of the memories, who chose the actions, in shares, and the learner's metrics.

        ``is_pretrained`` is 0 where the policy and its features are random, because no weights were given.
        """
        told = dict(self._learner.metrics()) if isinstance(self._learner, HasMetrics) else {}
        counts = sum((player.counts for player in self._players), Counter[str]())
        if not (total := sum(counts.values())):
            return told
        rows = self._players
        best = [player.store.best().mean_return for player in rows if len(player.store)]
        return told | {
            "is_pretrained": float(self._is_pretrained),
            "moments": float(np.mean([len(player.memory) for player in rows])),
            "sequences": float(np.mean([len(player.store) for player in rows])),
            "best_sequence": float(np.mean(best)) if best else 0.0,
            **{f"share/{name}": counts[name] / total for name in COUNTED},
        }

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Start a new run with the policy of ``state``, which may be of the learner's own run or of this agent's.

        Memories are of one level, so they are not taken over. If ``is_frozen``, the policy plays alone.

        Raises:
            StateError: the policy is of another agent or network.
        """
        weights = take(state, "learner", dict) if take(state, "agent", str) == _NAME else state
        has_learning = self.config.has_learning
        self._learner.begin_from(weights, is_frozen=is_frozen or not has_learning)
        self._eye = self._new_eye(weights) if has_learning else self._learner
        self.is_frozen, self._is_pretrained, self._players, self._best = is_frozen, True, [], self._new_best()

    def state(self) -> State:
        """Return the full state: of the learner, and of every row; the moments only if they have no files."""
        self._seat()
        return {
            "agent": _NAME,
            "num_rows": self._world.num_envs,
            "is_pretrained": self._is_pretrained,
            "learner": self._learner.state(),
            "eye": [] if self._eye is self._learner else [self._eye.state()],
            "feature": [] if self._feature is None else [self._feature.copy()],
            "rows": [player.state() for player in self._players],
            "best": [] if self._best is None else [self._best.state()],
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or configuration, or is damaged.
        """
        require_likeness({key: value for key, value in self.state().items() if key != "learner"}, _without(state))
        num_rows = 0 if self.is_frozen else self._world.num_envs  # frozen, it remembers nothing
        if len(state["rows"]) != num_rows:
            raise StateError(f"The saved state has {len(state['rows'])} rows with a memory, not {num_rows}.")
        if self._best is not None:
            self._best.restore(state["best"][0])
        self._learner.restore(take(state, "learner", dict))
        if self._eye is not self._learner:
            self._eye.restore(state["eye"][0])
        self._players = [self._new_player(row) for row in range(num_rows)]
        for player, saved in zip(self._players, state["rows"], strict=True):
            player.restore(saved)
        self._is_pretrained = state["is_pretrained"]
        self._feature = state["feature"][0].copy() if state["feature"] else None

    def _new_learner(self) -> Any:
        return self.config.learner_class()(self.config.learner_config(), self._world, self._seed)

    def _new_eye(self, weights: State) -> Any:
        """A frozen copy of the policy, whose features stay the same while the policy learns."""
        eye = self._new_learner()
        eye.begin_from(weights, is_frozen=True)
        return eye

    def _new_best(self) -> BestEpisodes | None:
        if not self.config.imitates_best:
            return None
        world = self._world
        stack = self.observation_spec.stack
        return BestEpisodes(world.num_envs, self.config.imitates_best, world.observation_shape, stack)

    def _imitate(self, best: BestEpisodes, step: Step) -> None:
        """Let the learner imitate the episodes that ended and are among the best."""
        for episode in best.observe(step):
            for observation, action, turn in episode.steps():
                self._learner.demonstrate(observation, action, turn, [episode.row])
            self._learner.imitate(len(episode))

    def _seat(self) -> None:
        """Create the rows' players, once the policy is known."""
        if not self._players and not self.is_frozen:
            self._players = [self._new_player(row) for row in range(self._world.num_envs)]

    def _new_player(self, row: int) -> Player:
        assert self._world.num_actions is not None
        random = randomness.split(self._seed, self._world.num_envs)[row]
        owner = _unit(self._eye.features(_probe(self._world)))[0]
        path = None if self._folder is None else self._folder / f"moments-{row}.bin"
        outcome = _outcome(self.config)
        memory = EpisodicMemory(len(owner), self.config.memory_settings(), outcome, path, owner)
        num_timesteps = self._world.num_timesteps or CONTEST_TIMESTEPS
        return Player(self.config, self._script, memory, self._world.num_actions, num_timesteps, random)


def _outcome(config: MemoryConfig) -> Outcome:
    return outcome_so_far if config.outcome == "return-so-far" else discounted_outcome(config.discount)


def _probe(world: WorldSpec) -> Array:
    """Noise, by whose features a policy is recognised, uint8 ``[B, …]``."""
    noise = np.random.default_rng(0).integers(0, 256, world.observation_shape, np.uint8)
    return np.repeat(noise[None], world.num_envs, axis=0)


def _unit(features: Array) -> Array:
    """Features of length 1, float32 ``[B, H]``; zeros stay zeros."""
    length = np.linalg.norm(features, axis=-1, keepdims=True)
    unit: Array = (features / np.maximum(length, 1e-6)).astype(np.float32)
    return unit


def _text(value: object) -> str:
    """A field's value as ``--set`` takes it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _without(state: object) -> object:
    return {key: value for key, value in state.items() if key != "learner"} if isinstance(state, dict) else state
