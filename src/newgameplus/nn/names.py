"""The names that configurations use for parts of networks; loads no torch."""

from __future__ import annotations

from typing import Literal, TypeAlias

EncoderName: TypeAlias = Literal["dqn-2013", "nature", "nature-extra", "impala", "impala-normalised", "mobile"]
"""Which convolutions turn pictures into features (nn/encoders.py)."""
DeviceName: TypeAlias = Literal["auto", "cpu", "cuda"]
"""Where a network runs; ``auto`` is CUDA where there is some."""
