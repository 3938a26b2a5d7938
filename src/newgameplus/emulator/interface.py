"""Interface of an emulated console, the same for every backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from newgameplus.emulator.cores import Core
from newgameplus.types import Array

CLOSED = "This console is closed: open another one."
"""Message of an EmulatorError: a method was called after :meth:`Emulator.close`."""
NO_COPY = (
    "A running console can be neither pickled nor copied: make another environment with the same arguments, "
    "in a process of its own if need be, and take the moment over with save() and load()."
)
"""Message of an EmulatorError: an object with a console in it was pickled or copied."""


class Emulator(Protocol):
    """A console with a game loaded, advanced one frame at a time.

    A button mask is an integer whose bit ``i`` is set while button ``i`` of ``core.buttons`` is held.
    """

    core: Core
    """The emulator core, with the hash of its file; states and movies are tied to one core build."""

    @property
    def frames_per_second(self) -> float:
        """Frames per second of the console, about 60."""
        ...

    @property
    def samples_per_second(self) -> float:
        """Sample rate of the sound in Hz."""
        ...

    def step(self, masks: Sequence[int] = (0,), *, is_drawn: bool = True) -> None:
        """Run one frame while player ``p`` holds ``masks[p]``.

        Args:
            masks: button mask of each player; players left out hold no button.
            is_drawn: whether the picture will be read; cores that support it skip rendering otherwise.
        """
        ...

    def screen(self) -> Array:
        """Picture last drawn, uint8 ``[H, W, 3]``, RGB; a copy."""
        ...

    def audio(self) -> Array:
        """Sound of the last frame, int16 ``[samples, 2]``."""
        ...

    def memory(self) -> Mapping[int, bytes]:
        """Current memory of the console: address of each block to its bytes, in the core's byte order."""
        ...

    def save(self) -> bytes:
        """Serialise the machine state."""
        ...

    def load(self, state: bytes) -> None:
        """Restore a state from :meth:`save`.

        Raises:
            EmulatorError: the core refuses the state.
        """
        ...

    def close(self) -> None:
        """Free the machine; every other method raises EmulatorError afterwards. A second call does nothing."""
        ...
