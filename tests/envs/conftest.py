"""Real environments for the tests, closed after each because a process holds one emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import pytest

from newgameplus.envs.retro import RetroEnv
from newgameplus.games.levels import Level, find_level


@pytest.fixture(scope="session")
def level() -> Level:
    """The only level whose ROM everybody has."""
    return find_level("Airstriker-Genesis-v0/Level1")


@pytest.fixture
def opened() -> Iterator[Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]]:
    """Closes at the end of the test, and at the next call, the environment that it is called with."""
    env: gym.Env[Any, Any] | None = None

    def remember(new: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
        nonlocal env
        env = new
        return new

    yield remember
    if env is not None:
        env.close()


@pytest.fixture
def retro(level: Level, opened: Callable[[Any], Any]) -> RetroEnv:
    """The level, one frame per step."""
    return opened(RetroEnv(level))
