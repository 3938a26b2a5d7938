"""Wrong uses of the compiled modules, for the type checker alone: it complains of an ignore that is not needed."""

from __future__ import annotations

from torch import Tensor

from newgameplus.emulator.compiled import required_engine
from newgameplus.nn.cpu.compiled import kernels


def misuse(tensor: Tensor) -> None:
    """Never called: every line is an error of types."""
    kernels.no_such_kernel(1)  # type: ignore[attr-defined]
    kernels.draw_actions(log_probabilities=1, race=tensor, action=tensor, chosen=tensor)  # type: ignore[arg-type]
    kernels.draw_actions(log_probabilities=tensor)  # type: ignore[call-arg]
    kernels.Convolutions.no_such_method()  # type: ignore[attr-defined]
    required_engine().NoSuchClass()  # type: ignore[attr-defined]
    required_engine().Engine(lanes=1, num_threads=1)  # type: ignore[arg-type]
