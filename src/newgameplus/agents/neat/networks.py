"""Networks of a generation, activated on its rows: compiled ones, or neat-python's own where they were not built."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from neat.nn import FeedForwardNetwork, RecurrentNetwork

from newgameplus.agents.neat.compiled import compiled_module
from newgameplus.agents.neat.genes import Genes
from newgameplus.agents.neat.genome import genome_of
from newgameplus.types import Array

SUMS_ARE_COMPENSATED = sys.version_info >= (3, 12)
"""Whether Python's sum of floats, which neat-python takes, keeps what rounding loses."""


class Network(Protocol):
    """Network of one genome; what its nodes were before the current step is in a *memory*, one per row."""

    def new_memory(self) -> Array:
        """Return the memory at the beginning of an episode, float64."""
        ...


class CompiledNetwork:
    """A network in compiled code.

    Args:
        module: the compiled module.
        genes: its genes.
        num_inputs: number of its inputs.
        num_outputs: number of its outputs.
        is_feed_forward: whether it has no memory.
    """

    def __init__(
        self, module: ModuleType, genes: Genes, num_inputs: int, num_outputs: int, *, is_feed_forward: bool
    ) -> None:
        self.network: Any = module.network(
            key=genes.key,
            bias=genes.bias,
            response=genes.response,
            activation=genes.activation,
            aggregation=genes.aggregation,
            source=genes.source,
            target=genes.target,
            weight=genes.weight,
            enabled=genes.enabled,
            num_inputs=num_inputs,
            num_outputs=num_outputs,
            is_feed_forward=is_feed_forward,
            sums_are_compensated=SUMS_ARE_COMPENSATED,
        )

    def new_memory(self) -> Array:
        """Return zeros, float64 ``[nodes]``."""
        return np.zeros(self.network.num_nodes)


class PythonNetwork:
    """neat-python's own network.

    Args:
        config: neat-python's configuration.
        genes: its genes.
    """

    def __init__(self, config: Any, genes: Genes) -> None:
        kind: Any = FeedForwardNetwork if config.genome_config.feed_forward else RecurrentNetwork
        self._is_recurrent = not config.genome_config.feed_forward
        self._network = kind.create(genome_of(genes, 0), config)
        values = self._network.values[0] if self._is_recurrent else self._network.values
        self._places = {key: place for place, key in enumerate(genes.key.tolist()) if key in values}
        self._num_nodes = len(genes.key)

    def new_memory(self) -> Array:
        """Return zeros, float64 ``[nodes]``."""
        return np.zeros(self._num_nodes)

    def activate(self, inputs: list[float], memory: Array) -> list[float]:
        """Activate the network on one row, and change its memory."""
        network = self._network
        values = network.values[network.active] if self._is_recurrent else network.values
        values.update({key: float(memory[place]) for key, place in self._places.items()})
        outputs: list[float] = network.activate(inputs)
        after = network.values[network.active] if self._is_recurrent else network.values
        for key, place in self._places.items():
            memory[place] = after[key]
        return outputs


def make_network(config: Any, genes: Genes) -> Network:
    """Return the network of a genome.

    Args:
        config: neat-python's configuration.
        genes: its genes.
    """
    module, shape = compiled_module(), config.genome_config
    if module is None:
        return PythonNetwork(config, genes)
    return CompiledNetwork(module, genes, shape.num_inputs, shape.num_outputs, is_feed_forward=shape.feed_forward)


def activate(networks: Sequence[Network], memories: Sequence[Array], inputs: Array, num_outputs: int) -> Array:
    """Activate the network of each row, and change its memory.

    Args:
        networks: ``[B]``.
        memories: of the rows, ``[B]``.
        inputs: float64 ``[B, I]``.
        num_outputs: O.

    Returns:
        Outputs, float64 ``[B, O]``.
    """
    outputs = np.empty((len(networks), num_outputs))
    compiled = [network.network for network in networks if isinstance(network, CompiledNetwork)]
    module = compiled_module()
    if module is not None and len(compiled) == len(networks):
        module.activate(compiled, list(memories), inputs, outputs)
        return outputs
    for row, network in enumerate(networks):
        assert isinstance(network, PythonNetwork)
        outputs[row] = network.activate(inputs[row].tolist(), memories[row])
    return outputs
