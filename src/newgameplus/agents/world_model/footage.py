"""Movies as pictures, a chunk at a time, and as latents; nothing of it is stored.

Shapes: ``T`` steps of an episode, ``H W`` size of a picture, ``Z`` latents, ``N`` pictures, ``B L`` sequences.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from newgameplus.agents.stages import Movies
from newgameplus.types import Array

REWARD_UNIT = 10.0
"""M foresees rewards in this unit, about what a step to the right earns."""
MOST_REWARD = 10.0
"""Bound of a reward's size, in units: the bonus at a level's end would else outweigh all others."""


@dataclass(frozen=True, slots=True)
class Story:
    """What happened in an episode, without its pictures."""

    action: Array
    """int64 ``[T]``."""
    reward: Array
    """float32 ``[T]``, in units."""
    is_terminated: bool
    """Whether the game ended it."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A movie, decoded."""

    picture: Array
    """uint8 ``[T + 1, H, W, 3]``."""
    story: Story


@dataclass(frozen=True, slots=True)
class Seen:
    """A movie as V sees it."""

    mean: Array
    """float32 ``[T + 1, Z]``."""
    deviation: Array
    """float32 ``[T + 1, Z]``."""
    story: Story


@dataclass(frozen=True, slots=True)
class Sequences:
    """A batch of sequences; those of shorter episodes are filled up."""

    latents: Array
    """float32 ``[B, L + 1, Z]``, drawn from V's posterior."""
    action: Array
    """int64 ``[B, L]``."""
    reward: Array
    """float32 ``[B, L]``, in units."""
    end: Array
    """float32 ``[B, L]``, 1 where the game ended the episode."""
    is_step: Array
    """float32 ``[B, L]``, 0 where nothing happened any more."""


class Footage:
    """Movies, in chunks that fit into memory.

    Args:
        movies: the movies.
        chunk_steps: steps of a chunk, unless a single movie has more.
    """

    def __init__(self, movies: Movies, chunk_steps: int) -> None:
        self._movies = movies
        self.chunks = _chunks(movies.num_steps, chunk_steps)
        """Numbers of the movies of each chunk."""
        self._decoded: tuple[int, list[Episode]] = (-1, [])

    def num_steps(self, chunk: int) -> int:
        """Upper bound of the number of steps of a chunk."""
        return sum(self._movies.num_steps[number] for number in self.chunks[chunk])

    def episodes(self, chunk: int) -> Iterator[Episode]:
        """Yield the episodes of a chunk, which stay in memory until another chunk is decoded.

        Raises:
            NewGamePlusError: a movie cannot be played.
        """
        if self._decoded[0] == chunk:
            yield from self._decoded[1]
            return
        self._decoded = (-1, [])
        decoded = []
        for number in self.chunks[chunk]:
            decoded.append(_episode(self._movies, number))
            yield decoded[-1]
        self._decoded = (chunk, decoded)


def _chunks(lengths: Sequence[int], chunk_steps: int) -> list[list[int]]:
    chunks: list[list[int]] = []
    load = 0
    for number, length in enumerate(lengths):
        if not chunks or load + length > chunk_steps:
            chunks.append([])
            load = 0
        chunks[-1].append(number)
        load += length
    return chunks


def _episode(movies: Movies, number: int) -> Episode:
    pictures, actions, rewards, is_terminated = [], [], [], False
    for observation, action, step in movies.read(number):
        pictures.append(observation[0])
        actions.append(int(action[0]))
        rewards.append(float(step.reward[0]))
        last, is_terminated = step.next_observation[0], bool(step.terminated[0])
    if not actions:  # a movie of less than a step
        return Episode(np.zeros((0, 0, 0, 3), np.uint8), Story(np.zeros(0, np.int64), np.zeros(0, np.float32), False))
    reward = np.clip(np.array(rewards, np.float32) / REWARD_UNIT, -MOST_REWARD, MOST_REWARD)
    return Episode(np.stack([*pictures, last]), Story(np.array(actions, np.int64), reward, is_terminated))


def checksum(stories: Sequence[Story]) -> int:
    """Return a number that tells movies from others."""
    value = 0
    for story in stories:
        value = zlib.crc32(story.action.tobytes() + story.reward.tobytes(), value)
    return value


def draw_pictures(episodes: Sequence[Episode], num_pictures: int, random: np.random.Generator) -> Array:
    """Draw N pictures, uint8 ``[N, H, W, 3]``, all with the same probability."""
    ends = np.cumsum([len(episode.picture) for episode in episodes])
    at = random.integers(0, ends[-1], num_pictures)
    which = np.searchsorted(ends, at, side="right")
    return np.stack([episodes[one].picture[place - ends[one]] for one, place in zip(which, at, strict=True)])


def draw_sequences(seen: Sequence[Seen], num_rows: int, num_steps: int, random: np.random.Generator) -> Sequences:
    """Draw B sequences of L steps, with latents drawn anew."""
    lengths = np.array([len(one.story.action) for one in seen])
    which = random.choice(len(seen), num_rows, p=lengths / lengths.sum())
    shape, num_latents = (num_rows, num_steps), seen[0].mean.shape[1]
    latents = np.zeros((num_rows, num_steps + 1, num_latents), np.float32)
    action, reward = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
    end, is_step = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for row, number in enumerate(which.tolist()):
        one, length = seen[number], min(num_steps, int(lengths[number]))
        begin = int(random.integers(0, lengths[number] - length + 1))
        part = slice(begin, begin + length + 1)
        noise = random.standard_normal((length + 1, num_latents), np.float32)
        latents[row, : length + 1] = one.mean[part] + one.deviation[part] * noise
        action[row, :length] = one.story.action[begin : begin + length]
        reward[row, :length] = one.story.reward[begin : begin + length]
        end[row, length - 1] = one.story.is_terminated and begin + length == lengths[number]
        is_step[row, :length] = 1.0
    return Sequences(latents, action, reward, end, is_step)
