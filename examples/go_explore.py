"""Go-Explore on Airstriker: keep an archive of cells, return to a rare one, explore from there.

After Ecoffet et al. 2021, "First return, then explore", first phase. A cell is a group of similar states: the score and
a picture so small and coarse that similar states share it. Each cell keeps one snapshot. Every round selects rare
cells, restores each row of a batch to one of them in a few microseconds, and plays at random; the states that it
reaches become new cells, or shorter paths to known ones.

*Differences from the paper*: a state after a lost life is never kept; cells are selected by their visits only.

Run: python examples/go_explore.py [--rounds 60] [--rows 8] [--seed 0]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.levels import find_level
from newgameplus.types import ActionSpec, Array, ObservationSpec

LEVEL = "Airstriker-Genesis-v0/Level1"
ACTIONS = ActionSpec("set", (("B",), ("LEFT", "B"), ("RIGHT", "B"), ("UP", "B"), ("DOWN", "B"), ("LEFT",), ("RIGHT",)))
LOOK = ObservationSpec(gray=True, size=(84, 84))
STEPS_PER_ROUND = 20
HOLD_PROBABILITY = 0.85
"""Probability that the previous action is repeated."""
CELL_SIZE = (8, 6)
"""Width and height of a cell's picture."""
CELL_SHADES = 16


@dataclass
class Cell:
    """A group of similar states, and the shortest path found to it."""

    snapshot: Any
    num_steps: int
    score: int
    num_visits: int = 0


def main() -> int:
    """Explore, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60, help="how often all rows go back and explore (default: 60)")
    parser.add_argument("--rows", type=int, default=8, help="consoles side by side (default: 8)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same exploration (default: 0)")
    options = parser.parse_args()
    world = RetroVecEnv(
        [find_level(LEVEL)] * options.rows, observation_spec=LOOK, action_spec=ACTIONS, max_episode_steps=None
    )
    begin = time.perf_counter()
    cells = explore(world, options.rounds, np.random.default_rng(options.seed))
    seconds = time.perf_counter() - begin
    world.close()
    best = max(cells.values(), key=lambda cell: (cell.score, -cell.num_steps))
    num_steps = options.rounds * STEPS_PER_ROUND * options.rows
    print(f"{len(cells)} kinds of moments in {num_steps} steps and {seconds:.1f} seconds.")
    print(f"Best score {best.score}, after {best.num_steps} steps; its snapshot has {best.snapshot.size_bytes} bytes.")
    return 0


def explore(world: RetroVecEnv, num_rounds: int, random: np.random.Generator) -> dict[bytes, Cell]:
    """Fill an archive, beginning at the start of the level."""
    pictures, info = world.reset(seed=int(random.integers(2**31)))
    lives = int(info["lives"][0])
    start = cell_of(pictures[0], int(info["score"][0]))
    cells = {start: Cell(world.save(0), num_steps=0, score=int(info["score"][0]))}
    for _ in range(num_rounds):
        chosen = rare(list(cells.values()), world.num_envs, random)
        for row, cell in enumerate(chosen):
            cell.num_visits += 1
            world.load(row, cell.snapshot)
        walk(world, cells, [cell.num_steps for cell in chosen], lives, random)
    return cells


def rare(cells: list[Cell], count: int, random: np.random.Generator) -> list[Cell]:
    """Sample cells, rarely visited ones with higher probability."""
    weights = np.array([1.0 / np.sqrt(cell.num_visits + 1) for cell in cells])
    return [cells[index] for index in random.choice(len(cells), count, p=weights / weights.sum())]


def walk(
    world: RetroVecEnv, cells: dict[bytes, Cell], num_steps: list[int], lives: int, random: np.random.Generator
) -> None:
    """Let every row play at random, keep states that are new or reached sooner; a row stops when its episode ends."""
    is_walking = np.ones(world.num_envs, np.bool_)
    actions = random.integers(0, 7, world.num_envs)
    for step in range(1, STEPS_PER_ROUND + 1):
        is_new = random.random(world.num_envs) > HOLD_PROBABILITY
        actions = np.where(is_new, random.integers(0, 7, world.num_envs), actions)
        pictures, _, terminated, truncated, info = world.step(actions)
        is_walking &= ~(terminated | truncated) & (info["lives"] == lives)
        for row in is_walking.nonzero()[0]:
            score, distance = int(info["score"][row]), num_steps[row] + step
            key = cell_of(pictures[row], score)
            known = cells.get(key)
            if known is None:
                cells[key] = Cell(world.save(int(row)), distance, score)
            elif distance < known.num_steps:
                known.snapshot, known.num_steps = world.save(int(row)), distance


def cell_of(picture: Array, score: int) -> bytes:
    """Return the cell of a state: its score and a coarse picture, from gray ``[84, 84, 1]``."""
    small = cv2.resize(picture, CELL_SIZE, interpolation=cv2.INTER_AREA)
    return score.to_bytes(8, "little") + (small // (256 // CELL_SHADES)).astype(np.uint8).tobytes()


if __name__ == "__main__":
    raise SystemExit(main())
