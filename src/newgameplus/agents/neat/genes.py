"""Genes of a genome as flat arrays: what a checkpoint, a winner's file and a compiled network are made of.

The order of nodes and connections is that of the genome's dicts, on which neat-python's sums and draws depend.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from newgameplus.errors import StateError
from newgameplus.types import Array, State

ACTIVATIONS = (
    "sigmoid", "tanh", "sin", "gauss", "relu", "elu", "lelu", "selu", "softplus",
    "identity", "clamped", "inv", "log", "exp", "abs", "hat", "square", "cube",
)  # fmt: skip
"""Activation functions of neat-python; genes name them by their index."""
AGGREGATIONS = ("product", "sum", "max", "min", "maxabs", "median", "mean")
"""Aggregation functions of neat-python; genes name them by their index."""

NODE_TYPES = {
    "key": np.int64,
    "bias": np.float64,
    "response": np.float64,
    "time_constant": np.float64,
    "activation": np.int64,
    "aggregation": np.int64,
}
CONNECTION_TYPES = {
    "source": np.int64,
    "target": np.int64,
    "weight": np.float64,
    "enabled": np.bool_,
    "innovation": np.int64,
}
TYPES: Mapping[str, Any] = {**NODE_TYPES, **CONNECTION_TYPES}


@dataclass(frozen=True, slots=True)
class Genes:
    """Genes of a genome of N nodes and C connections."""

    key: Array
    """Key of each node, int64 ``[N]``; outputs are 0, 1, 2, …"""
    bias: Array
    """float64 ``[N]``."""
    response: Array
    """float64 ``[N]``."""
    time_constant: Array
    """float64 ``[N]``; of no effect in these networks, but inherited and part of the genetic distance."""
    activation: Array
    """Index in ``ACTIVATIONS``, int64 ``[N]``."""
    aggregation: Array
    """Index in ``AGGREGATIONS``, int64 ``[N]``."""
    source: Array
    """Key of the node that each connection reads, int64 ``[C]``; input i is -1 - i."""
    target: Array
    """Key of the node that it leads to, int64 ``[C]``."""
    weight: Array
    """float64 ``[C]``."""
    enabled: Array
    """bool ``[C]``."""
    innovation: Array
    """Innovation number, int64 ``[C]``."""


def to_json(genes: Genes) -> dict[str, list[Any]]:
    """Return the genes as JSON types: each array as a list, functions by their names."""
    content = {field.name: getattr(genes, field.name).tolist() for field in dataclasses.fields(genes)}
    content["activation"] = [ACTIVATIONS[index] for index in content["activation"]]
    content["aggregation"] = [AGGREGATIONS[index] for index in content["aggregation"]]
    return content


def from_json(content: object) -> Genes:
    """Return the genes that :func:`to_json` described.

    Raises:
        StateError: they are damaged.
    """
    try:
        named = dict(content)  # type: ignore[call-overload]  # anything else raises
        for name, functions in (("activation", ACTIVATIONS), ("aggregation", AGGREGATIONS)):
            named[name] = [functions.index(function) for function in named[name]]
        genes = Genes(**{name: np.array(named.pop(name), kind) for name, kind in TYPES.items()}, **named)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise StateError(f"The genes of a saved genome are damaged: {error!r}.") from error
    _check(genes)
    return genes


def to_state(genomes: Sequence[Genes]) -> State:
    """Return genomes' genes as one array per name, and their numbers of nodes and connections, int64 ``[G, 2]``."""
    arrays = {
        name: np.concatenate([np.zeros(0, kind), *(getattr(genes, name) for genes in genomes)]).astype(kind)
        for name, kind in TYPES.items()
    }
    sizes = np.array([[len(genes.key), len(genes.source)] for genes in genomes], np.int64).reshape(-1, 2)
    return {**arrays, "sizes": sizes}


def from_state(state: State) -> list[Genes]:
    """Return the genomes' genes of :func:`to_state`.

    Raises:
        StateError: they are damaged.
    """
    try:
        ends = np.cumsum(np.vstack([np.zeros((1, 2), np.int64), state["sizes"]]), axis=0)
        bounds = {name: ends[:, int(name in CONNECTION_TYPES)].tolist() for name in TYPES}
        are_whole = all(len(state[name]) == bounds[name][-1] for name in TYPES)
        columns = [[state[name][begin:end].copy() for begin, end in pairwise(bounds[name])] for name in TYPES]
        genomes = [Genes(*row) for row in zip(*columns, strict=True)]
        if not are_whole or any(state[name].dtype != kind for name, kind in TYPES.items()):
            raise ValueError("arrays of other lengths or types")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StateError(f"The saved genomes are damaged: {error!r}.") from error
    for genes in genomes:
        _check(genes)
    return genomes


def _check(genes: Genes) -> None:
    """Check that genes fit together.

    Raises:
        StateError: they do not.
    """
    nodes, connections = ([len(getattr(genes, name)) for name in names] for names in (NODE_TYPES, CONNECTION_TYPES))
    fits = (
        len({*nodes}) == len({*connections}) == 1
        and np.isin(genes.activation, range(len(ACTIVATIONS))).all()
        and np.isin(genes.aggregation, range(len(AGGREGATIONS))).all()
        and len(np.unique(genes.key)) == len(genes.key)
        and np.isin(genes.target, genes.key).all()
        and np.isin(genes.source[genes.source >= 0], genes.key).all()
    )
    if not fits:
        raise StateError("The genes of a saved genome do not fit together.")
