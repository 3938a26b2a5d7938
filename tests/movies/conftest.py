"""Real episodes of Airstriker, recorded once for all tests of movies."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from newgameplus.envs.contest import make_contest
from newgameplus.games.levels import find_level
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.types import NOTHING

LEVEL = "Airstriker-Genesis-v0/Level1"


@dataclass(frozen=True)
class Recording:
    """Movies of the contest's environment and what was seen while they were recorded."""

    folder: Path
    paths: list[Path]
    returns: list[float]
    num_frames: list[int]
    screens: list[np.ndarray]


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """Three episodes with sticky frame skip: two truncated by the step limit, one that the game ends."""
    folder = tmp_path_factory.mktemp("movies")
    level = find_level(LEVEL)
    returns, lengths, screens = [], [], []
    for first_index, (num_episodes, limit) in enumerate([(2, 70), (1, 4500)]):
        recorder = MovieRecorder(folder, first_index=2 * first_index)
        env = make_contest(level, observation_spec=NOTHING, max_episode_steps=limit, listeners=[recorder])
        try:
            env.action_space.seed(5)
            for episode in range(num_episodes):
                env.reset(seed=7 + episode)
                total, is_over = 0.0, False
                while not is_over:
                    _, reward, terminated, truncated, _ = env.step(env.action_space.sample())
                    total += reward
                    is_over = terminated or truncated
                returns.append(total)
                lengths.append(env.unwrapped.num_frames)
                screens.append(env.unwrapped.screen())
        finally:
            env.close()
    return Recording(folder, sorted(folder.iterdir()), returns, lengths, screens)


@pytest.fixture
def movie_path(recording):
    """The movie of one short episode."""
    return recording.paths[0]


@pytest.fixture
def their_reading():
    """Read a movie with stable-retro: game, start state, masks ``[T][players]``."""
    import stable_retro

    def read(path, num_buttons):
        movie = stable_retro.Movie(str(path))
        masks = []
        while movie.step():
            masks.append(
                [
                    sum(bool(movie.get_key(bit, player)) << bit for bit in range(num_buttons))
                    for player in range(movie.players)
                ]
            )
        state, game = movie.get_state(), movie.get_game()
        movie.close()
        gc.collect()
        return game, state, masks

    return read
