"""Names of encoders and devices in configurations; imports no torch."""

from __future__ import annotations

from typing import Literal, TypeAlias

EncoderName: TypeAlias = Literal[
    "dqn-2013",
    "nature",
    "nature-extra",
    "impala",
    "impala-normalised",
    "mobile",
    "keras-2018",
    "keras-2018-scaled",
]
"""Convolutional encoder (nn/encoders.py)."""
DeviceName: TypeAlias = Literal["auto", "cpu", "cuda"]
"""Device of a network; ``auto`` takes CUDA if available."""
PrecisionName: TypeAlias = Literal["auto", "float32", "bfloat16"]
"""Precision of matrix products; ``auto`` takes bfloat16 if the hardware supports it."""
