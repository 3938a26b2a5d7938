"""What an agent saw and computed in each step of an episode, recomputed from its movie and a checkpoint.

The level is played again by the recorded buttons, through the world's own treatment of observations, and the agent acts
on what it sees. With the weights, the seed and the device of then, its actions are those of the movie.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.configuration import HasDevice, with_fields
from newgameplus.agents.interface import (
    Agent,
    Delegates,
    HasActionValues,
    HasPolicy,
    HasWeights,
    SkipsSteps,
    offers,
)
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.envs.wrappers.observation import apply_observation_spec
from newgameplus.envs.wrappers.recorded import Recorded
from newgameplus.errors import MovieError, NotFoundError, StateError
from newgameplus.movies.bk2 import Movie, read_movie
from newgameplus.results.training_runs import agent_state
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.opinions import Opinion, action_names, opinions_of
from newgameplus.training.played import Played, Weights, who_played
from newgameplus.types import Array

SURPRISE = 0.05
"""An action with a lower probability is marked."""
MAX_SURPRISES = 50
"""Most actions that are marked, the least probable ones."""
_SKIPPED_AT_ONCE = 1000
_FASTEST = 1


def open_insight(path: str, index: int | None = None) -> Insight:
    """Open the episode of a movie.

    Args:
        path: the movie, in the folder of its run.
        index: which of the run's weights to compute with, as in :attr:`Played.weights`; None for the nearest.

    Raises:
        MovieError: the movie cannot be read, or nobody knows who played it.
        NotFoundError: there are no such weights, or a package of the agent is missing.
        NewGamePlusError: the files of the run are damaged, or the level or the agent cannot be made here.
    """
    played, movie = who_played(Path(path)), read_movie(Path(path))
    if index is not None and not 0 <= index < len(played.weights):
        raise NotFoundError("These weights are no longer there; reload the page to see which are.")
    return Insight(movie, played, played.nearest() if index is None else played.weights[index])


class Insight:
    """One episode, as its agent saw it.

    It is played once, step by step; what has been played is kept, the observations compressed.

    Args:
        movie: the episode, from a start state.
        played: who played it.
        weights: weights of the agent; None shows only what it saw and did.

    Raises:
        MovieError: the movie has no start state, or no step.
        NewGamePlusError: the level or the agent cannot be made here, or the weights do not fit.
    """

    def __init__(self, movie: Movie, played: Played, weights: Weights | None) -> None:
        if movie.start_state is None:
            raise MovieError("This movie starts from power-on (it has no Core.bin), so that it cannot be played again.")
        if movie.num_frames < 2:
            raise MovieError("This movie ends before its first step, so that there is nothing to compute.")
        self._played, self._weights = played, weights
        self._masks: list[int] = movie.masks[:, 0].tolist()
        self.frames_per_step = played.world.rules.frames_per_step
        self.num_frames = len(self._masks)
        self.num_steps = -(-(self.num_frames - 1) // self.frames_per_step)
        """Steps of the episode."""
        observation_spec, action_spec = played.world.specs_on([played.level], played.agent.specs())
        self._base = RetroEnv(
            played.level,
            kind=observation_spec.kind,
            takes_maximum=observation_spec.maximum,
            action_spec=action_spec,
            core=played.world.core,
        )
        try:
            self._base.start_state = movie.start_state
            recorded = Recorded(self._base, self._masks[1:], self.frames_per_step)
            self._env = apply_observation_spec(recorded, observation_spec)
            self._stack = observation_spec.stack
            num_actions = world_spec(SingleWorld(self._env)).num_actions
            self._action_masks = [self._base.actions.mask(action) for action in range(num_actions or 0)]
            self._names = action_names(self._base.actions.spec, num_actions or 0)
            self._agent = self._made_agent()
            self._opinion_on: Callable[[Array], Opinion | None] = (
                opinions_of(self._agent) if self._agent else lambda _: None
            )
            self._observation, _ = self._env.reset()
        except BaseException:
            self._base.close()
            raise
        self._num_to_skip = (self._played.num_acts or 0) if self._is_repeatable else 0
        """Steps before this episode whose random numbers the agent has yet to draw."""
        self._seen: list[bytes] = []
        self._opinions: list[Opinion | None] = []
        self._acts = array("q")
        """Action that the agent chooses now in each step; -1 without an agent."""

    @property
    def num_known(self) -> int:
        """Number of steps played so far."""
        return len(self._seen)

    def close(self) -> None:
        """Free the console."""
        self._base.close()

    def about(self) -> dict[str, Any]:
        """What is shown, as JSON types: agent, actions, observation, and the weights that there are."""
        return {
            "agent": self._played.agent.name,
            "note": self._note(),
            "actions": self._names,
            "observation": {"shape": list(self._observation.shape), "stack": self._stack},
            "num_steps": self.num_steps,
            "num_frames": self.num_frames,
            "frames_per_step": self.frames_per_step,
            "played_at": self._played.num_steps,
            "is_frozen": self._played.num_acts is not None,
            "weights": [
                {"num_steps": each.num_steps, "name": each.name, "is_exact": each.is_exact}
                for each in self._played.weights
            ],
            "chosen_weights": None if self._weights is None else self._played.weights.index(self._weights),
        }

    def advance(self) -> None:
        """Play the next step, or pass over some of those that the agent played before this episode."""
        if self._num_to_skip:
            num = min(self._num_to_skip, _SKIPPED_AT_ONCE)
            self._skip(num)
            self._num_to_skip -= num
            return
        if self.num_known == self.num_steps:
            return
        batch = self._observation[None]
        self._acts.append(int(self._agent.act(batch)[0]) if self._agent else -1)
        self._opinions.append(self._opinion_on(batch))
        self._seen.append(zlib.compress(np.ascontiguousarray(self._observation).data, _FASTEST))
        if self.num_known < self.num_steps:
            self._observation = self._env.step(0)[0]

    def step_of(self, frame: int) -> int:
        """Return the step that a frame belongs to; the frame of the reset is shown with the first."""
        return min(max(0, frame - 1) // self.frames_per_step, self.num_steps - 1)

    def look(self, frame: int) -> tuple[dict[str, Any], bytes]:
        """Return what is known of the step of a frame as JSON types, and its observation, deflated.

        Args:
            frame: one of a step that has been played.
        """
        step, held = self.step_of(frame), self._masks[frame]
        facts = {
            "frame": frame,
            "held": self._buttons(held),
            "held_action": self._action_masks.index(held) if held in self._action_masks else None,
            "is_delayed": frame > 0 and held != self._chosen_mask(step),
        }
        return facts | self.step(step), self._seen[step]

    def step(self, step: int) -> dict[str, Any]:
        """Return what is known of a step that has been played, as JSON types."""
        opinion = self._opinions[step]
        return {
            "step": step,
            "first_frame": step * self.frames_per_step + 1,
            "chosen": self._buttons(self._chosen_mask(step)),
            "action": self._action(step),
            "numbers": None if opinion is None else [round(float(number), 6) for number in opinion.numbers],
            "is_policy": opinion is not None and opinion.is_policy,
            "value": None if opinion is None else round(opinion.value, 6),
        }

    def curve(self, max_points: int) -> dict[str, Any]:
        """Return value estimates along the steps so far, the surprising actions, and how many are not as recorded."""
        told = [(step, opinion) for step, opinion in enumerate(self._opinions) if opinion is not None]
        every = max(1, -(-len(told) // max_points))
        return {
            "num_known": self.num_known,
            "num_steps": self.num_steps,
            "num_to_skip": self._num_to_skip,
            "frames": [step * self.frames_per_step for step, _ in told[::every]],
            "values": [round(opinion.value, 6) for _, opinion in told[::every]],
            "surprises": self._surprises(),
            "num_other": self._num_other() if self._is_repeatable else None,
        }

    def _surprises(self) -> list[dict[str, Any]]:
        """The least probable actions, in the order of the episode."""
        found = []
        for step, opinion in enumerate(self._opinions):
            action = self._action(step)
            if opinion is not None and opinion.is_policy and action is not None and opinion.numbers[action] < SURPRISE:
                found.append((round(float(opinion.numbers[action]), 6), step, self._names[action]))
        found = sorted(sorted(found)[:MAX_SURPRISES], key=lambda each: each[1])
        return [
            {"frame": step * self.frames_per_step + 1, "probability": probability, "action": name}
            for probability, step, name in found
        ]

    def _buttons(self, mask: int) -> str:
        if mask in self._action_masks:
            return self._names[self._action_masks.index(mask)]
        return "+".join(self._base.actions.names(mask)) or "nothing"

    def _chosen_mask(self, step: int) -> int:
        """Buttons that the agent chose: those of the last frame, since a sticky action delays the first alone."""
        return self._masks[min((step + 1) * self.frames_per_step, self.num_frames - 1)]

    def _num_other(self) -> int:
        """Steps so far in which the agent now chooses other buttons than it did."""
        masks = self._action_masks
        return sum(masks[self._acts[step]] != self._chosen_mask(step) for step in range(self.num_known))

    def _action(self, step: int) -> int | None:
        """Number of the action that was chosen; None if actions have no numbers."""
        mask, now = self._chosen_mask(step), self._acts[step]
        if now >= 0 and self._action_masks[now] == mask:  # several may hold the same buttons
            return now
        return self._action_masks.index(mask) if mask in self._action_masks else None

    def _made_agent(self) -> Agent | None:
        """The agent with the weights, frozen; None if it computes nothing that could be shown."""
        if self._weights is None or not _computes_something(self._played.agent):
            return None
        spec = world_spec(SingleWorld(self._env), num_timesteps=self._played.world.rules.max_episode_steps)
        agent = _on_this_machine(self._played.agent).make(spec, self._played.seed)
        assert isinstance(agent, HasWeights)
        try:
            agent.begin_from(agent_state(self._weights.path), is_frozen=True)
        except StateError as error:
            raise StateError(f"{self._played.agent.name} cannot play with {self._weights.path}: {error}") from error
        return agent

    @property
    def _is_repeatable(self) -> bool:
        """Whether the agent has the weights and draws the random numbers of then."""
        if self._agent is None or self._weights is None or not self._weights.is_exact:
            return False
        return self._played.num_acts == 0 or offers(self._played.agent.agent_class, SkipsSteps)

    def _skip(self, num_steps: int) -> None:
        agent: Any = self._agent
        agent.skip(num_steps)

    def _note(self) -> str | None:
        """Why there are no probabilities or values; None if there are."""
        if self._agent is not None:
            return None
        if not _computes_something(self._played.agent):
            return (
                f"The agent {self._played.agent.name} computes neither probabilities nor values, "
                "so that only what it saw and did is shown."
            )
        return "No checkpoint of this run is left here, so that only what the agent saw and did is shown."


def _computes_something(plan: AgentPlan) -> bool:
    agent_class = plan.agent_class
    parts = (HasPolicy, HasActionValues, Delegates)
    return offers(agent_class, HasWeights) and any(offers(agent_class, part) for part in parts)


def _on_this_machine(plan: AgentPlan) -> AgentPlan:
    """Let a CPU compute what a GPU did, where there is none."""
    config: Any = plan.config
    if isinstance(config, HasDevice) and config.device == "cuda":
        return replace(plan, config=with_fields(plan.config, {"device": "auto"}))
    return plan
