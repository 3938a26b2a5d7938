"""The results directory: where each run lies, what the manifest says, and who may write.

::

    RESULTS/
      manifest.json            what was run, with which versions, hashes and seeds
      scores.json              what came of it
      levels/<Game>-<State>/seed-<n>/
          monitor.csv log.csv  episodes, progress
          bk2/                 a movie per episode; movie i is row i of monitor.csv
          worker.log           what the worker printed
          checkpoint.safetensors  where the run goes on after an interruption; in the end, what the agent has become
          replay/              frames of a replay buffer, until the run is complete
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from newgameplus.durable import write_atomically
from newgameplus.errors import ResultsError
from newgameplus.games.folders import add_collection
from newgameplus.games.levels import Level

FORMAT = 1
"""Version of the directory's layout."""
_LOCK = ".lock"


class Results:
    """One results directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def manifest_path(self) -> Path:
        """Where the manifest lies."""
        return self.path / "manifest.json"

    @property
    def scores_path(self) -> Path:
        """Where the scores lie."""
        return self.path / "scores.json"

    def run_folder(self, level: Level, seed: int) -> Path:
        """Where the run of one level with one seed lies."""
        return self.path / "levels" / level.folder_name / f"seed-{seed}"

    def create(self, manifest: dict[str, Any]) -> None:
        """Make the directory and write its manifest.

        Raises:
            ResultsError: something is there already, or it cannot be written.
        """
        try:
            self._refuse_if_taken()
            self.path.mkdir(parents=True, exist_ok=True)
            with only_writer(self.path):
                self._refuse_if_taken()  # by another process, a moment ago
                self._write(self.manifest_path, manifest)
        except OSError as error:
            raise ResultsError(f"Cannot write results to {self.path}: {error.strerror or error}.") from error

    def _refuse_if_taken(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir() or any(inside.name != _LOCK for inside in self.path.iterdir()):
            raise ResultsError(
                f"{self.path} exists already and is left as it is: "
                "add --resume to go on with it, or give another name with --results."
            )

    def manifest(self) -> dict[str, Any]:
        """Read the manifest.

        Raises:
            ResultsError: it is missing, corrupt or of another format.
        """
        if not self.manifest_path.is_file():
            raise ResultsError(f"{self.path} is not a results directory: it has no manifest.json.")
        return self._read(self.manifest_path)

    def scores(self) -> dict[str, Any]:
        """Read the scores.

        Raises:
            ResultsError: they are missing, corrupt or of another format.
        """
        return self._read(self.scores_path)

    def is_complete(self) -> bool:
        """Whether every run has spent its budget, as far as the scores say."""
        try:
            return bool(self.scores().get("is_complete"))
        except ResultsError:
            return False

    def written_at(self) -> float:
        """When the manifest or the scores were last written, in seconds of the system's clock."""
        return max(path.stat().st_mtime for path in (self.manifest_path, self.scores_path) if path.is_file())

    def write_scores(self, scores: dict[str, Any]) -> None:
        """Replace the scores.

        Raises:
            ResultsError: the directory cannot be written.
        """
        try:
            self._write(self.scores_path, scores)
        except OSError as error:
            raise ResultsError(f"Cannot write {self.scores_path}: {error.strerror or error}.") from error

    @staticmethod
    def _write(path: Path, content: dict[str, Any]) -> None:
        write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path} is corrupt: {error}.") from error
        version = content.get("format") if isinstance(content, dict) else None
        if version != FORMAT:
            raise ResultsError(f"{path} has format {version!r}; this version of New Game Plus reads format {FORMAT}.")
        return dict(content)


def know_games(manifest: dict[str, Any]) -> None:
    """Let this process find the games that were found when the manifest was written, where they still lie there."""
    for name in manifest.get("games") or ():
        if isinstance(name, str) and Path(name).is_dir():
            add_collection(Path(name))


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process alone; the hold ends with the process, however it ends.

    Raises:
        ResultsError: another process holds it, or it cannot be written.
    """
    try:
        descriptor = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise ResultsError(f"Cannot write to {folder}: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultsError(
                f"Another process is writing to {folder}: wait for it, or give another name with --results."
            ) from None
        yield
    finally:
        os.close(descriptor)


def new_results_folder(stem: str, parent: Path = Path("results")) -> Path:
    """Make and return the first of ``results/<stem>-1``, ``-2``, … that does not exist; no other process gets it too.

    Raises:
        ResultsError: it cannot be made.
    """
    for number in itertools.count(1):
        path = parent / f"{stem}-{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ResultsError(f"Cannot write results to {path}: {error.strerror or error}.") from error
        return path
    raise AssertionError("Numbers do not end.")


def latest_results(parent: Path = Path("results")) -> Path:
    """Return the results directory below ``parent`` that was written to last, preferring unfinished ones.

    Raises:
        ResultsError: there is none.
    """
    found = [Results(manifest.parent) for manifest in parent.glob("*/manifest.json")]
    if not found:
        raise ResultsError(f"There are no results below {parent.resolve()} to resume; name them with --results.")
    return max(found, key=lambda results: (not results.is_complete(), results.written_at())).path
