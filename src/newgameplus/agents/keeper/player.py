"""The keeper in one row: chooses what each episode is for, follows similar moments, and makes moves where none is.

Shapes: ``K`` similar moments, ``L`` steps of an episode.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.keeper.config import KeeperConfig
from newgameplus.agents.keeper.episode import Episode
from newgameplus.agents.keeper.prospects import Prospects
from newgameplus.agents.keeper.wander import press, standing
from newgameplus.agents.moves import NUM_PRESSES
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import StateError
from newgameplus.experience.moments import MomentStore, Similar
from newgameplus.types import Array, State

_NUM_BEST, _NUM_RECENT = 4, 12
_TO_THE_END = 1 << 30
_IN_VAIN, _MOST_REACHES = 8, 4
"""Number of explored episodes in vain after which it explores from twice as far, thrice for twice as many, and the most
times."""
_FURTHER = 1.02
"""How many times as far as the best one an episode came that was not in vain."""


class Player:
    """One row.

    Args:
        config: configuration.
        total_timesteps: steps of the run.
        random: generator of the moves.
        folder: folder of the memory's files; None keeps it in memory.
    """

    def __init__(
        self, config: KeeperConfig, total_timesteps: int, random: np.random.Generator, folder: Path | None = None
    ) -> None:
        self._config, self._total_timesteps, self._random = config, total_timesteps, random
        height, width = config.picture_size
        self._moments = MomentStore(height * width, config.similarity, folder)
        self._prospects = Prospects(config.max_return)
        self._best: list[list[float]] = []
        self._recent: list[list[float]] = []
        self._num_in_vain = 0
        self._num_timesteps = 0
        self._episode: Episode | None = None

    def press(self, picture: Array) -> int:
        """Return what the next step presses.

        Args:
            picture: uint8 ``[H, W, 1]``, what is seen before it.
        """
        if self._episode is None:
            self._episode = self._new_episode()
        episode, seen = self._episode, picture.reshape(-1)
        clue = episode.clue()
        press = self._choose(episode, clue, seen)
        self._moments.add(clue, seen, press)
        episode.press(press)
        return press

    def observe(self, reward: float, done: bool) -> None:
        """Record what the step earned; at the end of the episode remember it."""
        assert self._episode is not None
        self._num_timesteps += 1
        self._episode.observe(reward)
        if done:
            self._remember(self._episode)
            self._episode = None

    def _new_episode(self) -> Episode:
        """Choose what the episode is for; the first explores from the start."""
        config, random = self._config, self._random
        if not self._best:
            return Episode("explore", begin=float("-inf"), moves_left=_TO_THE_END)
        is_finished = self._best[0][-1] >= config.finished_return
        if random.random() >= self._try_probability(is_finished):
            return Episode()
        ends = self._recent if is_finished else self._best
        if not is_finished and random.random() < config.fresh_share:
            return Episode("explore", begin=float("-inf"), moves_left=_TO_THE_END)
        end = ends[int(random.integers(len(ends)))]
        reach = config.return_steps if is_finished else self._reach()
        begin = end[max(0, len(end) - 1 - int(random.integers(1, reach + 1)))]
        if is_finished:
            return Episode("vary", begin=begin, moves_left=int(random.integers(1, config.vary_steps + 1)))
        return Episode("explore", begin=begin, moves_left=_TO_THE_END)

    def _reach(self) -> int:
        """Return from how many steps before an end it may explore: the more, the longer nothing has come farther."""
        steps = self._config.return_steps
        return min(steps + steps * self._num_in_vain // _IN_VAIN, _MOST_REACHES * steps)

    def _try_probability(self, is_finished: bool) -> float:
        """Return the probability that an episode explores or varies; what is found late is of little use."""
        config = self._config
        fade = min(1.0, 2 - 2 * self._num_timesteps / self._total_timesteps)
        if not is_finished:
            return config.explore_share * fade
        failed = [end[-1] < config.finished_return for end in self._recent]
        return max(config.least_vary_share, config.vary_share * sum(failed) / len(failed)) * fade

    def _choose(self, episode: Episode, clue: Array, seen: Array) -> int:
        config = self._config
        if episode.begin is not None and episode.total >= episode.begin:
            episode.begin, episode.begun_step, episode.wander = None, len(episode.progress), standing()
        is_moving = episode.begun_step is not None and episode.moves_left > 0
        if is_moving:
            episode.moves_left -= 1
        if not is_moving and episode.stalled_steps < config.patience:
            similar = self._moments.similar(clue, seen)
            if similar is not None and similar.distance.min() <= config.lost_distance**2:
                episode.wander = standing()
                return self._most_promising(similar, episode.total)
        return press(episode.wander, self._random, config)

    def _most_promising(self, similar: Similar, progress: float) -> int:
        """Return the press of the similar moments with the highest estimate.

        The estimate of a press is the mean of what its moments are expected to earn, and a little more the farther they
        soon came, weighted by ``exp(-d²/2)`` of their distance, with ``doubt`` more moments of which only the place is
        known.
        """
        config = self._config
        weight = np.exp(similar.distance * (-0.5 / config.kernel_width**2)) + 1e-9
        expected = np.where(np.isnan(similar.earned), self._prospects.at(similar.reached), similar.earned)
        expected += config.haste * (similar.reached - similar.progress)
        weights = np.bincount(similar.action, weight, NUM_PRESSES)
        sums = np.bincount(similar.action, weight * expected, NUM_PRESSES)
        doubted = config.doubt * config.doubted_share * float(self._prospects.at(progress))
        estimate = np.where(weights > 0, (sums + doubted) / (weights + config.doubt), -np.inf)
        return int(estimate.argmax())

    def _remember(self, episode: Episode) -> None:
        self._moments.end_episode(*self._outcomes(episode))
        self._prospects.add(episode.total, episode.furthest)
        if episode.plan == "explore":
            furthest = self._best[0][-1] if self._best else 0.0
            self._num_in_vain = 0 if episode.furthest > _FURTHER * furthest else self._num_in_vain + 1
        kept = _MOST_REACHES * self._config.return_steps + 1
        way = [*episode.progress, episode.total]
        if episode.plan != "explore" or not self._recent:
            self._recent = [*self._recent, [*way[-1 - kept : -1], episode.furthest]][-_NUM_RECENT:]
        end = way[max(0, episode.furthest_step - kept) : episode.furthest_step + 1]
        self._best = sorted([*self._best, end], key=lambda each: -each[-1])[:_NUM_BEST]

    def _outcomes(self, episode: Episode) -> tuple[Array, Array]:
        """Return where each moment led: the sum of the rewards soon after it, and what the episode earned, or NaN.

        Both float32 ``[L]``. Looked at ``horizon_steps`` later: what an episode earned is blamed on its last moments
        only, but credited to all of them if it reached the goal. The moments before the step at which moves began are
        not judged by what these met.
        """
        way = np.append(np.array(episode.progress, np.float32), np.float32(episode.total))
        num_steps, horizon = len(episode.progress), self._config.horizon_steps
        then = np.arange(num_steps) + horizon
        earned = np.full(num_steps, np.nan, np.float32)
        is_finished = episode.total >= self._config.finished_return
        earned[0 if is_finished else max(0, num_steps - horizon) :] = episode.total
        if episode.begun_step is not None:
            then[: episode.begun_step] = np.minimum(then[: episode.begun_step], episode.begun_step)
            earned[: episode.begun_step] = np.nan
        return way[np.minimum(then, num_steps)], earned

    def state(self) -> State:
        """Return the full state, without what is in files."""
        return {
            "random": randomness.save(self._random),
            "num_in_vain": self._num_in_vain,
            "num_timesteps": self._num_timesteps,
            "moments": self._moments.state(),
            "prospects": self._prospects.state(),
            "best": _ends_state(self._best),
            "recent": _ends_state(self._recent),
            "episode": [] if self._episode is None else [self._episode.state()],
        }

    def restore(self, state: object) -> None:
        """Go on from ``state``.

        Raises:
            StateError: the state is damaged or of another configuration, or the memory's files are missing.
        """
        random = randomness.load(take(state, "random", dict))
        num_in_vain, num_timesteps = take_count(state, "num_in_vain"), take_count(state, "num_timesteps")
        best, recent = (_ends_from_state(take(state, name, dict)) for name in ("best", "recent"))
        episodes = [Episode.from_state(saved) for saved in take(state, "episode", list)]
        self._prospects.restore(take(state, "prospects", dict))
        self._moments.restore(take(state, "moments", dict))
        self._random, self._best, self._recent = random, best, recent
        self._num_in_vain, self._num_timesteps = num_in_vain, num_timesteps
        self._episode = episodes[0] if episodes else None


def _ends_state(ends: list[list[float]]) -> State:
    """Return all ends concatenated, and their lengths."""
    together = [progress for end in ends for progress in end]
    return {"progress": np.array(together, np.float64), "lengths": np.array([len(end) for end in ends], np.int64)}


def _ends_from_state(state: object) -> list[list[float]]:
    progress, lengths = take_array(state, "progress", np.float64), take_array(state, "lengths", np.int64)
    if lengths.min(initial=1) < 1 or sum(lengths.tolist()) != len(progress):
        raise StateError("The saved episodes' ends do not add up; begin a new run.")
    return [end.tolist() for end in np.split(progress, np.cumsum(lengths)[:-1]) if len(end)]
