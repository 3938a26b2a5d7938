"""Seeds of worlds and agents: each run, and each watched episode, draws from random numbers of its own."""

from __future__ import annotations

import zlib

import numpy as np

from newgameplus.games.levels import Level


def split_seed(seed: int, level: Level) -> tuple[int, int]:
    """Return independent seeds for the world and for the agent of an evaluation's run.

    Levels do not share random numbers.
    """
    return _pair([seed, zlib.crc32(str(level).encode())])


def training_seeds(seed: int) -> tuple[int, int]:
    """Return independent seeds for the world and for the agent of a training run."""
    return _pair([seed, 1])


def watched_seeds(seed: int, index: int) -> tuple[int, int]:
    """Return independent seeds for the world and for the agent of a training run's watched episode ``index``."""
    return _pair([seed, 2, index])


def individual_seeds(seed: int, number: int, level: Level, episode: int) -> tuple[int, int]:
    """Return independent seeds for world and agent of an episode of one individual of a population on a level."""
    return _pair([seed, 3, number, zlib.crc32(str(level).encode()), episode])


def _pair(entropy: list[int]) -> tuple[int, int]:
    world, agent = np.random.SeedSequence(entropy).generate_state(2)
    return int(world), int(agent)
