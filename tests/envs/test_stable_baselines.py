"""Stable-Baselines3 trains on a batch, and is told of ended episodes in its own words."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.envs.vector import make_vector
from newgameplus.games.levels import Level
from newgameplus.types import SONIC_8, WARPED

stable_baselines3 = pytest.importorskip("stable_baselines3", reason="needs: pip install stable-baselines3")


def test_ppo_trains_and_ended_episodes_are_told_in_its_words(level: Level) -> None:
    from stable_baselines3.common.vec_env import VecMonitor

    from newgameplus.envs.stable_baselines import StableBaselinesVecEnv

    world = make_vector([level] * 2, observation_spec=WARPED, action_spec=SONIC_8, max_episode_steps=5)
    monitored = VecMonitor(StableBaselinesVecEnv(world))
    try:
        monitored.seed(3)
        first = monitored.reset()
        for _ in range(5):
            observation, reward, over, infos = monitored.step(np.zeros(2, np.int64))
        assert over.tolist() == [True, True]
        assert reward.dtype == np.float32
        assert infos[0]["TimeLimit.truncated"] is True
        assert infos[0]["lives"] == 3
        assert infos[0]["terminal_observation"].shape == (84, 84, 4)
        assert infos[0]["episode"]["l"] == 5
        np.testing.assert_array_equal(observation, first)
        model = stable_baselines3.PPO("CnnPolicy", monitored, n_steps=8, batch_size=8, n_epochs=1, seed=0)
        model.learn(16)
        assert model.num_timesteps == 16
    finally:
        monitored.close()
