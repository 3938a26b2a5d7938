"""A movie as an agent would have lived it: what it would have seen, pressed and earned, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from newgameplus.envs.actions import ActionMeaning
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP
from newgameplus.envs.wrappers.observation import apply_observation_spec, check_observation_spec
from newgameplus.errors import UsageError
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.playback import Playback
from newgameplus.types import ActionSpec, Array, ObservationSpec


@dataclass(frozen=True, slots=True)
class MovieStep:
    """One step of a movie."""

    observation: Array
    """What the agent would have seen, as the ObservationSpec says."""
    action: int
    """Which of the agent's actions is nearest to the buttons that the movie holds."""
    is_exact: bool
    """Whether the contest could have played this step by the action, late by one frame or not at all."""
    reward: float
    """Sum of the rewards of the step's frames, as the movie earned them."""
    is_terminated: bool
    """Whether the scenario says that the episode is over."""
    is_cut: bool
    """Whether the movie has no further step although the episode is not over."""
    next_observation: Array
    """What it would have seen after the step."""


def most_steps(path: Path) -> int:
    """Return how many steps a movie has at most; fewer if its end makes no whole one.

    Raises:
        MovieError: it cannot be read.
    """
    return -(-(read_movie(path).num_frames - 1) // CONTEST_FRAME_SKIP.num_frames)


class MovieSteps:
    """The steps of one movie; a context manager that frees the machine.

    Frames are put together four by four from the one after the reset's on, as the contest's frame skip does. What is
    seen and earned is what the movie shows. The action is the one that holds the buttons of most frames of the step,
    of equally frequent ones the latest; where no action holds exactly these, it is the first of those from which the
    fewest buttons differ.

    Args:
        path: the movie.
        observation_spec: what the agent sees.
        action_spec: what its actions mean; they must be numbered.
        scenario: judges instead of the recorded one.

    Raises:
        MovieError: the movie cannot be played; see :class:`~newgameplus.movies.playback.Playback`.
        UsageError: the actions are not numbered or the console lacks their buttons, or the observation makes no sense.
        RomError: the ROM has not been imported.
    """

    def __init__(
        self, path: Path, observation_spec: ObservationSpec, action_spec: ActionSpec, *, scenario: str | None = None
    ) -> None:
        check_observation_spec(observation_spec)
        self._playback = Playback(path, scenario=scenario)
        try:
            judge = self._playback.scenario
            meaning = ActionMeaning(action_spec, self._playback.movie.buttons, judge.combos(), judge.filter)
            if not isinstance(meaning.space, spaces.Discrete):
                raise UsageError(f"A movie's buttons are turned into numbered actions, not into {action_spec.kind!r}.")
            self._masks = [meaning.mask(action) for action in range(int(meaning.space.n))]
            self._env = apply_observation_spec(_MovieEnv(self._playback, observation_spec), observation_spec)
        except BaseException:
            self._playback.emulator.close()
            raise

    def __enter__(self) -> MovieSteps:
        return self

    def __exit__(self, *error: object) -> None:
        self._playback.emulator.close()

    @property
    def observation_shape(self) -> tuple[int, ...]:
        """Shape of an observation."""
        return self._env.observation_space.shape or ()

    @property
    def platform(self) -> str:
        """The console, by stable-retro's name."""
        return self._playback.movie.platform

    def __iter__(self) -> Iterator[MovieStep]:
        observation, _ = self._env.reset()
        last: MovieStep | None = None
        while last is None or not last.is_terminated:
            after, reward, is_terminated, is_at_end, info = self._env.step(None)
            if last is not None:
                yield replace(last, is_cut=is_at_end)
            if is_at_end:
                return
            action, is_exact = self._nearest(info["masks"])
            last = MovieStep(observation, action, is_exact, float(reward), is_terminated, False, after)
            observation = after
        yield last

    def _nearest(self, held: Sequence[int]) -> tuple[int, bool]:
        """Return the action that is nearest to the buttons held in each frame, and whether it is just these."""
        wanted, _ = Counter(reversed(held)).most_common(1)[0]
        action = min(range(len(self._masks)), key=lambda number: (self._masks[number] ^ wanted).bit_count())
        return action, all(mask == self._masks[action] for mask in held[1:] or held)


class _MovieEnv(gym.Env[Array, Any]):
    """Plays the next frames of a movie in each step, whatever the action; ``info["masks"]`` are their buttons.

    A step that the movie has not enough frames for is truncated and means nothing.
    """

    def __init__(self, playback: Playback, spec: ObservationSpec) -> None:
        self._playback, self._spec = playback, spec
        self._frames: Iterator[tuple[float, bool]] = iter(())
        self._num_played = 0
        self.action_space = spaces.Discrete(1)
        self.observation_space = spaces.Box(0, 255, self.reset()[0].shape, np.uint8)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._frames = self._playback.judged()
        next(self._frames)
        self._num_played = 1
        return self._look(), {}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        del action
        total, is_over, before_last, begin = 0.0, False, None, self._num_played
        end = begin + CONTEST_FRAME_SKIP.num_frames
        for reward, is_over in islice(self._frames, end - begin):
            total += reward
            self._num_played += 1
            if is_over:
                break
            if self._spec.maximum and self._num_played == end - 1:
                before_last = self._look()
        is_whole = self._num_played == end
        masks = self._playback.movie.masks[begin : self._num_played, 0].tolist()
        observation = self._look(before_last if is_whole else None)
        return observation, total, is_over, not is_whole and not is_over, {"masks": masks}

    def _look(self, frame_before: Array | None = None) -> Array:
        if self._spec.kind == "ram":
            return np.frombuffer(bytearray().join(self._playback.emulator.memory().values()), np.uint8)
        if self._spec.kind == "none":
            return np.empty(0, np.uint8)
        screen = self._playback.scenario.crop(self._playback.picture())
        if frame_before is None or frame_before.shape != screen.shape:
            return screen
        return np.maximum(frame_before, screen)
