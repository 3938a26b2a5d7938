"""Where the figures of a training run go: a file of JSON lines, and TensorBoard where it is installed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from newgameplus.errors import ResultsError


class Sink(Protocol):
    """Takes figures as they come."""

    def write(self, num_steps: int, figures: Mapping[str, float]) -> None:
        """Take ``figures`` by name, true after ``num_steps`` steps."""
        ...

    def close(self) -> None:
        """Write what is held back."""
        ...


class JsonLines:
    """Appends one JSON object per call to a file.

    Args:
        path: made when it does not exist.
        size_bytes: where a resumed run's checkpoint left the file; what a killed process wrote after it is cut off.

    Raises:
        ResultsError: the file is shorter than that.
    """

    def __init__(self, path: Path, size_bytes: int | None = None) -> None:
        self._file = path.open("ab")
        if size_bytes is not None:
            if path.stat().st_size < size_bytes:
                self._file.close()
                raise ResultsError(
                    f"{path} is shorter than its checkpoint says; it was changed, so resume is not exact."
                )
            self._file.truncate(size_bytes)
            self._file.seek(0, os.SEEK_END)

    @property
    def size_bytes(self) -> int:
        """Length of the file so far."""
        self._file.flush()
        return self._file.tell()

    def write(self, num_steps: int, figures: Mapping[str, float]) -> None:
        """Append one line."""
        line = json.dumps({"num_steps": num_steps, **figures}, allow_nan=True)
        self._file.write(line.encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TensorBoard:
    """Writes event files that TensorBoard shows; steps written after a checkpoint are hidden when the run resumes.

    Args:
        folder: made when it does not exist.
        num_steps: where a resumed run goes on.
    """

    def __init__(self, folder: Path, num_steps: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder), purge_step=num_steps or None, flush_secs=10)

    def write(self, num_steps: int, figures: Mapping[str, float]) -> None:
        """Add one point to each curve."""
        for name, figure in figures.items():
            self._writer.add_scalar(name, figure, num_steps)

    def close(self) -> None:
        """Write what is held back."""
        self._writer.close()
