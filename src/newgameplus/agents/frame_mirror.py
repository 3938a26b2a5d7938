"""Copy of the replay buffer's frames on a CUDA device, so that a batch needs only frame indices."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from newgameplus.experience.replay import ReplayBuffer
from newgameplus.nn.cuda_graphs import Inputs, put_rows, take_rows

_SIZES = (64, 8)
"""Numbers of frames copied together: many, or the few of one step of few rows."""


class FrameMirror:
    """Copy of a replay buffer's frames, updated on request.

    Args:
        replay: the replay buffer; after it is restored a new mirror is needed.
        device: device of the copy.
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
        """Copy the frames written since the last call."""
        written = self._written
        while written:
            size = _SIZES[-1] if len(written) <= _SIZES[-1] else _SIZES[0]
            # An incomplete group is filled up with its last frame, which is then written repeatedly.
            places = np.array((written[:size] + [written[-1]] * size)[:size])
            inputs = self._inputs[size]
            inputs.upload({"frame": self._here[places], "place": places})
            put_rows(self._frames, inputs.tensors["place"], inputs.tensors["frame"])
            del written[:size]

    def stacked(self, places: Tensor) -> Tensor:
        """Return the frames uint8 ``[K, N, H, W, C]`` at indices int64 ``[K, C, N]``."""
        planes = take_rows(self._frames, places.flatten()).view(*places.shape, *self._frames.shape[1:])
        return planes.permute(0, 2, 3, 4, 1).contiguous()
