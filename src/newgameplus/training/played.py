"""Who played the episode of a movie: the agent, its seed, and which of its weights are still there.

A movie tells that by the folder it is in, of an evaluation's run or of a training run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.agents.interface import Delegates, HasWeights, offers
from newgameplus.errors import MovieError, NotFoundError, ResultsError, StateError
from newgameplus.games.folders import add_named_collections
from newgameplus.games.levels import Level
from newgameplus.movies.names import index_of
from newgameplus.results.checkpoints import peek_state
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor
from newgameplus.results.movie_runs import evaluation_of, training_of
from newgameplus.results.runs import RunFolder
from newgameplus.results.training_runs import TrainingFolder, run_of
from newgameplus.training.agent_plan import AgentPlan, agent_plan_of
from newgameplus.training.plan import read_plan
from newgameplus.training.seeds import split_seed, watched_seeds
from newgameplus.training.worlds import WorldPlan, judged_world_plan_of


@dataclass(frozen=True, slots=True)
class Weights:
    """A checkpoint with weights of the agent."""

    path: Path
    num_steps: int
    """Agent steps of the run before it was written."""
    is_exact: bool
    """Whether the episode was played with these weights."""
    name: str
    """What they are, for people: ``step 40, the best``."""


@dataclass(frozen=True, slots=True)
class Played:
    """Who played an episode."""

    agent: AgentPlan
    world: WorldPlan
    level: Level
    seed: int
    """Seed of the agent."""
    num_steps: int | None
    """Agent steps of the run before the episode; None if they are unknown."""
    num_acts: int | None
    """Steps that the agent had played since it was made with this seed and frozen; None if it was not."""
    weights: tuple[Weights, ...]
    """Those that are there, the earliest first."""

    def nearest(self) -> Weights | None:
        """The weights it was played with, else the newest before it, else the earliest; None if there are none."""
        before = [each for each in self.weights if self.num_steps is not None and each.num_steps <= self.num_steps]
        exact = [each for each in self.weights if each.is_exact]
        return next(iter([*exact, *reversed(before), *self.weights]), None)


def who_played(movie: Path) -> Played:
    """Return who played the episode of a movie.

    Raises:
        MovieError: the movie is in no folder of a run, or its name does not tell the episode.
        ResultsError: files of the run are damaged.
        NewGamePlusError: the agent's configuration or the level is not known here.
    """
    index, evaluation, training = index_of(movie), evaluation_of(movie), training_of(movie)
    if index is None or (evaluation is None and training is None):
        raise MovieError(
            f"{movie} is not in the folder of an evaluation or of a training run, so that nobody knows who played it."
        )
    if evaluation is not None:
        return _judged(*evaluation, index)
    assert training is not None
    return _watched(training, movie, index)


def _watched(folder: TrainingFolder, movie: Path, index: int) -> Played:
    """Of a training run: a frozen copy of the learner played."""
    plan = read_plan(folder.path)
    name = f"{folder.movies.name}/{movie.name}"
    num_steps = next((line["num_steps"] for line in folder.lines("watched") if line.get("movie") == name), None)
    return Played(
        agent=plan.agent,
        world=plan.world,
        level=plan.world.levels[index % len(plan.world.levels)],
        seed=watched_seeds(plan.seed, index)[1],
        num_steps=num_steps,
        num_acts=0,
        weights=tuple(_of_training(folder, num_steps)),
    )


def _of_training(folder: TrainingFolder, num_steps: int | None) -> list[Weights]:
    steps = {int(path.stem): path for path in folder.checkpoints()}
    found = {at: Weights(path, at, at == num_steps, f"step {at:,}") for at, path in steps.items()}
    if folder.best_checkpoint.is_file():
        best = _steps(folder.best_checkpoint, "tracker")
        if best is not None:
            found[best] = Weights(folder.best_checkpoint, best, best == num_steps, f"step {best:,}, the best")
    return [found[at] for at in sorted(found)]


def _judged(results: Results, run: RunFolder, seed: int, index: int) -> Played:
    """Of an evaluation."""
    manifest = results.manifest()
    add_named_collections(manifest.get("games"))
    origin = manifest.get("init")
    try:
        agent = agent_plan_of({**manifest, "init": None if origin is None else str(origin["path"])})
        world = judged_world_plan_of(manifest)
        level = next(level for level in world.levels if level.folder_name == run.path.parent.name)
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ResultsError(f"{results.manifest_path} is damaged: {error!r}.") from error
    episodes = read_monitor(run.monitor) if run.monitor.is_file() else []
    num_steps = sum(episode.num_steps for episode in episodes[:index])
    return Played(
        agent=agent,
        world=world,
        level=level,
        seed=split_seed(seed, level)[1],
        num_steps=num_steps,
        num_acts=num_steps if agent.is_frozen else None,
        weights=tuple(_of_evaluation(agent, origin, run, is_first=num_steps == 0)),
    )


def _of_evaluation(
    agent: AgentPlan, origin: Mapping[str, Any] | None, run: RunFolder, *, is_first: bool
) -> list[Weights]:
    """Those that it began with, if they are still what they were, and those at its end.

    The checkpoint of a frozen agent has the same weights, but also whom it delegates to.
    """
    found: list[Weights] = []
    if not offers(agent.agent_class, HasWeights):
        return found
    end = _steps(run.checkpoint, "progress")
    is_voted = agent.is_frozen and not is_first and offers(agent.agent_class, Delegates) and end is not None
    if origin is not None and not is_voted and (path := _unchanged(origin)) is not None and _is_of(agent, path):
        found.append(Weights(path, 0, agent.is_frozen, f"{path.stem} of {run_of(path).path.name}, which it began with"))
    if end is not None and (is_voted or not (agent.is_frozen and found)):
        found.append(Weights(run.checkpoint, end, agent.is_frozen, f"step {end:,}, the end of the run"))
    return found


def _unchanged(origin: Mapping[str, Any]) -> Path | None:
    path = Path(str(origin["path"]))
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return path if hashlib.file_digest(file, "sha256").hexdigest() == origin.get("sha256") else None


def _is_of(agent: AgentPlan, path: Path) -> bool:
    """Whether a checkpoint is one of the same kind of agent: learning may begin with the weights of another one."""
    try:
        state = peek_state(path).get("agent")
    except StateError:
        return False
    return isinstance(state, dict) and (":" in agent.name or state.get("agent") == agent.name)


def _steps(checkpoint: Path, part: str) -> int | None:
    """Agent steps before a checkpoint was written, in this part of it; None if there is no such checkpoint."""
    try:
        state = peek_state(checkpoint).get(part)
    except (NotFoundError, StateError):
        return None
    num_steps = state.get("num_steps") if isinstance(state, dict) else None
    return num_steps if isinstance(num_steps, int) else None
