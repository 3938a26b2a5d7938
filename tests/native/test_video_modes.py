"""A console that changes its video mode keeps to the observation space, alone and in a batch, by one rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from newgameplus.emulator.native import NativeEmulator
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.retro import RetroEnv
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import Level, find_level
from newgameplus.types import PICTURE, WARPED, Array, ObservationSpec

from .mode_switch import MODE_FRAMES, NAME, SIZES, write_game

Batch = Callable[..., RetroVecEnv]
NUM_STEPS = 30
SPECS = {
    "as it is": PICTURE,
    "warped": WARPED,
    "cropped": ObservationSpec(crop=(8, 16, 24, 40), gray=True, stack=2),
    "cropped and resized": ObservationSpec(crop=(0, 30, 10, 0), size=(50, 60)),
    "divided": ObservationSpec(crop=(0, 0, 5, 0), gray=True, shrink=8),
    "maximum": ObservationSpec(maximum=True, size=(84, 84)),
    "maximum as it is": ObservationSpec(maximum=True),
}


@pytest.fixture(params=["genesis_plus_gx", "picodrive"])
def level(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Level:
    """A level that begins in 32 columns and changes to 40 and back."""
    write_game(tmp_path, request.param)
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path))
    return find_level(f"{NAME}/Start")


def buttons(step: int) -> Array:
    return np.random.default_rng(step).integers(0, 2, 12).astype(np.int8)


def raw_pictures(level: Level, num_frames: int) -> list[Array]:
    """What the console draws, in its own sizes."""
    integration, core = level.integration, level.integration.core("native")
    emulator = NativeEmulator(integration.rom(), core)
    emulator.load(integration.state(level.state, core.name))
    pictures = []
    for _ in range(num_frames):
        emulator.step()
        pictures.append(emulator.screen())
    emulator.close()
    return pictures


def test_the_game_changes_its_mode(level: Level) -> None:
    shapes = [picture.shape[:2] for picture in raw_pictures(level, 4 * MODE_FRAMES)]
    assert set(shapes) == set(SIZES)


def test_pictures_of_another_size_are_resampled_to_the_size_of_the_first(level: Level) -> None:
    raw = raw_pictures(level, 2 * MODE_FRAMES)
    env = RetroEnv(level, render_mode="rgb_array")
    try:
        observations = [env.reset()[0]]
        for _ in raw[1:]:
            observations.append(env.step(np.zeros(12, np.int8))[0])
            np.testing.assert_array_equal(env.render(), observations[-1])
    finally:
        env.close()
    height, width, _ = raw[0].shape
    for picture, observation in zip(raw, observations, strict=True):
        assert env.observation_space.contains(observation)
        expected = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(observation, expected)


@pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
def test_a_batch_shows_what_the_environment_shows(level: Level, batch: Batch, spec: ObservationSpec) -> None:
    keywords: dict[str, Any] = {"observation_spec": spec, "frame_skip": FrameSkip(3, 0.0), "max_episode_steps": None}
    vector, env = batch(level, **keywords), make_contest(level, **keywords)
    try:
        assert env.observation_space == vector.single_observation_space
        np.testing.assert_array_equal(vector.reset()[0][0], env.reset()[0])
        for step in range(NUM_STEPS):
            observation = vector.step(buttons(step)[None])[0][0]
            np.testing.assert_array_equal(observation, env.step(buttons(step))[0], err_msg=f"step {step}")
            np.testing.assert_array_equal(vector.screen(0), env.get_wrapper_attr("screen")())
    finally:
        env.close()
