"""A run while it goes on: what its folder has logged since the last look; reading treats it as untrusted.

A run has *parts*, each played by a process with a folder of its own: a training run is one part, an evaluation has one
for each level and seed.
"""

from __future__ import annotations

import os
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from newgameplus.durable import is_held
from newgameplus.errors import ResultsError
from newgameplus.results.checks import MAX_FILE_BYTES, finite, is_count, objects, take, whole
from newgameplus.results.evaluations import Results
from newgameplus.results.json_lines import parse_json_line
from newgameplus.results.live import LiveFolder, LiveRows
from newgameplus.results.monitor import parse_episode
from newgameplus.results.runs import RunFolder
from newgameplus.results.training_runs import TrainingFolder

CONTEST_FRAMES_PER_STEP = 4
"""Frames per agent step where a manifest of an earlier version does not tell."""
NOMINAL_FRAMES_PER_SECOND = 60
MAX_EVENTS = 60
"""Episodes that are kept as the last ones."""


class LogTail:
    """A log that grows by whole lines, and is cut back when its run is resumed.

    Args:
        path: path of the log, which may be missing yet.
        has_header: whether the first line is none of the log.
    """

    def __init__(self, path: Path, *, has_header: bool = False) -> None:
        self.path = path
        self._has_header = has_header
        self._offset = 0

    def read(self) -> tuple[list[str], bool]:
        """Return the lines since the last call, and whether the log has been cut back, so that these are all.

        Raises:
            ResultsError: it cannot be read, or is larger than a log can be.
        """
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                is_anew = size < self._offset
                self._offset = 0 if is_anew else self._offset
                if size - self._offset > MAX_FILE_BYTES:
                    raise ResultsError(f"{self.path} is corrupt: it is larger than {MAX_FILE_BYTES >> 20} MB.")
                file.seek(self._offset)
                content = file.read(size - self._offset)
        except FileNotFoundError:
            return [], False
        except OSError as error:
            raise ResultsError(f"Cannot read {self.path}: {error.strerror}.") from error
        whole_lines, _, _ = content.rpartition(b"\n")
        if not whole_lines:
            return [], is_anew
        lines = whole_lines.decode(errors="replace").split("\n")
        is_first, self._offset = self._offset == 0, self._offset + len(whole_lines) + 1
        return lines[is_first and self._has_header :], is_anew


@dataclass
class History:
    """Episodes of one level, or one level and seed, in their order."""

    name: str
    steps: array[int] = field(default_factory=lambda: array("q"))
    """Agent steps of the run at the end of each episode."""
    returns: array[float] = field(default_factory=lambda: array("d"))


@dataclass(frozen=True, slots=True)
class Ended:
    """An episode that has ended, or one of the learner that was recorded at its side."""

    name: str
    """Level, or level and seed."""
    num_steps: int
    """Agent steps of the run."""
    episode_return: float
    length: int
    """Length in agent steps."""
    movie: tuple[int, int] | None
    """Part and number of the movie; None if none is recorded of such an episode."""


@dataclass(slots=True)
class Part:
    """What one process plays."""

    name: str
    folder: Path
    seconds_per_step: float
    """Game time of an agent step."""
    is_complete: bool = False
    fraction: float = 0.0
    """Fraction of its budget that is spent, as far as its logs tell."""
    num_steps: int = 0
    num_episodes: int = 0
    elapsed_seconds: float | None = None

    @property
    def live(self) -> LiveFolder:
        """What it shows."""
        return LiveFolder(self.folder)

    @property
    def is_running(self) -> bool:
        """Whether a process plays it now."""
        return not self.is_complete and is_held(self.folder)


class Followed(Protocol):
    """A run that is followed."""

    path: Path
    kind: str
    """``training`` or ``evaluation``."""
    agent: str
    """Agent, with its preset unless that is the default."""
    parts: list[Part]
    histories: dict[str, History]
    metrics: dict[str, tuple[array[int], array[float]]]
    """Steps and values of each metric of learning."""
    last: deque[Ended]
    """The last episodes, the newest at the end."""

    def look(self) -> None:
        """Read what is new.

        Raises:
            ResultsError: a file is corrupt.
        """
        ...

    def is_running(self) -> bool:
        """Whether a process writes to the run now."""
        ...

    def is_complete(self) -> bool:
        """Whether the budget is spent."""
        ...

    def fraction(self, part: Part, shown: LiveRows) -> float:
        """Fraction of a part's budget that is spent, by what it shows."""
        ...

    def movie(self, part: int, number: int) -> Path | None:
        """Path of a movie that an episode named; None if it is not there."""
        ...


def follow(path: Path) -> Followed:
    """Return the run in a folder.

    Raises:
        ResultsError: there is none, or its manifest is corrupt.
    """
    return FollowedTraining(path) if TrainingFolder(path).exists() else FollowedEvaluation(path)


class FollowedTraining:
    """A training run that is followed.

    Raises:
        ResultsError: there is none in the folder, or its manifest is corrupt.
    """

    kind = "training"

    def __init__(self, path: Path) -> None:
        self.path, self._folder = path, TrainingFolder(path)
        manifest, where = self._folder.manifest(), str(self._folder.manifest_path)
        self.agent = _agent(manifest, where)
        self._total = whole(manifest.get("total_steps"), "total_steps", where)
        self.parts = [Part(path.name, path, _seconds_per_step(manifest, where))]
        self._tails = {name: LogTail(self._folder.log(name)) for name in ("episodes", "metrics", "watched")}
        self.last: deque[Ended] = deque(maxlen=MAX_EVENTS)
        self._movies: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self.histories: dict[str, History] = {}
        self.metrics: dict[str, tuple[array[int], array[float]]] = {}
        self.last.clear()
        self._movies.clear()

    def look(self) -> None:
        """Read what is new."""
        new = {name: tail.read() for name, tail in self._tails.items()}
        if any(is_anew for _, is_anew in new.values()):
            self._begin()
            self._tails = {name: LogTail(tail.path) for name, tail in self._tails.items()}
            new = {name: tail.read() for name, tail in self._tails.items()}
        for name, take_line in (("episodes", self._episode), ("watched", self._watched), ("metrics", self._metric)):
            where = str(self._tails[name].path)
            for line in new[name][0]:
                take_line(parse_json_line(line, f"{where} is corrupt: {line[:80]!r}"), where)
        if new["watched"][0]:
            self.last = deque(sorted(self.last, key=lambda episode: episode.num_steps), MAX_EVENTS)
        part = self.parts[0]
        saved = [int(file.stem) for file in self._folder.checkpoints() if file.stem.isdecimal()]
        part.num_steps = max([part.num_steps, *saved]) if saved else part.num_steps
        part.fraction = min(1.0, part.num_steps / max(1, self._total))
        part.is_complete = bool(saved) and saved[-1] >= self._total

    def is_running(self) -> bool:
        """Whether a process writes to the run now."""
        return is_held(self.path)

    def is_complete(self) -> bool:
        """Whether all steps are played."""
        return self.parts[0].is_complete

    def fraction(self, part: Part, shown: LiveRows) -> float:
        """Fraction of the steps that are played."""
        del part
        return min(1.0, shown.num_steps / max(1, self._total))

    def movie(self, part: int, number: int) -> Path | None:
        """Path of the movie of a watched episode."""
        if part != 0 or number >= len(self._movies):
            return None
        folder, _, name = self._movies[number].partition("/")
        path = self._folder.movies / name
        is_ours = folder == self._folder.movies.name and Path(name).name == name and name.endswith(".bk2")
        return path if is_ours and path.is_file() else None

    def _episode(self, line: dict[str, Any], where: str) -> None:
        episode = _ended(line, where, None)
        history = self.histories.setdefault(episode.name, History(episode.name))
        history.steps.append(episode.num_steps)
        history.returns.append(episode.episode_return)
        self.last.append(episode)
        self.parts[0].num_episodes = sum(len(history.returns) for history in self.histories.values())
        self.parts[0].num_steps = max(self.parts[0].num_steps, episode.num_steps)

    def _watched(self, line: dict[str, Any], where: str) -> None:
        self.last.append(_ended(line, where, (0, len(self._movies))))
        self._movies.append(take(line, "movie", str, where))

    def _metric(self, line: dict[str, Any], where: str) -> None:
        self.parts[0].num_steps = max(self.parts[0].num_steps, line["num_steps"])
        for name, value in line.items():
            if name.startswith("learning/") and (number := finite({name: value}, name, where)) is not None:
                steps, values = self.metrics.setdefault(name.removeprefix("learning/"), (array("q"), array("d")))
                steps.append(line["num_steps"])
                values.append(number)


class FollowedEvaluation:
    """An evaluation that is followed.

    Raises:
        ResultsError: there is none in the folder, or its manifest is corrupt.
    """

    kind = "evaluation"

    def __init__(self, path: Path) -> None:
        self.path, self._results = path, Results(path)
        manifest, where = self._results.manifest(), str(self._results.manifest_path)
        self.agent = _agent(manifest, where)
        self._limits = _limits(manifest, where)
        levels = [_folder_and_id(line, where) for line in objects(manifest, "levels", where)]
        seeds = [whole(seed, "a seed", where) for seed in take(manifest, "seeds", list, where)]
        seconds_per_step = _seconds_per_step(take(manifest, "rules", dict, where), where)
        self.parts, self._tails = [], []
        for folder_name, level in levels:
            for seed in seeds:
                folder = self._results.run(folder_name, seed)
                name = f"{level} · seed {seed}" if len(seeds) > 1 else level
                self.parts.append(Part(name, folder.path, seconds_per_step))
                self._tails.append(LogTail(folder.monitor, has_header=True))
        self._movie_names = [name for name, _ in levels for _ in seeds]
        self.histories: dict[str, History] = {}
        self.metrics: dict[str, tuple[array[int], array[float]]] = {}
        self.last: deque[Ended] = deque(maxlen=MAX_EVENTS)

    def look(self) -> None:
        """Read what is new."""
        for number, (part, tail) in enumerate(zip(self.parts, self._tails, strict=True)):
            lines, is_anew = tail.read()
            if is_anew:
                self.histories.pop(part.name, None)
                self.last = deque((each for each in self.last if each.name != part.name), MAX_EVENTS)
                part.num_steps = part.num_episodes = 0
            for line in lines:
                self._episode(number, line, str(tail.path))
            part.is_complete = RunFolder(part.folder).is_complete()
            part.fraction = (
                1.0 if part.is_complete else self._spent(part.num_steps, part.num_episodes, part.elapsed_seconds or 0.0)
            )

    def is_running(self) -> bool:
        """Whether a process writes to the results now."""
        return is_held(self.path)

    def is_complete(self) -> bool:
        """Whether every run has spent its budget."""
        return all(part.is_complete for part in self.parts)

    def fraction(self, part: Part, shown: LiveRows) -> float:
        """Fraction of a run's budget that is spent, by the limit that is nearest."""
        del part
        return self._spent(shown.num_steps, shown.num_episodes, shown.elapsed_seconds)

    def movie(self, part: int, number: int) -> Path | None:
        """Path of an episode's movie."""
        if part >= len(self.parts):
            return None
        path = RunFolder(self.parts[part].folder).movies / f"{self._movie_names[part]}-{number:06d}.bk2"
        return path if path.is_file() else None

    def _spent(self, *used: float) -> float:
        spent = [part / limit for part, limit in zip(used, self._limits, strict=True) if limit]
        return min(1.0, max(spent, default=0.0))

    def _episode(self, number: int, line: str, where: str) -> None:
        part = self.parts[number]
        episode = parse_episode(line, f"{where} is corrupt: a line")
        history = self.histories.setdefault(part.name, History(part.name))
        part.num_steps += episode.num_steps
        history.steps.append(part.num_steps)
        history.returns.append(episode.episode_return)
        self.last.append(
            Ended(part.name, part.num_steps, episode.episode_return, episode.num_steps, (number, part.num_episodes))
        )
        part.num_episodes += 1
        part.elapsed_seconds = episode.elapsed_seconds


def _agent(manifest: dict[str, Any], where: str) -> str:
    agent = take(manifest, "agent", dict, where)
    name, preset = take(agent, "name", str, where), take(agent, "preset", str, where)
    return name if preset == "default" else f"{name} {preset}"


def _ended(line: dict[str, Any], where: str, movie: tuple[int, int] | None) -> Ended:
    value, length = finite(line, "return", where), line.get("length")
    if value is None or not is_count(length):
        raise ResultsError(f"{where} is corrupt: an episode has no return or no length.")
    return Ended(take(line, "level", str, where), line["num_steps"], value, whole(length, "a length", where), movie)


def _limits(manifest: dict[str, Any], where: str) -> Sequence[float | None]:
    """Most timesteps, episodes and seconds of each run; None for no limit."""
    rules = take(manifest, "rules", dict, where)
    return [finite(rules, name, where) for name in ("max_timesteps", "max_episodes", "max_wall_clock_seconds")]


def _seconds_per_step(rules: dict[str, Any], where: str) -> float:
    return (finite(rules, "frames_per_step", where) or CONTEST_FRAMES_PER_STEP) / NOMINAL_FRAMES_PER_SECOND


def _folder_and_id(line: dict[str, Any], where: str) -> tuple[str, str]:
    game, state = take(line, "game", str, where), take(line, "state", str, where)
    if "/" in game + state or "\0" in game + state:
        raise ResultsError(f"{where} is corrupt: {game!r}, {state!r} is no level.")
    return f"{game}-{state}", f"{game}/{state}"
