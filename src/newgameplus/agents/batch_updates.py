"""Gradient steps on batches of a replay buffer: computed at once, or on CUDA as one graph launch each.

Shapes: ``N`` transitions of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.frame_mirror import FrameMirror
from newgameplus.experience.replay import Batch, Choice, ReplayBuffer
from newgameplus.nn.cuda_graphs import Answer, Inputs, Replayed, has_room
from newgameplus.types import Array


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


class BatchLearner(Protocol):
    """Learns from batches."""

    @property
    def device(self) -> torch.device:
        """Device of its networks."""
        ...

    @property
    def batch_size(self) -> int:
        """N."""
        ...

    @property
    def generators(self) -> Sequence[torch.Generator]:
        """Generators on the device that a step draws from."""
        ...

    def step(self, given: Given) -> Tensor:
        """Take one gradient step; return numbers about it, float32 ``[K]``."""
        ...

    def num_figures(self, *, has_demonstrations: bool) -> int:
        """Return K."""
        ...

    def tensors(self) -> list[Tensor]:
        """Return all tensors that a step changes."""
        ...


class Update(Protocol):
    """Learns from sampled transitions."""

    is_awaited: bool
    """Whether the result arrives later, so that the caller should do other work before it waits for it."""

    def __call__(self, choice: Choice) -> Callable[[], Array]:
        """Start learning; the returned function waits for the result of :meth:`BatchLearner.step`.

        It must be called before the next call but one.
        """
        ...


class PlainUpdate:
    """Copies the pictures to the networks' device and computes immediately."""

    is_awaited = False

    def __init__(self, learner: BatchLearner, replay: ReplayBuffer) -> None:
        self._learner, self._replay = learner, replay

    def __call__(self, choice: Choice) -> Callable[[], Array]:
        """See :class:`Update`."""
        has_demonstrations = self._replay.has_demonstrations
        batch = given(self._replay.stacked(choice), self._learner.device, has_demonstrations=has_demonstrations)
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

    def __init__(self, learner: BatchLearner, replay: ReplayBuffer, mirror: FrameMirror | None) -> None:
        self._learner, self._replay, self._mirror = learner, replay, mirror
        num, (_, _, height, width) = learner.batch_size, replay.frames.shape
        self._columns = ("reward", "factor", "weight", *(("is_demonstration",) if replay.has_demonstrations else ()))
        numbers = dict.fromkeys(self._columns, ((num,), np.float32))
        seen = dict.fromkeys(("observation", "next_observation"), ((num, height, width, replay.num_stacked), np.uint8))
        pictures = seen if self._mirror is None else {"places": ((2, replay.num_stacked, num), np.int64)}
        self._inputs = Inputs({"action": ((num,), np.int64), **numbers, **pictures}, learner.device)
        size = learner.num_figures(has_demonstrations=replay.has_demonstrations)
        self._answers = cycle([Answer((size,), torch.float32, learner.device) for _ in range(2)])
        self._step = Replayed(
            lambda: learner.step(self._given()), learner.device, learner.tensors(), learner.generators
        )

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


def make_update(learner: BatchLearner, replay: ReplayBuffer) -> Update:
    """Return the update for the device of the networks."""
    if learner.device.type != "cuda":
        return PlainUpdate(learner, replay)
    mirror = FrameMirror(replay, learner.device) if has_room(replay.frames.nbytes, learner.device) else None
    return ReplayedUpdate(learner, replay, mirror)
