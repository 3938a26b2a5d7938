"""Zone experts: a classifier that recognises the zone from pictures, and a learner for each zone.

Source: the fifth of the 2018 contest, flyyufelix, who trained a policy on all levels, fine-tuned a copy of it on each
zone, and let a classifier of pictures choose among the copies.

*Differences from the source:* experts and classifier are trained together in one run; the classifier is a small network
instead of a ResNet-50; its vote over the first pictures of a run holds for the whole run. See docs/agents/experts.md.
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
from newgameplus.agents.learners import arithmetic_of
from newgameplus.agents.saved import require_agent, take, take_array, take_count
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.replay import SLACK
from newgameplus.nn.arithmetic import Arithmetic
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec

_NAME = "experts"


class Experts:
    """A learner for each zone.

    If the world gives the zones, each row is played by its zone's expert, which learns from it, and the classifier
    learns from all rows. If not, the classifier votes on the pictures of the first steps, and the expert of the winning
    zone plays from then on. Until then the expert with most votes so far plays, without learning.

    Args:
        config: configuration.
        world: gives zones, number of rows, observation shape and number of actions.
        seed: seed of all weights and of every choice.

    Raises:
        UsageError: several rows without zones, or the requested device is not available.
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
        """Whether the agent is frozen: neither the experts nor the classifier learn."""
        self._world, self._seed = world, seed
        self._learner_class, self._learner_config = config.learner_class(), config.learner_config()
        self._folder: tuple[Path, int] | None = None
        self._team: _Team | None = None
        if world.zones is not None:
            zones = list(dict.fromkeys(world.zones))
            self._team = self._new_team(zones, zones)

    @staticmethod
    def arithmetic(config: ExpertsConfig) -> Arithmetic:
        """Return what computes the experts' networks on this machine; the classifier's where that is unknown."""
        return arithmetic_of(config.learner_class(), config.learner_config(), config.device)

    @staticmethod
    def specs(config: ExpertsConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return the observation and action specs of the learner."""
        return config.learner_class().specs(config.learner_config())

    @staticmethod
    def needs_zones(config: ExpertsConfig) -> bool:
        """Return True: it can only be trained if the zone of each row is known."""
        return True

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones, in the order of the classifier's outputs."""
        return () if self._team is None else tuple(self._team.zones)

    @property
    def zone(self) -> str | None:
        """If the world gives no zones, the zone of the expert that plays: provisional until the vote is over."""
        has_voted = self._world.zones is None and self._team is not None and self._team.num_votes > 0
        return self._known().leading if has_voted else None

    def keep_in(self, folder: Path, num_steps: int = SLACK) -> None:
        """Let each expert keep its large data in files in a folder of its own, if it can.

        Args:
            folder: parent of the experts' folders.
            num_steps: number of steps, over all rows, that may follow a checkpoint before it is restored.
        """
        self._folder = (folder, num_steps)
        for zone, expert in self._known().experts.items() if self._team else ():
            self._give_folder(expert, self._known().zones.index(zone))

    def act(self, observation: Array) -> Array:
        """Return the experts' actions, int64 ``[B]``, for uint8 ``[B, H, W, C]``.

        Raises:
            UsageError: no zone is known, because the agent has no initial weights and the world gives no zones.
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
        """Let the experts learn from their rows, and the classifier from all rows.

        Raises:
            LearningError: a loss is NaN or infinite.
        """
        team = self._known()
        if self._world.zones is None:
            if team.is_settled(self.config):
                team.experts[team.leading].observe(step)
            return
        for zone, rows in team.rows.items():
            team.experts[zone].observe(step.of_rows(rows.tolist()))
        if not self.is_frozen:
            team.classifier.observe(step.observation, team.zone_of_row)

    def acting_agent(self) -> Agent:
        """Return the expert that plays all rows: the only one, or the one with most votes if the world gives no zones.

        Raises:
            UsageError: several experts play, or no zone is known.
        """
        team = self._known()
        if len(team.rows) > 1:
            raise UsageError(f"The experts of {', '.join(team.rows)} play side by side; ask them one by one.")
        expert: Agent = team.experts[next(iter(team.rows), team.leading)]
        return expert

    def metrics(self) -> dict[str, float]:
        """Return the means of the experts' metrics, and the classifier's; after a vote the confidence in each zone.

        The confidence in a zone is the geometric mean of its probabilities in the pictures that voted, normalised over
        the zones: the product over similar pictures would be overconfident.
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
        """Return the full state: the classifier, every expert still in play, and the votes.

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
        """Restore ``state`` exactly.

        Raises:
            StateError: it belongs to another agent, configuration or zones, or is damaged; nothing has changed then.
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
        """Start a new run with the weights of ``state``: of zone experts, or of one learner for every expert.

        If ``is_frozen``, it may be one after the vote of a run: then the expert that was voted for plays.

        Raises:
            StateError: it is of another network, its zones do not match, or neither it nor the world gives zones.
        """
        if take(state, "agent", str) == _NAME:
            zones, experts = self._checked_zones(state), take(state, "experts", dict)
            team = self._new_team(zones, experts)
            if set(experts) != set(zones):
                team.votes, team.num_votes = take_array(state, "votes", np.float64), take_count(state, "num_votes")
                is_voted_for = len(team.votes) == len(zones) and set(experts) == {team.leading}
                if not (is_frozen and is_voted_for and team.is_settled(self.config)):
                    raise StateError(f"It holds the expert of {', '.join(experts)} alone; give a training run.")
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
        """Add the votes of one more picture; once there are enough, drop all experts but one."""
        if team.is_settled(self.config):
            return
        team.votes += team.classifier.log_probabilities(observation)[0]
        team.num_votes += 1
        if team.is_settled(self.config):
            team.experts = {team.leading: team.experts[team.leading]}

    def _new_team(self, zones: list[str], players: Collection[str]) -> _Team:
        """Create a classifier of ``zones``, and new experts for those in ``players``."""
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
        """Zones of a saved state, which must be names and include those that the world gives."""
        zones = take(state, "zones", list)
        if not zones or not all(type(zone) is str for zone in zones) or len(set(zones)) < len(zones):
            raise StateError("The saved names of the zones are damaged; begin a new run.")
        unknown = [zone for zone in self._world.zones or () if zone not in zones]
        if unknown:
            raise StateError(f"It knows the zones {', '.join(zones)}, but not {unknown[0]}, which is played here.")
        return zones


@dataclass
class _Team:
    """The classifier, the experts, and the assignment of rows to experts."""

    zones: list[str]
    """Names of the zones, in the order of the classifier's outputs."""
    classifier: ZoneClassifier
    experts: dict[str, Any]
    """Learner of each zone that is still in play."""
    rows: dict[str, Array]
    """Row indices of each zone that has any, if the world gives the zones."""
    zone_of_row: Array
    """Zone index of each row, int64 ``[B]``, if the world gives the zones."""
    votes: Array
    """Sum of the log-probabilities of each zone over the pictures that voted, float64 ``[Z]``."""
    num_votes: int = 0

    @property
    def leading(self) -> str:
        """Zone with most votes."""
        return self.zones[int(self.votes.argmax())]

    def is_settled(self, config: ExpertsConfig) -> bool:
        """Whether enough pictures have voted."""
        return self.num_votes >= config.vote_steps

    def confidence(self) -> dict[str, float]:
        """Confidence in each zone; empty before the first vote."""
        if not self.num_votes:
            return {}
        mean = self.votes / self.num_votes
        share = np.exp(mean - mean.max())
        return dict(zip(self.zones, (share / share.sum()).tolist(), strict=True))


_OWN_KEYS = {"agent", "num_rows", "zones", "votes", "num_votes", "experts"}
"""Keys of a saved state that do not belong to the classifier."""
