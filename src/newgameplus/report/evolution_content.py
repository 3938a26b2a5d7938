"""Content of the report's page about the generations of an agent that evolves."""

from __future__ import annotations

from dataclasses import dataclass

from newgameplus.report import generation_figures
from newgameplus.report.content import counted, data_uri, number
from newgameplus.report.figures import Figure
from newgameplus.report.generations import as_csv
from newgameplus.report.plot import Plot
from newgameplus.report.training_runs import TrainingRun


@dataclass(frozen=True, slots=True)
class EvolutionContent:
    """Generations of a run."""

    label: str
    """Label of the run, if there are several."""
    colour: int
    caption: str
    plots: tuple[Plot, ...]
    network: str
    """Id of the winner's figure, empty if it is no network of genes."""
    network_caption: str
    csv: str
    """Data URI of the table of generations."""


def gather_evolution(place: int, run: TrainingRun, drawn: dict[str, Figure], *, is_named: bool) -> EvolutionContent:
    """Return the content about the generations of a run.

    Args:
        place: index of the run, and of its colour.
        run: has at least one generation.
        drawn: its figures are added here.
        is_named: whether the page shows several runs.
    """
    drawers = {"fitness": generation_figures.fitness, "seconds": generation_figures.seconds}
    if any(generation.species for generation in run.generations):
        drawers["species"] = generation_figures.species
    names = {"fitness": "Fitness", "seconds": "Time", "species": "Genomes of each species"}
    for kind, draw in drawers.items():
        drawn[f"{kind}-{place}"] = draw(run.generations)
    best = max(run.generations, key=lambda generation: generation.fitness)
    network, words, winner = "", "", run.winner
    if winner is not None:
        network = f"network-{place}"
        drawn[network] = generation_figures.network(winner)
        words = (
            f"Genome {winner.number} of generation {winner.generation}, fitness {number(winner.fitness)}: "
            f"{counted(winner.num_links, 'connection')}, {counted(len(winner.hidden), 'hidden node')}. "
            f"The {len(winner.links):,} with the largest weights are drawn, from the pixels that they read."
        )
    return EvolutionContent(
        label=run.label if is_named else "",
        colour=place,
        caption=f"{counted(len(run.generations), 'generation')}; the fittest was in generation {best.number}.",
        plots=tuple(Plot(f"{kind}-{place}", names[kind]) for kind in drawers),
        network=network,
        network_caption=words,
        csv=data_uri("text/csv", as_csv(run.generations).encode()),
    )
