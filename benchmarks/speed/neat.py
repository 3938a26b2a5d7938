"""One generation of NEAT beside the tutorial's own serial method, and networks beside neat-python's.

The tutorial's method plays one genome after another: neat-python's RecurrentNetwork, stable-retro, cv2, its picture and
its rule for standing still. Ours plays the same first generation of its configuration (30 genomes) in rows; both then
make the next generation; the first is made beforehand. Twice: on Airstriker with the preset ``tutorial-2021``, on the
same core, where every genome must have the same fitness on both sides after the same number of frames; and on
Tumbleweed as we play it, on its own core and with the preset ``every-frame``. Wanted there: 10 times as many frames per
second.

Networks are those of genomes with about 4,300 and 6,700 connections. Wanted: 15 times the steps per second.

Run: python -m benchmarks.speed.neat [--rounds 3] [--frames 1500] [--genomes 30] [--rows 8]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import neat
import numpy as np

from benchmarks.turns import Ratio, Side, Turn, parse, parser, publish, ratios, raw, speeds, take_turns
from newgameplus.agents.neat.agent import Neat
from newgameplus.agents.neat.config import EVERY_FRAME, TUTORIAL_2021, NeatConfig
from newgameplus.agents.neat.evolution import Evolution
from newgameplus.agents.neat.genome import Genome
from newgameplus.agents.neat.networks import activate, make_network
from newgameplus.agents.neat.settings import NeatFile, changed, neat_config
from newgameplus.envs.rules import WorldRules
from newgameplus.envs.world import world_spec
from newgameplus.games.folders import bundled_games
from newgameplus.games.levels import Level, find_level
from newgameplus.training.loop import play
from newgameplus.training.worlds import WorldPlan, make_world


@dataclass(frozen=True, slots=True)
class Case:
    """A level, and how we play it."""

    figure: str
    level: str
    config: NeatConfig
    is_equal: bool
    """Whether both sides see the same pictures on the same core, so that they must play the same."""
    target: float | None


CASES = (
    Case("neat_generation_equal", "Airstriker-Genesis-v0/Level1", TUTORIAL_2021, True, None),
    Case("neat_generation", "Tumbleweed-Genesis-v0/Mesa.Act1", EVERY_FRAME, False, 10),
)
SEED, STALL_FRAMES = 2021, 500
OURS, THEIRS = "ngp, rows", "neat-python, stable-retro and cv2, one after another"
NUM_INPUTS, NUM_OUTPUTS = 1120, 12
SIZES = {"4,300 connections": 0.32, "6,700 connections": 0.5}
"""Number of connections to the share of all that a genome begins with."""

Fitness = dict[int, tuple[float, int]]
"""Number of a genome to its fitness and its number of frames."""


def configuration(case: Case, num_genomes: int) -> NeatConfig:
    """The case's, for a smaller population if wanted."""
    return replace(case.config, file=changed(case.config.file, pop_size=num_genomes))


def in_rows(case: Case, num_genomes: int, num_frames: int, num_rows: int, num_turns: int) -> Callable[[], Fitness]:
    """A side whose turn is the first generation in rows."""
    config = configuration(case, num_genomes)
    rules = WorldRules(
        frames_per_step=1, sticky_probability=0.0, max_episode_steps=num_frames, stall_frames=STALL_FRAMES
    )
    world = make_world(WorldPlan((level_of(case),), rules=rules), Neat.specs(config), num_rows)
    agents = [Neat(config, world_spec(world), SEED) for _ in range(num_turns)]

    def run() -> Fitness:
        agent = agents.pop()
        played: Fitness = {}
        lengths = np.zeros(num_rows, np.int64)
        returns = np.zeros(num_rows)
        who = agent.individuals
        for turn in play(agent, world, seed=0):
            lengths += 1
            returns += turn.step.reward
            for row in np.flatnonzero(turn.step.done).tolist():
                played.setdefault(who[row], (float(returns[row]), int(lengths[row])))
                lengths[row], returns[row] = 0, 0.0
            who = agent.individuals
            if agent.generation():
                return played
        return played

    return run


def level_of(case: Case) -> Level:
    """The level with its plain scenario, which both sides can judge by."""
    return find_level(case.level, scenario="scenario")


def one_after_another(case: Case, num_genomes: int, num_frames: int, num_turns: int) -> Callable[[], Fitness]:
    """A side whose turn is the first generation by the tutorial's method."""
    import stable_retro

    level, integrations = level_of(case), stable_retro.data.Integrations
    integrations.add_custom_path(str(bundled_games()))
    env = stable_retro.make(
        level.game, level.state, scenario=level.scenario, inttype=integrations.ALL, render_mode="rgb_array"
    )
    env.reset()
    populations = []
    for _ in range(num_turns):
        config = neat_config(configuration(case, num_genomes).file, NUM_INPUTS, NUM_OUTPUTS)
        config.genome_type = neat.DefaultGenome
        config.genome_config.connection_gene_type = neat.DefaultConnectionGene
        populations.append(neat.Population(config, seed=SEED))

    def run() -> Fitness:
        played: Fitness = {}

        def evaluate(genomes: Any, config: Any) -> None:
            for number, genome in genomes:
                played[number] = evaluated(env, genome, config, num_frames)
                genome.fitness = played[number][0]

        populations.pop().run(evaluate, 1)
        return played

    return run


def evaluated(env: Any, genome: Any, config: Any, num_frames: int) -> tuple[float, int]:
    """Play one episode as the tutorial's loop does; return its fitness and its number of frames."""
    network = neat.nn.RecurrentNetwork.create(genome, config)
    observation, _ = env.reset()
    height, width, _ = observation.shape
    inx, iny = height // 8, width // 8
    fitness = best = 0.0
    counter = frame = 0
    is_over = False
    while not is_over and frame < num_frames:
        picture = cv2.cvtColor(cv2.resize(observation, (inx, iny)), cv2.COLOR_BGR2GRAY)
        inputs = [float(pixel) for row in np.reshape(picture, (inx, iny)) for pixel in row]
        observation, reward, is_over, _, _ = env.step(network.activate(inputs))
        frame += 1
        fitness += reward
        counter = 0 if fitness > best else counter + 1
        best = max(best, fitness)
        is_over = is_over or counter == STALL_FRAMES
    return fitness, frame


def genome_of_size(share: float) -> tuple[Genome, Any]:
    """A first genome with a share of all connections, and its configuration."""
    file: NeatFile = changed(TUTORIAL_2021.file, pop_size=3, initial_connection=f"partial_nodirect {share}")
    config = neat_config(file, NUM_INPUTS, NUM_OUTPUTS)
    return next(iter(Evolution(config, SEED).genomes.values())), config


def our_network(share: float, num_steps: int) -> Callable[[], list[float]]:
    """A side whose turn is some activations of one network in compiled code."""
    genome, config = genome_of_size(share)
    network, inputs = make_network(config, genome.genes), pictures(num_steps)

    def run() -> list[float]:
        memory = network.new_memory()
        return [activate([network], [memory], one[None], NUM_OUTPUTS).sum().item() for one in inputs]

    return run


def their_network(share: float, num_steps: int) -> Callable[[], list[float]]:
    """A side whose turn is the same activations by neat-python."""
    genome, config = genome_of_size(share)
    network, inputs = neat.nn.RecurrentNetwork.create(genome, config), pictures(num_steps).tolist()

    def run() -> list[float]:
        network.reset()
        return [float(np.sum(network.activate(one))) for one in inputs]

    return run


def pictures(num_steps: int) -> Any:
    """Inputs of some steps, float64 ``[steps, inputs]``."""
    return np.random.default_rng(SEED).integers(0, 256, (num_steps, NUM_INPUTS)).astype(np.float64)


def stretched(turn: Turn, scale: float) -> Turn:
    """A turn as long as one of ``scale`` times as many frames would take."""
    return replace(turn, clock=turn.clock * scale, processor=turn.processor * scale)


def measure_generation(case: Case, arguments: argparse.Namespace) -> None:
    """Measure and publish a generation."""
    num_turns = arguments.rounds + 1
    sides: dict[str, Side] = {
        OURS: partial(in_rows, case, arguments.genomes, arguments.frames, arguments.rows, num_turns),
        THEIRS: partial(one_after_another, case, arguments.genomes, arguments.frames, num_turns),
    }
    rounds = list(take_turns(sides, arguments.rounds))
    for turns in rounds:
        if case.is_equal and turns[OURS].answer != turns[THEIRS].answer:
            sys.exit("No parity: the genomes have another fitness or other frames in rows than one after another.")
    num_frames = {name: sum(frames for _, frames in rounds[0][name].answer.values()) for name in sides}
    # Where the sides do not play the same, the seconds of one are scaled to the frames of the other.
    scale = num_frames[OURS] / num_frames[THEIRS]
    scaled = [
        {name: stretched(turn, scale if name == THEIRS else 1.0) for name, turn in turns.items()} for turns in rounds
    ]
    publish(
        {
            "figure": case.figure,
            "what": f"A generation of NEAT with the tutorial's configuration on {case.level}",
            "unit": "frames per second",
            "level": case.level,
            "num_genomes": arguments.genomes,
            "num_rows": arguments.rows,
            "num_frames": num_frames,
            "num_rounds": len(rounds),
            "sides": speeds(scaled, num_frames[OURS]),
            "ratios": ratios(scaled, [Ratio(OURS, THEIRS, target=case.target)]),
            "seconds": raw(rounds),
        },
        arguments.results,
        ("neat-python", "opencv-python-headless"),
    )


def measure_networks(arguments: argparse.Namespace) -> None:
    """Measure and publish the networks."""
    sides: dict[str, Side] = {}
    for size, share in SIZES.items():
        sides[f"compiled, {size}"] = partial(our_network, share, arguments.steps)
        sides[f"neat-python, {size}"] = partial(their_network, share, arguments.steps)
    rounds = list(take_turns(sides, arguments.rounds))
    for size in SIZES:
        ours, theirs = (rounds[0][f"{who}, {size}"].answer for who in ("compiled", "neat-python"))
        if not np.allclose(ours, theirs, rtol=1e-9, atol=1e-9):
            sys.exit(f"No parity: the networks of {size} differ.")
    publish(
        {
            "figure": "neat_networks",
            "what": "Activations of one recurrent network of NEAT",
            "unit": "steps per second",
            "num_steps": arguments.steps,
            "num_rounds": len(rounds),
            "sides": speeds(rounds, arguments.steps),
            "ratios": ratios(rounds, [Ratio(f"compiled, {size}", f"neat-python, {size}", target=15) for size in SIZES]),
            "seconds": raw(rounds),
        },
        arguments.results,
        ("neat-python",),
    )


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=3)
    options.add_argument("--genomes", type=int, default=30, help="genomes of the population")
    options.add_argument("--frames", type=int, default=1500, help="longest episode")
    options.add_argument("--rows", type=int, default=8, help="rows of our side")
    options.add_argument("--steps", type=int, default=400, help="activations of a network in a turn")
    arguments = parse(options, genomes=4, frames=20, rows=2, steps=5)
    measure_networks(arguments)
    for case in CASES:
        measure_generation(case, arguments)


if __name__ == "__main__":
    main()
