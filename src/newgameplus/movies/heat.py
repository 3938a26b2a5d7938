"""Where episodes spend their time, and where they are stuck: shares of time per cell of a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newgameplus.movies.trajectory import Trajectory
from newgameplus.types import Array

CELL_PIXELS = 16
"""Side of a cell of the heat map."""
SPOT_CELLS = 4
"""Side of a place where episodes are stuck, in cells: 64 pixels."""
MAX_SPOTS = 8


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where episodes are stuck."""

    x: int
    """Centre, in pixels of the level."""
    y: int
    share: float
    """Share of all frames without progress, of all episodes, that were spent here."""
    num_frames: int
    num_episodes: int
    """Episodes that spent at least a second here without progress."""
    episode: int
    """Index of the episode that was stuck here for longest."""
    frame: int
    """Its first frame here without progress."""


def heat_map(trajectories: Sequence[Trajectory], origin: tuple[int, int], size: tuple[int, int]) -> Array:
    """Return how many frames all episodes spent in each cell, float64 ``[rows, columns]``.

    Args:
        trajectories: the episodes.
        origin: x and y of the level at the upper left corner.
        size: width and height in pixels.
    """
    total = np.zeros(_num_cells(size))
    for trajectory in trajectories:
        row, column = _cells(trajectory, origin, total.shape)
        np.add.at(total, (row, column), trajectory.stays())
    return total


def stuck_spots(trajectories: Sequence[Trajectory], origin: tuple[int, int], size: tuple[int, int]) -> list[Spot]:
    """Return the places where most of the time without progress was spent, the worst first."""
    idle = np.zeros(_num_cells(size))
    for trajectory in trajectories:
        row, column = _cells(trajectory, origin, idle.shape)
        np.add.at(idle, (row, column), np.where(trajectory.idle(), trajectory.stays(), 0))
    total = float(idle.sum())
    spots: list[Spot] = []
    while total and len(spots) < MAX_SPOTS:
        top, left = _fullest_square(idle)
        part = idle[top : top + SPOT_CELLS, left : left + SPOT_CELLS]
        if part.sum() < total / 100:
            break
        spots.append(_spot(trajectories, origin, (top, left), total))
        part[:] = 0
    return spots


def _fullest_square(cells: Array) -> tuple[int, int]:
    """Row and column of the upper left corner of the square of SPOT_CELLS with the highest sum."""
    sums = np.pad(cells, ((1, SPOT_CELLS - 1), (1, SPOT_CELLS - 1))).cumsum(0).cumsum(1)
    side = SPOT_CELLS
    squares = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    row, column = np.unravel_index(int(squares.argmax()), squares.shape)
    return int(row), int(column)


def _spot(trajectories: Sequence[Trajectory], origin: tuple[int, int], corner: tuple[int, int], total: float) -> Spot:
    """The spot whose upper left cell is at ``corner`` (row, column)."""
    top, left = origin[1] + corner[0] * CELL_PIXELS, origin[0] + corner[1] * CELL_PIXELS
    side = SPOT_CELLS * CELL_PIXELS
    stays, firsts = [], []
    for trajectory in trajectories:
        here = (trajectory.x >= left) & (trajectory.x < left + side)
        here &= (trajectory.y >= top) & (trajectory.y < top + side) & trajectory.idle()
        stays.append(int(trajectory.stays()[here].sum()))
        firsts.append(int(trajectory.frames[here][0]) if here.any() else 0)
    longest = int(np.argmax(stays))
    num_frames = sum(stays)
    return Spot(
        left + side // 2, top + side // 2, num_frames / total, num_frames, sum(stay >= 60 for stay in stays), longest,
        firsts[longest],
    )  # fmt: skip


def _num_cells(size: tuple[int, int]) -> tuple[int, int]:
    return max(1, -(-size[1] // CELL_PIXELS)), max(1, -(-size[0] // CELL_PIXELS))


def _cells(trajectory: Trajectory, origin: tuple[int, int], shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Row and column of each sample's cell; what is outside belongs to the cell at the border."""
    row = np.clip((trajectory.y - origin[1]) // CELL_PIXELS, 0, shape[0] - 1)
    column = np.clip((trajectory.x - origin[0]) // CELL_PIXELS, 0, shape[1] - 1)
    return row, column
