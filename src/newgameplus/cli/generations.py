"""What ``ngp train`` tells of a generation of an agent that evolves: neat-python's lines, and its table of species."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def in_words(generation: Mapping[str, Any], seconds: float) -> Iterator[str]:
    """Yield the lines about a generation.

    Args:
        generation: summary of an agent that evolves; a table of species only if it has some.
        seconds: that the generation took.
    """
    yield ""
    yield f"Generation {generation['generation']}: {seconds:,.1f} s"
    yield f"Population's average fitness: {generation['mean']:.5f} stdev: {generation['stdev']:.5f}"
    best = f"Best fitness: {generation['fitness']:.5f}"
    species = generation.get("species")
    if species is None:
        yield f"{best} - id {generation['best']}"
        return
    size = generation["num_nodes"], generation["num_connections"]
    yield f"{best} - size: {size!r} - species {generation['best_species']} - id {generation['best']}"
    for number in generation["stagnated"]:
        yield f"Species {number} is stagnated: it is removed"
    yield from generation["notes"]
    yield f"Population of {sum(one['size'] for one in species)} members in {len(species)} species (after reproduction):"
    yield "   ID   age  size   fitness   adj fit  stag"
    yield "  ====  ===  ====  =========  =======  ===="
    for one in species:
        fitness, adjusted = (
            "--" if one[name] is None else f"{one[name]:.3f}" for name in ("fitness", "adjusted_fitness")
        )
        front = f"  {one['id']:>4}  {one['age']:>3}  {one['size']:>4}"
        yield f"{front}  {fitness:>9}  {adjusted:>7}  {one['stagnation']:>4}"
    yield f"Total extinctions: {generation['extinctions']}"
    if generation["is_solved"]:
        yield "The best fitness reaches the threshold, so evolution ends."
