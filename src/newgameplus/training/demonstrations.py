"""Demonstrations: movies from any source, read as the transitions that an agent would have had, and learned from.

A prefill reads movies by the same functions, so that both tell the same transitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from newgameplus.agents.configuration import HasCapacity
from newgameplus.agents.interface import Agent, LearnsFromDemonstrations, LearnsInStages, offers
from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.levels import SPLIT_FILE, Level, find_level, find_split, split_files
from newgameplus.movies.steps import MovieStep, MovieSteps, most_steps
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import Specs, WorldPlan
from newgameplus.types import Array, Step

PAR = "par"
"""Source that stands for the par movies of ``PAR_SPLIT``."""
PAR_SPLIT = "tumbleweed-train"
SUFFIX = ".bk2"
REPORT_STEPS = 500
"""Number of transitions between two reports."""

Tell = Callable[[Array, Array, Step, Sequence[int]], None]
"""Receives a step, as :meth:`newgameplus.agents.interface.HasReplay.remember` does."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What happens to an agent before its first step: it learns from demonstrations, its replay buffer is filled."""

    agent: AgentPlan
    """Gives the sources; an agent with initial weights of its own kind plays the split of a prefill itself."""
    world: WorldPlan
    """World that it will play in; its core and rules also hold here."""
    num_envs: int
    """B, the number of rows of the agent."""
    seed: int

    def specs(self) -> Specs:
        """Observation and action specs of the agent in its world."""
        return self.world.specs_on(self.world.levels, self.agent.specs())

    def reader(self, movies: Sequence[Path], num_steps: int | None = None) -> MovieReader:
        """Return a reader of movies for the agent's rows."""
        return MovieReader(movies, self.world, self.specs(), self.num_envs, num_steps)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Progress of a preparation."""

    stage: str
    """``demonstrations`` are read, learned from in ``pretraining``, a replay buffer has its ``prefill``; or a stage of
    the agent's own."""
    num_steps: int
    """Number of transitions read, or of gradient steps, or of generations."""
    num_total: int
    """Number of those to come in this stage; slightly too high until the last report, as a movie's end may not make a
    whole step."""
    num_exact: int | None = None
    """Number of transitions that the agent's own actions reproduce; None if they were played by its actions."""
    figures: dict[str, float] = field(default_factory=dict)
    """Metrics of what is learned, by name."""
    is_resumable: bool = False
    """Whether an agent that is saved now goes on from here."""

    @property
    def is_complete(self) -> bool:
        """Whether this is the last report of its stage."""
        return self.num_steps == self.num_total


def reference(source: str) -> str:
    """Return a reference to ``source`` that is valid in any working directory.

    Raises:
        NotFoundError: there is no such movie, folder of movies or split.
    """
    path = Path(source).expanduser()
    if source == PAR:
        return source
    if source not in split_files():
        if path.is_dir() and not (path / SPLIT_FILE).is_file():
            if not _movies_in(path):
                raise NotFoundError(f"The folder {source} holds neither movies ({SUFFIX}) nor a split ({SPLIT_FILE}).")
            return str(path.resolve())
        if path.suffix == SUFFIX:
            if not path.is_file():
                raise NotFoundError(f"There is no movie {source}.")
            return str(path.resolve())
    return find_split(source).reference


def movies_of(source: str) -> list[Path]:
    """Return the movies that a source (``reference``) stands for; empty if it is a split."""
    if source == PAR:
        return [par_movie(level) for level in levels_of(PAR_SPLIT)]
    path = Path(source)
    if path.suffix == SUFFIX:
        return [path]
    return _movies_in(path) if path.is_dir() and not (path / SPLIT_FILE).is_file() else []


def levels_of(source: str) -> list[Level]:
    """Return the levels of a split."""
    return [find_level(str(level), level.scenario) for level in find_split(source).levels]


def par_movie(level: Level, split: str = PAR_SPLIT) -> Path:
    """Return the par movie of a level.

    Raises:
        NotFoundError: it has none.
    """
    path = level.integration.par_movie(level.state)
    if path is None:
        raise NotFoundError(f"{level} has no par movie; search one with: ngp levels check {split}")
    return path


def require_console(world: WorldPlan, what: str, platform: str) -> None:
    """Check that transitions are of the world's console, since actions mean something else on others.

    Raises:
        UsageError: they are of another one.
    """
    for console in world.consoles:
        if platform != console:
            raise UsageError(f"{what} is of a {platform}, but what is learned is of a {console}.")


def require_capacity(preparation: Preparation, num_most: int, what: str, advice: str) -> None:
    """Check that half of a row's share of the replay buffer holds ``num_most`` transitions.

    Raises:
        UsageError: it does not.
    """
    config = preparation.agent.config
    if not isinstance(config, HasCapacity):
        return
    num_slots = config.capacity // preparation.num_envs
    if num_most > num_slots // 2:
        raise UsageError(
            f"{what} up half of the replay buffer at most, but {num_most:,} of the transitions would go to a "
            f"row's {num_slots:,}: give {advice}, or a larger one with --set capacity=…"
        )


def check_demonstrations(preparation: Preparation) -> None:
    """Check that the agent can learn from its demonstrations, before anything is written.

    Raises:
        UsageError: it learns from none, its replay buffer is too small, or they are of another console.
        NewGamePlusError: a movie cannot be played.
    """
    agent_class: Any = preparation.agent.agent_class
    if not offers(agent_class, LearnsFromDemonstrations) and not offers(agent_class, LearnsInStages):
        raise UsageError(
            f"The agent {preparation.agent.name} cannot learn from demonstrations; ppo, rainbow and world_model can."
        )
    num_most = preparation.reader(demonstrations_of(preparation)).check()
    require_capacity(preparation, num_most, "Demonstrations take", "fewer movies")


def teach(preparation: Preparation, agent: Agent) -> Iterator[Prepared]:
    """Let ``agent`` learn from its demonstrations.

    Raises:
        LearningError: the loss is NaN or infinite.
        NewGamePlusError: a movie cannot be played.
    """
    assert isinstance(agent, LearnsFromDemonstrations)
    yield from preparation.reader(demonstrations_of(preparation)).tell(agent.demonstrate, "demonstrations")
    for num_done, num_total, figures in agent.pretrain():
        yield Prepared("pretraining", num_done, num_total, figures=figures)


def demonstrations_of(preparation: Preparation) -> list[Path]:
    """Return the movies of the agent's demonstrations; of a split, the par movies of its levels."""
    source = preparation.agent.demonstrations
    assert source is not None
    return movies_of(source) or [par_movie(level, source) for level in levels_of(source)]


@dataclass(frozen=True, slots=True)
class MovieReader:
    """Movies as transitions of an agent's rows."""

    movies: Sequence[Path]
    world: WorldPlan
    """World that the agent will play in; its core and rules also hold here."""
    specs: Specs
    """Observation and action specs of the agent in this world."""
    num_envs: int
    """B, the number of rows of the agent."""
    num_steps: int | None = None
    """Largest number of transitions; None for all."""

    def check(self) -> int:
        """Check that the movies can be read; return an upper bound of the transitions of a row.

        Raises:
            UsageError: a movie is of another console, or there is no whole step in them.
            NewGamePlusError: a movie cannot be played.
        """
        dealt, num_most = self._deal()
        for path, _, _ in dealt:
            with MovieSteps(path, *self.specs, frames_per_step=self.world.rules.frames_per_step) as movie:
                require_console(self.world, f"The movie {path}", movie.platform)
        if not num_most:
            raise UsageError("There is no whole step in the movies, so nothing is learned from them.")
        return num_most

    def tell(self, tell: Tell, stage: Literal["demonstrations", "prefill"]) -> Iterator[Prepared]:
        """Pass on one movie after another, each to one row; the last step of each ends an episode.

        Raises:
            NewGamePlusError: a movie cannot be played.
        """
        dealt, _ = self._deal()
        num_total, num_told, num_exact = sum(num_steps for _, _, num_steps in dealt), 0, 0
        for path, row, num_steps in dealt:
            with MovieSteps(path, *self.specs, frames_per_step=self.world.rules.frames_per_step) as movie:
                for number, step in enumerate(islice(movie, num_steps), 1):
                    turn = turn_of(step, is_last=number == num_steps)
                    tell(step.observation[None], np.array([step.action]), turn, [row])
                    num_told, num_exact = num_told + 1, num_exact + step.is_exact
                    if num_told % REPORT_STEPS == 0 and num_told < num_total:
                        yield Prepared(stage, num_told, num_total, num_exact)
        yield Prepared(stage, num_told, num_told, num_exact)

    def _deal(self) -> tuple[list[tuple[Path, int, int]], int]:
        """Assign movies to the rows that have the fewest steps so far.

        Returns:
            For each movie used, its path, its row and its maximum number of steps; and the largest number of steps of
                a row.
        """
        dealt, loads = [], [0] * self.num_envs
        num_left = self.num_steps
        for path in self.movies:
            if num_left == 0:
                break
            num_steps, row = most_steps(path, self.world.rules.frames_per_step), loads.index(min(loads))
            if num_left is not None:
                num_steps = min(num_steps, num_left)
                num_left -= num_steps
            dealt.append((path, row, num_steps))
            loads[row] += num_steps
        return dealt, max(loads)


def _movies_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"*{SUFFIX}"))


def turn_of(step: MovieStep, *, is_last: bool) -> Step:
    """Return a movie's step as a step of a world with one row."""
    is_cut = step.is_cut or (is_last and not step.is_terminated)
    return Step(
        step.next_observation[None],
        np.array([step.reward]),
        np.array([step.is_terminated]),
        np.array([is_cut]),
        {0: step.next_observation} if is_cut or step.is_terminated else {},
    )
