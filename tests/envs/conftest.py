"""Real environments for the tests, closed after each because a process holds one emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from newgameplus.envs.retro import RetroEnv
from newgameplus.games.catalogue import find_game
from newgameplus.games.folders import GAMES_VARIABLE
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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A game of the user's own: Airstriker with an empty place for a contest scenario."""
    game = tmp_path / "Scripted-Genesis-v0"
    game.mkdir()
    original = find_game("Airstriker-Genesis-v0")
    for name in ("data.json", "metadata.json", "Level1.state", "rom.md", "rom.sha"):
        source = original.file(name)
        assert source is not None
        (game / name).symlink_to(source)
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path))
    return game
