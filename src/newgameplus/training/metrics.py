"""Sinks of a training run's metrics: a JSON lines file, TensorBoard and, if requested, Weights & Biases."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from newgameplus.durable import write_atomically
from newgameplus.errors import UsageError
from newgameplus.registry import require_package
from newgameplus.results.json_lines import JsonLines
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.types import Array


class Sink(Protocol):
    """Receives metrics."""

    def write(self, num_steps: int, figures: Mapping[str, float]) -> None:
        """Write ``figures`` by name, as of ``num_steps`` steps."""
        ...

    def show(self, num_steps: int, name: str, picture: Array) -> None:
        """Write a picture, RGB, uint8 ``[H, W, 3]``, as of ``num_steps`` steps."""
        ...

    def close(self) -> None:
        """Flush."""
        ...


class FigureLog:
    """Writes metrics as JSON lines; does not close the file.

    Args:
        lines: the file.
    """

    def __init__(self, lines: JsonLines) -> None:
        self._lines = lines

    def write(self, num_steps: int, figures: Mapping[str, float]) -> None:
        """Append one line."""
        self._lines.write(num_steps, figures)

    def show(self, num_steps: int, name: str, picture: Array) -> None:
        """Ignore the picture: lines hold only numbers."""

    def close(self) -> None:
        """Nothing to flush."""


class TensorBoard:
    """Writes event files for TensorBoard; steps written after a checkpoint are hidden when the run resumes.

    Args:
        folder: created if missing.
        num_steps: step at which a resumed run continues.
    """

    def __init__(self, folder: Path, num_steps: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder), purge_step=num_steps or None, flush_secs=10)

    def write(self, num_steps: int, figures: Mapping[str, float]) -> None:
        """Add one point to each curve."""
        for name, figure in figures.items():
            self._writer.add_scalar(name, figure, num_steps)

    def show(self, num_steps: int, name: str, picture: Array) -> None:
        """Add a picture."""
        self._writer.add_image(name, picture, num_steps, dataformats="HWC")

    def close(self) -> None:
        """Flush."""
        self._writer.close()


class WeightsAndBiases:
    """Sends metrics to a project of Weights & Biases; a resumed run continues as the same run there.

    Its id there is stored in the file ``wandb.txt``. Steps that a resumed run plays again have been sent already and
    are not sent twice. ``WANDB_MODE=offline`` keeps everything in the run's folder.

    Args:
        project: created there if missing.
        folder: folder of the run.
        config: configuration that the run was started with.

    Raises:
        UsageError: the package wandb is not installed, or nobody is logged in.
    """

    def __init__(self, project: str, folder: TrainingFolder, config: Mapping[str, Any]) -> None:
        require_package("wandb", "--wandb")
        import wandb

        name = folder.wandb_id
        if not name.is_file():
            write_atomically(name, secrets.token_hex(4))
        try:
            self._run: Any = wandb.init(
                project=project,
                id=name.read_text().strip(),
                name=folder.path.resolve().name,
                dir=str(folder.path),
                config=dict(config),
                resume="allow",
                settings=wandb.Settings(console="off", quiet=True),
            )
        except wandb.errors.Error as error:
            raise UsageError(
                f"Weights & Biases did not let the run begin: {str(error).rstrip('.')}. Log in with wandb login, or "
                f"set WANDB_MODE=offline, and go on with: ngp train --resume --run {folder.path}"
            ) from error

    def write(self, num_steps: int, figures: Mapping[str, float]) -> None:
        """Add one point to each curve."""
        self._run.log(dict(figures), step=num_steps)

    def show(self, num_steps: int, name: str, picture: Array) -> None:
        """Add a picture."""
        import wandb

        self._run.log({name: wandb.Image(picture)}, step=num_steps)

    def close(self) -> None:
        """Send what is still buffered."""
        self._run.finish()
