"""neat-python's genome, with its genes as arrays and its genetic distance in compiled code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from neat import DefaultGenome, DefaultNodeGene

from newgameplus.agents.neat.compiled import compiled_module
from newgameplus.agents.neat.connection import ConnectionGene
from newgameplus.agents.neat.genes import (
    ACTIVATIONS,
    AGGREGATIONS,
    CONNECTION_TYPES,
    NODE_TYPES,
    TYPES,
    Genes,
)


class Genome(DefaultGenome):  # type: ignore[misc]  # neat-python has no types
    """A genome that is not changed any more once it has been mutated at its birth."""

    @cached_property
    def genes(self) -> Genes:
        """Its genes."""
        return genes_of(self)

    @cached_property
    def _compared(self) -> Any:
        """Its genes in compiled code; None where that was not built."""
        module, genes = compiled_module(), self.genes
        if module is None:
            return None
        return module.genome(
            key=genes.key,
            bias=genes.bias,
            response=genes.response,
            time_constant=genes.time_constant,
            activation=genes.activation,
            aggregation=genes.aggregation,
            source=genes.source,
            target=genes.target,
            weight=genes.weight,
            enabled=genes.enabled,
        )

    def distance(self, other: Genome, config: Any) -> float:
        """Return the genetic distance from another genome: neat-python's, to the last bit."""
        if self._compared is None:
            return float(super().distance(other, config))
        coefficients = config.compatibility_disjoint_coefficient, config.compatibility_weight_coefficient
        return float(self._compared.distance(other._compared, *coefficients))


def genes_of(genome: DefaultGenome) -> Genes:
    """Return the genes of a genome."""
    nodes, connections = list(genome.nodes.values()), list(genome.connections.values())
    columns: list[Any] = [
        [node.key for node in nodes],
        [node.bias for node in nodes],
        [node.response for node in nodes],
        [node.time_constant for node in nodes],
        [ACTIVATIONS.index(node.activation) for node in nodes],
        [AGGREGATIONS.index(node.aggregation) for node in nodes],
        [gene.key[0] for gene in connections],
        [gene.key[1] for gene in connections],
        [gene.weight for gene in connections],
        [gene.enabled for gene in connections],
        [gene.innovation for gene in connections],
    ]
    return Genes(*(np.array(column, kind) for column, kind in zip(columns, TYPES.values(), strict=True)))


def genome_of(genes: Genes, number: int, fitness: float | None = None) -> Genome:
    """Return a genome with these genes.

    Args:
        genes: its genes.
        number: its number, neat-python's key.
        fitness: its fitness; None if unknown.
    """
    genome = Genome(number)
    genome.fitness = fitness
    for key, bias, response, time_constant, activation, aggregation in _rows(genes, NODE_TYPES):
        node: Any = DefaultNodeGene(key)
        node.bias, node.response, node.time_constant = bias, response, time_constant
        node.activation, node.aggregation = ACTIVATIONS[activation], AGGREGATIONS[aggregation]
        genome.nodes[key] = node
    for source, target, weight, enabled, innovation in _rows(genes, CONNECTION_TYPES):
        connection = ConnectionGene((source, target), innovation)
        connection.weight, connection.enabled = weight, enabled
        genome.connections[source, target] = connection
    return genome


def _rows(genes: Genes, names: Mapping[str, Any]) -> Any:
    return zip(*(getattr(genes, name).tolist() for name in names), strict=True)
