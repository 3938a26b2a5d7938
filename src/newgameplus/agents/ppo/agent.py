"""PPO, proximal policy optimization: collect a rollout, then improve the policy on it within a trust region.

Paper: Schulman, Wolski, Dhariwal, Radford and Klimov, "Proximal Policy Optimization Algorithms" (2017),
arXiv:1707.06347; the baseline of the contest: openai/baselines ``ppo2`` and openai/retro-baselines.

*Differences from the paper:* a truncated episode is bootstrapped from the value estimate of its final observation
(baselines took 0); matrix products run in bfloat16 if the hardware supports it. See docs/agents/ppo.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.ppo import config as presets
from newgameplus.agents.ppo.acting import Actor, draw_together
from newgameplus.agents.ppo.bonus import Novelty, RandomNetworkDistillation
from newgameplus.agents.ppo.cloning import Cloning
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.ppo.update import Batch, Update, log_ratio_std, make_update
from newgameplus.agents.saved import require_agent, require_likeness
from newgameplus.errors import LearningError
from newgameplus.experience.rewards import RewardShaper
from newgameplus.experience.rollout import Rollout
from newgameplus.learning.losses import PpoSteps
from newgameplus.learning.returns import explained_variance, generalized_advantages, remembered_spread
from newgameplus.learning.schedules import linear
from newgameplus.nn.actor_critic import ActorCritic
from newgameplus.nn.arithmetic import Arithmetic, describe_arithmetic
from newgameplus.nn.cuda_graphs import pinned_zeros
from newgameplus.nn.learner import Learner
from newgameplus.nn.noisy import draw_noise, set_noise
from newgameplus.nn.optimizer import set_learning_rate
from newgameplus.nn.saved import generator_state, module_state, restore_generator, restore_module
from newgameplus.renamed import PPO_STATE, RENAMED, with_new_names
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec, warped

_MOST_AT_ONCE = 1024
"""Largest number of pictures evaluated at once by the reference policy."""


class Ppo:
    """One policy that plays B rows and learns from all of them.

    Args:
        config: configuration.
        world: gives the number of rows, the observation shape and the number of actions.
        seed: seed of the weights and of every choice.

    Raises:
        UsageError: the requested device is not available.
    """

    PRESETS: ClassVar[dict[str, PpoConfig]] = {
        "default": presets.DEFAULT,
        "contest-2018": presets.CONTEST_2018,
        "joint-2018": presets.JOINT_2018,
        "tuned": presets.TUNED,
        "joint": presets.JOINT,
        "demonstrations": presets.DEMONSTRATIONS,
        "fine-tuned": presets.FINE_TUNED,
    }

    def __init__(self, config: PpoConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether the agent is frozen: nothing is stored or learned; actions are still sampled, not greedy."""
        assert world.num_actions is not None
        shape, num_actions = world.observation_shape, world.num_actions
        encoder, num_hidden, is_noisy = config.encoder, config.num_hidden, config.has_noisy_layers
        self._learner = Learner(
            partial(ActorCritic, encoder, num_hidden, shape, num_actions, has_noisy_policy=is_noisy),
            seed=seed,
            device=config.device,
            precision=config.precision,
            learning_rate=config.learning_rate,
            adam_epsilon=config.adam_epsilon,
            max_gradient_norm=config.max_gradient_norm,
        )
        self.network, self._device = self._learner.network, self._learner.device
        self._generator = torch.Generator().manual_seed(seed)
        draw_noise(self.network, self._generator)
        self._learner.refresh()
        self._learning_rate = config.learning_rate
        self._shaper = RewardShaper(world.num_envs, config.reward_scale, config.allows_backtracking)
        zeros = pinned_zeros if self._device.type == "cuda" else np.zeros
        self._rollout = Rollout(config.rollout_steps, world.num_envs, shape, zeros)
        self._novelty = Novelty(config.novelty_weight)
        self._rnd = RandomNetworkDistillation(config.rnd_weight, shape, seed, self._device)
        self._cloning = Cloning(config, shape, self._learner, seed)
        self._is_cloning = False
        self._num_rows, self._num_actions = world.num_envs, num_actions
        self._num_updates = 0
        total = world.num_timesteps
        self._total_updates = None if total is None else max(1, total // config.rollout_steps)
        self._metrics: dict[str, float] = {}
        self._actor = Actor(self._learner.computing, world.num_envs, shape, num_actions, self._device)
        self._begun_update: Update | None = None
        self._reference: ActorCritic | None = None
        self._spread = 0.0

    @staticmethod
    def arithmetic(config: PpoConfig) -> Arithmetic:
        """Return what computes its network on this machine."""
        return describe_arithmetic(config.device, config.precision)

    @staticmethod
    def specs(config: PpoConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of warped pictures and of the contest's button combinations."""
        return warped(config.stack), ActionSpec("set", name=config.actions)

    @staticmethod
    def acts_together(config: PpoConfig, *, is_frozen: bool) -> bool:
        """Return whether they are frozen, so that they have the same weights."""
        return is_frozen

    @staticmethod
    def act_together(agents: Sequence[Ppo | None], observation: Array) -> Array:
        """Sample the actions of frozen agents of one row each, int64 ``[B]``, in one forward.

        Raises:
            LearningError: a weight is NaN or infinite.
        """
        played = {row: agent for row, agent in enumerate(agents) if agent is not None}
        action, log_probability = draw_together(
            {row: (agent._actor, agent._generator) for row, agent in played.items()}, observation
        )
        if not np.isfinite(log_probability).all():
            raise next(iter(played.values()))._broke_down()
        return action

    def act(self, observation: Array) -> Array:
        """Sample an action for each row, int64 ``[B]``, from uint8 ``[B, H, W, C]``.

        Raises:
            LearningError: a weight is NaN or infinite.
        """
        if not self.is_frozen:
            observation = self._stored(observation)
        drawn = self._actor.draw(observation, self._generator)
        if not np.isfinite(drawn.log_probability).all():
            raise self._broke_down()
        if not self.is_frozen:
            rollout, now = self._rollout, self._rollout.length
            self._update.see(now, self._actor.seen)
            rollout.action[now] = drawn.action
            rollout.log_probability[now] = drawn.log_probability
            rollout.value[now] = drawn.value
        return drawn.action

    def skip(self, num_steps: int) -> None:
        """Draw the random numbers that a frozen agent draws in that many steps."""
        self._actor.skip(num_steps, self._generator)

    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        """Return the policy, float32 ``[B, A]``, and value estimate, float32 ``[B]``, of uint8 ``[B, H, W, C]``."""
        log_probabilities, value = self._actor.evaluate(observation)
        return log_probabilities.exp().numpy(), value.numpy()

    def features(self, observation: Array) -> Array:
        """Return the hidden layer, which both heads see, float32 ``[B, H]``, of uint8 ``[B, H, W, C]``."""
        with torch.inference_mode():
            found: Array = (
                self._learner.computing.features(torch.from_numpy(observation).to(self._device)).cpu().numpy()
            )
        return found

    def observe(self, step: Step) -> None:
        """Store the step; learn when the rollout is full.

        Raises:
            LearningError: the loss is NaN or infinite.
        """
        if self.is_frozen:
            return
        rollout, now = self._rollout, self._rollout.length
        reached = step.next_observation
        rollout.reward[now] = self._shaper(step.reward, step.done) + self._novelty(reached)
        self._rnd.see(reached)
        rollout.done[now] = step.done
        rollout.end_value[now] = self._end_values(step)
        rollout.length += 1
        if rollout.is_full:
            self._learn(step.observation)
            rollout.length = 0

    def keep_in(self, folder: Path, num_steps: int) -> None:
        """Keep the frames of demonstrations in a file in ``folder``, which is created if there are any."""
        self._cloning.folder = folder

    def demonstrate(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a step of a demonstration ``[1, …]``, whatever the row."""
        self._cloning.add(observation, action, step)

    def pretrain(self) -> Iterator[tuple[int, int, dict[str, float]]]:
        """Imitate the demonstrations; see :meth:`newgameplus.agents.ppo.cloning.Cloning.pretrain`."""
        yield from self._cloning.pretrain(self._generator)
        if self.config.reference_kl_weight:
            self._set_reference(module_state(self.network))
        self._begin_update()

    def imitate(self, num_steps: int) -> None:
        """Imitate later demonstrations; see :meth:`newgameplus.agents.ppo.cloning.Cloning.imitate`."""
        self._cloning.imitate(num_steps, self._generator)
        self._metrics = self._metrics | self._cloning.figures()
        self._begin_update()

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the last update, by name; empty before the first."""
        return self._metrics

    def state(self) -> State:
        """Return the full state, including the current rollout."""
        return {
            "agent": "ppo",
            "num_rows": self._num_rows,
            **self._learner.state(),
            "generator": generator_state(self._generator),
            "rollout": self._rollout.state(),
            "rewards": self._shaper.state(),
            "novelty": self._novelty.state(),
            "rnd": self._rnd.state(),
            "reference": [module_state(self._reference)] if self._reference is not None else [],
            "spread": self._spread,
            "num_updates": self._num_updates,
            **self._cloning.state(),
        }

    def restore(self, state: State) -> None:
        """Restore ``state`` exactly.

        Raises:
            StateError: it belongs to another agent or configuration, or is damaged; nothing has changed then.
        """
        state = with_new_names(state, RENAMED[PPO_STATE])
        demonstrations = state.pop("demonstrations", [])
        require_likeness({name: part for name, part in self.state().items() if name != "demonstrations"}, state)
        self._cloning.restore(demonstrations)
        self._learner.restore(state)
        restore_generator(self._generator, state["generator"])
        self._rollout.restore(state["rollout"])
        self._begun_update = None
        self._shaper.restore(state["rewards"])
        self._novelty.restore(state["novelty"])
        self._rnd.restore(state["rnd"])
        self._set_reference(state["reference"][0] if state["reference"] else None)
        self._spread = state["spread"]
        self._num_updates = state["num_updates"]
        self._begin_update()

    @staticmethod
    def weights_in(state: State) -> State:
        """Return the network's part of ``state``, without optimizer, rollout or replay buffer."""
        return {"agent": state["agent"], "network": state["network"]}

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Start a new run with the weights of ``state``, from another training run; learn unless ``is_frozen``.

        Raises:
            StateError: it belongs to another network.
        """
        require_agent(state, "ppo")
        self._learner.begin_from(state["network"])
        self.is_frozen = is_frozen
        if is_frozen:
            self._actor.without_noise()
        elif self.config.reference_kl_weight:
            self._set_reference(state["network"])

    @property
    def _update(self) -> Update:
        """The update, created when first needed; a frozen agent needs none."""
        if self._begun_update is None:
            pictures = self._rollout.observation
            self._begun_update = make_update(
                self.config,
                self._learner,
                pictures,
                self._num_references,
                self._cloning.loss if self._is_cloning else None,
            )
        return self._begun_update

    @property
    def _num_references(self) -> int:
        """A if there is a reference policy, else 0."""
        return 0 if self._reference is None else self._num_actions

    def _set_reference(self, weights: Mapping[str, Any] | None) -> None:
        """Set the reference policy to these weights; None removes it."""
        self._begun_update, self._reference = None, None
        if weights is not None:
            self._reference = self._learner.playing_copy()
            restore_module(self._reference, weights)
            set_noise(self._reference, False)

    def _reference_of(self, observation: Tensor) -> Tensor:
        """Log-probabilities of the reference policy ``[S, A]`` for uint8 ``[S, H, W, C]``; ``[S, 0]`` without one."""
        if self._reference is None:
            return torch.zeros((len(observation), 0))
        with torch.inference_mode():
            parts = [
                self._reference(part.to(self._device))[0].cpu() for part in torch.split(observation, _MOST_AT_ONCE)
            ]
        return torch.cat(parts)

    def _stored(self, observation: Array) -> Array:
        """Store the observation in the rollout; return the stored array, which on CUDA is in pinned memory."""
        stored: Array = self._rollout.observation[self._rollout.length]
        if self._device.type == "cuda":
            # By torch, which copies with several threads: the GPU is waiting for it.
            torch.from_numpy(stored).copy_(torch.from_numpy(observation))
        else:
            stored[...] = observation
        return stored

    def _end_values(self, step: Step) -> Array:
        """Values after episodes that ended in this step: 0, or the value estimate of a truncated final observation."""
        values = np.zeros(len(step.reward), np.float32)
        cut = np.flatnonzero(np.logical_and(step.truncated, np.logical_not(step.terminated)))
        if len(cut):
            _, value = self._actor.evaluate(np.stack([step.final_observation[int(row)] for row in cut]))
            values[cut] = value.numpy()
        return values

    def _learn(self, last_observation: Array) -> None:
        rollout = self._rollout
        if self._rnd.weight:
            rollout.reward += self._rnd.reward_and_learn()
        _, last_value = self._actor.evaluate(last_observation)
        value = torch.from_numpy(rollout.value)
        advantage = generalized_advantages(
            torch.from_numpy(rollout.reward),
            value,
            torch.from_numpy(rollout.next_value(last_value.numpy())),
            torch.from_numpy(rollout.done),
            discount=self.config.discount,
            gae_lambda=self.config.gae_lambda,
        )
        target = advantage + value
        if self.config.advantage_memory:
            self._spread = remembered_spread(advantage, self._spread, self.config.advantage_memory)
            advantage = (advantage - advantage.mean()) / (self._spread + 1e-8)
        self._set_learning_rate()
        observation = torch.from_numpy(rollout.observation).flatten(0, 1)
        steps = PpoSteps(
            action=torch.from_numpy(rollout.action).flatten(),
            log_probability=torch.from_numpy(rollout.log_probability).flatten(),
            value=value.flatten(),
            advantage=advantage.flatten(),
            target=target.flatten(),
            reference=self._reference_of(observation),
        )
        batch = Batch(observation, steps)
        initial = log_ratio_std(self._learner, batch)
        figures = self._update(batch, self._generator)
        if not math.isfinite(figures["gradient_norm"]):
            raise self._broke_down()
        figures["explained_variance"] = explained_variance(steps.value, steps.target)
        figures |= self._cloning.figures()
        self._metrics = figures | {"initial_log_ratio_std": initial, "learning_rate": self._learning_rate}
        self._num_updates += 1
        draw_noise(self.network, self._generator)
        self._learner.refresh()
        self._begin_update()

    def _begin_update(self) -> None:
        """Find out whether demonstrations are imitated in the next update."""
        was_cloning = self._is_cloning
        self._is_cloning = self._cloning.begin_update(self._num_updates * self.config.rollout_steps * self._num_rows)
        if was_cloning != self._is_cloning:
            self._begun_update = None

    def _broke_down(self) -> LearningError:
        return LearningError(
            f"The loss of PPO is NaN or infinite after {self._num_updates} updates: "
            "lower the learning rate (--set learning_rate=…) and continue from the last checkpoint."
        )

    def _set_learning_rate(self) -> None:
        final = self.config.final_learning_rate
        if final is None or self._total_updates is None:
            return
        self._learning_rate = linear(self.config.learning_rate, final, self._num_updates / self._total_updates)
        set_learning_rate(self._learner.optimizer, self._learning_rate)
