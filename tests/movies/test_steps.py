"""A movie's steps are what an agent saw, pressed and earned while it was recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from newgameplus.emulator.cores import console_named
from newgameplus.envs.contest import make_contest
from newgameplus.errors import MovieError, UsageError
from newgameplus.games.action_sets import resolved
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.movies.steps import MovieSteps
from newgameplus.open_games.proof import par_path
from newgameplus.types import BUTTONS, PICTURE, SONIC_7, SONIC_8, SONIC_10, WARPED, ActionSpec, Array, ObservationSpec

TUMBLEWEED = "Tumbleweed-Genesis-v0/Mesa.Act1"
SHOOTER = ActionSpec("set", ((), ("LEFT",), ("RIGHT",), ("B",)))


def recorded(
    folder: Path, spec: ObservationSpec, num_steps: int, level: str
) -> tuple[list[Array], list[int], list[float]]:
    """Let an agent play an episode of so many steps at most while it is recorded."""
    env = make_contest(
        find_level(level),
        observation_spec=spec,
        action_spec=SHOOTER,
        max_episode_steps=num_steps,
        listeners=[MovieRecorder(folder)],
    )
    random = np.random.default_rng(2)
    observation, _ = env.reset(seed=3)
    seen, actions, rewards, is_over = [observation], [], [], False
    while not is_over:
        actions.append(int(random.integers(0, 4)))
        observation, reward, terminated, truncated, _ = env.step(actions[-1])
        seen.append(observation)
        rewards.append(float(reward))
        is_over = terminated or truncated
    env.close()
    return seen, actions, rewards


@pytest.mark.parametrize(
    "spec", [WARPED, PICTURE, ObservationSpec("ram"), ObservationSpec(maximum=True, gray=True, size=(20, 30), stack=2)]
)
@pytest.mark.parametrize("num_steps", [40, 4500])
def test_what_was_lived_is_what_the_movie_tells(spec: ObservationSpec, num_steps: int, tmp_path: Path) -> None:
    seen, actions, rewards = recorded(tmp_path, spec, num_steps, "Airstriker-Genesis-v0/Level1")
    with MovieSteps(next(tmp_path.iterdir()), spec, SHOOTER) as movie:
        assert movie.observation_shape == seen[0].shape
        steps = list(movie)
    assert [step.reward for step in steps] == rewards
    assert [step.action for step in steps] == actions
    assert all(step.is_exact for step in steps)
    for before, step, after in zip(seen[:-1], steps, seen[1:], strict=True):
        assert np.array_equal(step.observation, before)
        assert np.array_equal(step.next_observation, after)
    assert (
        [step.is_terminated for step in steps[:-1]]
        == [step.is_cut for step in steps[:-1]]
        == [False] * (len(steps) - 1)
    )
    assert (steps[-1].is_terminated, steps[-1].is_cut) == (num_steps == 4500, num_steps == 40)


@pytest.fixture
def with_masks(movie_path: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write the recorded movie anew with other buttons, given by their names, in its first frames."""

    def write(*frames: str) -> Path:
        movie = read_movie(movie_path)
        bits = [sum(1 << movie.buttons.index(name) for name in held.split()) for held in frames]
        masks = np.array([0, *bits], np.uint32).reshape(-1, 1)
        path = tmp_path / "changed.bk2"
        write_movie(path, dataclasses.replace(movie, masks=masks, extra={}))
        return path

    return write


@pytest.mark.parametrize(
    ("frames", "action", "is_exact"),
    [
        (["RIGHT"] * 4, ("RIGHT",), True),
        (["LEFT", "RIGHT", "RIGHT", "RIGHT"], ("RIGHT",), True),
        (["RIGHT", "RIGHT", "RIGHT", "LEFT"], ("RIGHT",), False),
        (["RIGHT", "RIGHT", "LEFT", "LEFT"], ("LEFT",), False),
        (["RIGHT B"] * 4, ("RIGHT", "B"), True),
        (["RIGHT B A"] * 4, ("RIGHT", "B"), False),
        (["START"] * 4, (), False),
        (["RIGHT A B C"] * 4, ("RIGHT", "B"), False),
        ([""] * 4, (), True),
    ],
)
def test_the_action_is_the_nearest_to_the_buttons_of_most_frames(
    frames: list[str], action: tuple[str, ...], is_exact: bool, with_masks: Callable[..., Path]
) -> None:
    with MovieSteps(with_masks(*frames), WARPED, SONIC_10) as movie:
        (step,) = movie
    combos = resolved(SONIC_10, console_named("Genesis")).combos
    assert (combos[step.action], step.is_exact) == (action, is_exact)


def test_frames_that_make_no_whole_step_are_left_out(with_masks: Callable[..., Path]) -> None:
    with MovieSteps(with_masks(*["RIGHT"] * 11), WARPED, SONIC_7) as movie:
        steps = list(movie)
    assert [step.is_cut for step in steps] == [False, True]
    with MovieSteps(with_masks("RIGHT"), WARPED, SONIC_7) as movie:
        assert list(movie) == []


def test_every_step_of_a_par_movie_is_an_action_and_its_return_is_that_of_the_movie() -> None:
    path = par_path(find_level(TUMBLEWEED))
    with MovieSteps(path, WARPED, SONIC_8) as movie:
        steps = list(movie)
    assert all(step.is_exact for step in steps)
    assert sum(step.reward for step in steps) == pytest.approx(read_movie(path).extra["return"])
    assert steps[-1].is_terminated


def test_what_no_agent_can_live_is_refused(movie_path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="numbered actions, not into 'filtered'"):
        MovieSteps(movie_path, WARPED, BUTTONS)
    with pytest.raises(UsageError, match="no button 'JUMP'"):
        MovieSteps(movie_path, WARPED, ActionSpec("set", (("JUMP",),)))
    with pytest.raises(UsageError, match="cannot be treated like a picture"):
        MovieSteps(movie_path, ObservationSpec("ram", gray=True), SONIC_7)
    (tmp_path / "damaged.bk2").write_bytes(b"PK")
    with pytest.raises(MovieError):
        MovieSteps(tmp_path / "damaged.bk2", WARPED, SONIC_7)
