"""Buttons, returns and marks of the current episode, frame by frame; can be cut back to an earlier frame."""

from __future__ import annotations

from array import array

from newgameplus.movies.marks import FRAMES_PER_MARK


class EpisodeLog:
    """Button mask and running return of each frame; frame 0 is the one that the reset runs.

    Returns are running sums, so that cutting back and playing on gives bit-identical sums to playing straight through.
    """

    def __init__(self) -> None:
        self.masks = array("I", [0])
        """Button mask of each frame."""
        self.returns = array("d", [0.0])
        """Sum of all rewards up to each frame."""
        self.marks: list[bytes] = []
        """Mark of the memory at each second, from frame 0 on."""

    @property
    def num_frames(self) -> int:
        """Number of frames played, without the one of the reset."""
        return len(self.masks) - 1

    @property
    def lacks_mark(self) -> bool:
        """Whether the mark of the last frame is due and missing."""
        return len(self.marks) * FRAMES_PER_MARK == self.num_frames

    @property
    def episode_return(self) -> float:
        """Sum of all rewards."""
        return self.returns[-1]

    def append(self, mask: int, reward: float) -> None:
        """Append a frame."""
        self.masks.append(mask)
        self.returns.append(self.returns[-1] + reward)

    def cut(self, num_frames: int) -> None:
        """Drop all frames after frame ``num_frames``."""
        del self.masks[num_frames + 1 :], self.returns[num_frames + 1 :]
        del self.marks[num_frames // FRAMES_PER_MARK + 1 :]

    def copy(self) -> EpisodeLog:
        """Independent copy."""
        log = EpisodeLog()
        log.masks, log.returns, log.marks = self.masks[:], self.returns[:], self.marks[:]
        return log

    def begins_with(self, other: EpisodeLog) -> bool:
        """Whether ``other`` is a prefix of this log."""
        return self.masks[: len(other.masks)] == other.masks
