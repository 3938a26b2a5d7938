"""A training run: trains an agent on a batch of levels, logs, writes checkpoints and resumes exactly.

A run that is killed and resumed ends bit-identical, on a CPU, to an uninterrupted one: a checkpoint holds the agent,
the state of every console, every random generator and the length of each log, and what was written after it is cut off.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from newgameplus.agents.interface import Agent, HasMetrics, KeepsFiles, Searches, UsesSnapshots
from newgameplus.agents.populations import Evolves, PlaysApart
from newgameplus.envs.interface import ResumableWorld
from newgameplus.envs.level_queue import LevelQueue, ShuffledLevels
from newgameplus.envs.snapshots import SnapshotWorld
from newgameplus.envs.world import world_spec
from newgameplus.errors import ResultsError, UsageError
from newgameplus.executor.interface import Executor
from newgameplus.executor.local import LocalExecutor, available_cores
from newgameplus.executor.retries import RetryingExecutor
from newgameplus.results.json_lines import JsonLines
from newgameplus.results.training_runs import LOGS, NUM_KEPT, TrainingFolder
from newgameplus.training.demonstrations import Prepared
from newgameplus.training.individuals import Individuals, PopulationPlan
from newgameplus.training.live import Showing
from newgameplus.training.metrics import FigureLog, Sink, TensorBoard, WeightsAndBiases
from newgameplus.training.plan import TrainingPlan
from newgameplus.training.preparation import prepare
from newgameplus.training.rows import Players, Rows
from newgameplus.training.seeds import training_seeds
from newgameplus.training.tracker import Tracker
from newgameplus.training.transfer import begin_from, weights_of
from newgameplus.training.watching import figures_of, picture_of, watch
from newgameplus.training.worlds import make_serial_world, make_world
from newgameplus.types import State

REPORT_INTERVAL_SECONDS = 0.25
CHECKPOINT_SECONDS = 600.0
"""Time after which a checkpoint is written even if the plan's steps between two have not been played."""
CHECKPOINT_SHARE = 0.05
"""Largest share of the time that such checkpoints take."""


@dataclass(frozen=True, slots=True)
class Report:
    """Progress report of a run."""

    num_steps: int
    num_episodes: int
    mean_return: float | None
    elapsed_seconds: float
    figures: dict[str, float]
    """Metrics of the agent's last update."""
    generation: dict[str, Any] | None = None
    """Summary of the generation that has just been completed, of an agent that evolves."""
    prepared: Prepared | None = None
    """Progress of the agent's preparation, before the run has begun; None afterwards."""


def train(
    plan: TrainingPlan,
    folder: Path,
    is_stopped: Callable[[], bool] = lambda: False,
    executor: Executor[Any] | None = None,
    stream: LevelQueue | None = None,
) -> Iterator[Report]:
    """Train from the last checkpoint in ``folder``, or from the beginning, until the plan's steps are played.

    Args:
        plan: the plan of the run in the folder.
        folder: folder of the run.
        is_stopped: asked after each turn; once it is true, a checkpoint is written and nothing more is played.
        executor: plays individuals, if the plan plays them apart, and is closed; None for processes here.
        stream: the plan's stream of levels, if it has one; not closed.

    Raises:
        UsageError: the plan has a stream of levels, and none is given.
        ResultsError: a log was changed, another process uses the folder, or the disk is full; the last checkpoint is
            intact.
        StateError: no checkpoint can be read.
        NewGamePlusError: the levels or the agent cannot be created.
        LearningError: the loss is NaN or infinite; the last checkpoint is intact.
    """
    try:
        with TrainingFolder(folder).held(), _opened(plan, TrainingFolder(folder), executor, stream) as run:
            yield from run.play(is_stopped)
    except OSError as error:
        raise ResultsError(
            f"Cannot write to {folder}: {error.strerror or error}; its last checkpoint is intact, "
            f"so make room and go on with: ngp train --resume --run {folder}"
        ) from error


@dataclass
class _Run:
    plan: TrainingPlan
    folder: TrainingFolder
    players: Players
    agent: Agent
    tracker: Tracker
    logs: dict[str, JsonLines]
    """Logs with the names in ``LOGS``."""
    sinks: list[Sink]
    """Sinks of the metrics."""
    recorded: int | None = None
    """Number of the generation that was logged last."""
    recorded_best: object = None
    """Its fittest individual, which has a movie."""
    next_checkpoint_at: float = 0.0
    """Time of the next checkpoint by time, as ``time.monotonic``."""

    def play(self, is_stopped: Callable[[], bool]) -> Iterator[Report]:
        tracker = self.tracker
        if isinstance(self.players, Rows) and not self.players.have_begun:
            yield from self._begin(self.players, is_stopped)
            if not self.players.have_begun:
                return
        self.next_checkpoint_at = time.monotonic() + CHECKPOINT_SECONDS
        started = time.monotonic() - tracker.elapsed_seconds
        next_report = 0.0
        if self._is_over():
            return
        for advance in self.players.advances():
            for episode in advance.episodes:
                self.logs["episodes"].write(tracker.num_steps, episode)
            tracker.elapsed_seconds = time.monotonic() - started
            self._write_figures(advance.num_steps)
            self._watch(advance.num_steps)
            generation = self._log_generation()
            is_over = self._is_over()
            is_left = is_over or is_stopped()
            self._keep(advance.num_steps)
            self._checkpoint(advance.num_steps, is_over=is_over, is_left=is_left)
            if is_left or generation is not None or tracker.elapsed_seconds >= next_report:
                next_report = tracker.elapsed_seconds + REPORT_INTERVAL_SECONDS
                yield replace(self._report(), generation=generation)
            if is_left:
                return

    def _is_over(self) -> bool:
        """Whether all steps are played, or nothing more is learned."""
        is_finished = isinstance(self.agent, Evolves) and self.agent.is_finished()
        return is_finished or self.tracker.num_steps >= self.plan.total_steps

    def _checkpoint(self, num_new: int, *, is_over: bool, is_left: bool) -> None:
        """Write a checkpoint if the plan has one here, or if the run is left, or if it is time for one."""
        if is_over or _passes(self.tracker.num_steps, num_new, self.plan.checkpoint_steps):
            self._save()
        elif is_left or time.monotonic() >= self.next_checkpoint_at:
            self._save(is_extra=True)

    def _keep(self, num_new: int) -> None:
        """Keep the agent if the steps were played after which the plan has it kept."""
        for num_steps in self.plan.keep_steps:
            if self.tracker.num_steps - num_new < num_steps <= self.tracker.num_steps:
                self.folder.keep(num_steps, weights_of(self.agent))

    def _begin(self, rows: Rows, is_stopped: Callable[[], bool]) -> Iterator[Report]:
        """Prepare the agent as the plan says, and reset every row; leave it unprepared if stopped and resumable."""
        prepared: Prepared | None = None
        self.next_checkpoint_at = time.monotonic() + CHECKPOINT_SECONDS
        for prepared in prepare(self.plan.preparation, self.agent):
            if prepared.is_complete:
                self._tell({f"{prepared.stage}/{name}": figure for name, figure in prepared.figures.items()})
            is_left = prepared.is_resumable and is_stopped()
            is_due = prepared.is_complete or time.monotonic() >= self.next_checkpoint_at
            if is_left or (prepared.is_resumable and is_due):
                self._save(is_extra=True)
            yield replace(self._report(), prepared=prepared)
            if is_left:
                return
        rows.begin(training_seeds(self.plan.seed)[0])
        if prepared is not None:
            self._save()

    def _report(self) -> Report:
        tracker = self.tracker
        return Report(
            tracker.num_steps, tracker.num_episodes, tracker.mean_return, tracker.elapsed_seconds, _figures(self.agent)
        )

    def _write_figures(self, num_new: int) -> None:
        """Write metrics at steps that depend only on the plan."""
        plan, tracker = self.plan, self.tracker
        if not _passes(tracker.num_steps, num_new, plan.log_steps or max(1000, plan.num_envs * 128)):
            return
        figures = {f"learning/{name}": figure for name, figure in _figures(self.agent).items()}
        if tracker.mean_return is not None:
            figures["return/mean"] = tracker.mean_return
        figures |= {f"return/{level}": float(np.mean(returns)) for level, returns in tracker.recent.items()}
        self._tell(figures)

    def _watch(self, num_new: int) -> None:
        plan, num_steps = self.plan, self.tracker.num_steps
        if plan.watch_steps is None or not _passes(num_steps, num_new, plan.watch_steps):
            return
        self._show(watch(plan, self.folder.path, self.agent.state(), num_steps // plan.watch_steps - 1))

    def _show(self, seen: dict[str, Any]) -> None:
        """Log a watched episode."""
        num_steps = self.tracker.num_steps
        self.logs["watched"].write(num_steps, seen)
        self._tell(figures_of(seen))
        picture = picture_of(seen)
        if picture is not None:
            for sink in self.sinks:
                sink.show(num_steps, "watched/value along the episode", picture)

    def _log_generation(self) -> dict[str, Any] | None:
        """Log a generation if one was completed in this turn, keep the winner, and record a new best individual."""
        agent = self.agent
        if not isinstance(agent, Evolves):
            return None
        generation = agent.generation()
        if generation.get("generation") == self.recorded:
            return None
        generation["elapsed_seconds"] = round(self.tracker.elapsed_seconds, 3)
        self.recorded = generation["generation"]
        self.logs["generations"].write(self.tracker.num_steps, generation)
        self.folder.save_winner(agent.winner())
        if generation["best"] != self.recorded_best:
            self.recorded_best = generation["best"]
            self._show(watch(self.plan, self.folder.path, agent.best_of_generation(), generation["generation"]))
        return generation

    def _tell(self, figures: dict[str, float]) -> None:
        if figures:
            for sink in self.sinks:
                sink.write(self.tracker.num_steps, figures)

    def _save(self, *, is_extra: bool = False) -> None:
        """Write a checkpoint.

        Args:
            is_extra: it is not one of the plan's, so that it counts for nothing but to resume from: which checkpoint is
                the best depends on the plan alone.
        """
        began = time.monotonic()
        good = self.agent.best_return() if isinstance(self.agent, Searches) else self.tracker.mean_return
        is_best = not is_extra and good is not None and (self.tracker.best is None or good > self.tracker.best)
        if is_best:
            self.tracker.best = good
        state = {
            "tracker": self.tracker.state(),
            "agent": self.agent.state(),
            **self.players.state(),
            **{f"{name}_bytes": log.size_bytes for name, log in self.logs.items()},
        }
        self.folder.save_checkpoint(self.tracker.num_steps, state, is_best=is_best)
        now = time.monotonic()
        self.next_checkpoint_at = now + max(CHECKPOINT_SECONDS, (now - began) / CHECKPOINT_SHARE)


@contextmanager
def _opened(
    plan: TrainingPlan, folder: TrainingFolder, executor: Executor[Any] | None, stream: LevelQueue | None
) -> Iterator[_Run]:
    if plan.num_threads is not None:
        torch.set_num_threads(plan.num_threads)
    saved = folder.last_checkpoint()
    if saved is None:
        folder.check_nothing_lost(plan.checkpoint_steps + plan.num_envs)
    with ExitStack() as closing:
        tracker = Tracker(plan.num_envs, averages_zones=plan.stream is not None)
        if saved is not None:
            tracker.restore(saved["tracker"])
        world = _world(plan, stream)
        closing.callback(world.close)
        agent = _agent(plan, folder, world, saved)
        players: Players
        if plan.plays_apart:
            players = _individuals(plan, agent, executor, tracker)
        else:
            players = _rows(plan, folder, agent, world, tracker, saved)
        closing.callback(players.close)
        told = agent.generation() if isinstance(agent, Evolves) else {}
        names = [name for name in LOGS if name != "generations" or isinstance(agent, Evolves)]
        lengths = {name: saved.get(f"{name}_bytes", 0) if saved else 0 for name in names}
        logs: dict[str, JsonLines] = {}
        for name, length in lengths.items():
            logs[name] = JsonLines(folder.log(name), length)
            closing.callback(logs[name].close)
        sinks: list[Sink] = [TensorBoard(folder.tensorboard, tracker.num_steps)]
        closing.callback(sinks[0].close)
        if plan.wandb is not None:
            sinks.append(WeightsAndBiases(plan.wandb, folder, plan.manifest()))
            closing.callback(sinks[1].close)
        every_sink = [FigureLog(logs["metrics"]), *sinks]
        yield _Run(plan, folder, players, agent, tracker, logs, every_sink, told.get("generation"), told.get("best"))


def _agent(plan: TrainingPlan, folder: TrainingFolder, world: ResumableWorld, saved: State | None) -> Agent:
    """Return the agent, restored or with its initial weights."""
    spec = world_spec(world, num_timesteps=plan.total_steps // plan.num_envs)
    agent = plan.agent.make(replace(spec, zones=plan.zones, levels=plan.level_numbers), training_seeds(plan.seed)[1])
    if isinstance(agent, UsesSnapshots) and isinstance(world, SnapshotWorld):
        agent.use_snapshots(world)
    if isinstance(agent, KeepsFiles):
        # Back to the checkpoint before the newest, plus a margin: a truncated episode takes one step more.
        most_steps_back = min(NUM_KEPT * plan.checkpoint_steps, plan.total_steps)
        agent.keep_in(folder.replay, most_steps_back * 5 // 4 + plan.num_envs)
    if saved is not None:
        agent.restore(saved["agent"])
    elif plan.agent.init is not None:
        begin_from(agent, plan.agent.name, Path(plan.agent.init))
    return agent


def _rows(
    plan: TrainingPlan,
    folder: TrainingFolder,
    agent: Agent,
    world: ResumableWorld,
    tracker: Tracker,
    saved: State | None,
) -> Rows:
    showing = Showing(folder.path, world)
    rows = Rows(agent, world, tracker, showing, switches_levels=plan.switch_steps is not None)
    if saved is not None:
        rows.restore(saved)
    return rows


def _individuals(plan: TrainingPlan, agent: Agent, executor: Executor[Any] | None, tracker: Tracker) -> Individuals:
    assert isinstance(agent, PlaysApart)
    population = PopulationPlan(plan.agent, plan.world, plan.seed, agent.num_episodes(), agent.common())
    playing = RetryingExecutor(LocalExecutor[Any](available_cores())) if executor is None else executor
    return Individuals(agent, population, playing, tracker)


def _world(plan: TrainingPlan, stream: LevelQueue | None) -> ResumableWorld:
    specs = plan.agent.specs()
    if plan.switch_steps is None:
        return make_world(plan.world, specs, plan.num_envs)
    if plan.stream is None:
        order_seed = int(np.random.SeedSequence([plan.seed, 3]).generate_state(1)[0])
        stream = ShuffledLevels(plan.world.levels, order_seed)
    elif stream is None:
        raise UsageError(
            f"This run plays levels that are drawn while it trains: give its stream of {plan.stream.game}."
        )
    return make_serial_world(plan.world, specs, plan.num_envs, stream, plan.switch_steps)


def _passes(num_steps: int, num_new: int, interval: int) -> bool:
    """Whether the last ``num_new`` steps passed a multiple of ``interval``."""
    return num_steps // interval > (num_steps - num_new) // interval


def _figures(agent: Agent) -> dict[str, float]:
    return dict(agent.metrics()) if isinstance(agent, HasMetrics) else {}
