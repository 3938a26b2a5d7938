"""Networks and genomes of NEAT as the type checker sees them; native/src/neat/module.cpp says what each part does."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

class Network:
    @property
    def num_nodes(self) -> int: ...
    @property
    def num_links(self) -> int: ...

class Genome:
    def distance(self, other: Genome, disjoint_coefficient: float, weight_coefficient: float) -> float: ...

def genome(
    *,
    key: NDArray[np.int64],
    bias: NDArray[np.float64],
    response: NDArray[np.float64],
    time_constant: NDArray[np.float64],
    activation: NDArray[np.int64],
    aggregation: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    weight: NDArray[np.float64],
    enabled: NDArray[np.bool_],
) -> Genome: ...
def network(
    *,
    key: NDArray[np.int64],
    bias: NDArray[np.float64],
    response: NDArray[np.float64],
    activation: NDArray[np.int64],
    aggregation: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    weight: NDArray[np.float64],
    enabled: NDArray[np.bool_],
    num_inputs: int,
    num_outputs: int,
    is_feed_forward: bool,
    sums_are_compensated: bool,
) -> Network: ...
def activate(
    networks: Sequence[Network],
    memories: Sequence[NDArray[np.float64]],
    inputs: NDArray[np.float64],
    outputs: NDArray[np.float64],
) -> None: ...
