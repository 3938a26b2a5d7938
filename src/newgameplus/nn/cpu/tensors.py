"""Tensors that the kernels accept."""

from __future__ import annotations

import torch
from torch import Tensor


def are_for_kernels(*tensors: Tensor) -> bool:
    """Whether all of them are bfloat16 and on the CPU."""
    return all(tensor.dtype == torch.bfloat16 and tensor.device.type == "cpu" for tensor in tensors)
