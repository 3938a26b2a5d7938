"""Configuration of a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HumanConfig:
    """Configuration of a person, who has nothing to choose."""


DEFAULT = HumanConfig()
"""Press what the person holds."""
