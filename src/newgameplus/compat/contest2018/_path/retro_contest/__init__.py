"""What the contest of 2018 did to a game: actions that stick, and logs of episodes."""

from __future__ import annotations

import csv
import time
from typing import Any

import numpy as np

import gym


class StochasticFrameSkip(gym.Wrapper):
    """Takes each action for ``n`` frames, and sometimes begins one frame late: the action before it lasts so long.

    Args:
        env: the environment inside, of one frame per step.
        n: number of frames of a step.
        stickprob: probability that the new action begins with the second frame.
    """

    def __init__(self, env: Any, n: int, stickprob: float) -> None:
        super().__init__(env)
        self.n, self.stickprob = n, stickprob
        self.curac: Any = None
        self.rng = np.random.RandomState()

    def reset(self, **kwargs: Any) -> Any:
        """Begin an episode; its first action does not begin late."""
        self.curac = None
        return self.env.reset(**kwargs)

    def step(self, ac: Any) -> Any:
        """Play ``n`` frames, fewer at the end of the episode; return the last observation and the sum of rewards."""
        total = 0.0
        is_late = self.curac is not None and self.rng.rand() <= self.stickprob
        for i in range(self.n):
            if i > 0 or not is_late:
                self.curac = ac
            observation, reward, done, info = self.env.step(self.curac)
            total += reward
            if done:
                break
        return observation, total, done, info


class Monitor(gym.Wrapper):
    """Logs every episode when the next one begins, and the progress every 1,000 steps.

    Args:
        env: the environment inside.
        monitorfile: path of ``monitor.csv``: reward, length in steps, seconds since the first reset.
        logfile: path of ``log.csv``: steps and seconds; None for none.
    """

    def __init__(self, env: Any, monitorfile: str, logfile: str | None = None) -> None:
        super().__init__(env)
        self._files = [open(path, "w", newline="") for path in (monitorfile, logfile) if path is not None]  # noqa: PTH123, SIM115 - Python 3.8, closed by close
        self._write(0, "r", "l", "t")
        self._write(1, "l", "t")
        self.episode_reward, self.episode_length, self.total_length = 0.0, 0, 0
        self.start: float | None = None

    def reset(self, **kwargs: Any) -> Any:
        """Log the episode that is left, and begin the next one."""
        if self.start is None:
            self.start = time.time()
        else:
            self._write(0, self.episode_reward, self.episode_length, time.time() - self.start)
        self.episode_reward, self.episode_length = 0.0, 0
        return self.env.reset(**kwargs)

    def step(self, ac: Any) -> Any:
        """Take an action and count it."""
        observation, reward, done, info = self.env.step(ac)
        self.episode_reward += reward
        self.episode_length += 1
        self.total_length += 1
        if self.total_length % 1000 == 0:
            self._write(1, self.total_length, time.time() - (self.start or time.time()))
        return observation, reward, done, info

    def close(self) -> None:
        """Close the logs and the environment inside."""
        for file in self._files:
            file.close()
        super().close()

    def _write(self, file: int, *values: Any) -> None:
        if file < len(self._files):
            csv.writer(self._files[file]).writerow(values)
            self._files[file].flush()
