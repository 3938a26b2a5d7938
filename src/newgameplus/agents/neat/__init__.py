"""NEAT, NeuroEvolution of Augmenting Topologies: networks that evolve, by neat-python."""
