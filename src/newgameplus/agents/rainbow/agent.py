"""Rainbow: distributional Q-learning with a prioritised replay buffer, explored by noisy layers.

Paper: Hessel et al., "Rainbow: Combining Improvements in Deep Reinforcement Learning" (2018), arXiv:1710.02298; the
strongest baseline of the contest: openai/retro-baselines ``rainbow_agent.py`` with anyrl's DQN.

*Differences from the paper:* priorities are the cross-entropy itself plus an offset, as in anyrl; the
importance-sampling exponent is constant; matrix products run in bfloat16 if the hardware supports it. See
docs/agents/rainbow.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from newgameplus.agents.batch_updates import Update, make_update
from newgameplus.agents.rainbow import config as presets
from newgameplus.agents.rainbow.acting import Actor, best_actions_together
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.heads import make_head
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.agents.rainbow.update import FIGURES, Awaited, QLearner
from newgameplus.agents.saved import require_agent, require_likeness
from newgameplus.errors import LearningError
from newgameplus.experience.replay import SLACK, ReplayBuffer
from newgameplus.experience.rewards import RewardShaper
from newgameplus.learning.schedules import linear
from newgameplus.nn.arithmetic import Arithmetic, describe_arithmetic
from newgameplus.nn.learner import Learner
from newgameplus.nn.precision import refresh
from newgameplus.nn.saved import generator_state, module_state, restore_encoder, restore_generator, restore_module
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec, warped

_REPORTED_UPDATES = 100
"""Number of gradient steps on demonstrations between two reports."""


class Rainbow:
    """One network that plays B rows and learns from all of them.

    Args:
        config: configuration.
        world: gives the number of rows, the observation shape and the number of actions.
        seed: seed of the weights, the noise and every random draw.

    Raises:
        UsageError: the requested device is not available, or the replay buffer is too small.
    """

    PRESETS: ClassVar[dict[str, RainbowConfig]] = {
        "default": presets.DEFAULT,
        "contest-2018": presets.CONTEST_2018,
        "runner-up-2018": presets.RUNNER_UP_2018,
        "tuned": presets.TUNED,
        "dqfd": presets.DQFD,
        "beyond": presets.BEYOND,
    }

    def __init__(self, config: RainbowConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether the agent is frozen: it stores and learns nothing. It keeps its noise, since with the mean weights
        alone it would repeat the same action forever while the picture does not change."""
        assert world.num_actions is not None
        self._world = world
        self._learner = Learner(
            partial(RainbowNetwork, config, world.observation_shape, world.num_actions),
            seed=seed,
            device=config.device,
            precision=config.precision,
            learning_rate=config.learning_rate,
            adam_epsilon=config.adam_epsilon,
            max_gradient_norm=config.max_gradient_norm,
        )
        self.network, self._device = self._learner.network, self._learner.device
        self._generator = torch.Generator(self._device).manual_seed(seed)
        self._random = np.random.default_rng(seed)
        self._target, self._actor_network = self._learner.playing_copy(), self._learner.computing
        self._head = make_head(config, self._device)
        self._q_learner = QLearner(config, self._learner, self._target, self._head, self._generator)
        self._begun_update: Update | None = None
        self._awaited: Awaited | None = None
        self._begun_actor: Actor | None = None
        self._shaper = RewardShaper(world.num_envs, config.reward_scale, config.allows_backtracking)
        self._folder: Path | None = None
        self._slack = SLACK
        self._buffer: ReplayBuffer | None = None
        self._last: tuple[Array, Array] | None = None
        self._min_transitions = max(config.min_transitions, self._num_before_a_batch)
        self._num_random = config.random_steps
        self._num_steps = 0
        self._num_updates = 0
        self._metrics: dict[str, float] = {}

    @staticmethod
    def arithmetic(config: RainbowConfig) -> Arithmetic:
        """Return what computes its network on this machine."""
        return describe_arithmetic(config.device, config.precision)

    @staticmethod
    def specs(config: RainbowConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of warped pictures and of the contest's button combinations."""
        return warped(config.stack), ActionSpec("set", name=config.actions)

    def keep_in(self, folder: Path, num_steps: int = SLACK) -> None:
        """Keep the frames of the replay buffer in files in ``folder``, so that checkpoints need not contain them.

        Args:
            folder: created if missing.
            num_steps: number of steps, over all rows, that may follow a checkpoint before it is restored.
        """
        self._folder, self._slack = folder, num_steps

    @staticmethod
    def acts_together(config: RainbowConfig, *, is_frozen: bool) -> bool:
        """Return whether they are frozen, so that they have the same weights."""
        return is_frozen

    @staticmethod
    def act_together(agents: Sequence[Rainbow | None], observation: Array) -> Array:
        """Return the best actions of frozen agents of one row each, int64 ``[B]``, with one forward of the encoder."""
        played = {row: agent for row, agent in enumerate(agents) if agent is not None}
        first = next(iter(played.values()))
        networks = {row: (agent._actor_network, agent._generator) for row, agent in played.items()}
        return best_actions_together(networks, first._head, torch.from_numpy(observation).to(first._device))

    def act(self, observation: Array) -> Array:
        """Return the action with the highest expected return in each row, int64 ``[B]``, for uint8 ``[B, H, W, C]``."""
        action = self._actor.best_actions(observation)
        if not self.is_frozen:
            action = self._explore(action)
            self._last = (observation.copy(), action)
        return action.copy()

    def took(self, action: Array) -> None:
        """Learn from ``action``, int ``[B]``, which was taken instead of what ``act`` returned."""
        if self._last is not None:
            self._last = (self._last[0], np.array(action, np.int64))

    def skip(self, num_steps: int) -> None:
        """Draw the random numbers that a frozen agent draws in that many steps."""
        for _ in range(num_steps):
            self._actor_network.draw_noise(self._generator)

    def expected_returns(self, observation: Array) -> Array:
        """Return the expected return of each action, float32 ``[B, A]``, of uint8 ``[B, H, W, C]``."""
        with torch.inference_mode():
            seen = torch.from_numpy(observation).to(self._device)
            values: Array = self._head.expected_returns(self._actor_network, seen).cpu().numpy()
        return values

    def features(self, observation: Array) -> Array:
        """Return the hidden layer without noise, float32 ``[B, H]``, of uint8 ``[B, H, W, C]``."""
        with torch.inference_mode():
            seen = torch.from_numpy(observation).to(self._device)
            found: Array = self._actor_network.features(seen).float().cpu().numpy()
        return found

    def observe(self, step: Step) -> None:
        """Store the step, and learn when a gradient step is due.

        Raises:
            LearningError: the gradient is NaN or infinite.
        """
        if self.is_frozen or self._last is None:
            return
        reward = self._shaper(step.reward, step.done)
        self._replay.add(*self._last, reward, step)
        self._last = None
        before, self._num_steps = self._num_steps, self._num_steps + len(reward)
        config = self.config
        if max(self._num_steps, len(self._replay)) < self._min_transitions:
            return
        for _ in range(self._num_steps // config.train_interval - before // config.train_interval):
            self._learn()
        if self._num_steps // config.target_interval > before // config.target_interval:
            refresh(self._target, self.network)

    def remember(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a step that was played elsewhere; it is not counted and triggers no learning.

        Args:
            observation: uint8 ``[R, H, W, C]``, observation before the step.
            action: int ``[R]``.
            step: the step, ``[R]``, with unshaped rewards.
            rows: R different indices of the B rows whose part of the replay buffer stores it.
        """
        self._store(observation, action, step, rows, is_demonstration=False)

    def demonstrate(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a step of a demonstration, marked as such; see ``remember``."""
        if not self._replay.has_demonstrations:
            self._begun_update = None
        self._store(observation, action, step, rows, is_demonstration=True)

    def pretrain(self) -> Iterator[tuple[int, int, dict[str, float]]]:
        """Keep the demonstrations for good and learn from them alone; yield gradient steps, their total and metrics.

        Afterwards learning starts at once, and no actions are random but for the noise, as with given weights.

        Raises:
            LearningError: the gradient is NaN or infinite.
            UsageError: the replay buffer is too small for what follows.
        """
        config, total = self.config, self.config.demonstration_updates
        self._replay.keep()
        self._min_transitions, self._num_random = self._num_before_a_batch, 0
        interval = max(1, config.target_interval // config.train_interval)
        for number in range(1, total + 1):
            self._learn()
            if number % interval == 0:
                refresh(self._target, self.network)
            if number % _REPORTED_UPDATES == 0 or number == total:
                self._settle()
                yield number, total, self._metrics.copy()
        refresh(self._target, self.network)

    def imitate(self, num_steps: int) -> None:
        """Take as many gradient steps as so many steps of its own lead to, once there is enough to sample from.

        Raises:
            LearningError: the gradient is NaN or infinite.
        """
        if len(self._replay) < self._min_transitions:
            return
        for _ in range(num_steps // self.config.train_interval):
            self._learn()
        refresh(self._target, self.network)

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the last update, by name; empty before the first."""
        return self._metrics

    def state(self) -> State:
        """Return the full state; the frames of the replay buffer are included only if it has no files."""
        waiting = {} if self._last is None else {"observation": self._last[0].copy(), "action": self._last[1].copy()}
        awaited = [] if self._awaited is None else [self._awaited.state()]
        return {
            "agent": "rainbow",
            "num_rows": self._world.num_envs,
            **self._learner.state(),
            "target": module_state(self._target),
            "generator": generator_state(self._generator),
            "random": self._random.bit_generator.state,
            "rewards": self._shaper.state(),
            "replay": [self._replay.state(), {"min_transitions": self._min_transitions}],
            "waiting": [waiting, *awaited],
            "num_random": self._num_random,
            "num_steps": self._num_steps,
            "num_updates": self._num_updates,
        }

    def restore(self, state: State) -> None:
        """Restore ``state`` exactly.

        Raises:
            StateError: it belongs to another agent or configuration, or is damaged.
        """
        require_likeness(self.state(), state)
        self._learner.restore(state)
        restore_module(self._target, state["target"])
        refresh(self._actor_network, self._learner.computing)
        restore_generator(self._generator, state["generator"])
        self._random.bit_generator.state = state["random"]
        self._shaper.restore(state["rewards"])
        replay, *further = state["replay"]  # in version 0.1 the replay buffer alone
        self._replay.restore(replay)
        self._min_transitions = further[0]["min_transitions"] if further else self._min_transitions
        self._begun_update = None
        waiting, *awaited = state["waiting"]
        self._awaited = Awaited.from_state(awaited[0]) if awaited else None
        self._last = (waiting["observation"].copy(), waiting["action"].copy()) if waiting else None
        self._num_random = state["num_random"]
        self._num_steps, self._num_updates = state["num_steps"], state["num_updates"]

    @staticmethod
    def weights_in(state: State) -> State:
        """Return the network's part of ``state``, without optimizer, rollout or replay buffer."""
        return {"agent": state["agent"], "network": state["network"]}

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Start a new run with the weights of ``state``; from PPO's, only those of the encoder are taken.

        With all weights, learning starts as soon as there is a batch: ``min_transitions`` is for untrained ones, whose
        first transitions are those of random play.

        Raises:
            StateError: they belong to another network.
        """
        if state.get("agent") == "ppo" and not is_frozen:
            restore_encoder(self.network, state["network"])
            self._learner.refresh()
        else:
            require_agent(state, "rainbow")
            self._learner.begin_from(state["network"])
            self._min_transitions = self._num_before_a_batch
        refresh(self._target, self.network)
        # Playing resamples noise: a frozen agent does so in a copy, and the given weights and noise stay unchanged.
        self._actor_network = self._learner.playing_copy() if is_frozen else self._learner.computing
        self._num_random = 0
        self.is_frozen = is_frozen
        self._begun_actor = None

    @property
    def _num_before_a_batch(self) -> int:
        """Transitions after which a batch can be sampled: the last n of each row are not complete before."""
        return self.config.batch_size + self._world.num_envs * self.config.n_step

    @property
    def _replay(self) -> ReplayBuffer:
        """The replay buffer, created when first needed; a frozen agent needs none."""
        if self._buffer is None:
            config = self.config
            self._buffer = ReplayBuffer(
                config.capacity,
                self._world.num_envs,
                self._world.observation_shape,
                n_step=config.n_step,
                discount=config.discount,
                priority_alpha=config.priority_alpha,
                folder=self._folder,
                slack=self._slack,
            )
        return self._buffer

    @property
    def _update(self) -> Update:
        """The update, created when first needed."""
        if self._begun_update is None:
            self._begun_update = make_update(self._q_learner, self._replay)
        return self._begun_update

    @property
    def _actor(self) -> Actor:
        """The actor, created when first needed."""
        if self._begun_actor is None:
            shape = (self._world.num_envs, *self._world.observation_shape)
            self._begun_actor = Actor(self._actor_network, self._head, shape, self._device, self._generator)
        return self._begun_actor

    def _store(
        self, observation: Array, action: Array, step: Step, rows: Sequence[int], *, is_demonstration: bool
    ) -> None:
        """Store a step of some rows in the replay buffer, with shaped rewards."""
        reward, done = np.zeros(self._world.num_envs), np.zeros(self._world.num_envs, np.bool_)
        reward[rows], done[rows] = step.reward, step.done
        shaped = self._shaper(reward, done)[rows]
        self._replay.add(observation, action, shaped, step, rows, is_demonstration=is_demonstration)

    def _explore(self, action: Array) -> Array:
        """Return the actions ``[B]``, each random with probability epsilon, which falls with each call."""
        config = self.config
        fraction = self._num_random / config.random_steps if config.random_steps else 0.0
        share = linear(config.final_random_share, 1.0, fraction)
        self._num_random = max(0, self._num_random - len(action))
        if not share:
            return action
        is_random = self._random.random(len(action)) < share
        drawn = self._random.integers(0, self._world.num_actions, len(action))
        return np.where(is_random, drawn, action)

    def _learn(self) -> None:
        """Start a gradient step; if results arrive later, wait for that of the previous one meanwhile.

        The next batch is then sampled before the priorities of this one are known.
        """
        config = self.config
        choice = self._replay.choose(config.batch_size, config.priority_beta, self._random)
        begun = Awaited(choice.entries, self._update(choice))
        self._settle()
        self._num_updates += 1
        self._awaited = begun
        if not self._update.is_awaited:
            self._settle()

    def _settle(self) -> None:
        """Wait for the pending gradient step, and update the priorities of its transitions."""
        if self._awaited is None:
            return
        entries, answer = self._awaited.entries, self._awaited.answer()
        self._awaited = None
        errors, figures = np.split(answer, [len(entries)])
        self._metrics = dict(zip(FIGURES, figures.tolist(), strict=False))
        if not math.isfinite(self._metrics["gradient_norm"]):
            raise LearningError(
                f"The loss of Rainbow is NaN or infinite after {self._num_updates} updates: "
                "lower the learning rate (--set learning_rate=…) and continue from the last checkpoint."
            )
        bonus = self.config.priority_offset + self.config.demonstration_bonus * self._replay.are_demonstrations(entries)
        self._replay.set_priorities(entries, errors.astype(np.float64) + bonus)
        self._metrics["transitions"] = float(len(self._replay))
