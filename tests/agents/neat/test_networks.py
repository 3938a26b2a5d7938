"""Compiled networks give what neat-python's give: recurrent and feed-forward, with every function."""

from __future__ import annotations

import random
from typing import Any

import neat
import numpy as np
import pytest

from newgameplus.agents.neat.compiled import compiled_module
from newgameplus.agents.neat.genes import (
    ACTIVATIONS,
    AGGREGATIONS,
    Genes,
    from_json,
    from_state,
    to_json,
    to_state,
)
from newgameplus.agents.neat.genome import Genome, genes_of, genome_of
from newgameplus.agents.neat.networks import CompiledNetwork, PythonNetwork, activate, make_network
from newgameplus.errors import StateError
from newgameplus.testing.promises import first_difference, through_a_file

NUM_INPUTS, NUM_OUTPUTS, NUM_STEPS = 12, 4, 50
TOLERANCE = 1e-9


class Shape:
    """What neat-python reads of a configuration to make a network."""

    def __init__(self, is_feed_forward: bool, num_inputs: int = NUM_INPUTS, num_outputs: int = NUM_OUTPUTS) -> None:
        self.genome_config: Any = self
        self.feed_forward = is_feed_forward
        self.num_inputs, self.num_outputs = num_inputs, num_outputs
        self.input_keys = [-1 - number for number in range(num_inputs)]
        self.output_keys = list(range(num_outputs))
        self.activation_defs = neat.activations.ActivationFunctionSet()
        self.aggregation_function_defs = neat.aggregations.AggregationFunctionSet()


def random_genes(number: int, is_feed_forward: bool) -> Genes:
    """Genes with any functions, orphans, cycles (unless feed-forward), disabled and useless connections."""
    draw = np.random.default_rng(number)
    num_hidden = int(draw.integers(0, 12))
    keys = np.concatenate([np.arange(NUM_OUTPUTS), 100 + draw.permutation(num_hidden)])
    place = {int(key): index for index, key in enumerate(draw.permutation(keys))}
    pairs = []
    for _ in range(int(draw.integers(1, 90))):
        source, target = int(draw.choice([*range(-NUM_INPUTS, 0), *keys])), int(draw.choice(keys))
        is_forward = source < 0 or place[source] < place[target]
        if (source, target) not in pairs and (is_forward or not is_feed_forward):
            pairs.append((source, target))
    count, wide = len(pairs), float(draw.choice([0.1, 1.0, 10.0]))
    return Genes(
        key=keys.astype(np.int64),
        bias=draw.normal(0, wide, len(keys)),
        response=draw.normal(1, 0.5, len(keys)),
        time_constant=np.ones(len(keys)),
        activation=draw.integers(0, len(ACTIVATIONS), len(keys)),
        aggregation=draw.integers(0, len(AGGREGATIONS), len(keys)),
        source=np.array([pair[0] for pair in pairs], np.int64),
        target=np.array([pair[1] for pair in pairs], np.int64),
        weight=draw.normal(0, wide, count),
        enabled=draw.random(count) < 0.8,
        innovation=np.arange(1, count + 1),
    )


def check_equal(numbers: range) -> int:
    """Compare both networks of random genomes step by step; return how many steps were compared.

    neat-python raises where a square or cube overflows; the comparison of that genome ends there.
    """
    num_compared = 0
    for number in numbers:
        is_feed_forward = number % 2 == 0
        genes, shape = random_genes(number, is_feed_forward), Shape(is_feed_forward)
        kind: Any = neat.nn.FeedForwardNetwork if is_feed_forward else neat.nn.RecurrentNetwork
        theirs, ours = kind.create(genome_of(genes, 0), shape), make_network(shape, genes)
        assert isinstance(ours, CompiledNetwork)
        memory, draw = ours.new_memory(), np.random.default_rng(number)
        for _ in range(NUM_STEPS):
            inputs = draw.normal(0, 2, NUM_INPUTS) if number % 3 else draw.integers(0, 256, NUM_INPUTS).astype(float)
            try:
                expected = np.array(theirs.activate(inputs.tolist()))
            except OverflowError:
                break
            found = activate([ours], [memory], inputs[None], NUM_OUTPUTS)[0]
            np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, err_msg=f"genome {number}")
            num_compared += 1
    return num_compared


def test_60_random_genomes_of_50_steps_equal_neat_python() -> None:
    assert check_equal(range(60)) > 2000


@pytest.mark.nightly
def test_1000_random_genomes_of_50_steps_equal_neat_python() -> None:
    assert check_equal(range(1000)) > 35_000


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_function_equals_neat_python(name: str) -> None:
    function = neat.activations.ActivationFunctionSet().get(name)
    genes = one_node(activation=ACTIVATIONS.index(name))
    for z in (0.0, -0.0, 1e-9, 0.3, -0.3, 1.0, -1.0, 2.5, -2.5, 77.0, -77.0, 1e6, -1e6):
        assert run_once(genes, [z]) == function(z), z


@pytest.mark.parametrize("name", AGGREGATIONS)
@pytest.mark.parametrize("values", [[3.0], [3.0, -4.0], [0.1, 0.2, -0.3], [1e16, 1.0, -1e16, 1.0], [2.0, -2.0, 2.0]])
def test_every_aggregation_function_equals_neat_python(name: str, values: list[float]) -> None:
    function = neat.aggregations.AggregationFunctionSet().get(name)
    genes = one_node(aggregation=AGGREGATIONS.index(name), num_inputs=len(values))
    assert run_once(genes, values) == function(values)


def one_node(*, activation: int = ACTIVATIONS.index("identity"), aggregation: int = 1, num_inputs: int = 1) -> Genes:
    return Genes(
        key=np.zeros(1, np.int64),
        bias=np.zeros(1),
        response=np.ones(1),
        time_constant=np.ones(1),
        activation=np.array([activation]),
        aggregation=np.array([aggregation]),
        source=-1 - np.arange(num_inputs),
        target=np.zeros(num_inputs, np.int64),
        weight=np.ones(num_inputs),
        enabled=np.ones(num_inputs, np.bool_),
        innovation=np.arange(num_inputs),
    )


def run_once(genes: Genes, values: list[float]) -> float:
    network = make_network(Shape(False, len(values), 1), genes)
    return float(activate([network], [network.new_memory()], np.array([values]), 1)[0, 0])


@pytest.mark.parametrize("is_feed_forward", [False, True])
def test_where_nothing_was_compiled_rows_share_neat_pythons_networks(is_feed_forward: bool) -> None:
    shape = Shape(is_feed_forward)
    genes = [random_genes(number * 2 + (not is_feed_forward), is_feed_forward) for number in (3, 20, 3)]
    slow, fast = [PythonNetwork(shape, one) for one in genes], [make_network(shape, one) for one in genes]
    slow[2] = slow[0]  # two rows, one network
    memories = [network.new_memory() for network in slow], [network.new_memory() for network in fast]
    draw = np.random.default_rng(0)
    for _ in range(20):
        inputs = draw.normal(0, 1, (3, NUM_INPUTS))
        expected = activate(slow, memories[0], inputs, NUM_OUTPUTS)
        np.testing.assert_allclose(activate(fast, memories[1], inputs, NUM_OUTPUTS), expected, rtol=TOLERANCE)


def test_what_overflows_in_python_is_infinite_here() -> None:
    assert run_once(one_node(activation=ACTIVATIONS.index("square")), [1e200]) == np.inf
    assert run_once(one_node(activation=ACTIVATIONS.index("cube")), [-1e200]) == -np.inf
    assert np.isnan(run_once(one_node(aggregation=AGGREGATIONS.index("median"), num_inputs=3), [1.0, np.nan, 2.0]))


def test_genes_come_back_from_a_genome_a_file_and_json() -> None:
    genomes = [random_genes(number, False) for number in range(5)]
    back = from_state(through_a_file(to_state(genomes)))
    for genes, loaded in zip(genomes, back, strict=True):
        for other in (genes_of(genome_of(genes, 7)), loaded, from_json(to_json(genes))):
            assert first_difference(to_state([genes]), to_state([other])) is None


@pytest.mark.parametrize(
    "damage", [{"target": np.array([77])}, {"bias": np.zeros(3)}, {"activation": np.array([18])}, {"sizes": None}]
)
def test_damaged_genes_are_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(StateError):
        from_state({**to_state([one_node()]), **damage})


def test_the_compiled_module_checks_what_it_is_given() -> None:
    module = compiled_module()
    assert module is not None
    genes = one_node()
    with pytest.raises(ValueError, match="nowhere"):
        CompiledNetwork(module, genes, 0, 1, is_feed_forward=False)
    with pytest.raises(ValueError, match="output node"):
        CompiledNetwork(module, genes, 1, 2, is_feed_forward=False)
    network = CompiledNetwork(module, genes, 1, 1, is_feed_forward=False)
    with pytest.raises(ValueError, match="do not fit"):
        activate([network], [np.zeros(5)], np.zeros((1, 1)), 1)


def test_a_genome_of_neat_python_keeps_its_order() -> None:
    random.seed(0)
    genome = neat.DefaultGenome(1)
    for key in (3, 0, 5):
        node = neat.DefaultNodeGene(key)
        node.bias = node.response = node.time_constant = 1.0
        node.activation, node.aggregation = "tanh", "mean"
        genome.nodes[key] = node
    again = genome_of(genes_of(genome), 1)
    assert list(again.nodes) == [3, 0, 5]


def test_the_genetic_distance_is_neat_pythons_to_the_last_bit() -> None:
    genomes = [genome_of(random_genes(number, False), number) for number in range(12)]

    class Config:
        compatibility_disjoint_coefficient, compatibility_weight_coefficient = 1.1, 0.47

    for one in genomes:
        for other in genomes:
            assert one.distance(other, Config) == neat.DefaultGenome.distance(one, other, Config)
    assert isinstance(genomes[0], Genome)
    assert genomes[0].distance(genomes[1], Config) > 0
