"""Stages in which an agent learns a model of its world from movies, and the world that such a model counts for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import LearnsInStages, offers
from newgameplus.agents.stages import COLLECT
from newgameplus.errors import ResultsError, UsageError
from newgameplus.games.action_sets import ActionSet
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.steps import MovieSteps, most_steps
from newgameplus.results.training_runs import checkpoint_at, manifest_of
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.demonstrations import Preparation, Prepared, demonstrations_of, turn_of
from newgameplus.training.loop import play
from newgameplus.training.worlds import Specs, WorldPlan, world_plan_of
from newgameplus.types import Array, Step


@dataclass(frozen=True)
class DecodedMovies:
    """Movies of an agent that learns in stages; see :class:`newgameplus.agents.stages.Movies`."""

    paths: Sequence[Path]
    specs: Specs
    """Observation and action specs of the agent in its world."""
    frames_per_step: int

    @cached_property
    def num_steps(self) -> Sequence[int]:
        """Upper bound of the number of steps of each movie."""
        return [most_steps(path, self.frames_per_step) for path in self.paths]

    def read(self, number: int) -> Iterator[tuple[Array, Array, Step]]:
        """Yield the steps of a movie.

        Raises:
            NewGamePlusError: it cannot be played.
        """
        with MovieSteps(self.paths[number], *self.specs, frames_per_step=self.frames_per_step) as movie:
            for step in movie:
                yield step.observation[None], np.array([step.action]), turn_of(step, is_last=False)


def check_stages(preparation: Preparation) -> None:
    """Check that an agent can learn in stages from its demonstrations; do nothing for other agents.

    Raises:
        UsageError: it begins with a model that has learned already, or a movie is of another game.
    """
    agent = preparation.agent
    if not offers(agent.agent_class, LearnsInStages):
        return
    if agent.init is not None:
        raise UsageError("What --init brings has learned already: leave out --demonstrations, or --init.")
    games = {_title(level.game) for level in preparation.world.levels}
    for path in demonstrations_of(preparation):
        if (game := _title(read_movie(path).game)) not in games:
            raise UsageError(f"The movie {path} is of {game}, but what is learned is of {_listed(games)}.")


def learn(preparation: Preparation, agent: LearnsInStages) -> Iterator[Prepared]:
    """Let an agent learn what is yet to be learned of its demonstrations.

    Raises:
        LearningError: the loss is NaN or infinite.
        StateError: the movies are others than those that it has begun to learn from.
        NewGamePlusError: a movie cannot be played.
    """
    paths, rules = demonstrations_of(preparation), preparation.world.rules
    movies = DecodedMovies(paths, preparation.specs(), rules.frames_per_step)
    for stage, num_done, num_total, metrics in agent.learn_in_stages(movies, play):
        yield Prepared(stage, num_done, num_total, figures=metrics, is_resumable=stage != COLLECT)


def require_modelled_world(agent: AgentPlan, world: WorldPlan) -> None:
    """Check that a model that an agent begins with was learned in such a world; do nothing for other agents.

    Raises:
        UsageError: it was learned in another game, or with other actions, or at another frame rate.
        NewGamePlusError: there is no such checkpoint, or its run is damaged.
    """
    if agent.init is None or not offers(agent.agent_class, LearnsInStages):
        return
    manifest = manifest_of(checkpoint_at(Path(agent.init)))
    if manifest is None:
        return
    difference = _difference(manifest, world)
    if difference is not None:
        raise UsageError(f"The world model of {agent.init} was learned {difference}; train another one for this world.")


def _difference(manifest: Mapping[str, Any], world: WorldPlan) -> str | None:
    """Return in what the world of a model differs from another one, None if it is the same."""
    try:
        other = world_plan_of(manifest)
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"The plan of a world model is damaged ({error}); train another one.") from error
    learned, wanted = ({_title(level.game) for level in plan.levels} for plan in (other, world))
    if not wanted <= learned:
        return f"on {_listed(learned)}, not on {_listed(wanted)}"
    if not set(world.consoles) <= set(other.consoles):
        return f"on the {_listed(set(other.consoles))}, not on the {_listed(set(world.consoles))}"
    frames, now = other.rules.frames_per_step, world.rules.frames_per_step
    if frames != now:
        return f"at frames_per_step {frames}, not {now}"
    if _combos(other.actions, world.consoles) != _combos(world.actions, world.consoles):
        return "with other actions"
    return None


def _title(game: str) -> str:
    """Title of a game; a set of one's own levels has the same one."""
    return game.partition("-")[0]


def _combos(actions: ActionSet | None, consoles: Sequence[str]) -> dict[str, Any]:
    return {} if actions is None else {name: combo for name, combo in actions.combos if name in consoles}


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names))
