"""CUDA graphs and asynchronous copies, which keep a GPU busy.

A gradient step of a small network is hundreds of kernels of a few microseconds each; Python takes longer to launch them
than the GPU to run them. A CUDA graph launches all of them at once. It always reads and writes the same memory, so
inputs are copied to the graph's input tensors, and outputs are copied out.

On a CPU the same classes call the function directly and avoid unnecessary copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import Tensor

from newgameplus.types import Array

Result = TypeVar("Result")

NUM_WARM_UPS = 3
"""Runs before the capture, in which libraries select kernels and allocate memory."""
_ALIGNMENT = 16
"""Alignment in bytes of each field of :class:`Inputs`."""


class Replayed(Generic[Result]):
    """A function over tensors at fixed addresses, captured as a CUDA graph on its first call.

    Args:
        function: takes no arguments; its result is overwritten by the next call. It must not synchronise with the
            device, as ``float(tensor)`` and ``if tensor`` do, and may use only ``generators``.
        device: device of its tensors; on a CPU it is called directly.
        keeps: tensors that it changes and reads again, such as weights; they are restored after the warm-up runs.
        generators: generators on the device that it uses.
    """

    def __init__(
        self,
        function: Callable[[], Result],
        device: torch.device,
        keeps: Iterable[Tensor] = (),
        generators: Sequence[torch.Generator] = (),
    ) -> None:
        self._function, self._device = function, device
        self._keeps, self._generators = list(keeps), generators
        self._graph: torch.cuda.CUDAGraph | None = None
        self._result: Result | None = None

    def __call__(self) -> Result:
        """Run the function."""
        if self._device.type != "cuda":
            return self._function()
        if self._graph is None:
            self._graph = self._captured()
        self._graph.replay()
        return self._result  # type: ignore[return-value]  # result of the captured function

    def _captured(self) -> torch.cuda.CUDAGraph:
        stream, current = torch.cuda.Stream(self._device), torch.cuda.current_stream(self._device)  # type: ignore[no-untyped-call]
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            self._warm_up()
        current.wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        # The same stream as in the warm-up: autograd's gradients were created on it.
        with torch.cuda.graph(graph, stream=stream):
            self._result = self._function()
        return graph

    def _warm_up(self) -> None:
        kept = [tensor.detach().clone() for tensor in self._keeps]
        states = [generator.get_state() for generator in self._generators]
        for _ in range(NUM_WARM_UPS):
            self._function()
        with torch.no_grad():
            for tensor, content in zip(self._keeps, kept, strict=True):
                tensor.copy_(content)
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)


class Inputs:
    """Arrays copied to a device together, in one asynchronous copy, always to the same addresses.

    Args:
        fields: shape and dtype of each array by name.
        device: the device.
    """

    def __init__(self, fields: Mapping[str, tuple[tuple[int, ...], DTypeLike]], device: torch.device) -> None:
        sizes = {name: int(np.prod(shape)) * np.dtype(dtype).itemsize for name, (shape, dtype) in fields.items()}
        starts, size_bytes = {}, 0
        for name, size in sizes.items():
            starts[name], size_bytes = size_bytes, size_bytes + -(-size // _ALIGNMENT) * _ALIGNMENT
        is_cuda = device.type == "cuda"
        self._here = torch.zeros(size_bytes, dtype=torch.uint8, pin_memory=is_cuda)
        self._there = torch.zeros(size_bytes, dtype=torch.uint8, device=device) if is_cuda else self._here
        self._has_left = torch.cuda.Event() if is_cuda else None  # type: ignore[no-untyped-call]
        here = self._here.numpy()
        self._arrays: dict[str, Array] = {}
        self.tensors: dict[str, Tensor] = {}
        """The arrays on the device, by name."""
        for name, (shape, dtype) in fields.items():
            place = slice(starts[name], starts[name] + sizes[name])
            self._arrays[name] = here[place].view(dtype).reshape(shape)
            self.tensors[name] = self._there[place].view(torch_dtype(dtype)).view(shape)

    def upload(self, arrays: Mapping[str, Array]) -> None:
        """Start the copy of all the arrays; they may be changed afterwards."""
        if self._has_left is not None:
            self._has_left.synchronize()
        for name, array in arrays.items():
            self._arrays[name][...] = array
        if self._has_left is not None:
            self._there.copy_(self._here, non_blocking=True)
            self._has_left.record()


class Answer:
    """Asynchronous copy of one tensor from a device, waited for when it is read.

    Args:
        shape: shape of the tensor.
        dtype: dtype of the tensor.
        device: device of the tensor.
    """

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> None:
        is_cuda = device.type == "cuda"
        self._here = torch.zeros(shape, dtype=dtype, pin_memory=is_cuda)
        self._is_here = torch.cuda.Event() if is_cuda else None  # type: ignore[no-untyped-call]

    def fetch(self, tensor: Tensor) -> None:
        """Start the copy of the tensor."""
        self._here.copy_(tensor, non_blocking=True)
        if self._is_here is not None:
            self._is_here.record()

    def read(self) -> Array:
        """Wait for the last copy and return it; the next ``fetch`` overwrites it."""
        if self._is_here is not None:
            self._is_here.synchronize()
        array: Array = self._here.numpy()
        return array


def pinned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return zeros in pinned memory, for long-lived arrays."""
    array: Array = torch.zeros(shape, dtype=torch_dtype(dtype), pin_memory=True).numpy()
    return array


def has_room(size_bytes: int, device: torch.device) -> bool:
    """Whether this much takes at most half of the free memory of a CUDA device."""
    return size_bytes <= torch.cuda.mem_get_info(device)[0] // 2


def take_rows(table: Tensor, index: Tensor) -> Tensor:
    """Return the rows ``[N, …]`` of a contiguous uint8 table ``[M, …]`` at int64 ``[N]``, eight bytes at a time."""
    return _wide(table).index_select(0, index).view(torch.uint8).view(len(index), *table.shape[1:])


def put_rows(table: Tensor, index: Tensor, rows: Tensor) -> None:
    """Write rows ``[N, …]`` into a contiguous uint8 table ``[M, …]`` at int64 ``[N]``, eight bytes at a time."""
    _wide(table).index_copy_(0, index, _wide(rows))


def _wide(table: Tensor) -> Tensor:
    """View uint8 ``[M, …]`` as int64 ``[M, K]`` if rows are multiples of eight bytes, to move fewer elements."""
    flat = table.view(len(table), -1)
    return flat if flat.shape[1] % 8 else flat.view(torch.int64)


def torch_dtype(dtype: DTypeLike) -> torch.dtype:
    """Return torch's dtype for a numpy dtype."""
    return torch.from_numpy(np.empty(0, dtype)).dtype
