"""A training run: puts an agent into a batch of levels, logs, writes checkpoints and goes on exactly.

Killed at any moment and resumed, a run ends as if it had never stopped, bit for bit on a CPU: a checkpoint holds the
agent, every console's moment, every random state and the length of each log, and what was written after it is cut off.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of, describe
from newgameplus.durable import write_atomically
from newgameplus.envs.batch import RetroVecEnv, snapshot_from_bytes
from newgameplus.envs.world import world_spec
from newgameplus.errors import ResultsError, StateError, UsageError
from newgameplus.games.levels import Level
from newgameplus.nn.device import find_device
from newgameplus.training.checkpoints import load_state, save_state
from newgameplus.training.loop import Turn, play
from newgameplus.training.metrics import JsonLines, Sink, TensorBoard, all_of
from newgameplus.training.transfer import begin_from, checkpoint_at, checkpoints
from newgameplus.types import Agent, Array

FORMAT = 1
MANIFEST = "training.json"
NUM_RECENT = 20
"""Episodes of a level that its mean return is taken over."""
NUM_KEPT = 2
"""Checkpoints kept beside the best: the newest and, should it be damaged, the one before."""
REPORT_INTERVAL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is to be trained, on what, for how long."""

    agent: str
    """Name of the agent, or ``package.module:Class``."""
    preset: str
    config: Any
    """The agent's configuration dataclass."""
    levels: tuple[Level, ...]
    """Row ``i`` of the world plays level ``i`` modulo their number."""
    num_envs: int
    """B, the number of rows."""
    num_steps: int
    """Agent steps in all rows together."""
    seed: int = 0
    checkpoint_steps: int = 50_000
    """Steps between checkpoints."""
    init: str | None = None
    """A checkpoint whose weights the agent begins with."""
    core: str | None = None
    """Name of the core that plays; None for the one that each game names."""

    def __post_init__(self) -> None:
        if not self.levels:
            raise UsageError("Training needs at least one level; see: ngp levels")
        for name in ("num_envs", "num_steps", "checkpoint_steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if self.seed < 0:
            raise UsageError(f"A seed is a whole number from 0, not {self.seed}.")

    def manifest(self) -> dict[str, Any]:
        """Return the plan as JSON types."""
        return {
            "format": FORMAT,
            "agent": {"name": self.agent, "preset": self.preset, "config": describe(self.config)},
            "levels": [[level.game, level.state, level.scenario] for level in self.levels],
            "num_envs": self.num_envs,
            "num_steps": self.num_steps,
            "seed": self.seed,
            "checkpoint_steps": self.checkpoint_steps,
            "init": self.init,
            "core": self.core,
        }


def read_plan(folder: Path) -> TrainingPlan:
    """Return the plan that a run was begun with.

    Raises:
        ResultsError: there is no run in the folder, or its manifest is damaged or of another version.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ResultsError(f"{path} is of another version ({content['format']}); begin a new run.")
        agent = content["agent"]
        return TrainingPlan(
            agent=agent["name"],
            preset=agent["preset"],
            config=configuration_of(find_agent(agent["name"]), agent["config"]),
            levels=tuple(Level(*level) for level in content["levels"]),
            **{name: content[name] for name in ("num_envs", "num_steps", "seed", "checkpoint_steps", "init", "core")},
        )
    except FileNotFoundError:
        raise ResultsError(f"There is no training run in {folder}; begin one with: ngp train AGENT --run DIR") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path} is damaged ({error}); begin a new run.") from error


def check(plan: TrainingPlan) -> None:
    """Make sure that every level can be played and that the agent can begin, before anything is written.

    Raises:
        NewGamePlusError: a ROM, state, scenario, core or checkpoint is missing; the message says which.
    """
    for level in dict.fromkeys(plan.levels):
        level.integration.rom()
        level.integration.scenario(level.scenario)
    device = getattr(plan.config, "device", None)
    if device is not None:
        find_device(device)
    if plan.init is not None:
        checkpoint_at(Path(plan.init))


def begin(plan: TrainingPlan, folder: Path) -> None:
    """Make a run's folder and write its plan into it.

    Raises:
        ResultsError: the folder exists and holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ResultsError(f"{folder} is not empty; give another --run, or --resume to go on with it.")
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    write_atomically(folder / MANIFEST, json.dumps(plan.manifest(), indent=2) + "\n")


@dataclass(slots=True)
class Tracker:
    """How far a run is and how its episodes went; goes into its checkpoints."""

    num_envs: int
    num_steps: int = 0
    """Agent steps in all rows together."""
    num_episodes: int = 0
    best: float | None = None
    """The highest mean return over recent episodes that a checkpoint was kept for."""
    elapsed_seconds: float = 0.0
    episode_return: Array = field(default_factory=lambda: np.zeros(0))
    """Return so far of the episode in progress, float64 ``[B]``."""
    episode_steps: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    recent: dict[str, deque[float]] = field(default_factory=dict)
    """Level id to the returns of its last episodes."""

    def __post_init__(self) -> None:
        if not len(self.episode_return):
            self.episode_return = np.zeros(self.num_envs)
            self.episode_steps = np.zeros(self.num_envs, np.int64)

    def follow(self, turn: Turn, levels: list[str]) -> list[dict[str, Any]]:
        """Count a turn; return the episodes that ended in it: level, return and length in steps."""
        self.num_steps += self.num_envs
        self.episode_return += turn.step.reward
        self.episode_steps += 1
        ended = []
        for row in np.flatnonzero(turn.step.done).tolist():
            value, length = float(self.episode_return[row]), int(self.episode_steps[row])
            ended.append({"level": levels[row], "return": value, "length": length})
            self.recent.setdefault(levels[row], deque(maxlen=NUM_RECENT)).append(value)
            self.episode_return[row], self.episode_steps[row] = 0.0, 0
            self.num_episodes += 1
        return ended

    @property
    def mean_return(self) -> float | None:
        """Mean over levels of the mean return of their recent episodes; None before the first episode ends."""
        means = [float(np.mean(returns)) for returns in self.recent.values()]
        return float(np.mean(means)) if means else None

    def state(self) -> dict[str, Any]:
        """Return everything as a saved state may hold it."""
        return {
            "num_steps": self.num_steps,
            "num_episodes": self.num_episodes,
            "best": self.best,
            "elapsed_seconds": self.elapsed_seconds,
            "episode_return": self.episode_return.copy(),
            "episode_steps": self.episode_steps.copy(),
            "recent": {level: list(returns) for level, returns in self.recent.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        for name in ("num_steps", "num_episodes", "best", "elapsed_seconds", "episode_return", "episode_steps"):
            setattr(self, name, state[name])
        self.recent = {level: deque(returns, NUM_RECENT) for level, returns in state["recent"].items()}


@dataclass(frozen=True, slots=True)
class Report:
    """What a run tells now and then."""

    num_steps: int
    num_episodes: int
    mean_return: float | None
    elapsed_seconds: float
    figures: dict[str, float]
    """The agent's own, of its last update."""


def train(plan: TrainingPlan, folder: Path) -> Iterator[Report]:
    """Train from the last checkpoint in ``folder``, or from the beginning, until the plan's steps are played.

    Raises:
        ResultsError: no checkpoint can be read, or a log was changed.
        NewGamePlusError: the levels or the agent cannot be made.
        LearningError: the loss is no longer a number; the last checkpoint is intact.
    """
    with _opened(plan, folder) as run:
        yield from run.play()


@dataclass
class _Run:
    plan: TrainingPlan
    folder: Path
    world: RetroVecEnv
    agent: Agent
    tracker: Tracker
    episodes: JsonLines
    metrics: JsonLines
    sinks: list[Sink]
    observation: Array | None
    """Where the world stands; None at the beginning."""

    def play(self) -> Iterator[Report]:
        plan, tracker = self.plan, self.tracker
        levels = [str(row.level) for row in self.world.rows]
        started = time.monotonic() - tracker.elapsed_seconds
        seed = _seeds(plan)[0] if self.observation is None else None
        next_report = 0.0
        turns = play(self.agent, self.world, seed=seed, observation=self.observation)
        if tracker.num_steps >= plan.num_steps:
            return
        for turn in turns:
            for episode in tracker.follow(turn, levels):
                self.episodes.write(tracker.num_steps, episode)
            tracker.elapsed_seconds = time.monotonic() - started
            self._write_figures()
            is_over = tracker.num_steps >= plan.num_steps
            if is_over or _passes(tracker.num_steps, plan.num_envs, plan.checkpoint_steps):
                self._save(turn.step.observation)
            if is_over or tracker.elapsed_seconds >= next_report:
                next_report = tracker.elapsed_seconds + REPORT_INTERVAL_SECONDS
                yield self._report()
            if is_over:
                return

    def _report(self) -> Report:
        tracker = self.tracker
        return Report(
            tracker.num_steps, tracker.num_episodes, tracker.mean_return, tracker.elapsed_seconds, _figures(self.agent)
        )

    def _write_figures(self) -> None:
        """Write a line of figures every few thousand steps, at steps that depend on nothing but the plan."""
        tracker = self.tracker
        if not _passes(tracker.num_steps, self.plan.num_envs, max(1000, self.plan.num_envs * 128)):
            return
        figures = {f"learning/{name}": figure for name, figure in _figures(self.agent).items()}
        if tracker.mean_return is not None:
            figures["return/mean"] = tracker.mean_return
        figures |= {f"return/{level}": float(np.mean(returns)) for level, returns in tracker.recent.items()}
        if figures:
            for sink in self.sinks:
                sink.write(tracker.num_steps, figures)

    def _save(self, observation: Array) -> None:
        mean = self.tracker.mean_return
        is_best = mean is not None and (self.tracker.best is None or mean > self.tracker.best)
        if is_best:
            self.tracker.best = mean
        rows = range(self.plan.num_envs)
        state = {
            "format": FORMAT,
            "tracker": self.tracker.state(),
            "agent": self.agent.state(),
            "world": {
                "snapshots": [np.frombuffer(self.world.save(row).to_bytes(), np.uint8) for row in rows],
                "random": [self.world.random_state(row) for row in rows],
                "observation": observation.copy(),
            },
            "episodes_bytes": self.episodes.size_bytes,
            "metrics_bytes": self.metrics.size_bytes,
        }
        folder = self.folder / "checkpoints"
        save_state(folder / f"{self.tracker.num_steps:012d}.safetensors", state)
        if is_best:
            save_state(folder / "best.safetensors", state)
        for old in checkpoints(self.folder)[:-NUM_KEPT]:
            old.unlink()


@contextmanager
def _opened(plan: TrainingPlan, folder: Path) -> Iterator[_Run]:
    agent_class = find_agent(plan.agent)
    observation_spec, action_spec = agent_class.specs(plan.config)
    saved = _last_checkpoint(folder)
    levels = [plan.levels[row % len(plan.levels)] for row in range(plan.num_envs)]
    with ExitStack() as closing:
        world = RetroVecEnv(levels, observation_spec=observation_spec, action_spec=action_spec, core=plan.core)
        closing.callback(world.close)
        spec = world_spec(world, num_timesteps=plan.num_steps // plan.num_envs)
        agent = agent_class(plan.config, spec, _seeds(plan)[1])
        if hasattr(agent, "keep_in"):
            agent.keep_in(folder / "replay")
        tracker = Tracker(plan.num_envs)
        observation = None
        if saved is not None:
            tracker.restore(saved["tracker"])
            agent.restore(saved["agent"])
            observation = _restore_world(world, saved["world"])
        elif plan.init is not None:
            begin_from(agent, plan.agent, Path(plan.init))
        episodes = JsonLines(folder / "episodes.jsonl", saved["episodes_bytes"] if saved else 0)
        metrics = JsonLines(folder / "metrics.jsonl", saved["metrics_bytes"] if saved else 0)
        sinks: list[Sink] = [metrics, TensorBoard(folder / "tensorboard", tracker.num_steps)]
        closing.enter_context(all_of([episodes, *sinks]))
        yield _Run(plan, folder, world, agent, tracker, episodes, metrics, sinks, observation)


def _last_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Return the newest checkpoint that can be read, or None when none was written."""
    files = checkpoints(folder)
    for file in reversed(files):
        try:
            return load_state(file)
        except StateError:
            if file == files[0]:
                raise
    return None


def _restore_world(world: RetroVecEnv, saved: dict[str, Any]) -> Array:
    world.reset()
    for row, (snapshot, random) in enumerate(zip(saved["snapshots"], saved["random"], strict=True)):
        world.load(row, snapshot_from_bytes(snapshot.tobytes()))
        world.restore_random_state(row, random)
    observation: Array = saved["observation"]
    return observation


def _seeds(plan: TrainingPlan) -> tuple[int, int]:
    """Independent seeds of the world and of the agent."""
    world, agent = np.random.SeedSequence([plan.seed, 1]).generate_state(2)
    return int(world), int(agent)


def _passes(num_steps: int, num_new: int, interval: int) -> bool:
    """Whether the last ``num_new`` steps went past a multiple of ``interval``."""
    return num_steps // interval > (num_steps - num_new) // interval


def _figures(agent: Agent) -> dict[str, float]:
    metrics = getattr(agent, "metrics", None)
    return dict(metrics()) if metrics is not None else {}
