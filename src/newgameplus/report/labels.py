"""Labels of the results and names of the levels that a report shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newgameplus.errors import ResultsError


def unique_labels(agents: Sequence[tuple[str, str]], paths: Sequence[Path]) -> list[str]:
    """Return a label for each directory: agent, preset and, if that is ambiguous, the directory's name.

    Args:
        agents: name and preset of each directory.
        paths: path of each directory.

    Raises:
        ResultsError: a directory is named twice.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise ResultsError("The same results directory is named twice; name each once.")
    names = [agent if preset == "default" else f"{agent} ({preset})" for agent, preset in agents]
    labels = [
        f"{name} · {path.resolve().name}" if names.count(name) > 1 else name
        for name, path in zip(names, paths, strict=True)
    ]
    return [
        f"{label} #{position}" if labels.count(label) > 1 else label for position, label in enumerate(labels, start=1)
    ]


def level_names(levels: Sequence[str]) -> dict[str, str]:
    """Return what each level is called on the page, by its id: without the game where all are of one."""
    has_one_game = len(set(levels)) > 1 and len({level.partition("/")[0] for level in levels}) == 1
    return {level: level.partition("/")[2] if has_one_game else level for level in levels}


def levels_in_words(levels: Sequence[str]) -> str:
    """``Game/State`` of a single level, ``2 levels of Game``, or ``2 levels`` if they are of several games."""
    if len(levels) == 1:
        return levels[0]
    games = {level.partition("/")[0] for level in levels}
    return f"{len(levels):,} levels{f' of {min(games)}' if len(games) == 1 else ''}"
