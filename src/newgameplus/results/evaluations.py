"""Results directory of an evaluation: manifest, scores, and the folders of its runs.

::

    RESULTS/
      manifest.json            what was run: versions, hashes and seeds
      scores.json              scores of runs, levels and the whole
      levels/<Game>-<State>/seed-<n>/
                               one level with one seed; see newgameplus.results.runs
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from newgameplus.durable import LOCK, hold
from newgameplus.errors import ResultsError
from newgameplus.results.json_files import read_json, write_json
from newgameplus.results.kinds import what_it_is
from newgameplus.results.runs import RunFolder

FORMAT = 1
"""Version of the directory's layout."""


class Results:
    """One results directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def manifest_path(self) -> Path:
        """Path of the manifest."""
        return self.path / "manifest.json"

    @property
    def scores_path(self) -> Path:
        """Path of the scores."""
        return self.path / "scores.json"

    def run(self, level: str, seed: int) -> RunFolder:
        """Return the folder of the run of one level, given by the name of its folder, with one seed."""
        return RunFolder(self.path / "levels" / level / f"seed-{seed}")

    def create(self, manifest: dict[str, Any]) -> None:
        """Create the directory and write its manifest.

        Raises:
            ResultsError: the directory is not empty, or cannot be written.
        """
        try:
            self._refuse_if_taken()
            self.path.mkdir(parents=True, exist_ok=True)
            with hold(self.path, "--results"):
                self._refuse_if_taken()  # created by another process in the meantime
                write_json(self.manifest_path, manifest)
        except OSError as error:
            raise ResultsError(f"Cannot write results to {self.path}: {error.strerror or error}.") from error

    def _refuse_if_taken(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir() or any(inside.name != LOCK for inside in self.path.iterdir()):
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
            if not self.path.exists():
                raise ResultsError(f"There is no folder {self.path}.")
            raise ResultsError(
                f"{self.path} is not a results directory: it has no manifest.json{what_it_is(self.path)}."
            )
        return read_json(self.manifest_path, FORMAT)

    def scores(self) -> dict[str, Any]:
        """Read the scores.

        Raises:
            ResultsError: they are missing, corrupt or of another format.
        """
        return read_json(self.scores_path, FORMAT)

    def is_complete(self) -> bool:
        """Whether every run has spent its budget, according to the scores."""
        try:
            return bool(self.scores().get("is_complete"))
        except ResultsError:
            return False

    def written_at(self) -> float:
        """Time at which the manifest or the scores were last written, in seconds of the system clock."""
        return max(path.stat().st_mtime for path in (self.manifest_path, self.scores_path) if path.is_file())

    def write_scores(self, scores: dict[str, Any]) -> None:
        """Replace the scores.

        Raises:
            ResultsError: the directory cannot be written.
        """
        try:
            write_json(self.scores_path, scores)
        except OSError as error:
            raise ResultsError(f"Cannot write {self.scores_path}: {error.strerror or error}.") from error


def new_results_folder(stem: str, parent: Path = Path("results")) -> Path:
    """Create and return the first of ``results/<stem>-1``, ``-2``, … that does not exist, atomically among processes.

    Raises:
        ResultsError: it cannot be created.
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
