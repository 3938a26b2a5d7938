"""Stable-Baselines3 trains on a batch, and is told of ended episodes in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from newgameplus.envs.vector import make_vector
from newgameplus.games.levels import Level
from newgameplus.types import SONIC_8, WARPED, ObservationSpec

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


SMALL: dict[str, Any] = {
    "n_steps": 8,
    "seed": 0,
    "policy_kwargs": {"features_extractor_kwargs": {"features_dim": 8}, "net_arch": []},
}


@pytest.mark.parametrize(("algorithm", "keywords"), [("PPO", {"batch_size": 8, "n_epochs": 1}), ("A2C", {})])
def test_the_default_actions_can_be_learned(level: Level, algorithm: str, keywords: dict[str, Any]) -> None:
    from newgameplus.envs.stable_baselines import StableBaselinesVecEnv

    learner = getattr(stable_baselines3, algorithm)
    world = StableBaselinesVecEnv(make_vector([level] * 2, observation_spec=WARPED))
    for env in (world, gym.make("newgameplus:Airstriker-Genesis-v0", observation_spec=WARPED)):
        try:
            model = learner("CnnPolicy", env, **SMALL, **keywords)
            model.learn(16)
            assert model.num_timesteps == 16
        finally:
            env.close()


def test_its_video_recorder_and_its_calls_reach_the_rows(level: Level, tmp_path: Path) -> None:
    pytest.importorskip("moviepy", reason="needs: pip install moviepy")
    from stable_baselines3.common.vec_env import VecVideoRecorder

    from newgameplus.envs.stable_baselines import StableBaselinesVecEnv

    spec = ObservationSpec(gray=True, size=(8, 8))
    world = StableBaselinesVecEnv(make_vector([level] * 2, observation_spec=spec, render_mode="rgb_array"))
    recorder = VecVideoRecorder(world, str(tmp_path), lambda step: step == 0, video_length=3)
    try:
        recorder.reset()
        for _ in range(4):
            recorder.step(np.zeros((2, 12), np.float32))
        assert [path.suffix for path in tmp_path.iterdir()] == [".mp4"]
        assert [picture.shape for picture in recorder.env_method("render", indices=[1])] == [(224, 320, 3)]
        assert recorder.has_attr("level")
        assert not recorder.has_attr("no_such")
        recorder.set_attr("stage", 3)
        assert recorder.get_attr("stage", [0]) == [3]
    finally:
        recorder.close()
