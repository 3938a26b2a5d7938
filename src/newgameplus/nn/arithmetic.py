"""Description of a network's arithmetic: two runs that agree in it, and in all else, are bit-identical."""

from __future__ import annotations

import torch

from newgameplus.nn.cpu.compiled import availability
from newgameplus.nn.device import find_device, is_low_precision
from newgameplus.nn.names import DeviceName, PrecisionName

Arithmetic = dict[str, str | int]
"""Parts of the description by name, as JSON types."""


def describe_arithmetic(device: DeviceName, precision: PrecisionName = "auto") -> Arithmetic:
    """Return the description for a device and a precision, as this process is configured now.

    Returns:
        ``torch``: its version; ``device``: "cpu" or the GPU's name; ``threads``: of torch on the CPU; ``precision``:
        "bfloat16" or "float32"; ``kernels``: the instruction set of the compiled kernels, or "none: " and the reason.

    Raises:
        UsageError: the device is not available, or has no hardware for the precision.
    """
    place = find_device(device)
    is_cpu = place.type == "cpu"
    lack = availability.lack if is_cpu else "CUDA computes"
    return {
        "torch": torch.__version__,
        "device": "cpu" if is_cpu else torch.cuda.get_device_name(place),
        "threads": torch.get_num_threads(),
        "precision": "bfloat16" if is_low_precision(place, precision) else "float32",
        "kernels": f"none: {lack}" if lack else availability.instruction_set,
    }
