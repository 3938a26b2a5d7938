"""What a folder is, for messages about a wrong one: an evaluation's results, a training run, or a folder of these."""

from __future__ import annotations

from pathlib import Path

_MARKS = {"manifest.json": "the results of an evaluation", "training.json": "a training run"}
"""What a folder with such a file is."""
_MAX_NAMED = 3


def what_it_is(path: Path) -> str:
    """Return a clause such as ``it is a training run``, with a semicolon before it; empty if it is nothing known."""
    if (kind := _kind(path)) is not None:
        return f"; it is {kind}"
    inner = [str(place) for place in sorted(path.iterdir()) if _kind(place) is not None] if path.is_dir() else []
    if not inner:
        return ""
    more = f" and {len(inner) - _MAX_NAMED} more" if len(inner) > _MAX_NAMED else ""
    return f"; there are in it: {', '.join(inner[:_MAX_NAMED])}{more}"


def _kind(path: Path) -> str | None:
    return next((kind for name, kind in _MARKS.items() if (path / name).is_file()), None)


def runs_below(place: Path, depth: int = 2) -> list[Path]:
    """Return the results and training runs at ``place`` and in folders up to ``depth`` levels below it."""
    if _kind(place) is not None:
        return [place]
    try:
        folders = sorted(path for path in place.iterdir() if path.is_dir()) if depth else []
    except OSError:
        return []
    return [run for folder in folders for run in runs_below(folder, depth - 1)]
