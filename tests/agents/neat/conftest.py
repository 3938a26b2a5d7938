"""Small populations, and a world's description."""

from __future__ import annotations

from dataclasses import replace

from newgameplus.agents.neat.config import DEFAULT, NeatConfig
from newgameplus.agents.neat.settings import NeatFile, changed
from newgameplus.types import WorldSpec

GENESIS = ("B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z")


def small_file(**keys: str) -> NeatFile:
    """The tutorial's configuration with a population of 6 and few connections."""
    few = {
        "pop_size": "6",
        "elitism": "1",
        "min_species_size": "1",
        "compatibility_threshold": "3.2",
        "initial_connection": "partial_nodirect 0.02",
        "fitness_threshold": "1e9",
    }
    return changed(DEFAULT.file, **{**few, **keys})


def small(**fields: object) -> NeatConfig:
    """A configuration that evolves within a few episodes."""
    return replace(DEFAULT, **{"file": small_file(), **fields})  # type: ignore[arg-type]


def a_world(
    num_envs: int = 2, shape: tuple[int, ...] = (28, 40, 1), levels: tuple[int, ...] | None = None
) -> WorldSpec:
    return WorldSpec(num_envs, GENESIS, shape, (12,), num_timesteps=1000, levels=levels)
