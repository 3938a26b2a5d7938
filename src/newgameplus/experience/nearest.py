"""Approximate nearest neighbours of unit vectors, by faiss (Douze et al., "The Faiss Library", 2024).

An index is trained once, on the first vectors that it gets, and then only grows. Everything runs in one thread and
with fixed seeds, so an index that gets the same vectors in the same batches gives the same answers, to the last bit.

Shapes: ``N`` vectors, ``Q`` queries, ``D`` dimensions, ``K`` neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from newgameplus.registry import require_package
from newgameplus.types import Array

IndexName = Literal["flat", "ivf", "hnsw", "lsh"]
"""``flat`` compares with every vector; ``ivf`` with those of the nearest cells of a k-means clustering; ``hnsw``
follows a graph of neighbours; ``lsh`` compares signs of random projections (IndexLSH)."""

_NUM_LINKS = 16
"""Links of a vector in the graph of ``hnsw``."""
_SEARCH_WIDTH = 128
"""Candidates that a search of ``hnsw`` keeps, at least K."""
_BITS_PER_DIMENSION = 2
"""Length of a hash of ``lsh``."""
_PROBED_SHARE = 1 / 16
"""Share of the cells of ``ivf`` that a search visits."""
_NUM_ITERATIONS, _POINTS_PER_CELL = 8, 32
"""Of the k-means clustering of ``ivf``; a few iterations on a sample are enough for cells."""


class NearestIndex:
    """An index of unit vectors, of which the place is the order in which they were added.

    Args:
        kind: how it searches.
        training: float32 ``[N, D]``, N at least 1, what it is trained on; they are not added.

    Raises:
        UsageError: faiss is not installed.
    """

    def __init__(self, kind: IndexName, training: Array) -> None:
        require_package("faiss", "The agent memory")
        import faiss

        faiss.omp_set_num_threads(1)
        self._index: Any = _MAKERS[kind](faiss, training)
        self._num_bits = _BITS_PER_DIMENSION * training.shape[1] if kind == "lsh" else None

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, vectors: Array) -> None:
        """Add unit vectors, float32 ``[N, D]``."""
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    def search(self, queries: Array, count: int) -> tuple[Array, Array]:
        """Return up to ``count`` neighbours of float32 ``[Q, D]``, the nearest first.

        Returns:
            Their similarities, float32 ``[Q, K]``: cosines, but for ``lsh`` the share of equal bits; and their places,
            int64 ``[Q, K]``, -1 at the end of the row where fewer were found.
        """
        distance, places = self._index.search(np.ascontiguousarray(queries, np.float32), min(count, len(self)))
        return self._similarity(distance), places

    def _similarity(self, distance: Array) -> Array:
        if self._num_bits is None:
            return distance
        similarity: Array = 1 - distance / np.float32(self._num_bits)
        return similarity

    def num_bytes(self) -> int:
        """Return the size of the index in bytes, as faiss would write it to a file."""
        import faiss

        return len(faiss.serialize_index(self._index))


def _flat(faiss: Any, training: Array) -> Any:
    return faiss.IndexFlatIP(training.shape[1])


def _ivf(faiss: Any, training: Array) -> Any:
    num_vectors, num_dimensions = training.shape
    num_cells = max(1, int(2 * math.sqrt(num_vectors)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(num_dimensions),
        num_dimensions,
        num_cells,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,
    )
    index.nprobe = max(1, round(num_cells * _PROBED_SHARE))
    index.cp.niter, index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = (
        _NUM_ITERATIONS,
        _POINTS_PER_CELL,
        1,
    )
    index.train(np.ascontiguousarray(training, np.float32))
    return index


def _hnsw(faiss: Any, training: Array) -> Any:
    index = faiss.IndexHNSWSQ(training.shape[1], faiss.ScalarQuantizer.QT_fp16, _NUM_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = _SEARCH_WIDTH
    index.train(np.ascontiguousarray(training, np.float32))
    return index


def _lsh(faiss: Any, training: Array) -> Any:
    num_dimensions = training.shape[1]
    # Thresholds at the medians, since features after a ReLU are not centred.
    index = faiss.IndexLSH(num_dimensions, _BITS_PER_DIMENSION * num_dimensions, True, True)
    index.train(np.ascontiguousarray(training, np.float32))
    return index


_MAKERS: dict[IndexName, Callable[[Any, Array], Any]] = {"flat": _flat, "ivf": _ivf, "hnsw": _hnsw, "lsh": _lsh}
