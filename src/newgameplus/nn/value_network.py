"""A whole network of values, forward and backward, by one call of compiled kernels each way.

Layer by layer, Python and torch take about as long to call the kernels as these take to compute: what the calls run
through is no longer in the processor's caches after all the weights that went through them.

Shapes: ``B`` batch, ``N`` fractions, 1 where there are none, ``F`` features, ``C`` cosines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from newgameplus.nn.convolutions import find_convolutions, lines, parted_gradients
from newgameplus.nn.encoders import Plain
from newgameplus.nn.kernels import KERNELS
from newgameplus.nn.noisy import NoisyLinear
from newgameplus.nn.noisy_product import is_weight_for_kernels

if TYPE_CHECKING:
    from newgameplus._kernels import Network


@dataclass(frozen=True, slots=True)
class ValueLayers:
    """What a network of values is made of."""

    encoder: nn.Module
    """To F features."""
    embedding: nn.Linear | None
    """Of C cosines to F, by whose outputs the features are multiplied."""
    hidden: NoisyLinear
    """Of F inputs, rectified."""
    heads: tuple[NoisyLinear, ...]
    """Each of the hidden layer's outputs."""


class ValueKernels:
    """The kernels of one network, made when they are first needed and again when its weights have moved.

    A copy of it, and so that of a network that has one, begins without them.
    """

    def __init__(self) -> None:
        self._found: _Found | None = None
        self._shape: tuple[int, ...] = ()
        self._tensors: list[Tensor] = []
        self._places: list[int] = []

    def __reduce__(self) -> tuple[type[ValueKernels], tuple[()]]:
        return ValueKernels, ()

    def __call__(self, layers: ValueLayers, observation: Tensor, fraction: Tensor | None) -> Sequence[Tensor] | None:
        """Return the outputs of each head, bfloat16 ``[B * N, …]``; None where the kernels do not compute them.

        At most one forward at a time can be gone back from.

        Args:
            layers: the same at each call.
            observation: uint8 ``[B, H, W, C]``.
            fraction: float32 ``[B, N]`` where there is an embedding, else None.
        """
        if KERNELS is None or observation.device.type != "cpu":
            return None
        found = self._find(layers, observation)
        if found.kernel is None or not (layers.hidden.is_noisy and all(head.is_noisy for head in layers.heads)):
            return None
        observation = observation.contiguous()
        has_gradient = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in found.parameters)
        if fraction is not None:
            # Fractions that are the same for all rows are looked at once where there is no way back.
            is_same = fraction.stride(0) == 0 and not has_gradient
            fraction = (fraction[:1] if is_same else fraction).float().contiguous()
        if has_gradient:
            outputs: tuple[Tensor, ...] = _Learn.apply(found, observation, fraction, *found.parameters)  # type: ignore[no-untyped-call]
            return outputs
        made = found.outputs(observation, fraction)
        found.kernel.forward(observation, fraction, made, torch.get_num_threads())
        return made

    def _find(self, layers: ValueLayers, observation: Tensor) -> _Found:
        shape = observation.shape[1:]
        if self._found is None or self._shape != shape or self._places != _places(self._tensors):
            self._found, self._shape = _find(layers, observation), shape
            self._tensors = self._found.tensors
            self._places = _places(self._tensors)
        return self._found


@dataclass(frozen=True, slots=True)
class _Found:
    """The kernels of layers, and what they read in its place."""

    kernel: Network | None
    """None where the kernels do not compute these layers."""
    num_outputs: tuple[int, ...]
    """Of each head."""
    weights: list[Tensor]
    """Of the convolutions."""
    biases: list[Tensor]
    others: list[Tensor]
    """Weight and bias of the embedding, weight, its sigma, bias and its sigma of each noisy layer."""
    noise: list[Tensor]

    @property
    def parameters(self) -> list[Tensor]:
        return [*self.weights, *self.biases, *self.others]

    @property
    def tensors(self) -> list[Tensor]:
        return [*self.parameters, *self.noise]

    def outputs(self, observation: Tensor, fraction: Tensor | None) -> list[Tensor]:
        """Room for what the heads say."""
        num_rows = len(observation) if fraction is None else len(observation) * fraction.shape[1]
        return [torch.empty((num_rows, num), dtype=torch.bfloat16) for num in self.num_outputs]


class _Learn(torch.autograd.Function):
    """The kernels in torch's graph; pictures, fractions and noise get no gradient."""

    @staticmethod
    def forward(
        context: Any, found: _Found, observation: Tensor, fraction: Tensor | None, *parameters: Tensor
    ) -> tuple[Tensor, ...]:
        assert found.kernel is not None
        outputs = found.outputs(observation, fraction)
        context.number = found.kernel.forward_to_learn(observation, fraction, outputs, torch.get_num_threads())
        context.found = found
        # The weights too, so that torch complains where they have changed in between.
        context.save_for_backward(observation, *parameters)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        observation = context.saved_tensors[0]
        found: _Found = context.found
        assert found.kernel is not None
        convolutions = torch.empty(sum(tensor.numel() for tensor in (*found.weights, *found.biases)))
        others = [torch.empty_like(tensor, requires_grad=False) for tensor in found.others]
        found.kernel.backward(
            context.number,
            observation,
            [gradient.contiguous() for gradient in gradients],
            convolutions,
            others,
            torch.get_num_threads(),
        )
        return None, None, None, *parted_gradients(convolutions, found.weights, found.biases), *others


def _places(tensors: Sequence[Tensor]) -> list[int]:
    return [tensor.data_ptr() for tensor in tensors]


def _find(layers: ValueLayers, observation: Tensor) -> _Found:
    encoder, embedding, noisy = layers.encoder, layers.embedding, (layers.hidden, *layers.heads)
    embedded = [] if embedding is None else [embedding.weight, embedding.bias]
    learned = [[layer.weight, layer.weight_sigma, layer.bias, layer.bias_sigma] for layer in noisy]
    noise = [[layer.noise_in, layer.noise_out] for layer in noisy]
    convolutions = encoder.convolutions if isinstance(encoder, Plain) else ()
    weights = [layer.weight for layer in convolutions]
    found = _Found(
        None,
        tuple(len(head.weight) for head in layers.heads),
        weights,
        [layer.bias for layer in convolutions],
        [*embedded, *(tensor for layer in learned for tensor in layer)],
        [tensor for layer in noise for tensor in layer],
    )
    if not isinstance(encoder, Plain) or any(tensor.dtype != torch.bfloat16 for tensor in found.tensors):
        return found
    kernel, seen = find_convolutions(observation, torch.bfloat16, encoder.shapes), lines(weights)
    if kernel is None or _places(seen) != _places(weights):  # else a copy would be read, whose weights never change
        return found
    if not all(is_weight_for_kernels(layer.weight) for layer in noisy):
        return found
    assert KERNELS is not None
    hidden, *heads = [[*of_weights, *of_noise] for of_weights, of_noise in zip(learned, noise, strict=True)]
    return replace(found, kernel=KERNELS.Network(kernel, seen, found.biases, embedded or None, hidden, heads))
