"""neat-python's connection gene with its loops over attributes written out: the same draws, the same genes."""

from __future__ import annotations

from random import gauss, random
from typing import Any, Self

from neat import DefaultConnectionGene
from neat.attributes import FloatAttribute

_WEIGHT = FloatAttribute("weight")


class ConnectionGene(DefaultConnectionGene):  # type: ignore[misc]  # neat-python has no types
    """A connection gene; a genome of a game has thousands, each mutated in every generation.

    Args:
        key: keys of the nodes that it leads from and to.
        innovation: its innovation number.
    """

    def __init__(self, key: tuple[int, int], innovation: int) -> None:
        self.key, self.innovation = key, innovation
        self.weight: float
        self.enabled: bool

    def mutate(self, config: Any) -> None:
        """Mutate the weight and whether it is enabled."""
        draw, rate = random(), config.weight_mutate_rate
        if draw < rate:
            weight = self.weight + gauss(0.0, config.weight_mutate_power)
            self.weight = max(min(weight, config.weight_max_value), config.weight_min_value)
        elif draw < config.weight_replace_rate + rate:
            self.weight = _WEIGHT.init_value(config)
        added = config.enabled_rate_to_false_add if self.enabled else config.enabled_rate_to_true_add
        rate = config.enabled_mutate_rate + added
        if rate > 0 and random() < rate:
            self.enabled = random() < 0.5

    def copy(self) -> Self:
        """Return an equal gene."""
        twin = type(self)(self.key, self.innovation)
        twin.weight, twin.enabled = self.weight, self.enabled
        return twin

    def crossover(self, gene2: Any) -> Self:
        """Return a gene with each attribute of one of two; where one is disabled, it is disabled at three in four."""
        child = type(self)(self.key, self.innovation)
        child.weight = self.weight if random() > 0.5 else gene2.weight
        child.enabled = self.enabled if random() > 0.5 else gene2.enabled
        if not (self.enabled and gene2.enabled) and random() < 0.75:
            child.enabled = False
        return child
