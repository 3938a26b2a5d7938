"""The buttons and returns of one episode so far, which can be cut back to an earlier frame."""

from __future__ import annotations

from array import array


class EpisodeLog:
    """For each frame the buttons held in it and the return up to it; frame 0 is the one that the reset runs.

    Returns are kept as running sums, so that the sum after cutting back and playing on is, to the last bit, the one
    that playing straight through gives.
    """

    def __init__(self) -> None:
        self.masks = array("I", [0])
        """The buttons held in each frame."""
        self.returns = array("d", [0.0])
        """The sum of all rewards up to each frame."""

    @property
    def num_frames(self) -> int:
        """Frames played, without the one of the reset."""
        return len(self.masks) - 1

    @property
    def episode_return(self) -> float:
        """The sum of all rewards."""
        return self.returns[-1]

    def append(self, mask: int, reward: float) -> None:
        """Add a frame."""
        self.masks.append(mask)
        self.returns.append(self.returns[-1] + reward)

    def cut(self, num_frames: int) -> None:
        """Forget everything behind frame ``num_frames``."""
        del self.masks[num_frames + 1 :], self.returns[num_frames + 1 :]

    def copy(self) -> EpisodeLog:
        """A log of its own with the same frames."""
        log = EpisodeLog()
        log.masks, log.returns = self.masks[:], self.returns[:]
        return log

    def begins_with(self, other: EpisodeLog) -> bool:
        """Whether ``other`` is where this episode has come through."""
        return self.masks[: len(other.masks)] == other.masks
