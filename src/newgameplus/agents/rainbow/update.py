"""Learning: targets of a batch of transitions, and the gradient step.

Shapes: ``N`` transitions, ``K`` parameters of a return distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.heads import Head
from newgameplus.agents.rainbow.mirror import FrameMirror
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.experience.replay import Batch, Choice, ReplayBuffer
from newgameplus.learning.losses import large_margin_loss
from newgameplus.learning.policies import munchausen_bonus, soft_policy
from newgameplus.nn.augmentation import shift
from newgameplus.nn.cuda_graphs import Answer, Inputs, Replayed, has_room
from newgameplus.nn.learner import Learner
from newgameplus.nn.precision import training_mode
from newgameplus.types import Array, State

FIGURES = ("loss", "gradient_norm", "expected_return", "margin_loss")
"""Metrics of a gradient step, in this order, after the errors; the last only if there are demonstrations."""


@dataclass(frozen=True, slots=True)
class Given:
    """A batch on the network's device."""

    observation: Tensor
    """uint8 ``[N, H, W, C]``."""
    next_observation: Tensor
    """uint8 ``[N, H, W, C]``."""
    action: Tensor
    """int64 ``[N]``."""
    reward: Tensor
    """float32 ``[N]``: n-step return."""
    factor: Tensor
    """float32 ``[N]``: factor of the next observation's value."""
    weight: Tensor
    """float32 ``[N]``: importance-sampling weights."""
    is_demonstration: Tensor | None = None
    """float32 ``[N]``: 1 for demonstrations, else 0; None if there are none."""


@dataclass(frozen=True, slots=True)
class QLearner:
    """Online network, target network and optimizer."""

    config: RainbowConfig
    learner: Learner[RainbowNetwork]
    """Online network and its optimizer."""
    target: RainbowNetwork
    """Target network."""
    head: Head
    generator: torch.Generator

    def step(self, given: Given) -> Tensor:
        """Take one gradient step; return the errors and ``FIGURES``, float32 ``[N + 3]`` or ``[N + 4]``.

        If the gradient is NaN or infinite, no weight changes.
        """
        config, player = self.config, self.learner.computing
        target = self.targets(given)
        player.draw_noise(self.generator)
        observation = given.observation
        if config.max_offset:
            observation = shift(observation, config.max_offset, self.generator)
        with training_mode(player, player.has_training_mode):
            errors = self.head.errors(player, observation, given.action, target, self.generator)
        loss = (given.weight * errors).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        further = self._add_gradients(observation, given)
        norm = self.learner.improve()
        figures = torch.stack([loss.detach(), norm, self.head.mean(target).mean(), *further])
        return torch.cat([errors.detach(), figures])

    def _add_gradients(self, observation: Tensor, given: Given) -> list[Tensor]:
        """Add the gradients of the large-margin loss and of the squared weights; return the metrics of demonstrations.

        Hester et al., "Deep Q-learning from Demonstrations" (2018), eq. 1 and section on the loss.
        """
        config, player = self.config, self.learner.computing
        if config.l2_weight:
            squares = torch.stack([parameter.float().square().sum() for parameter in player.parameters()])
            (config.l2_weight * squares.sum()).backward()  # type: ignore[no-untyped-call]
        if given.is_demonstration is None:
            return []
        # On a CPU of the demonstrations alone; a CUDA graph needs the same shapes each time.
        rows = slice(None) if observation.is_cuda else given.is_demonstration.nonzero().squeeze(1)
        if not len(given.is_demonstration[rows]):
            return [torch.zeros(())]
        with training_mode(player, player.has_training_mode):
            values = self.head.mean(self.head.distribution(player, observation[rows], self.generator)).float()
        margins = large_margin_loss(values, given.action[rows], config.margin)
        loss = (margins * given.is_demonstration[rows]).sum() / len(given.is_demonstration)
        (config.margin_weight * loss).backward()  # type: ignore[no-untyped-call]
        return [loss.detach()]

    def targets(self, given: Given) -> Tensor:
        """Double Q-learning targets ``[N, K]``: the online network selects, the target network evaluates."""
        if self.config.munchausen_weight:
            return self._soft_targets(given)
        for network in (self.learner.computing, self.target):
            network.draw_noise(self.generator)
        after = given.next_observation
        with torch.no_grad():
            best = self.head.expected_returns(self.learner.computing, after).argmax(-1)
            return self.head.target_of(self.target, after, best, given.reward, given.factor, self.generator)

    def _soft_targets(self, given: Given) -> Tensor:
        """Munchausen targets ``[N, K]`` over all next actions, weighted by the target network's soft policy.

        Vieillard, Pietquin and Geist, "Munchausen Reinforcement Learning" (2020), eq. 1, over n steps.
        """
        temperature, floor = self.config.munchausen_temperature, self.config.munchausen_floor
        self.target.draw_noise(self.generator)
        with torch.no_grad():
            before = self.head.expected_returns(self.target, given.observation)
            bonus = munchausen_bonus(before, given.action, temperature, floor)
            distribution = self.head.distribution(self.target, given.next_observation, self.generator)
            policy = soft_policy(self.head.mean(distribution), temperature)
            gain = (given.reward + self.config.munchausen_weight * bonus).unsqueeze(1)
            added = gain - given.factor.unsqueeze(1) * temperature * policy
            return self.head.target(distribution, policy.exp(), added, given.factor)

    def tensors(self) -> list[Tensor]:
        """Return all tensors that a step changes."""
        return [*self.learner.improve.tensors(), *self.target.parameters(), *self.target.buffers()]


class Update(Protocol):
    """Learns from sampled transitions."""

    is_awaited: bool
    """Whether the result arrives later, so that the caller should do other work before it waits for it."""

    def __call__(self, choice: Choice) -> Callable[[], Array]:
        """Start learning; the returned function waits for the result of :meth:`QLearner.step`.

        It must be called before the next call but one.
        """
        ...


class PlainUpdate:
    """Copies the pictures to the networks' device and computes immediately."""

    is_awaited = False

    def __init__(self, learner: QLearner, replay: ReplayBuffer) -> None:
        self._learner, self._replay, self._device = learner, replay, learner.learner.device

    def __call__(self, choice: Choice) -> Callable[[], Array]:
        """See :class:`Update`."""
        batch = given(self._replay.stacked(choice), self._device, has_demonstrations=self._replay.has_demonstrations)
        answer: Array = self._learner.step(batch).cpu().numpy()
        return lambda: answer


class ReplayedUpdate:
    """On CUDA: a gradient step is one upload, one graph launch and one small download.

    Args:
        learner: networks and optimizer.
        replay: replay buffer that the pictures are taken from.
        mirror: the replay buffer's frames on the device; None if they do not fit there and each batch is copied.
    """

    is_awaited = True

    def __init__(self, learner: QLearner, replay: ReplayBuffer, mirror: FrameMirror | None) -> None:
        self._learner, self._replay, self._mirror = learner, replay, mirror
        device = learner.learner.device
        num, (_, _, height, width) = learner.config.batch_size, replay.frames.shape
        self._columns = ("reward", "factor", "weight", *(("is_demonstration",) if replay.has_demonstrations else ()))
        numbers = dict.fromkeys(self._columns, ((num,), np.float32))
        seen = dict.fromkeys(("observation", "next_observation"), ((num, height, width, replay.num_stacked), np.uint8))
        pictures = seen if self._mirror is None else {"places": ((2, replay.num_stacked, num), np.int64)}
        self._inputs = Inputs({"action": ((num,), np.int64), **numbers, **pictures}, device)
        size = num + len(FIGURES) - (0 if replay.has_demonstrations else 1)
        self._answers = cycle([Answer((size,), torch.float32, device) for _ in range(2)])
        self._step = Replayed(lambda: learner.step(self._given()), device, learner.tensors(), (learner.generator,))

    def __call__(self, choice: Choice) -> Callable[[], Array]:
        """See :class:`Update`."""
        arrays = {name: getattr(choice, name) for name in ("action", *self._columns)}
        if self._mirror is None:
            batch = self._replay.stacked(choice)
            arrays |= {"observation": batch.observation, "next_observation": batch.next_observation}
        else:
            self._mirror.catch_up()
            arrays["places"] = np.stack([choice.places, choice.next_places])
        self._inputs.upload(arrays)
        answer = next(self._answers)
        answer.fetch(self._step())
        return answer.read

    def _given(self) -> Given:
        tensors = dict(self._inputs.tensors)
        if self._mirror is not None:
            both = self._mirror.stacked(tensors.pop("places"))
            tensors |= {"observation": both[0], "next_observation": both[1]}
        return Given(**tensors)


def given(batch: Batch, device: torch.device, *, has_demonstrations: bool = False) -> Given:
    """Return a batch on the network's device; ``has_demonstrations`` says whether the replay buffer has any."""
    names = [name for name in Given.__slots__ if has_demonstrations or name != "is_demonstration"]
    columns = {name: torch.from_numpy(getattr(batch, name)).to(device) for name in names}
    return Given(**columns)


def make_update(learner: QLearner, replay: ReplayBuffer) -> Update:
    """Return the update for the device of the networks."""
    device = learner.learner.device
    if device.type != "cuda":
        return PlainUpdate(learner, replay)
    mirror = FrameMirror(replay, device) if has_room(replay.frames.nbytes, device) else None
    return ReplayedUpdate(learner, replay, mirror)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A pending gradient step."""

    entries: Array
    """int64 ``[N]``: entries that it learns from."""
    answer: Callable[[], Array]
    """Waits for the errors and metrics."""

    def state(self) -> State:
        """Return what is needed to settle it after a restore."""
        return {"entries": self.entries.copy(), "answer": self.answer().copy()}

    @classmethod
    def from_state(cls, state: State) -> Awaited:
        """Return the gradient step that was saved, whose answer is there."""
        answer: Array = state["answer"].copy()
        return cls(state["entries"].copy(), lambda: answer)
