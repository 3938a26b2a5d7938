"""Results as the contest of 2018 laid them out, for scripts of then: one folder for each run.

::

    monitor.csv log.csv      as they are
    bk2/                     movies, numbered with four digits, the game without its -v0
    agent-stdout.txt         what the agent printed, on both of its streams
    agent-stderr.txt         empty
    remote-stdout.txt        what the process of the world printed, on both of its streams
    remote-stderr.txt        why the session ended, if it was one (end.json)

Source: openai/retro-contest, ``retro_contest.docker``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from newgameplus.errors import ResultsError
from newgameplus.results.evaluations import Results
from newgameplus.results.runs import RunFolder


def write_layout_2018(results: Sequence[Path], folder: Path) -> int:
    """Write the folders of all runs; return their number.

    Args:
        results: results directories.
        folder: is created; the folder of the run if there is one, else a folder ``LEVEL.seed-N`` for each is in it.

    Raises:
        ResultsError: a results directory is none, or has no episodes, two runs have the same name, or ``folder`` has
            files already or cannot be written; nothing is left behind then.
    """
    runs = _runs_of(results)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ResultsError(f"{folder} exists already and is left as it is: name another folder.")
        for name, run in runs.items():
            _write(run, unfinished if len(runs) == 1 else unfinished / name)
        unfinished.replace(folder)
    except OSError as error:
        raise ResultsError(f"Cannot write results to {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return len(runs)


def _runs_of(results: Sequence[Path]) -> dict[str, RunFolder]:
    """All runs with a ``monitor.csv``, by level and seed."""
    found: dict[str, RunFolder] = {}
    for path in results:
        Results(path).manifest()
        for monitor in sorted(path.glob("levels/*/seed-*/monitor.csv")):
            name = f"{monitor.parts[-3]}.{monitor.parts[-2]}"
            if name in found:
                raise ResultsError(f"Two of the results have a run {name}: convert them one by one.")
            found[name] = RunFolder(monitor.parent)
    if not found:
        raise ResultsError(f"{', '.join(map(str, results))} has no episodes yet: no run of it has a monitor.csv.")
    return found


def _write(run: RunFolder, target: Path) -> None:
    (target / "bk2").mkdir(parents=True)
    for path in (run.monitor, run.log):
        if path.is_file():
            shutil.copyfile(path, target / path.name)
    for movie in run.movies.glob("*.bk2"):
        level, _, index = movie.stem.rpartition("-")
        if index.isdigit():
            shutil.copyfile(movie, target / "bk2" / f"{level.replace('-v0-', '-', 1)}-{int(index):04d}.bk2")
    is_session = run.end.is_file()
    printed = {
        "agent-stdout.txt": run.entry_log if is_session else run.worker_log,
        "agent-stderr.txt": None,
        "remote-stdout.txt": run.worker_log if is_session else None,
        "remote-stderr.txt": run.end,
    }
    for name, source in printed.items():
        (target / name).write_bytes(source.read_bytes() if source is not None and source.is_file() else b"")
