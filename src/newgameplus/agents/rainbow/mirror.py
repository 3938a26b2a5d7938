"""The replay buffer's frames on a CUDA device as well, so that a batch needs only their places."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from newgameplus.experience.replay import ReplayBuffer
from newgameplus.nn.cuda_graphs import Inputs, put_rows, take_rows

_SIZES = (64, 8)
"""Frames that travel together: many, or the few of one step of few rows."""


class FrameMirror:
    """A copy of a replay buffer's frames that catches up when it is told to.

    Args:
        replay: whose frames; whoever restores it makes a new mirror.
        device: where the copy lies.
    """

    def __init__(self, replay: ReplayBuffer, device: torch.device) -> None:
        num_rows, num_slots, height, width = replay.frames.shape
        self._frames = torch.zeros((num_rows * num_slots, height, width), dtype=torch.uint8, device=device)
        for row, frames in enumerate(replay.frames):
            begin, used = row * num_slots, replay.num_used
            self._frames[begin : begin + used].copy_(torch.from_numpy(frames[:used]))
        self._here = replay.frames.reshape(-1, height, width)
        self._written = replay.follow()
        fields = {size: {"frame": ((size, height, width), np.uint8), "place": ((size,), np.int64)} for size in _SIZES}
        self._inputs = {size: Inputs(fields[size], device) for size in _SIZES}

    def catch_up(self) -> None:
        """Copy what was written since."""
        written = self._written
        while written:
            size = _SIZES[-1] if len(written) <= _SIZES[-1] else _SIZES[0]
            # A group that is not full is filled up with its last frame, which is then written again.
            places = np.array((written[:size] + [written[-1]] * size)[:size])
            inputs = self._inputs[size]
            inputs.upload({"frame": self._here[places], "place": places})
            put_rows(self._frames, inputs.tensors["place"], inputs.tensors["frame"])
            del written[:size]

    def stacked(self, places: Tensor) -> Tensor:
        """Return the frames uint8 ``[K, N, H, W, C]`` of places int64 ``[K, C, N]``."""
        planes = take_rows(self._frames, places.flatten()).view(*places.shape, *self._frames.shape[1:])
        return planes.permute(0, 2, 3, 4, 1).contiguous()
