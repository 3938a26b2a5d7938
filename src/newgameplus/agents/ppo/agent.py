"""PPO, proximal policy optimization: play a stretch, then improve the policy on it within a trust region.

Paper: Schulman, Wolski, Dhariwal, Radford and Klimov, "Proximal Policy Optimization Algorithms" (2017),
arXiv:1707.06347; the baseline of the contest: openai/baselines ``ppo2`` and openai/retro-baselines.

*Differences from the paper:* the value of an episode that was cut short by a limit is that of its last observation
(baselines took 0); products run in bfloat16 where the hardware has it. See docs/agents/ppo.md.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.action_sets import ACTION_SETS
from newgameplus.agents.ppo import config as presets
from newgameplus.agents.ppo.bonus import Distillation, Novelty
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.ppo.network import PpoNetwork
from newgameplus.agents.saved import require_agent, require_likeness
from newgameplus.errors import LearningError
from newgameplus.experience.rewards import RewardShaper
from newgameplus.experience.rollout import Rollout
from newgameplus.learning.losses import approximate_divergence, clipped_surrogate, clipped_value_loss, entropy
from newgameplus.learning.returns import explained_variance, generalized_advantages
from newgameplus.learning.schedules import linear
from newgameplus.nn.augmentation import shift
from newgameplus.nn.device import find_device, has_fast_bfloat16, low_precision
from newgameplus.nn.improvement import improve
from newgameplus.nn.noisy import draw_noise, set_noise
from newgameplus.nn.precision import playing_copy, refresh
from newgameplus.nn.saved import (
    generator_state,
    module_state,
    optimizer_state,
    restore_generator,
    restore_module,
    restore_optimizer,
)
from newgameplus.types import WARPED, ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


class Ppo:
    """One policy that plays B rows at once and learns from all of them.

    Args:
        config: see there.
        world: B, the shape of an observation and the number of actions count.
        seed: of the weights and of every choice.

    Raises:
        UsageError: the configuration asks for a device that is not there.
    """

    PRESETS: ClassVar[dict[str, PpoConfig]] = {
        "default": presets.DEFAULT,
        "contest-2018": presets.CONTEST_2018,
        "joint-2018": presets.JOINT_2018,
        "tuned": presets.TUNED,
    }

    def __init__(self, config: PpoConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether it only plays: nothing is stored or learned, and the likeliest actions are still drawn, not taken."""
        assert world.num_actions is not None
        self._device = find_device(config.device)
        self._is_low = config.precision == "bfloat16" or (
            config.precision == "auto" and has_fast_bfloat16(self._device)
        )
        self._generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = PpoNetwork(config, world.observation_shape, world.num_actions)
        self.network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = torch.optim.Adam(
            self.network.parameters(), config.learning_rate, eps=config.adam_epsilon, fused=True
        )
        self._shaper = RewardShaper(world.num_envs, config.reward_scale, config.allows_backtracking)
        self._rollout = Rollout(config.num_steps, world.num_envs, world.observation_shape)
        self._novelty = Novelty(config.novelty_weight)
        self._distillation = Distillation(config.distillation_weight, world.observation_shape, seed, self._device)
        self._num_rows = world.num_envs
        self._num_updates = 0
        total = world.num_timesteps
        self._total_updates = None if total is None else max(1, total // config.num_steps)
        self._metrics: dict[str, float] = {}
        draw_noise(self.network, self._generator)
        self._player = playing_copy(self.network, self._is_low) if self._is_low else self.network

    @staticmethod
    def specs(config: PpoConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return that it sees warped pictures and presses one of the contest's combinations."""
        return WARPED, ACTION_SETS[config.actions]

    def act(self, observation: Array) -> Array:
        """Draw an action for each row, int64 ``[B]``, from uint8 ``[B, H, W, C]``.

        Raises:
            LearningError: the weights are no longer numbers.
        """
        log_probabilities, value = self._evaluate(observation)
        if not bool(log_probabilities.isfinite().all()):
            raise self._broke_down()
        action = torch.multinomial(log_probabilities.exp(), 1, generator=self._generator).squeeze(1)
        if not self.is_frozen:
            rollout, now = self._rollout, self._rollout.length
            rollout.observation[now] = observation
            rollout.action[now] = action.numpy()
            rollout.log_probability[now] = log_probabilities.gather(1, action[:, None]).squeeze(1).numpy()
            rollout.value[now] = value.numpy()
        return action.numpy().copy()

    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        """Return the policy, float32 ``[B, A]``, and the value, float32 ``[B]``, of uint8 ``[B, H, W, C]``."""
        log_probabilities, value = self._evaluate(observation)
        return log_probabilities.exp().numpy(), value.numpy()

    def observe(self, step: Step) -> None:
        """Store what came of the actions; learn when the rollout is full.

        Raises:
            LearningError: the loss is no longer a number.
        """
        if self.is_frozen:
            return
        rollout, now = self._rollout, self._rollout.length
        rollout.reward[now] = self._shaper(step.reward, step.done) + self._novelty(step.observation)
        rollout.done[now] = step.done
        rollout.end_value[now] = self._end_values(step)
        rollout.length += 1
        if rollout.is_full:
            self._learn(step.observation)
            rollout.length = 0

    def metrics(self) -> dict[str, float]:
        """Return figures of the last update, by name; empty before the first."""
        return self._metrics

    def state(self) -> State:
        """Return everything, the rollout in progress included."""
        return {
            "agent": "ppo",
            "num_rows": self._num_rows,
            "network": module_state(self.network),
            "optimizer": optimizer_state(self._optimizer),
            "generator": generator_state(self._generator),
            "rollout": self._rollout.state(),
            "rewards": self._shaper.state(),
            "novelty": self._novelty.state(),
            "distillation": self._distillation.state(),
            "num_updates": self._num_updates,
        }

    def restore(self, state: State) -> None:
        """Go on exactly from ``state``.

        Raises:
            StateError: it is another agent's, another configuration's or damaged; nothing has changed then.
        """
        require_likeness(self.state(), state)
        restore_module(self.network, state["network"])
        refresh(self._player, self.network)
        restore_optimizer(self._optimizer, state["optimizer"])
        restore_generator(self._generator, state["generator"])
        self._rollout.restore(state["rollout"])
        self._shaper.restore(state["rewards"])
        self._novelty.restore(state["novelty"])
        self._distillation.restore(state["distillation"])
        self._num_updates = state["num_updates"]

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Begin anew with the weights of ``state``, from training elsewhere; learn on unless ``is_frozen``.

        Raises:
            StateError: it belongs to another network.
        """
        require_agent(state, "ppo")
        restore_module(self.network, state["network"])
        refresh(self._player, self.network)
        self.is_frozen = is_frozen
        if is_frozen:
            set_noise(self._player, False)

    def _evaluate(self, observation: Array) -> tuple[Tensor, Tensor]:
        with torch.inference_mode():
            log_probabilities, value = self._player(torch.from_numpy(observation).to(self._device))
            return log_probabilities.cpu(), value.cpu()

    def _end_values(self, step: Step) -> Array:
        """What follows episodes that ended in this step: 0, or the value of the last observation if truncated."""
        values = np.zeros(len(step.reward), np.float32)
        cut = np.flatnonzero(np.logical_and(step.truncated, np.logical_not(step.terminated)))
        if len(cut):
            _, value = self._evaluate(np.stack([step.final_observation[int(row)] for row in cut]))
            values[cut] = value.numpy()
        return values

    def _learn(self, last_observation: Array) -> None:
        rollout = self._rollout
        if self._distillation.weight:
            rollout.reward += self._distillation.reward_and_learn(rollout.observation)
        _, last_value = self._evaluate(last_observation)
        value = torch.from_numpy(rollout.value)
        advantage = generalized_advantages(
            torch.from_numpy(rollout.reward),
            value,
            torch.from_numpy(rollout.next_value(last_value.numpy())),
            torch.from_numpy(rollout.done),
            discount=self.config.discount,
            smoothing=self.config.smoothing,
        )
        target = advantage + value
        self._set_learning_rate()
        batch = (
            torch.from_numpy(rollout.observation).flatten(0, 1),
            torch.from_numpy(rollout.action).flatten(),
            torch.from_numpy(rollout.log_probability).flatten(),
            value.flatten(),
            advantage.flatten(),
            target.flatten(),
        )
        sums: dict[str, float] = {}
        num_batches = 0
        for _ in range(self.config.num_epochs):
            order = torch.randperm(len(batch[1]), generator=self._generator)
            for chosen in torch.split(order, min(self.config.batch_size, len(order))):
                figures = self._gradient_step(*(part.index_select(0, chosen).to(self._device) for part in batch))
                num_batches += 1
                for name, figure in figures.items():
                    sums[name] = sums.get(name, 0.0) + float(figure)
        self._metrics = {name: total / num_batches for name, total in sums.items()}
        self._metrics["explained_variance"] = explained_variance(batch[3], batch[5])
        self._metrics["learning_rate"] = self._optimizer.param_groups[0]["lr"]
        self._num_updates += 1
        draw_noise(self.network, self._generator)
        refresh(self._player, self.network)

    def _gradient_step(
        self, observation: Tensor, action: Tensor, old: Tensor, old_value: Tensor, advantage: Tensor, target: Tensor
    ) -> dict[str, Tensor]:
        config = self.config
        if config.max_offset:
            observation = shift(observation, config.max_offset, self._generator)
        advantage = (advantage - advantage.mean()) / (advantage.std(unbiased=False) + 1e-8)
        with low_precision(self._device, self._is_low):
            log_probabilities, value = self.network(observation)
        chosen = log_probabilities.gather(1, action[:, None]).squeeze(1)
        policy_loss = clipped_surrogate(chosen, old, advantage, config.clip)
        value_loss = clipped_value_loss(value, old_value, target, config.value_clip)
        uncertainty = entropy(log_probabilities).mean()
        loss = policy_loss + config.value_weight * value_loss - config.entropy_weight * uncertainty
        loss.backward()  # type: ignore[no-untyped-call]
        norm = improve(self._optimizer, self.network, self.network, config.max_gradient_norm)
        if not math.isfinite(norm):
            raise self._broke_down()
        return {
            "policy_loss": policy_loss.detach(),
            "value_loss": value_loss.detach(),
            "entropy": uncertainty.detach(),
            "divergence": approximate_divergence(chosen, old).detach(),
            "clipped": ((chosen - old).exp() - 1).abs().gt(config.clip).float().mean(),
            "gradient_norm": torch.tensor(norm),
        }

    def _broke_down(self) -> LearningError:
        return LearningError(
            f"The loss of PPO is no longer a number after {self._num_updates} updates: "
            "lower the learning rate (--set learning_rate=…) and go on from the last checkpoint."
        )

    def _set_learning_rate(self) -> None:
        final = self.config.final_learning_rate
        if final is None or self._total_updates is None:
            return
        rate = linear(self.config.learning_rate, final, self._num_updates / self._total_updates)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
