"""Labels of the results that a report shows."""

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
