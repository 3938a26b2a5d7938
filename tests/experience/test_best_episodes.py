"""The best episodes are told up to their highest return, as they were seen, and resumed exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from newgameplus.errors import StateError
from newgameplus.experience import best_episodes
from newgameplus.experience.best_episodes import BestEpisode, BestEpisodes
from newgameplus.types import Array, Step

STACK, CHANNELS = 3, 2
SHAPE = (2, 2, STACK * CHANNELS)


@dataclass
class Rows:
    """Plays two rows whose frames count up; row 1 earns nothing."""

    best: BestEpisodes
    frame: int = 0
    seen: list[Array] = field(default_factory=list)

    def play(self, rewards: list[float], is_terminated: bool = False) -> list[BestEpisode]:
        """Play an episode of row 0 with these rewards; its observations are ``seen`` then."""
        frames = [self.next_frame()] * STACK
        self.seen, told = [np.concatenate(frames, axis=-1)], []
        for number, reward in enumerate(rewards):
            both = np.stack([self.seen[-1], 0 * self.seen[-1]])
            self.best.see(both, np.array([number % 4, 3]))
            frames = [*frames[1:], self.next_frame()]
            self.seen.append(np.concatenate(frames, axis=-1))
            done = np.array([number == len(rewards) - 1, False])
            ended = {0: self.seen[-1]} if done[0] else {}
            terminated = done & is_terminated
            told += self.best.observe(Step(both, np.array([reward, 0.0]), terminated, done & ~terminated, ended))
        return told

    def next_frame(self) -> Array:
        self.frame += 1
        return np.full((*SHAPE[:2], CHANNELS), self.frame, np.uint8)


def begun(num_best: int = 2) -> Rows:
    return Rows(BestEpisodes(2, num_best, SHAPE, STACK))


@pytest.mark.parametrize(
    ("rewards", "length", "is_terminated"), [([0.0, 2.0, 1.0, -1.0], 3, False), ([1.0, 0.0, 0.0, 5.0], 4, True)]
)
def test_an_episode_is_told_up_to_its_highest_return_as_it_was_seen(
    rewards: list[float], length: int, is_terminated: bool
) -> None:
    rows = begun()
    (episode,) = rows.play(rewards, is_terminated=True)
    steps = list(episode.steps())
    assert (episode.row, len(episode), len(steps)) == (0, length, length)
    for number, (observation, action, step) in enumerate(steps):
        assert np.array_equal(observation[0], rows.seen[number])
        assert np.array_equal(step.next_observation[0], rows.seen[number + 1])
        assert (action.tolist(), step.reward.tolist()) == ([number % 4], [rewards[number]])
        is_last = number == length - 1
        assert (bool(step.terminated[0]), bool(step.truncated[0])) == (
            is_last and is_terminated,
            is_last and not is_terminated,
        )


def test_only_the_best_are_told() -> None:
    rows = begun(2)
    told = [len(rows.play([0.0, earned])) for earned in (0.0, 3.0, 1.0, 1.0, 2.0, 2.0, 9.0)]
    assert told == [0, 1, 1, 0, 1, 0, 1]


def test_of_an_episode_longer_than_the_contests_nothing_is_told_or_stored(monkeypatch: Any) -> None:
    monkeypatch.setattr(best_episodes, "MOST_STEPS", 5)
    rows = begun()
    assert [len(rows.play([1.0] * num_steps)) for num_steps in (6, 9, 5)] == [0, 0, 1]
    assert max(len(played["frame"]) for played in rows.best.state()["played"]) == 6


def test_put_back_in_the_middle_of_an_episode_it_tells_the_same() -> None:
    rows, again = begun(), begun()
    rows.play([1.0, 1.0])
    observation = np.stack([rows.seen[-1], rows.seen[-1]])
    rows.best.see(observation, np.array([2, 2]))
    again.best.restore(rows.best.state())
    ended = Step(
        observation, np.array([4.0, 4.0]), np.ones(2, np.bool_), np.zeros(2, np.bool_), dict(enumerate(observation))
    )
    first, second = rows.best.observe(ended), again.best.observe(ended)
    assert [episode.row for episode in first] == [0, 1]
    for left, right in zip(first, second, strict=True):
        assert np.array_equal(left.frame, right.frame)
        assert np.array_equal(left.reward, right.reward)
    damaged = rows.best.state()
    damaged["best"] = damaged["best"][:1]
    with pytest.raises(StateError, match="do not add up"):
        again.best.restore(damaged)
