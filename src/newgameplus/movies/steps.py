"""A movie as a sequence of agent steps: observation, action and reward, as an agent would have had them."""

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

from newgameplus.emulator.cores import console_named
from newgameplus.envs.actions import action_meaning
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
    """Observation before the step, as the ObservationSpec says."""
    action: int
    """Index of the action closest to the buttons that the movie holds."""
    is_exact: bool
    """Whether the action reproduces this step under the contest's rules, with at most one frame of delay."""
    reward: float
    """Sum of the rewards of the step's frames in the movie."""
    is_terminated: bool
    """Whether the scenario ends the episode."""
    is_cut: bool
    """Whether the movie ends here although the episode is not over."""
    next_observation: Array
    """Observation after the step."""


def most_steps(path: Path, frames_per_step: int = CONTEST_FRAME_SKIP.num_frames) -> int:
    """Return an upper bound of a movie's number of steps; an incomplete last step does not count.

    Raises:
        MovieError: it cannot be read.
    """
    return -(-(read_movie(path).num_frames - 1) // frames_per_step)


class MovieSteps:
    """The steps of one movie; a context manager that frees the emulator.

    Frames are grouped by ``frames_per_step``, starting with the one after the reset's. Observations and rewards are
    those of the movie. The action is the one whose buttons are held in most frames of the step, with
    ties going to the latest; if no action has exactly these buttons, the first of those with the fewest differing
    buttons.

    Args:
        path: the movie.
        observation_spec: observation of the agent.
        action_spec: actions of the agent; they must be discrete.
        scenario: scenario to use instead of the recorded one.
        frames_per_step: frames that one action lasts.

    Raises:
        MovieError: the movie cannot be played; see :class:`~newgameplus.movies.playback.Playback`.
        UsageError: the actions are not discrete, the console lacks their buttons, or the observation spec is invalid.
        RomError: the ROM has not been imported.
    """

    def __init__(
        self,
        path: Path,
        observation_spec: ObservationSpec,
        action_spec: ActionSpec,
        *,
        scenario: str | None = None,
        frames_per_step: int = CONTEST_FRAME_SKIP.num_frames,
    ) -> None:
        check_observation_spec(observation_spec)
        self._playback = Playback(path, scenario=scenario)
        try:
            judge = self._playback.scenario
            meaning = action_meaning(action_spec, console_named(self._playback.movie.platform), judge)
            if not isinstance(meaning.space, spaces.Discrete):
                raise UsageError(f"A movie's buttons are turned into numbered actions, not into {action_spec.kind!r}.")
            self._masks = [meaning.mask(action) for action in range(int(meaning.space.n))]
            self._env = apply_observation_spec(
                _MovieEnv(self._playback, observation_spec, frames_per_step), observation_spec
            )
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
        """stable-retro's name of the console."""
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
        """Return the action closest to the buttons held in each frame, and whether it matches them exactly."""
        wanted, _ = Counter(reversed(held)).most_common(1)[0]
        action = min(range(len(self._masks)), key=lambda number: (self._masks[number] ^ wanted).bit_count())
        return action, all(mask == self._masks[action] for mask in held[1:] or held)


class _MovieEnv(gym.Env[Array, Any]):
    """Plays the next frames of a movie in each step, whatever the action; ``info["masks"]`` are their buttons.

    A step for which the movie has too few frames is truncated; its values are invalid.
    """

    def __init__(self, playback: Playback, spec: ObservationSpec, frames_per_step: int) -> None:
        self._playback, self._spec, self._frames_per_step = playback, spec, frames_per_step
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
        end = begin + self._frames_per_step
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
