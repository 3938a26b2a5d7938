"""Environments show themselves in a notebook: screen, level, variables."""

from __future__ import annotations

from typing import Any, Protocol, cast

import gymnasium as gym

from newgameplus.envs.interface import ShowsRows, World
from newgameplus.errors import EmulatorError
from newgameplus.inline import card, image, muted, side_by_side, table
from newgameplus.types import Array

MAX_ROWS = 16
"""Rows of a batch that are shown."""
_ALONE, _IN_BATCH = 320, 176
"""Widths of screens."""


class _Base(Protocol):
    """The environment at the bottom of the wrappers."""

    level: Any
    num_frames: int

    def screen(self) -> Array: ...
    def variables(self) -> dict[str, Any]: ...


class EnvInline:
    """Base of what is an environment of one level: it shows itself in a notebook."""

    def _repr_html_(self) -> str:
        env = cast("gym.Env[Any, Any]", self)
        base = cast(_Base, env.unwrapped)
        facts = {
            "frame": f"{base.num_frames:,} of the episode",
            "observation": in_words(env.observation_space),
            "action": in_words(env.action_space),
        }
        try:
            shown = image(base.screen(), f"Screen of {base.level}", _ALONE)
            facts |= base.variables()
        except EmulatorError as error:
            shown = muted(str(error))
        return card(str(base.level), "environment", side_by_side(shown, table(facts)))


class BatchInline:
    """Base of what is a batch of rows: it shows itself in a notebook."""

    def _repr_html_(self) -> str:
        assert isinstance(self, World)
        assert isinstance(self, ShowsRows)
        levels = list(self.level_ids)
        rows = [_row(self, row, level) for row, level in enumerate(levels[:MAX_ROWS])]
        more = f", the first {MAX_ROWS} of them here" if len(levels) > MAX_ROWS else ""
        spaces = {
            "observation": in_words(self.single_observation_space),
            "action": in_words(self.single_action_space),
        }
        return card(f"{len(levels)} rows", f"batch of environments{more}", side_by_side(*rows), table(spaces))


def in_words(space: gym.Space[Any]) -> str:
    """``uint8 224 × 320 × 3``, ``one of 7``."""
    if isinstance(space, gym.spaces.Discrete):
        return f"one of {space.n}"
    shape = " × ".join(map(str, space.shape or ())) or "a number"
    return f"{space.dtype} {shape}" if space.dtype is not None else shape


def _row(world: ShowsRows, row: int, level: str) -> str:
    try:
        shown = image(world.screen(row), f"Screen of row {row}, {level}", _IN_BATCH)
    except EmulatorError as error:
        shown = muted(str(error))
    name = level.partition("/")[2]
    return f'<div style="width:{_IN_BATCH}px">{shown}<br>{muted(f"{row}  {name}")}</div>'
