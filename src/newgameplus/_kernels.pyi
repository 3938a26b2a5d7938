"""The compiled kernels as the type checker sees them; native/src/kernels says what each does.

Arrays are torch tensors on the CPU, contiguous. What takes them raises ValueError where a shape or a type is wrong;
everything but ``is_available`` is there only where that is true.
"""

from collections.abc import Sequence

from torch import Tensor

def is_available() -> bool: ...

class Convolutions:
    def __init__(
        self, height: int, width: int, num_channels: int, shapes: Sequence[tuple[int, int, int, int]]
    ) -> None: ...
    @property
    def num_hidden(self) -> int: ...
    @property
    def num_features(self) -> int: ...
    @property
    def num_parameters(self) -> int: ...
    def forward(
        self,
        observation: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        hidden: Tensor,
        features: Tensor,
        num_threads: int,
    ) -> None: ...
    def backward(
        self,
        observation: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        hidden: Tensor,
        features: Tensor,
        gradient: Tensor,
        parameter_gradient: Tensor,
        num_threads: int,
    ) -> None: ...
