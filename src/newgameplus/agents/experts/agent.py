"""Zone experts: a classifier that tells from pictures which zone is played, and a learner for each zone.

Source: the fifth of the 2018 contest, flyyufelix, who trained a policy on all levels, fine-tuned a copy of it on each
zone, and let a classifier of pictures choose among the copies.

*Differences from the source:* the experts learn side by side in one run, and so does the classifier, a small network
instead of a ResNet-50; its vote over the first pictures of a run counts for the whole run. See docs/agents/experts.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from newgameplus.agents.experts import config as presets
from newgameplus.agents.experts.classifier import ZoneClassifier
from newgameplus.agents.experts.config import ExpertsConfig
from newgameplus.agents.interface import Agent, HasMetrics, KeepsFiles
from newgameplus.agents.saved import require_agent, take, take_array, take_count
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.replay import SLACK
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec

_NAME = "experts"


class Experts:
    """A learner for each zone.

    Where the world tells the zones, each row is played and learned from by its zone's expert, and the classifier
    learns from all of them. Where it does not, the pictures of the first steps vote, and the expert of the winning
    zone plays from then on. Until then the one that leads plays, without learning.

    Args:
        config: see there.
        world: its zones, B, the shape of an observation and the number of actions count.
        seed: of all weights and of every choice.

    Raises:
        UsageError: several rows without a word about their zones, or a device is asked for that is not there.
    """

    PRESETS: ClassVar[dict[str, ExpertsConfig]] = {
        "default": presets.DEFAULT,
        "fifth-2018": presets.FIFTH_2018,
        "tuned": presets.TUNED,
        "fine-tuned": presets.FINE_TUNED,
    }

    def __init__(self, config: ExpertsConfig, world: WorldSpec, seed: int) -> None:
        if world.zones is None and world.num_envs != 1:
            raise UsageError(
                f"Experts find out the zone of one row, not of {world.num_envs}; tell them the zone of each row, "
                "as ngp train does where a row plays one level and does not switch."
            )
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.is_frozen = False
        """Whether it only plays: neither the experts nor the classifier learn."""
        self._world, self._seed = world, seed
        self._learner_class, self._learner_config = config.learner_class(), config.learner_config()
        self._folder: tuple[Path, int] | None = None
        self._team: _Team | None = None
        if world.zones is not None:
            zones = list(dict.fromkeys(world.zones))
            self._team = self._new_team(zones, zones)

    @staticmethod
    def specs(config: ExpertsConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return what the learner wants to see and what its actions mean."""
        return config.learner_class().specs(config.learner_config())

    @staticmethod
    def needs_zones(config: ExpertsConfig) -> bool:
        """Return that it learns only where each row is known to play one zone."""
        return True

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that it knows, in the order of the classifier's answers."""
        return () if self._team is None else tuple(self._team.zones)

    @property
    def zone(self) -> str | None:
        """Where nobody tells, the zone whose expert plays: for now or, once the vote is over, for good."""
        has_voted = self._world.zones is None and self._team is not None and self._team.num_votes > 0
        return self._known().leading if has_voted else None

    def keep_in(self, folder: Path, num_steps: int = SLACK) -> None:
        """Let each expert that can do so keep in a folder of its own what is too large for a checkpoint.

        Args:
            folder: theirs lie in it.
            num_steps: how many steps, of all rows, may follow a checkpoint that is gone back to.
        """
        self._folder = (folder, num_steps)
        for zone, expert in self._known().experts.items() if self._team else ():
            self._give_folder(expert, self._known().zones.index(zone))

    def act(self, observation: Array) -> Array:
        """Return what the experts choose, int64 ``[B]``, for uint8 ``[B, H, W, C]``.

        Raises:
            UsageError: no zone is known, since it neither began from a training run nor was told.
        """
        team = self._known()
        if self._world.zones is None:
            self._vote(team, observation)
            alone: Array = team.experts[team.leading].act(observation)
            return alone
        action = np.zeros(len(observation), np.int64)
        for zone, rows in team.rows.items():
            action[rows] = team.experts[zone].act(observation[rows])
        return action

    def observe(self, step: Step) -> None:
        """Let the experts learn from their rows, and the classifier from all.

        Raises:
            LearningError: a loss is no longer a number.
        """
        team = self._known()
        if self._world.zones is None:
            if team.is_settled(self.config):
                team.experts[team.leading].observe(step)
            return
        for zone, rows in team.rows.items():
            team.experts[zone].observe(_part(step, rows))
        if not self.is_frozen:
            team.classifier.observe(step.observation, team.zone_of_row)

    def acting_agent(self) -> Agent:
        """Return the expert that plays all rows: the only one, or where nobody tells the zone, the one that leads.

        Raises:
            UsageError: several experts play, or no zone is known.
        """
        team = self._known()
        if len(team.rows) > 1:
            raise UsageError(f"The experts of {', '.join(team.rows)} play side by side; ask them one by one.")
        expert: Agent = team.experts[next(iter(team.rows), team.leading)]
        return expert

    def metrics(self) -> dict[str, float]:
        """Return the means of the experts' figures, and the classifier's; after a vote each zone's confidence.

        The confidence in a zone is the geometric mean of its probabilities in the pictures that voted, all zones
        together 1: of pictures that are alike a product would be surer than each of them is.
        """
        if self._team is None:
            return {}
        team, figures = self._team, {}
        told = [expert.metrics() for expert in team.experts.values() if isinstance(expert, HasMetrics)]
        for name in dict.fromkeys(name for each in told for name in each):
            figures[name] = float(np.mean([each[name] for each in told if name in each]))
        if self._world.zones is not None:
            return figures | team.classifier.metrics()
        return figures | {f"confidence/{zone}": share for zone, share in team.confidence().items()}

    def state(self) -> State:
        """Return everything: the classifier, every expert that is not out of play for good, and the votes.

        Raises:
            UsageError: no zone is known.
        """
        team = self._known()
        return {
            "agent": _NAME,
            "num_rows": self._world.num_envs,
            "zones": list(team.zones),
            "votes": team.votes.copy(),
            "num_votes": team.num_votes,
            "experts": {zone: expert.state() for zone, expert in team.experts.items()},
            **team.classifier.state(),
        }

    def restore(self, state: State) -> None:
        """Go on exactly from ``state``.

        Raises:
            StateError: it is another agent's, of other zones, another configuration's or damaged; nothing has changed
                then.
        """
        require_agent(state, _NAME)
        if take_count(state, "num_rows") != self._world.num_envs:
            raise StateError(f"The saved state has {state['num_rows']} rows, this world has {self._world.num_envs}.")
        zones, experts = self._checked_zones(state), take(state, "experts", dict)
        votes, num_votes = take_array(state, "votes", np.float64), take_count(state, "num_votes")
        team = self._new_team(zones, experts)
        team.votes, team.num_votes = votes.copy(), num_votes
        in_play = {team.leading} if team.is_settled(self.config) else set(zones)
        if len(votes) != len(zones) or set(experts) != in_play:
            raise StateError("The saved votes and experts do not fit the saved zones; begin a new run.")
        for zone, expert in team.experts.items():
            if self.is_frozen:
                expert.begin_from(take(experts, zone, dict), is_frozen=True)
            expert.restore(experts[zone])
        team.classifier.restore({key: value for key, value in state.items() if key not in _OWN_KEYS})
        self._team = team

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Begin anew with the weights of ``state``: experts' own, or those of one learner for every expert.

        Raises:
            StateError: it belongs to another network, knows other zones, or knows none and nobody tells them.
        """
        if take(state, "agent", str) == _NAME:
            zones, experts = self._checked_zones(state), take(state, "experts", dict)
            if set(experts) != set(zones):
                raise StateError(f"It holds the expert of {', '.join(experts)} alone; give a training run.")
            team = self._new_team(zones, zones)
            team.classifier.begin_from(take(state, "network", dict))
        elif self._world.zones is None:
            raise StateError(
                f"It is one of the agent {state['agent']!r}, who knows no zones; let experts learn from it first "
                "(ngp train experts --init RUN) and give their run."
            )
        else:
            zones = list(dict.fromkeys(self._world.zones))
            experts, team = dict.fromkeys(zones, state), self._new_team(zones, zones)
        for zone, expert in team.experts.items():
            expert.begin_from(take(experts, zone, dict), is_frozen=is_frozen)
        self._team, self.is_frozen = team, is_frozen

    def _known(self) -> _Team:
        if self._team is None:
            raise UsageError(
                "Experts know no zones before they were trained; begin with a run: ngp evaluate experts --init RUN "
                "(after ngp train experts --run RUN)."
            )
        return self._team

    def _vote(self, team: _Team, observation: Array) -> None:
        """Count the votes of one more picture; once there are enough, all experts but one are out of play for good."""
        if team.is_settled(self.config):
            return
        team.votes += team.classifier.log_probabilities(observation)[0]
        team.num_votes += 1
        if team.is_settled(self.config):
            team.experts = {team.leading: team.experts[team.leading]}

    def _new_team(self, zones: list[str], players: Collection[str]) -> _Team:
        """A classifier of ``zones`` and, for those in ``players``, their experts, as they begin."""
        seeds = np.random.SeedSequence(self._seed).generate_state(len(zones) + 1).tolist()
        told = self._world.zones
        rows = {} if told is None else {zone: np.flatnonzero([zone == each for each in told]) for zone in zones}
        experts = {}
        for index, zone in enumerate(zones):
            if zone in players:
                spec = replace(self._world, num_envs=max(1, len(rows.get(zone, ()))), zones=None)
                experts[zone] = self._learner_class(self._learner_config, spec, seeds[index])
                self._give_folder(experts[zone], index)
        return _Team(
            zones=zones,
            classifier=ZoneClassifier(self.config, self._world.observation_shape, len(zones), seeds[-1]),
            experts=experts,
            rows={zone: of_zone for zone, of_zone in rows.items() if len(of_zone)},
            zone_of_row=np.array([zones.index(zone) for zone in told or ()], np.int64),
            votes=np.zeros(len(zones)),
        )

    def _give_folder(self, expert: Any, index: int) -> None:
        if self._folder is not None and isinstance(expert, KeepsFiles):
            folder, num_steps = self._folder
            expert.keep_in(folder / f"expert-{index}", num_steps)

    def _checked_zones(self, state: State) -> list[str]:
        """The zones of a saved state, which must be names and cover those that the world tells."""
        zones = take(state, "zones", list)
        if not zones or not all(type(zone) is str for zone in zones) or len(set(zones)) < len(zones):
            raise StateError("The saved names of the zones are damaged; begin a new run.")
        unknown = [zone for zone in self._world.zones or () if zone not in zones]
        if unknown:
            raise StateError(f"It knows the zones {', '.join(zones)}, but not {unknown[0]}, which is played here.")
        return zones


@dataclass
class _Team:
    """The classifier and the experts, and which rows are whose."""

    zones: list[str]
    """Names, in the order of the classifier's answers."""
    classifier: ZoneClassifier
    experts: dict[str, Any]
    """Zone to its learner, of those still in play."""
    rows: dict[str, Array]
    """Zone to the numbers of its rows, where the world tells; only of zones that have any."""
    zone_of_row: Array
    """The number of each row's zone, int64 ``[B]``, where the world tells."""
    votes: Array
    """Sum over the pictures that voted of each zone's log-probability, float64 ``[Z]``."""
    num_votes: int = 0

    @property
    def leading(self) -> str:
        """The zone with most of the votes."""
        return self.zones[int(self.votes.argmax())]

    def is_settled(self, config: ExpertsConfig) -> bool:
        """Whether enough pictures have voted."""
        return self.num_votes >= config.vote_steps

    def confidence(self) -> dict[str, float]:
        """How sure it is of each zone; empty before the first vote."""
        if not self.num_votes:
            return {}
        mean = self.votes / self.num_votes
        share = np.exp(mean - mean.max())
        return dict(zip(self.zones, (share / share.sum()).tolist(), strict=True))


_OWN_KEYS = {"agent", "num_rows", "zones", "votes", "num_votes", "experts"}
"""Entries of a saved state that are not the classifier's."""


def _part(step: Step, rows: Array) -> Step:
    """What came of the actions in some of the rows."""
    final = {i: step.final_observation[row] for i, row in enumerate(rows.tolist()) if row in step.final_observation}
    return Step(step.observation[rows], step.reward[rows], step.terminated[rows], step.truncated[rows], final)
