"""Folder of a run of an evaluation: one level, one seed.

::

    seed-<n>/
      monitor.csv log.csv     episodes, progress
      bk2/                    a movie per episode; movie i is row i of monitor.csv
      worker.log              output of the worker
      checkpoint.safetensors  from which an interrupted run resumes; at the end, the final agent
      replay/                 frames of a replay buffer, until the run is complete
      live/                   what the row does, while somebody watches (newgameplus.results.live)
      run.json                result of the complete run, with hashes of the logs
      end.json                of an agent in a sandbox: why its session ended, and its last lines
      entry.log               the end of what such an agent printed
      timeline.jsonl          both its lines and its episodes, by one clock
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from newgameplus.durable import write_atomically
from newgameplus.errors import ResultsError
from newgameplus.results.checks import check_size
from newgameplus.results.monitor import Episode, read_monitor

FORMAT = 1
"""Version of ``run.json``."""
_NUMBERS = ("num_timesteps", "num_frames", "elapsed_seconds")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Content of ``run.json``: the result of a finished run."""

    num_timesteps: int
    """Number of agent steps, counted as the rules say."""
    num_frames: int
    elapsed_seconds: float
    num_episodes: int | None = None
    """Number of rows of ``monitor.csv``; None in runs of version 0.1, as are the hashes."""
    monitor_sha256: str | None = None
    log_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Result of a run so far."""

    episodes: tuple[Episode, ...]
    summary: RunSummary | None
    """None while the run is not finished."""


class RunFolder:
    """Folder of a run of an evaluation."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def monitor(self) -> Path:
        """Path of the log of episodes."""
        return self.path / "monitor.csv"

    @property
    def log(self) -> Path:
        """Path of the log of progress."""
        return self.path / "log.csv"

    @property
    def movies(self) -> Path:
        """Folder of the episodes' movies."""
        return self.path / "bk2"

    @property
    def worker_log(self) -> Path:
        """Path of the worker's output."""
        return self.path / "worker.log"

    @property
    def checkpoint(self) -> Path:
        """Path of the last checkpoint."""
        return self.path / "checkpoint.safetensors"

    @property
    def replay(self) -> Path:
        """Folder of a replay buffer's frames."""
        return self.path / "replay"

    @property
    def summary(self) -> Path:
        """Path of the summary, which exists once the run is complete."""
        return self.path / "run.json"

    @property
    def end(self) -> Path:
        """Path of how a session with an agent in a sandbox ended."""
        return self.path / "end.json"

    @property
    def entry_log(self) -> Path:
        """Path of what such an agent printed."""
        return self.path / "entry.log"

    @property
    def timeline(self) -> Path:
        """Path of such an agent's lines and episodes, in their order."""
        return self.path / "timeline.jsonl"

    def is_complete(self) -> bool:
        """Whether the run has spent its budget."""
        return self.summary.is_file()

    def finish(
        self,
        *,
        num_episodes: int,
        sum_of_returns: float,
        num_timesteps: int,
        num_frames: int,
        elapsed_seconds: float,
    ) -> None:
        """Mark the run as complete, with the hashes of its logs.

        Raises:
            ResultsError: ``monitor.csv`` does not hold ``num_episodes`` with the sum of returns that the run counted.
        """
        episodes = read_monitor(self.monitor)
        self._check_num_episodes(len(episodes), num_episodes)
        found = 0.0
        for episode in episodes:  # one after another, as the run did: the same sum to the last bit
            found += episode.episode_return
        if found != sum_of_returns:
            self._refuse(self.monitor, f"its returns sum to {found}, those of the run to {sum_of_returns}")
        summary = RunSummary(
            num_timesteps=num_timesteps,
            num_frames=num_frames,
            elapsed_seconds=round(elapsed_seconds, 3),
            num_episodes=num_episodes,
            monitor_sha256=_sha256(self.monitor),
            log_sha256=_sha256(self.log),
        )
        write_atomically(self.summary, json.dumps({"format": FORMAT, **asdict(summary)}) + "\n")

    def read(self, *, counts_resets: bool = False, drops_last_episode: bool = False) -> RunRecord:
        """Return the result so far; the logs of a finished run must be unchanged.

        Args:
            counts_resets: whether, by the rules, each reset used up a timestep; needed to check runs of version 0.1.
            drops_last_episode: whether, by the rules, the episode cut by the budget was left out.

        Raises:
            ResultsError: a file is corrupt, or a log of a finished run has been changed.
        """
        summary = self._read_summary() if self.is_complete() else None
        if summary is None and not (self.monitor.is_file() and self.monitor.stat().st_size):
            return RunRecord((), None)  # it was ended, or the disk was full, before a first line
        if summary is not None and not self.monitor.is_file():
            self._refuse(self.monitor, "it is missing")
        episodes = tuple(read_monitor(self.monitor))
        if summary is not None and summary.num_episodes is not None:
            self._check_logs(summary, len(episodes))
        elif summary is not None:
            num_steps = sum(episode.num_steps for episode in episodes) + (len(episodes) if counts_resets else 0)
            self._check_steps(num_steps, summary.num_timesteps, counts_resets, drops_last_episode)
        return RunRecord(episodes, summary)

    def _read_summary(self) -> RunSummary:
        path = self.summary
        check_size(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ResultsError(f"{path} is corrupt: {error}.") from error
        if not isinstance(content, dict) or not all(isinstance(content.get(name), int | float) for name in _NUMBERS):
            raise ResultsError(f"{path} is corrupt: it lacks one of {', '.join(_NUMBERS)}, or one is no number.")
        return RunSummary(
            **{name: content[name] for name in _NUMBERS},
            num_episodes=content.get("num_episodes"),
            monitor_sha256=content.get("monitor_sha256"),
            log_sha256=content.get("log_sha256"),
        )

    def _check_logs(self, summary: RunSummary, num_episodes: int) -> None:
        self._check_num_episodes(num_episodes, summary.num_episodes)
        for path, recorded in ((self.monitor, summary.monitor_sha256), (self.log, summary.log_sha256)):
            if not path.is_file():
                self._refuse(path, "it is missing")
            if _sha256(path) != recorded:
                self._refuse(path, "its content has been changed since")

    def _check_num_episodes(self, found: int, recorded: int | None) -> None:
        if found != recorded:
            self._refuse(self.monitor, f"it has {found} episodes, the run finished {recorded}")

    def _check_steps(self, found: int, recorded: int, counts_resets: bool, drops_last_episode: bool) -> None:
        most = recorded if drops_last_episode else found + counts_resets
        if not found <= recorded <= most:
            self._refuse(self.monitor, f"its episodes took {found} steps, the run {recorded}")

    def _refuse(self, path: Path, why: str) -> NoReturn:
        raise ResultsError(
            f"{path} is not what the run wrote: {why}; restore it, or delete {self.path} and have the run played "
            "again with: ngp evaluate --resume"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
