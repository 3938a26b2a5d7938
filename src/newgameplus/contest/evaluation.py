"""Evaluation of an agent on levels under the contest's rules, with everything kept in a results directory."""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import newgameplus
from newgameplus.contest.elsewhere import tasks_of
from newgameplus.contest.entry_plan import EntryPlan, entry_plan_of
from newgameplus.contest.entry_run import check_sandbox
from newgameplus.contest.fingerprint import check_unchanged, fingerprint
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import Rules, find_rules
from newgameplus.contest.run_scores import read_run
from newgameplus.contest.scores import RunScore, contest_score
from newgameplus.contest.workers import Event, Failed, Finished, play_runs, tasks_here
from newgameplus.durable import hold
from newgameplus.emulator.backends import default_backend
from newgameplus.errors import ResultsError, RomError, UsageError
from newgameplus.executor.interface import Executor
from newgameplus.executor.local import LocalExecutor, available_cores
from newgameplus.executor.retries import RetryingExecutor
from newgameplus.fields import pick, to_json
from newgameplus.games.folders import add_named_collections, named_collections
from newgameplus.games.levels import Level
from newgameplus.movies.marks import FRAMES_PER_MARK
from newgameplus.results.evaluations import FORMAT, Results
from newgameplus.results.runs import RunFolder
from newgameplus.results.training_runs import checkpoint_at
from newgameplus.training.agent_plan import AgentPlan, agent_plan_of
from newgameplus.training.ceilings import check_ceiling
from newgameplus.training.demonstrations import Preparation
from newgameplus.training.preparation import check_preparation
from newgameplus.training.rehearsal import rehearse
from newgameplus.training.together import acts_together
from newgameplus.training.wishes import check_snapshots, outcome, wishes_of
from newgameplus.training.worlds import judged_world_plan_of, with_actions

MAX_ROWS = 32
"""Largest number of runs in a batch; more make a forward hardly faster, and each holds a console and an agent."""
_VERSIONED = ("numpy", "gymnasium", "stable-retro", "opencv-python-headless", "av")


def check(plan: Plan) -> None:
    """Check that every level can be played and that the agent can start, before anything is written.

    Raises:
        NewGamePlusError: a ROM, state, scenario, core or checkpoint is missing; the message says which.
    """
    check_levels(plan)
    if plan.sandbox is not None:
        check_sandbox(plan)
    if isinstance(plan.agent, EntryPlan):
        return
    plan.agent.arithmetic()  # refuses a device that is not there
    check_snapshots(plan.agent, plan.world)
    if plan.agent.init is not None:
        checkpoint_at(Path(plan.agent.init))
    check_preparation(Preparation(plan.agent, plan.world, num_envs=1, seed=0))
    check_ceiling(plan.agent, plan.world)
    rehearse(plan.agent, plan.world)


def check_levels(plan: Plan) -> None:
    """Check that every level can be played, with the actions of the agent.

    Raises:
        NewGamePlusError: a ROM, state, scenario or core is missing; the message says which.
    """
    for level in plan.world.levels:
        fingerprint(level, plan.world.core)
        _check_dump(level)
    with_actions(plan.world, plan.agent.specs()[1])


def manifest_of(plan: Plan, command: Sequence[str]) -> dict[str, Any]:
    """Return the content of ``manifest.json``."""
    agent, world = plan.agent, plan.world
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        **agent.manifest(),
        "sandbox": plan.sandbox,
        "wishes": None if isinstance(agent, EntryPlan) else outcome(wishes_of(agent), world),
        "rules": to_json(plan.rules) | to_json(world.rules),
        "split": plan.split,
        "core": world.core,
        "actions": to_json(world.actions),
        "games": named_collections(),
        "records_movies": plan.records_movies,
        "rows_together": plan.rows_together,
        "levels": [fingerprint(level, world.core) for level in world.levels],
        "seeds": list(plan.seeds),
        "init": None if isinstance(agent, EntryPlan) or agent.init is None else _origin(Path(agent.init)),
        "arithmetic": arithmetic_of(plan),
        "versions": _versions(),
        "backend": default_backend(),
        "git_commit": _git_commit(),
        "machine": _machine(),
    }


def arithmetic_of(plan: Plan) -> dict[str, Any]:
    """Return the agent's arithmetic on this machine; the number of threads depends on the number of parallel runs."""
    if isinstance(plan.agent, EntryPlan):
        return {}
    return {name: part for name, part in plan.agent.arithmetic().items() if name != "threads"}


def plan_of(manifest: dict[str, Any], trusted: str | None = None) -> Plan:
    """Return the plan that a manifest was written for.

    Args:
        manifest: the manifest, which may be somebody else's.
        trusted: the agent that the user has named, if any; no other foreign code is imported.

    Raises:
        ResultsError: the manifest is corrupt, or a level's ROM, state or core has changed since.
    """
    add_named_collections(manifest.get("games"))
    try:
        parts = {
            "agent": _contender_of(manifest, trusted),
            "world": judged_world_plan_of(manifest),
            "rules": pick(Rules, manifest["rules"]),
        }
        plan = pick(Plan, {**manifest, **parts})
    except UsageError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"The manifest is corrupt: {error}.") from error
    for level, line in zip(plan.world.levels, manifest["levels"], strict=True):
        check_unchanged(level, line, plan.world.core)
    return plan


def _contender_of(manifest: dict[str, Any], trusted: str | None) -> AgentPlan | EntryPlan:
    entry = entry_plan_of(manifest)
    return entry or agent_plan_of({**manifest, "init": _checked_origin(manifest.get("init"))}, trusted)


def rows_together(plan: Plan, num_workers: int | None, is_batched: bool | None) -> int:
    """Return how many runs of a plan each process plays as the rows of a batch; 1 for a process each.

    Args:
        plan: the plan.
        num_workers: number of parallel processes; None for one per CPU core.
        is_batched: whether the runs are played as rows of batches; None for where they can be, unless their wall clock
            was chosen, since the rows of a batch share their time.

    Raises:
        UsageError: they shall be, but cannot.
    """
    reason = _why_apart(plan)
    if is_batched and reason is not None:
        raise UsageError(f"These runs cannot be played as the rows of a batch, since {reason}: leave out --batch.")
    has_own_clock = plan.rules.max_wall_clock_seconds != find_rules(plan.rules.name).max_wall_clock_seconds
    if reason is not None or is_batched is False or (is_batched is None and has_own_clock):
        return 1
    num_runs = len(plan.world.levels) * len(plan.seeds)
    return min(MAX_ROWS, math.ceil(num_runs / (num_workers or available_cores())))


def _why_apart(plan: Plan) -> str | None:
    """Why the runs of a plan cannot be the rows of a batch, as a clause; None if they can."""
    if plan.sandbox is not None:
        return "each agent has a sandbox of its own"
    agent = plan.own_agent
    if not acts_together(agent):
        return f"the agent {agent.name} {'does not act' if agent.is_frozen else 'learns and does not act'} so"
    if default_backend() != "native":
        return "the engine, which steps them, is not built or not chosen"
    if FRAMES_PER_MARK % plan.world.rules.frames_per_step:
        return f"steps of {plan.world.rules.frames_per_step} frames do not fit the seconds of their movies"
    return None


def jobs_of(plan: Plan, results: Results) -> list[Job]:
    """Return all runs of a plan."""
    return [
        Job(plan, level, seed, results.run(level.folder_name, seed).path)
        for level in plan.world.levels
        for seed in plan.seeds
    ]


def evaluate(
    results: Results,
    plan: Plan,
    *,
    num_workers: int | None = None,
    elsewhere: Executor[Any] | None = None,
) -> Iterator[Event]:
    """Play every run of ``plan`` that is not complete, and keep ``scores.json`` up to date.

    Args:
        results: a directory that holds the plan's manifest.
        plan: the plan.
        num_workers: number of parallel runs on this machine; by default one per CPU core.
        elsewhere: executor on machines that do not see this one's disk; None to play here.

    Yields:
        Events as they happen, and a ``Tick`` after a time without any.

    Raises:
        ResultsError: another process writes to the directory, or it is corrupt.
        UsageError: something of the plan cannot travel.
    """
    with hold(results.path, "--results"):
        _read_runs(results, plan)  # corrupt files are found before anything is played
        try:
            for event in _played(jobs_of(plan, results), num_workers, elsewhere):
                if isinstance(event, Finished | Failed):
                    write_scores(results, plan)
                yield event
        finally:
            write_scores(results, plan)


def _played(jobs: list[Job], num_workers: int | None, elsewhere: Executor[Any] | None) -> Iterator[Event]:
    if elsewhere is not None:
        yield from play_runs(tasks_of([job for job in jobs if not RunFolder(job.folder).is_complete()]), elsewhere)
        return
    with closing(RetryingExecutor(LocalExecutor[Any](num_workers or available_cores()))) as executor:
        yield from play_runs(tasks_here(jobs), executor)


def write_scores(results: Results, plan: Plan) -> dict[str, Any]:
    """Write the current results of all runs to ``scores.json`` and return them."""
    scores = contest_score(_read_runs(results, plan), FORMAT)
    results.write_scores(scores)
    return scores


def _read_runs(results: Results, plan: Plan) -> list[RunScore]:
    return [
        read_run(results.run(level.folder_name, seed).path, str(level), seed, plan.rules)
        for level in plan.world.levels
        for seed in plan.seeds
    ]


def _check_dump(level: Level) -> None:
    game = level.integration
    if game.rom_origin == "other":
        raise RomError(
            f"The ROM of {game.name} is another dump than those that the contest knows (SHA-1 "
            f"{' or '.join(game.rom_sha1s)}), so its scores could not be compared: play it, train on it, or import the "
            "right one with: ngp games import PATH"
        )


def _origin(path: Path) -> dict[str, str]:
    """Path and hash of an evaluation's initial weights."""
    file = checkpoint_at(path)
    return {"path": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _checked_origin(recorded: dict[str, str] | None) -> str | None:
    """Return the path of the initial weights of results.

    Raises:
        ResultsError: they are missing or have changed since.
    """
    if recorded is None:
        return None
    file = Path(recorded["path"])
    if not file.is_file() or _origin(file) != recorded:
        raise ResultsError(f"The weights {file} are gone or not what they were; start anew with another --results.")
    return str(file)


def _versions() -> dict[str, str]:
    versions = {"newgameplus": newgameplus.__version__, "python": platform.python_version()}
    return versions | {name: importlib.metadata.version(name) for name in _VERSIONED}


def _git_commit() -> str | None:
    """Commit of the running source, with ``+`` if it has been modified; None outside a git checkout."""
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
