"""Rainbow: Q-learning of distributions, from a prioritised replay buffer, exploring by noise on its weights.

Paper: Hessel et al., "Rainbow: Combining Improvements in Deep Reinforcement Learning" (2018), arXiv:1710.02298; the
strongest baseline of the contest: openai/retro-baselines ``rainbow_agent.py`` with anyrl's DQN.

*Differences from the paper:* priorities are the cross-entropy itself plus an offset, as in anyrl; its correction does
not grow; products run in bfloat16 where the hardware has it. See docs/agents/rainbow.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.action_sets import ACTION_SETS
from newgameplus.agents.rainbow import config as presets
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.heads import make_head, of_action
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.agents.saved import require_agent, require_likeness
from newgameplus.errors import LearningError
from newgameplus.experience.replay import SLACK, Batch, ReplayBuffer
from newgameplus.experience.rewards import RewardShaper
from newgameplus.learning.policies import munchausen_bonus, soft_policy
from newgameplus.learning.schedules import linear
from newgameplus.nn.augmentation import shift
from newgameplus.nn.device import find_device, has_fast_bfloat16
from newgameplus.nn.improvement import improve
from newgameplus.nn.noisy import draw_noise, set_noise
from newgameplus.nn.precision import playing_copy, refresh
from newgameplus.nn.saved import (
    generator_state,
    module_state,
    optimizer_state,
    restore_encoder,
    restore_generator,
    restore_module,
    restore_optimizer,
)
from newgameplus.types import WARPED, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


class Rainbow:
    """One network that plays B rows at once and learns from all of them.

    Args:
        config: see there.
        world: B, the shape of an observation and the number of actions count.
        seed: of the weights, the noise and every draw.

    Raises:
        UsageError: the configuration asks for a device that is not there, or for too small a replay buffer.
    """

    PRESETS: ClassVar[dict[str, RainbowConfig]] = {
        "default": presets.DEFAULT,
        "contest-2018": presets.CONTEST_2018,
        "runner-up-2018": presets.RUNNER_UP_2018,
        "tuned": presets.TUNED,
        "beyond": presets.BEYOND,
    }

    def __init__(self, config: RainbowConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether it only plays: without noise, storing and learning nothing."""
        assert world.num_actions is not None
        self._world = world
        self._device = find_device(config.device)
        self._is_low = config.precision == "bfloat16" or (
            config.precision == "auto" and has_fast_bfloat16(self._device)
        )
        self._generator = torch.Generator().manual_seed(seed)
        self._random = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = RainbowNetwork(config, world.observation_shape, world.num_actions)
        self.network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._target = playing_copy(self.network, self._is_low)
        # It computes everything, gradients too; the network keeps and changes the weights.
        copied = playing_copy(self.network, self._is_low).requires_grad_(True) if self._is_low else self.network
        self._player = copied.eval()
        self._optimizer = torch.optim.Adam(
            self.network.parameters(), config.learning_rate, eps=config.adam_epsilon, fused=True
        )
        self._head = make_head(config, self._device)
        self._shaper = RewardShaper(world.num_envs, config.reward_scale, config.allows_backtracking)
        self._folder: Path | None = None
        self._slack = SLACK
        self._buffer: ReplayBuffer | None = None
        self._last: tuple[Array, Array] | None = None
        self._num_random = config.random_steps
        self._num_steps = 0
        self._num_updates = 0
        self._metrics: dict[str, float] = {}

    @staticmethod
    def specs(config: RainbowConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return that it sees warped pictures and presses one of the contest's combinations."""
        return WARPED, ACTION_SETS[config.actions]

    def keep_in(self, folder: Path, num_steps: int = SLACK) -> None:
        """Keep the frames of the replay buffer in files in ``folder``, so that checkpoints need not hold them.

        Args:
            folder: made when it is missing.
            num_steps: how many steps, of all rows, may follow a checkpoint that is gone back to.
        """
        self._folder, self._slack = folder, num_steps

    def act(self, observation: Array) -> Array:
        """Return the action of the highest expected return of each row, int64 ``[B]``, from uint8 ``[B, H, W, C]``."""
        if not self.is_frozen:
            draw_noise(self._player, self._generator)
        action: Array = self._expected_returns(observation).argmax(-1).numpy()
        if not self.is_frozen:
            action = self._explore(action)
            self._last = (observation.copy(), action)
        return action.copy()

    def expected_returns(self, observation: Array) -> Array:
        """Return the expected return of each action, float32 ``[B, A]``, of uint8 ``[B, H, W, C]``."""
        values: Array = self._expected_returns(observation).numpy()
        return values

    def observe(self, step: Step) -> None:
        """Store what came of the actions, and learn when it is time.

        Raises:
            LearningError: the loss is no longer a number.
        """
        if self.is_frozen or self._last is None:
            return
        reward = self._shaper(step.reward, step.done)
        self._replay.add(*self._last, reward, step)
        self._last = None
        before, self._num_steps = self._num_steps, self._num_steps + len(reward)
        config = self.config
        if max(self._num_steps, len(self._replay)) < max(config.min_transitions, config.batch_size):
            return
        for _ in range(self._num_steps // config.train_interval - before // config.train_interval):
            self._learn()
        if self._num_steps // config.target_interval > before // config.target_interval:
            refresh(self._target, self.network)

    def remember(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a turn that was played elsewhere; it counts as no step and nothing is learned from it yet.

        Args:
            observation: uint8 ``[R, H, W, C]``.
            action: int ``[R]``.
            step: what came of it, ``[R]``; its rewards are the world's.
            rows: R different ones of the B rows, whose part of the replay buffer takes it.
        """
        reward, done = np.zeros(self._world.num_envs), np.zeros(self._world.num_envs, np.bool_)
        reward[rows], done[rows] = step.reward, step.done
        self._replay.add(observation, action, self._shaper(reward, done)[rows], step, rows)

    def metrics(self) -> dict[str, float]:
        """Return figures of the last update, by name; empty before the first."""
        return self._metrics

    def state(self) -> State:
        """Return everything; the frames of the replay buffer only where it has no files."""
        waiting = {} if self._last is None else {"observation": self._last[0].copy(), "action": self._last[1].copy()}
        return {
            "agent": "rainbow",
            "num_rows": self._world.num_envs,
            "network": module_state(self.network),
            "target": module_state(self._target),
            "optimizer": optimizer_state(self._optimizer),
            "generator": generator_state(self._generator),
            "random": self._random.bit_generator.state,
            "rewards": self._shaper.state(),
            "replay": [self._replay.state()],
            "waiting": [waiting],
            "num_random": self._num_random,
            "num_steps": self._num_steps,
            "num_updates": self._num_updates,
        }

    def restore(self, state: State) -> None:
        """Go on exactly from ``state``.

        Raises:
            StateError: it is another agent's, another configuration's or damaged.
        """
        require_likeness(self.state(), state)
        restore_module(self.network, state["network"])
        restore_module(self._target, state["target"])
        refresh(self._player, self.network)
        restore_optimizer(self._optimizer, state["optimizer"])
        restore_generator(self._generator, state["generator"])
        self._random.bit_generator.state = state["random"]
        self._shaper.restore(state["rewards"])
        self._replay.restore(state["replay"][0])
        waiting = state["waiting"][0]
        self._last = (waiting["observation"].copy(), waiting["action"].copy()) if waiting else None
        self._num_random = state["num_random"]
        self._num_steps, self._num_updates = state["num_steps"], state["num_updates"]

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Begin anew with the weights of ``state``; of PPO's, with those of the convolutions.

        Raises:
            StateError: they belong to another network.
        """
        if state.get("agent") == "ppo" and not is_frozen:
            restore_encoder(self.network, state["network"])
        else:
            require_agent(state, "rainbow")
            restore_module(self.network, state["network"])
        refresh(self._target, self.network)
        refresh(self._player, self.network)
        self._num_random = 0
        self.is_frozen = is_frozen
        set_noise(self._player, not is_frozen)
        self._player.train(not is_frozen and self._player is self.network)

    @property
    def _replay(self) -> ReplayBuffer:
        """The replay buffer, made when it is first needed: a frozen agent needs none."""
        if self._buffer is None:
            config = self.config
            self._buffer = ReplayBuffer(
                config.capacity,
                self._world.num_envs,
                self._world.observation_shape,
                num_steps=config.num_steps,
                discount=config.discount,
                exponent=config.exponent,
                folder=self._folder,
                slack=self._slack,
            )
        return self._buffer

    def _explore(self, action: Array) -> Array:
        """Return the actions ``[B]``, a share of them drawn at random; it falls with each call."""
        config = self.config
        fraction = self._num_random / config.random_steps if config.random_steps else 0.0
        share = linear(config.final_random_share, 1.0, fraction)
        self._num_random = max(0, self._num_random - len(action))
        if not share:
            return action
        is_random = self._random.random(len(action)) < share
        drawn = self._random.integers(0, self._world.num_actions, len(action))
        return np.where(is_random, drawn, action)

    def _expected_returns(self, observation: Array) -> Tensor:
        with torch.inference_mode():
            return self._head.expected_returns(self._player, self._moved(observation)).cpu()

    def _moved(self, array: Array) -> Tensor:
        """The array as a tensor where the network is."""
        return torch.from_numpy(array).to(self._device)

    def _learn(self) -> None:
        config = self.config
        batch = self._replay.draw(config.batch_size, config.correction, self._random)
        target = self._targets(batch)
        draw_noise(self._player, self._generator)
        observation = self._moved(batch.observation)
        if config.max_offset:
            observation = shift(observation, config.max_offset, self._generator)
        action = self._moved(batch.action)
        errors = self._head.errors(self._player.train(), observation, action, target, self._generator)
        self._player.eval()
        loss = (self._moved(batch.weight) * errors).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = improve(self._optimizer, self.network, self._player, config.max_gradient_norm)
        if not math.isfinite(norm):
            raise LearningError(
                f"The loss of Rainbow is no longer a number after {self._num_updates} updates: "
                "lower the learning rate (--set learning_rate=…) and go on from the last checkpoint."
            )
        self._num_updates += 1
        priorities = errors.detach().double().cpu().numpy() + config.priority_offset
        self._replay.set_priorities(batch.entries, priorities)
        self._metrics = {
            "loss": float(loss.detach()),
            "gradient_norm": norm,
            "expected_return": float(self._head.mean(target).mean()),
            "transitions": float(len(self._replay)),
        }

    def _targets(self, batch: Batch) -> Tensor:
        """What to learn ``[B, N]``: of the next action that the network chooses, what the target network says."""
        if self.config.munchausen_weight:
            return self._soft_targets(batch)
        for network in (self._player, self._target):
            draw_noise(network, self._generator)
        after = self._moved(batch.next_observation)
        with torch.no_grad():
            best = self._head.expected_returns(self._player, after).argmax(-1)
            distribution = of_action(self._head.distribution(self._target, after, self._generator), best)
            reward = self._moved(batch.reward).unsqueeze(1)
            return self._head.target(
                distribution.unsqueeze(1), torch.ones_like(reward), reward, self._moved(batch.factor)
            )

    def _soft_targets(self, batch: Batch) -> Tensor:
        """What to learn ``[B, N]`` of all next actions, by the target network's policy, which rewards its own choice.

        Vieillard, Pietquin and Geist, "Munchausen Reinforcement Learning" (2020), eq. 1, over n steps.
        """
        temperature, floor = self.config.munchausen_temperature, self.config.munchausen_floor
        draw_noise(self._target, self._generator)
        reward, factor = self._moved(batch.reward), self._moved(batch.factor)
        with torch.no_grad():
            before = self._head.expected_returns(self._target, self._moved(batch.observation))
            bonus = munchausen_bonus(before, self._moved(batch.action), temperature, floor)
            after = self._moved(batch.next_observation)
            distribution = self._head.distribution(self._target, after, self._generator)
            policy = soft_policy(self._head.mean(distribution), temperature)
            gain = (reward + self.config.munchausen_weight * bonus).unsqueeze(1)
            added = gain - factor.unsqueeze(1) * temperature * policy
            return self._head.target(distribution, policy.exp(), added, factor)
