"""Monitor files as Stable-Baselines3 writes them, from the logs of an evaluation; its ``load_results`` reads them.

Source: ``stable_baselines3.common.monitor``. A file is a comment with a JSON object that has ``t_start``, then the
header ``r,l,t`` and a row per episode.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from newgameplus.durable import write_atomically
from newgameplus.errors import ResultsError
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import MONITOR_HEADER, read_monitor

SUFFIX = "monitor.csv"
"""End of the names that ``load_results`` looks for in a folder."""


def write_monitor_files(results: Sequence[Path], folder: Path) -> int:
    """Write one monitor file per run, ``LEVEL.seed-N.monitor.csv``; return their number.

    Args:
        results: results directories. With several, each gets a folder of its name inside ``folder``, as
            ``load_results`` joins what it finds in one.
        folder: is created; existing files in it are left alone.

    Raises:
        ResultsError: a results directory is none, has no episodes or is corrupt, two have the same name, or ``folder``
            has files already or cannot be written; nothing is written then.
    """
    names = [path.resolve().name for path in results]
    if len(set(names)) < len(names):
        raise ResultsError(f"Two of the results have the same name ({', '.join(names)}): convert them one by one.")
    files = {
        (folder / name if len(names) > 1 else folder) / file_name: content
        for name, path in zip(names, results, strict=True)
        for file_name, content in _files_of(path).items()
    }
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ResultsError(f"{folder} has files already, which are left as they are: name another folder.")
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content.encode())
    except OSError as error:
        raise ResultsError(f"Cannot write monitor files to {folder}: {error.strerror or error}.") from error
    return len(files)


def _files_of(path: Path) -> dict[str, str]:
    """Contents of the monitor files of a results directory, by name."""
    Results(path).manifest()
    files = {}
    for monitor in sorted(path.glob("levels/*/seed-*/monitor.csv")):
        level, run = monitor.parts[-3:-1]
        head = json.dumps({"t_start": 0.0, "env_id": level})
        rows = [
            f"{episode.episode_return!r},{episode.num_steps},{episode.elapsed_seconds!r}\n"
            for episode in read_monitor(monitor)
        ]
        files[f"{level}.{run}.{SUFFIX}"] = f"#{head}\n{MONITOR_HEADER}\n{''.join(rows)}"
    if not files:
        raise ResultsError(f"{path} has no episodes yet: no run of it has a monitor.csv.")
    return files
