"""A whole value network, forward and backward, by one call each.

Called layer by layer, Python and torch take about as long as the kernels: the code of the calls has been evicted from
the CPU's caches by the weights.

Shapes: ``B`` batch, ``N`` fractions, 1 if there are none, ``F`` features, ``C`` cosines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import kernels
from newgameplus.nn.cpu.convolutions import find_convolutions, lines, parted_gradients
from newgameplus.nn.cpu.noisy import is_weight_for_kernels
from newgameplus.nn.weights import ValueLayers


def value_outputs(layers: ValueLayers, observation: Tensor, fraction: Tensor | None) -> list[Tensor] | None:
    """See :func:`newgameplus.nn.value_network.value_outputs`; for plain convolutions and weights in bfloat16.

    Only the last forward pass can be followed by a backward pass.
    """
    if observation.device.type != "cpu":
        return None
    found = find_network(layers, observation)
    if found.network is None:
        return None
    observation = observation.contiguous()
    has_gradient = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in found.parameters)
    if fraction is not None:
        # Fractions that are the same for all rows are embedded once if there is no backward pass.
        is_same = fraction.stride(0) == 0 and not has_gradient
        fraction = (fraction[:1] if is_same else fraction).float().contiguous()
    if has_gradient:
        learned: tuple[Tensor, ...] = _Learn.apply(found, observation, fraction, *found.parameters)  # type: ignore[no-untyped-call]
        return list(learned)
    outputs = found.outputs(observation, fraction)
    found.network.forward(
        observation=observation, fractions=fraction, outputs=outputs, num_threads=torch.get_num_threads()
    )
    return outputs


@dataclass(frozen=True, slots=True)
class FoundNetwork:
    """The kernels of some layers, and the tensors that they read."""

    network: kernels.Network | None
    """None if the kernels do not support these layers."""
    shape: torch.Size
    """``[H, W, C]``."""
    num_outputs: tuple[int, ...]
    """Number of outputs of each head."""
    weights: list[Tensor]
    """Weights of the convolutions."""
    biases: list[Tensor]
    others: list[Tensor]
    """Weight and bias of the embedding; weight, its sigma, bias and its sigma of each noisy layer."""
    noise: list[Tensor]
    places: list[int]
    """Addresses of all these tensors."""

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors that get gradients."""
        return [*self.weights, *self.biases, *self.others]

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors that the kernels read."""
        return [*self.parameters, *self.noise]

    def outputs(self, observation: Tensor, fraction: Tensor | None) -> list[Tensor]:
        """Empty tensors for the outputs of the heads."""
        num_rows = len(observation) if fraction is None else len(observation) * fraction.shape[1]
        return [torch.empty((num_rows, num), dtype=torch.bfloat16) for num in self.num_outputs]


_FOUND: WeakKeyDictionary[ValueLayers, FoundNetwork] = WeakKeyDictionary()


def find_network(layers: ValueLayers, observation: Tensor) -> FoundNetwork:
    """Return the kernels of these layers, created when first needed and again when the weights have moved."""
    found = _FOUND.get(layers)
    if found is None or found.shape != observation.shape[1:] or found.places != _places(found.tensors):
        found = _FOUND[layers] = _find(layers, observation)
    return found


class _Learn(torch.autograd.Function):
    """Autograd function of the kernels; pictures, fractions and noise get no gradient."""

    @staticmethod
    def forward(
        context: Any, found: FoundNetwork, observation: Tensor, fraction: Tensor | None, *parameters: Tensor
    ) -> tuple[Tensor, ...]:
        assert found.network is not None
        outputs = found.outputs(observation, fraction)
        context.number = found.network.forward_to_learn(
            observation=observation, fractions=fraction, outputs=outputs, num_threads=torch.get_num_threads()
        )
        context.found = found
        # Saved with the weights, so that torch raises if they have changed in between.
        context.save_for_backward(observation, *parameters)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        observation = context.saved_tensors[0]
        found: FoundNetwork = context.found
        assert found.network is not None
        convolutions = torch.empty(sum(tensor.numel() for tensor in (*found.weights, *found.biases)))
        others = [torch.empty_like(tensor, requires_grad=False) for tensor in found.others]
        found.network.backward(
            number=context.number,
            observation=observation,
            gradients=[gradient.contiguous() for gradient in gradients],
            convolutions=convolutions,
            others=others,
            num_threads=torch.get_num_threads(),
        )
        return None, None, None, *parted_gradients(convolutions, found.weights, found.biases), *others


def _places(tensors: Sequence[Tensor]) -> list[int]:
    return [tensor.data_ptr() for tensor in tensors]


def _find(layers: ValueLayers, observation: Tensor) -> FoundNetwork:
    embedding, noisy = layers.embedding, (layers.hidden, *layers.heads)
    embedded = [] if embedding is None else [embedding.weight, embedding.bias]
    weights = [layer.weight for layer in layers.convolutions]
    found = FoundNetwork(
        network=None,
        shape=observation.shape[1:],
        num_outputs=tuple(len(head.weight) for head in layers.heads),
        weights=[*weights],
        biases=[layer.bias for layer in layers.convolutions if layer.bias is not None],
        others=[*embedded, *(tensor for layer in noisy for tensor in layer[:4])],
        noise=[tensor for layer in noisy for tensor in layer[4:]],
        places=[],
    )
    found = replace(found, places=_places(found.tensors))
    if not weights or any(tensor.dtype != torch.bfloat16 for tensor in found.tensors):
        return found
    kernel, seen = find_convolutions(observation, layers.convolutions), lines(weights)
    if kernel is None or _places(seen) != _places(weights):  # else an outdated copy would be read
        return found
    if not all(is_weight_for_kernels(layer.weight) for layer in noisy):
        return found
    network = kernels.Network(
        convolutions=kernel,
        weights=seen,
        biases=found.biases,
        embedding=embedded or None,
        hidden=layers.hidden,
        heads=layers.heads,
    )
    return replace(found, network=network)
