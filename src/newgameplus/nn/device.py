"""Device and precision of a network."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

import torch

from newgameplus.errors import UsageError
from newgameplus.nn.cpu.compiled import availability
from newgameplus.nn.names import DeviceName, PrecisionName

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Options of glibc's ``mallopt`` (malloc.h)."""


def find_device(name: DeviceName = "auto") -> torch.device:
    """Return the device called ``name``; ``auto`` takes a CUDA device if there is one.

    Raises:
        UsageError: CUDA is requested and not available.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise UsageError("There is no CUDA device on this machine; use --device cpu, or auto to take what there is.")
    _keep_freed_memory()
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


@cache
def _keep_freed_memory() -> None:
    """Let glibc keep freed memory; otherwise each gradient step requests some thousand pages from the system again."""
    if sys.platform != "linux":
        return
    change_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if change_option is not None:
        for option, size_bytes in ((_MMAP_THRESHOLD, 1 << 28), (_TRIM_THRESHOLD, 1 << 30)):
            change_option(option, size_bytes)


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware, faster than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def is_low_precision(device: torch.device, precision: PrecisionName) -> bool:
    """Whether ``precision`` means bfloat16 on this device.

    For ``auto`` it does not on a CPU whose best kernels are turned off.

    Raises:
        UsageError: bfloat16 is requested, and the device has no hardware for it.
    """
    if precision == "bfloat16" and not multiplies_bfloat16(device):
        raise UsageError(
            "This device has no hardware for bfloat16: emulated, it takes several times as long as float32; use"
            " precision float32, or auto to take the fastest."
        )
    is_limited = device.type == "cpu" and availability.is_limited
    return precision == "bfloat16" or (precision == "auto" and multiplies_bfloat16(device) and not is_limited)
