"""The main job: judge an agent on levels under the contest's rules, and leave everything it did in a directory."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import newgameplus
from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of, describe
from newgameplus.contest.rules import Rules
from newgameplus.contest.run import Job
from newgameplus.contest.run_scores import read_run
from newgameplus.contest.scores import contest_score
from newgameplus.contest.workers import Event, Failed, Finished, run_side_by_side
from newgameplus.durable import hold
from newgameplus.emulator.backends import default_backend
from newgameplus.emulator.cores import core_of
from newgameplus.errors import ResultsError, UsageError
from newgameplus.executor.local import available_cores
from newgameplus.games.folders import add_named_collections, named_collections
from newgameplus.games.levels import Level
from newgameplus.results.evaluations import FORMAT, Results
from newgameplus.results.runs import RunFolder
from newgameplus.results.training_runs import checkpoint_at
from newgameplus.training.prefill import DEFAULT_PREFILL_STEPS, Prefill, check_prefill

_VERSIONED = ("numpy", "gymnasium", "stable-retro", "opencv-python-headless", "av")
_NUMBER = int | float
_MANIFEST_SHAPE = {
    "agent": {"name": str, "preset": str, "config": dict},
    "rules": {
        "name": str,
        "max_timesteps": int | None,
        "max_episodes": int | None,
        "max_wall_clock_seconds": _NUMBER | None,
        "frames_per_step": int,
        "sticky_probability": _NUMBER,
        "max_episode_steps": int,
        "counts_resets": bool,
        "drops_last_episode": bool,
    },
    "split": str | None,
    "core": str | None,
    "records_movies": bool,
    "levels": [{"game": str, "state": str, "scenario": str}],
    "seeds": [int],
}
"""The types of what :func:`plan_of` reads."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be judged: an agent, the levels, the seeds and the rules."""

    agent: str
    """Name of the agent, or ``package.module:Class``."""
    preset: str
    config: Any
    """The agent's configuration dataclass."""
    rules: Rules
    levels: tuple[Level, ...]
    seeds: tuple[int, ...]
    split: str | None = None
    """Name of the split that the levels come from."""
    core: str | None = None
    """Name of the core that plays; None for the one that each game names."""
    records_movies: bool = True
    """Whether every episode is kept as a movie."""
    init: str | None = None
    """A training run or checkpoint whose weights the agent begins with."""
    is_frozen: bool = False
    """Whether the agent only plays with these weights and no longer learns."""
    prefill: str | None = None
    """What the agent's replay buffer begins with, as :mod:`newgameplus.training.prefill` finds it; None for nothing."""
    prefill_steps: int = DEFAULT_PREFILL_STEPS
    """Transitions that it begins with, at most."""

    def __post_init__(self) -> None:
        if not self.levels:
            raise UsageError("An evaluation needs at least one level; see: ngp levels")
        if not self.seeds or min(self.seeds) < 0:
            raise UsageError(f"Seeds are whole numbers from 0, at least one; not {list(self.seeds)}.")
        if self.is_frozen and self.init is None:
            raise UsageError("--frozen plays with weights from elsewhere: say whose with --init RUN.")
        if self.is_frozen and self.prefill is not None:
            raise UsageError("--frozen learns nothing, so a --prefill is of no use: leave one of them out.")
        if self.prefill_steps < 1:
            raise UsageError(f"prefill_steps must be at least 1, not {self.prefill_steps}.")

    def check(self) -> None:
        """Make sure that every level can be played, before anything is written.

        Raises:
            NewGamePlusError: a ROM, state, scenario or core is missing; the message says which.
        """
        for level in self.levels:
            _fingerprint(level, self.core)
        if self.init is not None:
            checkpoint_at(Path(self.init))
        if self.prefill is not None:
            wanted = Prefill(self.prefill, self.prefill_steps, self.agent, self.config, num_envs=1, seed=0)
            for platform in dict.fromkeys(level.integration.console.name for level in self.levels):
                check_prefill(wanted, platform)

    def manifest(self, command: Sequence[str]) -> dict[str, Any]:
        """The content of ``manifest.json``."""
        return {
            "format": FORMAT,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": list(command),
            "agent": {"name": self.agent, "preset": self.preset, "config": describe(self.config)},
            "rules": self.rules.as_json(),
            "split": self.split,
            "core": self.core,
            "games": named_collections(),
            "records_movies": self.records_movies,
            "levels": [_fingerprint(level, self.core) for level in self.levels],
            "seeds": list(self.seeds),
            "init": None if self.init is None else _origin(Path(self.init)),
            "is_frozen": self.is_frozen,
            "prefill": None if self.prefill is None else {"source": self.prefill, "num_steps": self.prefill_steps},
            "versions": _versions(),
            "backend": default_backend(),
            "git_commit": _git_commit(),
            "machine": _machine(),
        }

    def jobs(self, results: Results) -> list[Job]:
        """Every run of the plan."""
        return [
            Job(
                level=level,
                seed=seed,
                agent=self.agent,
                config=self.config,
                rules=self.rules,
                folder=results.run(level.folder_name, seed).path,
                core=self.core,
                records_movies=self.records_movies,
                init=self.init,
                is_frozen=self.is_frozen,
                prefill=self.prefill,
                prefill_steps=self.prefill_steps,
            )
            for level in self.levels
            for seed in self.seeds
        ]


def plan_of(manifest: dict[str, Any]) -> Plan:
    """Return the plan that a manifest was written for.

    Raises:
        ResultsError: the manifest is corrupt, or a level's ROM, state or core is another one today.
    """
    if not _has_shape(manifest, _MANIFEST_SHAPE):
        raise ResultsError("The manifest is corrupt: a part is missing or is of another type.")
    add_named_collections(manifest.get("games"))
    try:
        agent = manifest["agent"]
        levels = [(Level(line["game"], line["state"], line["scenario"]), line) for line in manifest["levels"]]
        plan = Plan(
            agent=agent["name"],
            preset=agent["preset"],
            config=configuration_of(find_agent(agent["name"]), agent["config"]),
            rules=Rules(**manifest["rules"]),
            levels=tuple(level for level, _ in levels),
            seeds=tuple(manifest["seeds"]),
            split=manifest["split"],
            core=manifest.get("core"),
            records_movies=manifest["records_movies"],
            init=_checked_origin(manifest.get("init")),
            is_frozen=bool(manifest.get("is_frozen")),
            **_prefill_of(manifest),
        )
    except TypeError as error:
        raise ResultsError(f"The manifest is corrupt: {error!r}.") from error
    for level, line in levels:
        _check_unchanged(level, line, plan.core)
    return plan


def evaluate(results: Results, plan: Plan, *, num_workers: int | None = None) -> Iterator[Event]:
    """Play every run of ``plan`` that is not complete yet, and keep ``scores.json`` up to date.

    Args:
        results: a directory that holds the plan's manifest.
        plan: what is to be judged.
        num_workers: how many runs are played side by side; by default one per processor core.

    Yields:
        What happens, as it happens; a silence is broken by a ``Tick``.

    Raises:
        ResultsError: another process writes to the directory, or it is corrupt.
    """
    with hold(results.path, "--results"):
        jobs = [job for job in plan.jobs(results) if not RunFolder(job.folder).is_complete()]
        try:
            for event in run_side_by_side(jobs, num_workers or available_cores()):
                if isinstance(event, Finished | Failed):
                    write_scores(results, plan)
                yield event
        finally:
            write_scores(results, plan)


def write_scores(results: Results, plan: Plan) -> dict[str, Any]:
    """Gather what the runs have come to so far into ``scores.json`` and return it."""
    runs = [
        read_run(results.run(level.folder_name, seed).path, str(level), seed, plan.rules)
        for level in plan.levels
        for seed in plan.seeds
    ]
    scores = contest_score(runs, FORMAT)
    results.write_scores(scores)
    return scores


def _has_shape(value: object, shape: Any) -> bool:
    """Whether JSON has the types of ``shape``: an object at least its keys, a list any number of its kind."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_has_shape(value.get(key), inner) for key, inner in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(_has_shape(item, shape[0]) for item in value)
    return isinstance(value, shape)


def _fingerprint(level: Level, core_name: str | None) -> dict[str, Any]:
    """What a level is made of, so that nobody compares results of different machines unawares."""
    game = level.integration
    game.scenario(level.scenario)
    core = game.core() if core_name is None else core_of(game.console, core_name)
    state, rom = game.state(level.state, core.name), game.rom()
    return {
        "id": str(level),
        "game": level.game,
        "state": level.state,
        "scenario": level.scenario,
        "rom_sha1": hashlib.sha1(rom.read_bytes(), usedforsecurity=False).hexdigest(),
        "state_sha256": hashlib.sha256(state).hexdigest(),
        "core": {"name": core.name, "version": core.version, "sha256": core.sha256, "options": game.core_options},
    }


def _check_unchanged(level: Level, recorded: dict[str, Any], core_name: str | None) -> None:
    today = _fingerprint(level, core_name)
    for part in ("rom_sha1", "core", "state_sha256"):
        if recorded.get(part) != today[part]:
            raise ResultsError(
                f"{level} is not what it was when these results were begun: its {part.split('_')[0]} was "
                f"{recorded.get(part)} and is {today[part]}; start anew with another --results."
            )


def _origin(path: Path) -> dict[str, str]:
    """Which weights an evaluation begins with."""
    file = checkpoint_at(path)
    return {"path": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _checked_origin(recorded: dict[str, str] | None) -> str | None:
    """Return the path of the weights that results were begun with.

    Raises:
        ResultsError: they are gone or others today.
    """
    if recorded is None:
        return None
    file = Path(recorded["path"])
    if not file.is_file() or _origin(file) != recorded:
        raise ResultsError(f"The weights {file} are gone or not what they were; start anew with another --results.")
    return str(file)


def _prefill_of(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what results were prefilled with, as fields of a plan.

    Raises:
        ResultsError: the manifest is corrupt.
    """
    recorded = manifest.get("prefill")
    if recorded is None:
        return {}
    if not _has_shape(recorded, {"source": str, "num_steps": int}):
        raise ResultsError(f"The manifest is corrupt: {recorded!r} is no prefill.")
    return {"prefill": recorded["source"], "prefill_steps": recorded["num_steps"]}


def _versions() -> dict[str, str]:
    versions = {"newgameplus": newgameplus.__version__, "python": platform.python_version()}
    return versions | {name: importlib.metadata.version(name) for name in _VERSIONED}


def _git_commit() -> str | None:
    """Commit of the source that runs, with ``+`` where it has been edited; None outside a git checkout."""
    folder = Path(newgameplus.__file__).parent
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"]
    try:
        tracked = subprocess.run(
            ["git", "-C", str(folder), "ls-files", "--error-unmatch", "__init__.py"],
            capture_output=True,
            check=False,
        )
        if tracked.returncode:
            return None
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _machine() -> dict[str, Any]:
    return {
        "platform": platform.platform(),
        "cpu": _cpu_name(),
        "num_cores": available_cores(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
