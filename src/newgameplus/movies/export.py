"""Export a movie as a table with a row per frame: buttons, rewards, the return so far, and the game's variables."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from newgameplus.games.layout import names_of
from newgameplus.movies.playback import Playback
from newgameplus.movies.video import replacing
from newgameplus.registry import require_package
from newgameplus.types import Array

TableFormat: TypeAlias = Literal["csv", "npz", "parquet"]
Table: TypeAlias = Mapping[str, Array]
"""Name of each column to its values, ``[T]``."""
VARIABLE = "variables."
"""Beginning of the names of the columns that hold variables of the game."""
REPORT_FRAMES = 600
"""Number of frames between two progress reports."""


def export_movie(
    path: Path,
    out: Path,
    kind: TableFormat = "csv",
    *,
    any_core: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Play the movie at ``path`` and write its table to ``out``, which is replaced atomically.

    Args:
        path: the movie.
        out: output file.
        kind: ``csv``; ``npz``, an array of numpy per column; or ``parquet``, which needs pyarrow.
        any_core: play even if it was recorded on another core build.
        progress: called from time to time with the number of frames played and the total.

    Returns:
        The number of rows, one per frame.

    Raises:
        MovieError: the movie cannot be read or played here, or the file cannot be written.
        UsageError: pyarrow is not installed.
    """
    check_format(kind)
    table = table_of(path, any_core=any_core, progress=progress)
    with replacing(out) as unfinished:
        _WRITERS[kind](unfinished, table)
    return len(table["frame"])


def check_format(kind: TableFormat) -> None:
    """Check that tables of this format can be written here.

    Raises:
        UsageError: pyarrow is not installed.
    """
    if kind == "parquet":
        require_package("pyarrow", "A table in parquet")


def table_of(
    path: Path, *, any_core: bool = False, progress: Callable[[int, int], None] = lambda done, total: None
) -> Table:
    """Play the movie at ``path`` and return a table with a row per frame.

    The columns are ``frame`` (0 is the one that the reset runs), ``seconds`` of game time, ``reward``, ``return`` (the
    sum of the rewards so far), ``is_over`` (whether the scenario ends the episode there), ``buttons`` (their names) and
    ``mask`` (their bits) of the first player, ``buttons_2`` and ``mask_2`` of the second, and so on, and
    ``variables.NAME`` for each variable of the game.

    Raises:
        MovieError: the movie cannot be read or played here.
    """
    rewards, ends, variables = [], [], []
    with Playback(path, any_core=any_core, is_shown=False) as playback:
        for number, (reward, is_over) in enumerate(playback.judged()):
            rewards.append(reward)
            ends.append(is_over)
            variables.append(playback.scenario.variables())
            if number % REPORT_FRAMES == 0:
                progress(number, playback.movie.num_frames)
        movie, rate = playback.movie, playback.emulator.frames_per_second
    frames = np.arange(len(rewards))
    table = {
        "frame": frames,
        "seconds": frames / rate,
        "reward": np.array(rewards, np.float64),
        "return": np.cumsum(np.array(rewards, np.float64)),
        "is_over": np.array(ends, np.bool_),
    }
    for player in range(movie.num_players):
        table |= _held(movie.masks[:, player], movie.buttons, "" if player == 0 else f"_{player + 1}")
    for name in variables[0]:
        table[VARIABLE + name] = np.array([values[name] for values in variables])
    return table


def _held(masks: Array, buttons: Sequence[str | None], suffix: str) -> dict[str, Array]:
    names = {mask: " ".join(names_of(mask, buttons)) for mask in set(masks.tolist())}
    return {f"buttons{suffix}": np.array([names[mask] for mask in masks.tolist()]), f"mask{suffix}": masks}


def _write_csv(out: Path, table: Table) -> None:
    columns = [(each.astype(np.int8) if each.dtype == np.bool_ else each).tolist() for each in table.values()]
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*columns, strict=True))


def _write_npz(out: Path, table: Table) -> None:
    with out.open("wb") as file:
        np.savez_compressed(file, **dict[str, Any](table))


def _write_parquet(out: Path, table: Table) -> None:
    import pyarrow
    import pyarrow.parquet

    columns: dict[str, Any] = {name: pyarrow.array(values.tolist() if values.dtype.kind == "U" else values)
                               for name, values in table.items()}  # fmt: skip
    pyarrow.parquet.write_table(pyarrow.table(columns), str(out), compression="zstd")


_WRITERS: dict[TableFormat, Callable[[Path, Table], None]] = {
    "csv": _write_csv,
    "npz": _write_npz,
    "parquet": _write_parquet,
}
