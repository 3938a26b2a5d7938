"""Configuration of the proof."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProofConfig:
    """Configuration of the proof, which has nothing to choose."""


DEFAULT = ProofConfig()
"""Press the par movie's buttons."""
