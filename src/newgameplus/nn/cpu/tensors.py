"""Tensors that the kernels accept."""

from __future__ import annotations

from torch import Tensor

from newgameplus.nn.cpu.compiled import availability


def are_for_kernels(*tensors: Tensor) -> bool:
    """Whether all of them are in the kernels' precision and on the CPU."""
    return all(tensor.dtype == availability.dtype and tensor.device.type == "cpu" for tensor in tensors)
