"""Learning: gradient steps on a rollout.

Shapes: ``S`` steps of a rollout over all rows; ``N`` steps of a minibatch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.learning.losses import PpoSteps, PpoWeights
from newgameplus.nn.actor_critic import ActorCritic
from newgameplus.nn.augmentation import shift, shift_by
from newgameplus.nn.cuda_graphs import Answer, Inputs, Replayed, has_room, take_rows
from newgameplus.nn.learner import Learner
from newgameplus.nn.losses import ppo_loss
from newgameplus.nn.precision import training_mode
from newgameplus.types import Array

FIGURES = ("policy_loss", "value_loss", "entropy", "approx_kl", "reference_kl", "clip_fraction", "gradient_norm")
"""Metrics of each gradient step, in this order."""
_NUM_COMPARED = 64
"""Number of steps of a rollout whose log-probabilities are computed once more before the first gradient step."""


FurtherLoss = Callable[[torch.Generator], Tensor]
"""Computes a scalar loss of something else than the rollout."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps to learn from."""

    observation: Tensor
    """uint8 ``[N, H, W, C]``."""
    steps: PpoSteps
    """The rest, ``[N]``; the advantage is normalised if ``advantage_memory`` is used."""


class Update(Protocol):
    """Learns from a rollout for some epochs."""

    def __call__(self, rollout: Batch, generator: torch.Generator) -> dict[str, float]:
        """Learn from a rollout ``[S]`` on the CPU; return the means of ``FIGURES``.

        If a gradient is NaN or infinite, so is its norm, and its step changes no weights.
        """
        ...

    def see(self, now: int, observation: Tensor) -> None:
        """Store the observation of step ``now`` of the rollout, uint8 ``[B, H, W, C]`` on the device."""
        ...


class PlainUpdate:
    """Copies each minibatch to the network's device and computes on it immediately."""

    def __init__(
        self,
        config: PpoConfig,
        learner: Learner[ActorCritic],
        further: FurtherLoss | None = None,
    ) -> None:
        self._config, self._device = config, learner.device
        self._step = partial(gradient_step, learner, config)
        self._further = further

    def __call__(self, rollout: Batch, generator: torch.Generator) -> dict[str, float]:
        """See :class:`Update`; stops after the first step whose gradient is NaN or infinite."""
        told = []
        for _ in range(self._config.num_epochs):
            for chosen in batches(len(rollout.observation), self._config.batch_size, generator):
                batch = self._chosen(rollout, chosen)
                observation = batch.observation
                if self._config.max_offset:
                    observation = shift(observation, self._config.max_offset, generator)
                further = None if self._further is None else partial(self._further, generator)
                told.append(self._step(observation, batch.steps, further).tolist())
                if not np.isfinite(told[-1][-1]):
                    return dict(zip(FIGURES, told[-1], strict=True))
        return dict(zip(FIGURES, np.mean(told, 0).tolist(), strict=True))

    def see(self, now: int, observation: Tensor) -> None:
        """Do nothing: the rollout is read when it is learned from."""

    def _chosen(self, rollout: Batch, chosen: Tensor) -> Batch:
        columns = {name: getattr(rollout.steps, name) for name in PpoSteps.__slots__}
        parts = {name: column.index_select(0, chosen).to(self._device) for name, column in columns.items()}
        return Batch(rollout.observation.index_select(0, chosen).to(self._device), PpoSteps(**parts))


class ReplayedUpdate:
    """On CUDA: the rollout is on the device, and each gradient step is one graph launch.

    Args:
        config: configuration.
        learner: the network and its optimizer.
        pictures: the rollout's observations, uint8 ``[T, B, H, W, C]``, on the network's device.
        num_references: A if there is a reference policy, else 0.
    """

    def __init__(
        self,
        config: PpoConfig,
        learner: Learner[ActorCritic],
        pictures: Tensor,
        num_references: int,
    ) -> None:
        self._config, self._learner = config, learner
        self._pictures = pictures
        self._device, num_samples = pictures.device, pictures.shape[0] * pictures.shape[1]
        num_turns = config.num_epochs * num_samples
        self._inputs = Inputs(
            {
                "order": ((num_turns,), np.int64),
                "offset": ((2, num_turns if config.max_offset else 0, 1), np.int64),
                "action": ((num_samples,), np.int64),
                **dict.fromkeys(("log_probability", "value", "advantage", "target"), ((num_samples,), np.float32)),
                "reference": ((num_samples, num_references), np.float32),
            },
            self._device,
        )
        self._sums = torch.zeros(len(FIGURES), device=self._device)
        self._answer = Answer((len(FIGURES),), torch.float32, self._device)
        self._steps: dict[int, _Step] = {}

    def __call__(self, rollout: Batch, generator: torch.Generator) -> dict[str, float]:
        """See :class:`Update`; observations are taken from the device, not from ``rollout``."""
        self._upload(rollout, generator)
        self._sums.zero_()
        num_samples, num_steps = len(rollout.observation), 0
        for epoch in range(self._config.num_epochs):
            for begin in range(0, num_samples, self._config.batch_size):
                end = min(begin + self._config.batch_size, num_samples)
                self._run(epoch * num_samples + begin, epoch * num_samples + end)
                num_steps += 1
        self._answer.fetch(self._sums)
        return dict(zip(FIGURES, (self._answer.read() / num_steps).tolist(), strict=True))

    def see(self, now: int, observation: Tensor) -> None:
        """Copy the observation to the rollout on the device."""
        self._pictures[now].copy_(observation)

    def _upload(self, rollout: Batch, generator: torch.Generator) -> None:
        num_samples, config = len(rollout.observation), self._config
        orders = [torch.randperm(num_samples, generator=generator) for _ in range(config.num_epochs)]
        arrays: dict[str, Array] = {"order": torch.cat(orders).numpy()}
        if config.max_offset:
            shape = (2, config.num_epochs * num_samples, 1)
            reach = config.max_offset
            arrays["offset"] = torch.randint(-reach, reach + 1, shape, generator=generator).numpy()
        for name in PpoSteps.__slots__:
            arrays[name] = getattr(rollout.steps, name).numpy()
        self._inputs.upload(arrays)

    def _run(self, begin: int, end: int) -> None:
        """Take the gradient step on the samples ``begin`` to ``end`` of the order."""
        step = self._steps.get(end - begin)
        if step is None:
            step = self._steps[end - begin] = self._new_step(end - begin)
        step.order.copy_(self._inputs.tensors["order"][begin:end])
        if self._config.max_offset:
            step.offset.copy_(self._inputs.tensors["offset"][:, begin:end])
        step.run()

    def _new_step(self, num: int) -> _Step:
        order = torch.zeros(num, dtype=torch.int64, device=self._device)
        offset = torch.zeros((2, num, 1), dtype=torch.int64, device=self._device)
        keeps = [*self._learner.improve.tensors(), self._sums]
        return _Step(order, offset, Replayed(partial(self._learn_from, order, offset), self._device, keeps))

    def _learn_from(self, order: Tensor, offset: Tensor) -> None:
        given = self._inputs.tensors
        steps = PpoSteps(**{name: given[name].index_select(0, order) for name in PpoSteps.__slots__})
        observation = take_rows(self._pictures.flatten(0, 1), order)
        if self._config.max_offset:
            observation = shift_by(observation, offset)
        self._sums.add_(gradient_step(self._learner, self._config, observation, steps))


@dataclass(frozen=True, slots=True)
class _Step:
    order: Tensor
    """int64 ``[N]``: indices of the samples."""
    offset: Tensor
    """int64 ``[2, N, 1]``: random shifts of their pictures."""
    run: Replayed[None]


def make_update(
    config: PpoConfig,
    learner: Learner[ActorCritic],
    pictures: Array,
    num_references: int,
    further: FurtherLoss | None = None,
) -> Update:
    """Return the update for a rollout with the observations ``pictures``, uint8 ``[T, B, H, W, C]``.

    ``num_references`` is A if there is a reference policy, else 0; ``further`` is added to the loss of each gradient
    step.
    """
    if further is not None:
        return PlainUpdate(config, learner, further)
    if learner.device.type != "cuda" or not has_room(pictures.nbytes, learner.device):
        return PlainUpdate(config, learner)
    return ReplayedUpdate(config, learner, torch.from_numpy(pictures).to(learner.device), num_references)


def batches(num: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield the integers below ``num`` in random order, ``batch_size`` at a time, the rest last."""
    yield from torch.split(torch.randperm(num, generator=generator), min(batch_size, num))


def gradient_step(
    learner: Learner[ActorCritic],
    config: PpoConfig,
    observation: Tensor,
    steps: PpoSteps,
    further: Callable[[], Tensor] | None = None,
) -> Tensor:
    """Take a gradient step on a minibatch; return ``FIGURES``.

    If the gradient is NaN or infinite, nothing changes.

    Args:
        learner: the network and its optimizer.
        config: gives the coefficients and limits of the losses.
        observation: uint8 ``[N, H, W, C]``, possibly shifted.
        steps: the rest of the minibatch.
        further: computes a loss that is added, a scalar.
    """
    if not config.advantage_memory:
        advantage = steps.advantage
        normalised = (advantage - advantage.mean()) / (advantage.std(unbiased=False) + 1e-8)
        steps = replace(steps, advantage=normalised)
    computing = learner.computing
    with training_mode(computing, computing.has_training_mode):
        log_probabilities, value = computing(observation)
    loss, figures = ppo_loss(log_probabilities, value, steps, loss_weights(config))
    loss.backward()  # type: ignore[no-untyped-call]
    if further is not None:
        further().backward()  # type: ignore[no-untyped-call]
    return torch.cat([figures, learner.improve()[None]])


def log_ratio_std(learner: Learner[ActorCritic], rollout: Batch) -> float:
    """Return the standard deviation of the rollout's log-probability ratios, in nats, before the first gradient step.

    It would be 0 if acting and learning rounded alike. Clipping is meant for what gradient steps change, so that it has
    to be far below ``clip``. Computed on a few steps, by the operations that learning uses, on unshifted pictures.

    Args:
        learner: the network.
        rollout: all steps ``[S]``, on the CPU.
    """
    num_steps = len(rollout.observation)
    chosen = torch.linspace(0, num_steps - 1, min(num_steps, _NUM_COMPARED)).long()
    # With gradients although none is wanted: kernels compute otherwise without.
    log_probabilities, _ = learner.computing(rollout.observation[chosen].to(learner.device))
    now = log_probabilities.detach().cpu().gather(1, rollout.steps.action[chosen, None]).squeeze(1)
    return float((now - rollout.steps.log_probability[chosen]).std(unbiased=False))


def loss_weights(config: PpoConfig) -> PpoWeights:
    """Return the coefficients of PPO's loss in a configuration."""
    return PpoWeights(
        clip=config.clip,
        value_clip=config.value_clip,
        value=config.value_weight,
        entropy=config.entropy_weight,
        reference=config.reference_kl_weight,
    )
