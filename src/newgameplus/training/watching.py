"""Watched episodes: at intervals a copy of the learner plays an episode, which is recorded as a movie.

The copy does not learn and has random generators of its own, so that watching does not affect the run.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import Agent, HasWeights
from newgameplus.envs.retro import Played
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.movies.names import movie_name
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.drawing import draw_curve
from newgameplus.training.loop import play
from newgameplus.training.opinions import Opinion, action_names, opinions_of
from newgameplus.training.plan import TrainingPlan
from newgameplus.training.seeds import watched_seeds
from newgameplus.training.worlds import make_single_world
from newgameplus.types import Array, State

NUM_POINTS = 200
"""Number of points kept of the value estimates along an episode."""
_CURVES = ("return", "length", "value", "entropy")
"""Entries of a watched episode that become curves unchanged."""


def watch(plan: TrainingPlan, folder: Path, state: State, index: int) -> dict[str, Any]:
    """Play and record one episode with some weights of the agent.

    Levels are taken in turn. The same weights and index give the same episode, and the same movie.

    Args:
        plan: plan of the agent's run.
        folder: folder of the run; the movie is put into its ``movies``.
        state: state of an agent that has a ``begin_from``.
        index: number of episodes watched before.

    Returns:
        level, return, length in steps, movie (relative to ``folder``), actions (share of the steps in which each was
            taken, by its buttons, or in which each button was held) and, for agents with a policy or action values,
            likeliest (the same shares for the greedy action), value (mean value estimate), values (along the episode)
            and entropy (mean entropy of the policy, in nats).

    Raises:
        NewGamePlusError: the level cannot be played or the movie not written.
    """
    level = plan.world.levels[index % len(plan.world.levels)]
    world_seed, agent_seed = watched_seeds(plan.seed, index)
    movies = TrainingFolder(folder).movies
    recorder = MovieRecorder(movies, first_index=index)
    with closing(make_single_world(plan.world, level, plan.agent.specs(), [_FirstEpisode(recorder)])) as world:
        copy = plan.agent.make(world_spec(world, num_timesteps=plan.world.rules.max_episode_steps), agent_seed)
        assert isinstance(copy, HasWeights)
        copy.begin_from(state, is_frozen=True)
        notes = _watch_episode(copy, world, world_seed)
    movie = f"{movies.name}/{movie_name(level.folder_name, index)}"
    return {"level": str(level), "return": notes.episode_return, "length": notes.length, "movie": movie} | notes.line()


def figures_of(seen: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of a watched episode that become curves, by name."""
    figures = {f"watched/{name}": float(seen[name]) for name in _CURVES if name in seen}
    for name, kind in (("actions", "drawn"), ("likeliest", "likeliest")):
        figures |= {f"{kind}/{action}": share for action, share in seen.get(name, {}).items()}
    return figures


def picture_of(seen: dict[str, Any]) -> Array | None:
    """Plot the value estimates along a watched episode: RGB, uint8 ``[H, W, 3]``; None if there are none."""
    if "values" not in seen:
        return None
    title = f"{seen['level']}  return {seen['return']:.0f}"
    return draw_curve(seen["values"], seen["length"], title)


class _FirstEpisode:
    """Passes only the first episode to a recorder: the world begins another when that one ends."""

    def __init__(self, recorder: MovieRecorder) -> None:
        self._recorder: MovieRecorder | None = recorder

    def episode_started(self, env: Played) -> None:
        if self._recorder is not None:
            self._recorder.episode_started(env)

    def frame_ran(self, mask: int, reward: float) -> None:
        if self._recorder is not None:
            self._recorder.frame_ran(mask, reward)

    def episode_ended(self, env: Played) -> None:
        if self._recorder is not None:
            self._recorder.episode_ended(env)
            self._recorder = None


def _watch_episode(agent: Agent, world: SingleWorld, seed: int) -> _Notes:
    notes, opinion_on = _Notes(_names(world)), opinions_of(agent)
    observation, _ = world.reset(seed=seed)
    for turn in play(agent, world, observation=observation):
        notes.take(turn.action[0], float(turn.step.reward[0]), opinion_on(observation))
        if turn.step.done[0]:
            break
        observation = turn.step.observation
    return notes


def _names(world: SingleWorld) -> list[str]:
    """Names of the actions, or of the buttons if they are pressed singly."""
    space: Any = world.single_action_space
    if space.shape:
        return [button or "no button" for button in world.buttons]
    return action_names(world.action_spec, int(space.n))


@dataclass
class _Notes:
    """Actions of an agent in an episode, with its policy or values."""

    names: list[str]
    """Names of the actions."""
    episode_return: float = 0.0
    actions: list[Array] = field(default_factory=list)
    likeliest: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)

    @property
    def length(self) -> int:
        return len(self.actions)

    def take(self, action: Array, reward: float, opinion: Opinion | None) -> None:
        self.actions.append(action)
        self.episode_return += reward
        if opinion is not None:
            self.likeliest.append(opinion.likeliest)
            self.values.append(opinion.value)
            if opinion.entropy is not None:
                self.entropies.append(opinion.entropy)

    def line(self) -> dict[str, Any]:
        taken = np.array(self.actions)
        line: dict[str, Any] = {"actions": self._shares(taken if taken.ndim == 1 else taken.nonzero()[1])}
        if self.values:
            stretches = np.array_split(np.array(self.values), min(NUM_POINTS, len(self.values)))
            line |= {"likeliest": self._shares(np.array(self.likeliest)), "value": float(np.mean(self.values))}
            line["values"] = [round(float(stretch.mean()), 4) for stretch in stretches]
        if self.entropies:
            line["entropy"] = float(np.mean(self.entropies))
        return line

    def _shares(self, actions: Array) -> dict[str, float]:
        shares = (np.bincount(actions, minlength=len(self.names)) / self.length).tolist()
        return {name: round(share, 4) for name, share in zip(self.names, shares, strict=True)}
