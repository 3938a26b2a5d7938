"""DQN: deep Q-learning with a replay buffer and a target network, on edges or on gray pictures.

Sources: Mnih et al., "Human-level control through deep reinforcement learning" (Nature, 2015); and "Discovering Q
learning" (T. Sokol, 2018) with its notebook reverie_agent, whose network saw Canny's edges and had no target network:
the preset ``reverie-2018``.

*Differences from the sources:* Adam instead of RMSProp; rewards are scaled and not clipped; with several rows an action
of each is a step. See docs/agents/dqn.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from newgameplus.agents import randomness
from newgameplus.agents.batch_updates import Update, make_update
from newgameplus.agents.dqn import config as presets
from newgameplus.agents.dqn.config import DqnConfig
from newgameplus.agents.dqn.learner import FIGURES, DqnLearner
from newgameplus.agents.dqn.network import DqnNetwork
from newgameplus.agents.dqn.shares import Shares
from newgameplus.agents.saved import require_agent, require_likeness
from newgameplus.errors import LearningError
from newgameplus.experience.replay import SLACK, ReplayBuffer
from newgameplus.experience.rewards import RewardShaper
from newgameplus.learning.schedules import linear
from newgameplus.nn.arithmetic import Arithmetic, describe_arithmetic
from newgameplus.nn.learner import Learner
from newgameplus.nn.precision import refresh
from newgameplus.nn.saved import module_state, restore_module
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, Wishes, WorldSpec


class Dqn:
    """One network that plays B rows and learns from all of them.

    Args:
        config: configuration.
        world: gives the number of rows, the observation shape and the number of actions.
        seed: seed of the weights and of every random draw, 0 or more.

    Raises:
        UsageError: the requested device is not available, or the seed is negative.
    """

    PRESETS: ClassVar[dict[str, DqnConfig]] = {
        "default": presets.DEFAULT,
        "tuned": presets.TUNED,
        "reverie-2018": presets.REVERIE_2018,
    }

    def __init__(self, config: DqnConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether the agent is frozen: it stores and learns nothing."""
        assert world.num_actions is not None
        self._world, self._num_actions = world, world.num_actions
        self._random = randomness.split(seed, 1)[0]
        self._learner = Learner(
            partial(DqnNetwork, config, world.observation_shape, world.num_actions),
            seed=seed,
            device=config.device,
            precision=config.precision,
            learning_rate=config.learning_rate,
            adam_epsilon=config.adam_epsilon,
            max_gradient_norm=math.inf if config.max_gradient_norm is None else config.max_gradient_norm,
        )
        self.network = self._learner.network
        self._target = None if config.target_interval is None else self._learner.playing_copy()
        self._begun_update: Update | None = None
        self._shaper = RewardShaper(world.num_envs, config.reward_scale, config.allows_backtracking)
        self._folder: Path | None = None
        self._slack = SLACK
        self._buffer: ReplayBuffer | None = None
        self._last: tuple[Array, Array] | None = None
        self._has_weights = False
        self._num_steps = self._num_updates = 0
        names = ["+".join(combo) or "none" for combo in world.combos]
        self._shares = Shares(names or [str(number) for number in range(world.num_actions)])
        self._metrics: dict[str, float] = {}

    @staticmethod
    def arithmetic(config: DqnConfig) -> Arithmetic:
        """Return what computes its network on this machine."""
        return describe_arithmetic(config.device, config.precision)

    @staticmethod
    def specs(config: DqnConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of stacked edges, or gray pictures, and of the action set."""
        seen = ObservationSpec(crop=config.crop, gray=True, size=config.size, edges=config.edges, stack=config.stack)
        return seen, ActionSpec("set", name=config.actions)

    @staticmethod
    def wishes(config: DqnConfig) -> Wishes:
        """Return the wished world settings."""
        return config.wishes

    def keep_in(self, folder: Path, num_steps: int = SLACK) -> None:
        """Keep the frames of the replay buffer in files in ``folder``, so that checkpoints need not contain them.

        Args:
            folder: created if missing.
            num_steps: number of steps, over all rows, that may follow a checkpoint before it is restored.
        """
        self._folder, self._slack = folder, num_steps

    def act(self, observation: Array) -> Array:
        """Return the action with the highest value, or with probability epsilon a random one, int64 ``[B]``.

        Args:
            observation: uint8 ``[B, H, W, C]``.
        """
        is_random = self._random.random(len(observation)) < self._epsilon
        action = self._random.integers(0, self._num_actions, len(observation))
        if not is_random.all():
            action = np.where(is_random, action, self.expected_returns(observation).argmax(axis=1))
        if not self.is_frozen:
            self._shares.count(action, is_random)
            self._last = (observation.copy(), action)
        return action.copy()

    def skip(self, num_steps: int) -> None:
        """Draw the random numbers that a frozen agent draws in that many steps."""
        for _ in range(num_steps):
            self._random.random(self._world.num_envs)
            self._random.integers(0, self._num_actions, self._world.num_envs)

    def expected_returns(self, observation: Array) -> Array:
        """Return the value estimate of each action, float32 ``[B, A]``, of uint8 ``[B, H, W, C]``."""
        with torch.inference_mode():
            values: Array = (
                self._learner.computing(torch.from_numpy(observation).to(self._learner.device)).cpu().numpy()
            )
        return values

    def observe(self, step: Step) -> None:
        """Store the step, and learn when a gradient step is due.

        Raises:
            LearningError: the gradient is NaN or infinite.
        """
        if self.is_frozen or self._last is None:
            return
        self._replay.add(*self._last, self._shaper(step.reward, step.done), step)
        self._last = None
        before, self._num_steps = self._num_steps, self._num_steps + len(step.reward)
        if max(self._num_steps, len(self._replay)) >= self._min_transitions:
            interval = self.config.train_interval
            for _ in range(self._num_steps // interval - before // interval):
                self._learn()
            self._refresh_target(before)

    def remember(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a step that was played elsewhere; it is not counted and triggers no learning.

        Args:
            observation: uint8 ``[R, H, W, C]``, observation before the step.
            action: int ``[R]``.
            step: the step, ``[R]``, with unshaped rewards.
            rows: R different indices of the B rows whose part of the replay buffer stores it.
        """
        reward, done = np.zeros(self._world.num_envs), np.zeros(self._world.num_envs, np.bool_)
        reward[rows], done[rows] = step.reward, step.done
        self._replay.add(observation, action, self._shaper(reward, done)[rows], step, rows)

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the last update, by name, and of the last actions; empty before the first step."""
        shares = self._shares.metrics()
        return {**self._metrics, **shares, "epsilon": self._epsilon} if shares else {}

    def state(self) -> State:
        """Return the full state; the frames of the replay buffer are included only if it has no files."""
        waiting = {} if self._last is None else {"observation": self._last[0].copy(), "action": self._last[1].copy()}
        return {
            "agent": "dqn",
            "num_rows": self._world.num_envs,
            **self._learner.state(),
            "target": {} if self._target is None else module_state(self._target),
            "generator": randomness.save(self._random),
            "rewards": self._shaper.state(),
            "replay": [self._replay.state()],
            "waiting": [waiting],
            "shares": self._shares.state(),
            "has_weights": self._has_weights,
            "num_steps": self._num_steps,
            "num_updates": self._num_updates,
        }

    def restore(self, state: State) -> None:
        """Restore ``state`` exactly.

        Raises:
            StateError: it belongs to another agent or configuration, or is damaged.
        """
        require_likeness(self.state(), state)
        random, shares = randomness.load(state["generator"]), self._shares.restored(state["shares"])
        self._learner.restore(state)
        if self._target is not None:
            restore_module(self._target, state["target"])
        self._shaper.restore(state["rewards"])
        self._replay.restore(state["replay"][0])
        self._random, self._shares, self._begun_update = random, shares, None
        waiting = state["waiting"][0]
        self._last = (waiting["observation"].copy(), waiting["action"].copy()) if waiting else None
        self._has_weights = state["has_weights"]
        self._num_steps, self._num_updates = state["num_steps"], state["num_updates"]

    @staticmethod
    def weights_in(state: State) -> State:
        """Return the network's part of ``state``, without optimizer or replay buffer."""
        return {"agent": state["agent"], "network": state["network"]}

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Start a new run with the weights of ``state``: learning starts as soon as there is a batch.

        The share of random actions is then the final one from the start.

        Raises:
            StateError: they belong to another network.
        """
        require_agent(state, "dqn")
        self._learner.begin_from(state["network"])
        if self._target is not None:
            refresh(self._target, self.network)
        self._has_weights, self.is_frozen = True, is_frozen

    @property
    def _min_transitions(self) -> int:
        """Transitions before the first gradient step: a batch, and those whose n steps are not complete."""
        least = self.config.batch_size + self._world.num_envs * self.config.n_step
        return least if self._has_weights else max(self.config.min_transitions, least)

    @property
    def _epsilon(self) -> float:
        """Share of random actions."""
        config = self.config
        if self.is_frozen:
            return config.frozen_epsilon
        num_since = self._num_steps - self._min_transitions
        if self._has_weights or num_since >= config.explore_steps:
            return config.final_epsilon
        return linear(config.initial_epsilon, config.final_epsilon, num_since / max(config.explore_steps, 1))

    @property
    def _replay(self) -> ReplayBuffer:
        """The replay buffer, created when first needed; a frozen agent needs none."""
        if self._buffer is None:
            self._buffer = ReplayBuffer(
                self.config.capacity,
                self._world.num_envs,
                self._world.observation_shape,
                n_step=self.config.n_step,
                discount=self.config.discount,
                priority_alpha=0.0,
                folder=self._folder,
                slack=self._slack,
            )
        return self._buffer

    @property
    def _update(self) -> Update:
        """The update, created when first needed."""
        if self._begun_update is None:
            self._begun_update = make_update(DqnLearner(self.config, self._learner, self._target), self._replay)
        return self._begun_update

    def _refresh_target(self, before: int) -> None:
        """Copy the weights to the target network if that is due, ``before`` steps having been taken earlier."""
        interval = self.config.target_interval
        if interval is not None and self._target is not None and self._num_steps // interval > before // interval:
            refresh(self._target, self.network)

    def _learn(self) -> None:
        """Take a gradient step."""
        choice = self._replay.choose(self.config.batch_size, 0.0, self._random)
        figures = self._update(choice)()
        self._num_updates += 1
        self._metrics = dict(zip(FIGURES, figures.tolist(), strict=True))
        if not math.isfinite(self._metrics["gradient_norm"]):
            raise LearningError(
                f"The loss of DQN ({self.config.loss}) is NaN or infinite after {self._num_updates} updates, since its "
                "targets grew with its values: begin anew with loss=huber, a target_interval or a lower learning_rate."
            )
        self._metrics["transitions"] = float(len(self._replay))
