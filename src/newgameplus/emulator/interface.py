"""What every emulated console can do, whichever program emulates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from newgameplus.emulator.cores import Core
from newgameplus.types import Array


class Emulator(Protocol):
    """A console with a game in it, moved one frame at a time.

    A button mask is an integer whose bit ``i`` is set while button ``i`` of ``core.buttons`` is held.
    """

    core: Core
    """The emulator core that runs, with the hash of its file: states and movies belong to one core build."""

    @property
    def frames_per_second(self) -> float:
        """Frames that the console shows per second, about 60."""
        ...

    @property
    def samples_per_second(self) -> float:
        """Rate of the sound in Hz."""
        ...

    def step(self, masks: Sequence[int] = (0,), *, is_drawn: bool = True) -> None:
        """Run one frame while player ``p`` holds ``masks[p]``.

        Args:
            masks: the buttons of each player; players that are left out hold none.
            is_drawn: whether anybody will look at it; a core that can leave the picture out then does.
        """
        ...

    def screen(self) -> Array:
        """The picture last drawn, uint8 ``[H, W, 3]``, RGB; a copy that later frames do not touch."""
        ...

    def audio(self) -> Array:
        """The sound of the last frame, int16 ``[samples, 2]``."""
        ...

    def memory(self) -> Mapping[int, bytes]:
        """The console's memory now: address of each block to its bytes, in the order the core keeps them."""
        ...

    def save(self) -> bytes:
        """The whole machine as bytes that ``load`` takes back."""
        ...

    def load(self, state: bytes) -> None:
        """Put the machine back.

        Raises:
            EmulatorError: the core refuses the state.
        """
        ...

    def close(self) -> None:
        """Free the machine; nothing else may be called afterwards. A second call does nothing."""
        ...
