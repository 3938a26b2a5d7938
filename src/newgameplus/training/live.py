"""Shows the rows of a run while somebody looks; otherwise it looks once a second whether somebody does.

Looking reads pictures and variables between two steps and changes nothing, so a run that is watched ends bit-identical.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from newgameplus.envs.interface import ShowsRows, World
from newgameplus.errors import EmulatorError
from newgameplus.results.live import MAX_PICTURES, MAX_ROWS, LiveFolder, LiveRow, LiveRows
from newgameplus.types import Array

LOOK_SECONDS = 1.0
"""Time between two looks whether somebody watches."""
SHOW_SECONDS = 0.1
"""Shortest time between two pictures."""
SHARE = 0.01
"""Largest share of the run's time that showing takes: where it is slow, pictures are rarer."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run has come."""

    num_steps: int
    num_episodes: int
    elapsed_seconds: float
    episode_return: Array
    """Return of each row's episode so far, float64 ``[B]``."""
    episode_steps: Array
    """Agent steps of each row's episode so far, int64 ``[B]``."""


class Showing:
    """Shows what the rows of a world do.

    Args:
        run: folder of the run.
        world: the world; without pictures if it is not one of ``ShowsRows``.
    """

    def __init__(self, run: Path, world: World) -> None:
        self._folder, self._world = LiveFolder(run), world
        self._looks_at = world if isinstance(world, ShowsRows) else None
        self._next = 0.0
        """Time before which there is nothing to do, as ``time.monotonic``."""
        self._is_drawn = False
        """Whether the step since the last call was drawn."""
        self._stalls = _Stalls()
        self._share = 0.0

    def is_due(self) -> bool:
        """Whether the rows are to be shown now; asked after each turn."""
        now = time.monotonic()
        if now < self._next:
            return False
        if not self._folder.is_wanted():
            self._next = now + LOOK_SECONDS
            self._stalls = _Stalls()
            return False
        if self._looks_at is not None and not self._is_drawn:
            self._looks_at.draw_next_step()
            self._is_drawn = True
            return False
        self._is_drawn = False
        return True

    def show(self, action: Array, standing: Standing) -> None:
        """Show the rows; if they cannot be written, look again later.

        Args:
            action: the last action, ``[B, …]``.
            standing: how far the run has come.
        """
        began = time.monotonic()
        with contextlib.suppress(OSError):
            self._folder.show(self._rows(action, standing))
        spent = time.monotonic() - began
        wait = max(SHOW_SECONDS, spent / SHARE)
        self._share, self._next = spent / wait, began + wait

    def close(self) -> None:
        """Remove what was shown."""
        self._folder.remove()

    def _rows(self, action: Array, standing: Standing) -> LiveRows:
        stalled = self._stalls.look(standing.episode_return, standing.episode_steps)
        rows = [
            LiveRow(
                level=level,
                episode_return=float(standing.episode_return[row]),
                num_steps=int(standing.episode_steps[row]),
                num_stalled=int(stalled[row]),
                action=self._in_words(action[row]),
                variables={} if self._looks_at is None else self._looks_at.variables(row),
            )
            for row, level in enumerate(self._world.level_ids[:MAX_ROWS])
        ]
        return LiveRows(
            num_steps=standing.num_steps,
            num_episodes=standing.num_episodes,
            elapsed_seconds=standing.elapsed_seconds,
            num_rows=self._world.num_envs,
            share=self._share,
            rows=tuple(rows),
            pictures=tuple(self._picture(row) for row in range(min(len(rows), MAX_PICTURES))),
        )

    def _picture(self, row: int) -> Array | None:
        if self._looks_at is None:
            return None
        try:
            return self._looks_at.screen(row)
        except EmulatorError:  # nothing was drawn
            return None

    def _in_words(self, action: Array) -> str:
        """Buttons of one row's action."""
        combos = self._world.action_spec.combos
        names: Sequence[str | None]
        if np.ndim(action) == 0:
            names = combos[int(action)] if combos else (str(int(action)),)
        else:
            names = [name for name, held in zip(self._world.buttons, action, strict=False) if held]
        return "+".join(name for name in names if name)


class _Stalls:
    """Steps of each row since the last new maximum of its return, from looks at it now and then."""

    def __init__(self) -> None:
        self._best: Array | None = None
        self._best_at = self._steps = np.zeros(0, np.int64)

    def look(self, episode_return: Array, episode_steps: Array) -> Array:
        """Return the steps since the last maximum, int64 ``[B]``; before the first look none was missed."""
        if self._best is None:
            self._best, self._best_at = episode_return.copy(), episode_steps.copy()
        else:
            is_other = episode_steps < self._steps
            best = np.where(is_other, 0.0, self._best)
            is_better = episode_return > best
            self._best = np.where(is_better, episode_return, best)
            self._best_at = np.where(is_better, episode_steps, np.where(is_other, 0, self._best_at))
        self._steps = episode_steps.copy()
        stalled: Array = episode_steps - self._best_at
        return stalled
