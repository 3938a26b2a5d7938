"""Generations and winner of a run of an agent that evolves, read as untrusted input."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from newgameplus.errors import ResultsError
from newgameplus.results.checks import finite, objects, take, whole
from newgameplus.results.json_files import read_json
from newgameplus.results.training_runs import FORMAT, TrainingFolder

MAX_PIXELS = 1 << 20
MAX_LINKS = 120
"""Limit of connections drawn: those with the largest weights."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A complete generation."""

    number: int
    num_steps: int
    """Agent steps of the run at its end, over all rows."""
    seconds: float
    fitness: float
    """Of its fittest individual."""
    mean: float
    """Mean fitness."""
    species: dict[int, int]
    """Number of each species to its size after reproduction; empty if there are no species."""


@dataclass(frozen=True, slots=True)
class Link:
    """A connection of a network."""

    source: int
    target: int
    weight: float


@dataclass(frozen=True, slots=True)
class Winner:
    """The network of the fittest genome."""

    number: int
    generation: int
    fitness: float
    picture: tuple[int, int]
    """Height and width of what it sees."""
    outputs: tuple[str, ...]
    """Names of the outputs."""
    hidden: tuple[int, ...]
    """Keys of the other nodes."""
    num_links: int
    """Number of enabled connections."""
    links: tuple[Link, ...]
    """Those of the largest weights."""


def read_generations(folder: TrainingFolder) -> tuple[Generation, ...]:
    """Read the generations of a run; none if its agent does not evolve.

    Raises:
        ResultsError: the file is corrupt.
    """
    where = str(folder.log("generations"))
    found: list[Generation] = []
    elapsed = 0.0
    for line in folder.lines("generations"):
        numbers = {name: finite(line, name, where) for name in ("fitness", "mean", "elapsed_seconds")}
        fitness, mean, until = numbers["fitness"], numbers["mean"], numbers["elapsed_seconds"]
        if fitness is None or mean is None or until is None:
            raise ResultsError(f"{where} is corrupt: a generation lacks its fitness, mean or time.")
        species = objects(line, "species", where) if "species" in line else []
        sizes = {whole(one.get("id"), "a species", where): whole(one.get("size"), "a size", where) for one in species}
        number = whole(line.get("generation"), "a generation", where)
        found.append(Generation(number, line["num_steps"], until - elapsed, fitness, mean, sizes))
        elapsed = until
    return tuple(found)


def read_winner(folder: TrainingFolder) -> Winner | None:
    """Read the winner of a run; None if there is none, or it is no network of genes.

    Raises:
        ResultsError: the file is corrupt.
    """
    if not folder.winner.is_file():
        return None
    where = str(folder.winner)
    winner = take(read_json(folder.winner, FORMAT), "agent", dict, where).get("winner")
    if not isinstance(winner, dict) or "genes" not in winner:
        return None
    genes = take(winner, "genes", dict, where)
    sizes = [whole(one, "a side of the picture", where) for one in take(winner, "picture", list, where)]
    outputs = tuple(str(name) for name in take(winner, "outputs", list, where))
    if len(sizes) != 2 or min(sizes) < 1 or sizes[0] * sizes[1] > MAX_PIXELS:
        raise ResultsError(f"{where} is corrupt: the picture has no height and width.")
    links = _links(genes, sizes[0] * sizes[1], where)
    keys = [whole(key, "a key", where) for key in take(genes, "key", list, where)]
    fitness = finite(winner, "fitness", where)
    return Winner(
        number=whole(winner.get("number"), "the winner's number", where),
        generation=whole(winner.get("generation"), "its generation", where),
        fitness=0.0 if fitness is None else fitness,
        picture=(sizes[0], sizes[1]),
        outputs=outputs,
        hidden=tuple(key for key in keys if key >= len(outputs)),
        num_links=len(links),
        links=tuple(sorted(links, key=lambda link: -abs(link.weight))[:MAX_LINKS]),
    )


def _links(genes: dict[str, Any], num_inputs: int, where: str) -> list[Link]:
    columns = [take(genes, name, list, where) for name in ("source", "target", "weight", "enabled")]
    if len({len(column) for column in columns}) != 1:
        raise ResultsError(f"{where} is corrupt: its connections have columns of different lengths.")
    links = []
    for source, target, weight, is_enabled in zip(*columns, strict=True):
        number = finite({"weight": weight}, "weight", where)
        link = Link(whole(source, "a source", where), whole(target, "a target", where), number or 0.0)
        if link.source < -num_inputs:
            raise ResultsError(f"{where} is corrupt: a connection comes from outside of the picture.")
        if is_enabled is True:
            links.append(link)
    return links


def as_csv(generations: Sequence[Generation]) -> str:
    """Return a table of generations: number, steps, seconds, fitness, mean, and the size of each species."""
    species = sorted({number for generation in generations for number in generation.species})
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    names = ("generation", "num_steps", "seconds", "best_fitness", "mean_fitness")
    table.writerow([*names, *(f"species_{number}" for number in species)])
    for one in generations:
        numbers = (one.number, one.num_steps, round(one.seconds, 3), one.fitness, one.mean)
        table.writerow([*numbers, *(one.species.get(number, 0) for number in species)])
    return text.getvalue()
