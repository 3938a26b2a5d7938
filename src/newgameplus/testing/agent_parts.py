"""Checks of an agent's optional parts: weights, metrics, a replay buffer, files, a policy."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import (
    ActsTogether,
    Agent,
    Delegates,
    DescribesArithmetic,
    ExpectsWeights,
    HasActionValues,
    HasFeatures,
    HasMetrics,
    HasPolicy,
    HasReplay,
    HasWeights,
    HasWishes,
    KeepsFiles,
    NamesWeights,
    NeedsZones,
    Searches,
    SkipsSteps,
    UsesSnapshots,
    offers,
)
from newgameplus.testing.demonstrations import imitates, learns_from_demonstrations, learns_from_what_others_took
from newgameplus.testing.exchanges import AgentCase, follow
from newgameplus.testing.promises import require, require_refusal, require_same, through_a_file
from newgameplus.testing.resumption import require_resumed
from newgameplus.testing.stages import learns_in_stages
from newgameplus.types import Wishes

_NUM_TOGETHER = 3


def _has_metrics(case: AgentCase) -> None:
    """Metrics are numbers by name."""
    agent = case.build()
    if not isinstance(agent, HasMetrics):
        return
    for moment in ("before it learned", "afterwards"):
        figures: Any = agent.metrics()
        is_plain = isinstance(figures, dict) and all(
            type(name) is str and isinstance(figure, (int, float)) and math.isfinite(figure)
            for name, figure in figures.items()
        )
        require(is_plain, f"metrics of {case.name} is a dict of finite numbers by name, not {figures!r} ({moment}).")
        follow(agent, case.exchanges)


def _begins_from_weights(case: AgentCase) -> None:
    """An agent starts from the weights of another agent's state, and refuses other states."""
    trained, first, again = case.build(), case.build(case.seed + 1), case.build(case.seed + 1)
    if not isinstance(first, HasWeights) or not isinstance(again, HasWeights):
        return
    follow(trained, case.exchanges)
    state = trained.state()
    require_refusal(lambda: first.begin_from({}), f"{case.name}.begin_from", "that is empty")
    agent_class: Any = case.agent_class
    first.begin_from(agent_class.weights_in(state) if offers(agent_class, NamesWeights) else state)
    again.begin_from(through_a_file(state))
    require_same(
        (follow(first, case.exchanges), follow(again, case.exchanges)),
        f"{case.name} plays differently from the same weights with the same seed.",
    )


def _learns_nothing_when_frozen(case: AgentCase) -> None:
    """A frozen agent only plays."""
    trained, left, right = case.build(), case.build(case.seed + 1), case.build(case.seed + 1)
    if not isinstance(left, HasWeights) or not isinstance(right, HasWeights):
        return
    follow(trained, case.exchanges)
    for agent in (left, right):
        agent.begin_from(trained.state(), is_frozen=True)
    others = [(observation, replace(step, reward=-10 * step.reward)) for observation, step in case.exchanges]
    require_same(
        (follow(left, case.exchanges), follow(right, others)),
        f"{case.name} plays by the rewards that it hears, though begin_from(state, is_frozen=True) froze it.",
    )


def _remembers_what_others_played(case: AgentCase) -> None:
    """A replay buffer accepts steps of some of the rows, and does not change them."""
    agent, resumed = case.build(), case.build(case.seed + 1)
    if not isinstance(agent, HasReplay):
        return
    row = case.world.num_envs - 1
    played = follow(case.build(), case.exchanges)[: len(case.exchanges) // 2]
    for (observation, step), action in zip(case.exchanges, played, strict=False):
        of_row = step.of_rows([row])
        before = observation.tobytes(), of_row.observation.tobytes(), of_row.reward.tobytes()
        agent.remember(observation[row:], action[row:], of_row, [row])
        after = observation.tobytes(), of_row.observation.tobytes(), of_row.reward.tobytes()
        require(before == after, f"{case.name}.remember writes to an array that it was given.")
    resumed.restore(through_a_file(agent.state()))
    actions = follow(resumed, case.exchanges), follow(agent, case.exchanges)
    require_resumed(case, actions, (resumed, agent), " after it was told by remember")


def _keeps_files(case: AgentCase) -> None:
    """An agent with a folder of its own also resumes exactly."""
    straight, agent, resumed = case.build(), case.build(), case.build(case.seed + 1)
    half = len(case.exchanges) // 2
    kept = [each for each in (straight, agent, resumed) if isinstance(each, KeepsFiles)]
    if not kept:
        return
    with tempfile.TemporaryDirectory() as parent:
        for each, folder in zip(kept, ("straight", "broken", "broken"), strict=True):
            each.keep_in(Path(parent) / folder, len(case.exchanges) * case.world.num_envs * 2)
        expected = follow(straight, case.exchanges)
        actions = follow(agent, case.exchanges[:half])
        state = through_a_file(agent.state())
        follow(agent, case.exchanges[half : half + half // 4])
        resumed.restore(state)
        actions += follow(resumed, case.exchanges[half:])
        require_resumed(case, (actions, expected), (resumed, straight), ", with files and steps written after it")


class _MadeUpSnapshots:
    """Snapshots of nothing, which make sure that an agent names only those which it has."""

    def __init__(self, case: AgentCase, kept: Sequence[int] = (), num_taken: int = 0) -> None:
        self._case, self.kept, self.num_taken = case, set(kept), num_taken

    def save(self, row: int) -> int:
        self._require(row in range(self._case.world.num_envs), f"saves row {row!r}, which there is not")
        self.kept.add(self.num_taken)
        self.num_taken += 1
        return self.num_taken - 1

    def drop(self, handle: int) -> None:
        self._require(handle in self.kept, f"drops the snapshot {handle!r}, which it does not have")
        self.kept.remove(handle)

    def begin_next(self, row: int, handle: int | None) -> None:
        self._require(row in range(self._case.world.num_envs), f"begins row {row!r}, which there is not")
        self._require(
            handle is None or handle in self.kept, f"begins at the snapshot {handle!r}, which it does not have"
        )

    def end_episode(self, row: int) -> None:
        self._require(row in range(self._case.world.num_envs), f"ends row {row!r}, which there is not")

    def _require(self, is_right: bool, what: str) -> None:
        require(is_right, f"{self._case.name} {what}.")


def _uses_snapshots(case: AgentCase) -> None:
    """An agent with snapshots names only those which it has, and resumes exactly."""
    if not offers(case.agent_class, UsesSnapshots):
        return
    builds: list[Any] = [case.build(), case.build(), case.build(case.seed + 1)]
    straight, agent, resumed = builds
    half, snapshots = len(case.exchanges) // 2, _MadeUpSnapshots(case)
    straight.use_snapshots(_MadeUpSnapshots(case))
    agent.use_snapshots(snapshots)
    expected = follow(straight, case.exchanges)
    actions = follow(agent, case.exchanges[:half])
    resumed.use_snapshots(_MadeUpSnapshots(case, sorted(snapshots.kept), snapshots.num_taken))
    resumed.restore(through_a_file(agent.state()))
    actions += follow(resumed, case.exchanges[half:])
    require_resumed(case, (actions, expected), (resumed, straight), ", with snapshots")


def _searches(case: AgentCase) -> None:
    """The best return of a search is a number, and never falls."""
    agent = case.build()
    if not isinstance(agent, Searches):
        return
    best = agent.best_return()
    for exchange in case.exchanges:
        follow(agent, [exchange])
        before, best = best, agent.best_return()
        is_sound = before is None or (best is not None and math.isfinite(best) and best >= before)
        require(is_sound, f"best_return of {case.name} falls from {before} to {best}.")


def _has_a_policy(case: AgentCase) -> None:
    """A policy is a distribution over the actions, and computing it changes nothing."""
    agent, twin = case.build(), case.build()
    if not isinstance(agent, HasPolicy):
        return
    for observation, step in case.exchanges:
        probability, value = agent.probabilities(observation)
        shapes = probability.shape, value.shape
        wanted = (case.world.num_envs, case.world.num_actions), (case.world.num_envs,)
        require(shapes == wanted, f"probabilities of {case.name} returns arrays of shapes {wanted}, not {shapes}.")
        is_distribution = bool((probability >= 0).all()) and np.allclose(probability.sum(-1), 1, atol=1e-4)
        require(is_distribution, f"probabilities of {case.name} are 0 or more and add up to 1 in each row.")
        _require_same_step(case, agent, twin, (observation, step), "probabilities")


def _has_action_values(case: AgentCase) -> None:
    """Action values are one number per action, and computing them changes nothing."""
    agent, twin = case.build(), case.build()
    if not isinstance(agent, HasActionValues):
        return
    wanted = (case.world.num_envs, case.world.num_actions)
    for observation, step in case.exchanges:
        expected = agent.expected_returns(observation)
        is_right = expected.shape == wanted and bool(np.isfinite(expected).all())
        require(is_right, f"expected_returns of {case.name} are finite numbers {wanted}, not {expected!r}.")
        _require_same_step(case, agent, twin, (observation, step), "expected_returns")


def _has_features(case: AgentCase) -> None:
    """Features are as many numbers for each row, and computing them changes nothing."""
    agent, twin = case.build(), case.build()
    if not isinstance(agent, HasFeatures):
        return
    width = agent.features(case.exchanges[0][0]).shape[-1]
    for observation, step in case.exchanges:
        features = agent.features(observation)
        is_right = features.shape == (case.world.num_envs, width) and features.dtype == np.float32
        require(
            is_right and bool(np.isfinite(features).all()),
            f"features of {case.name} are finite float32 numbers {(case.world.num_envs, width)}, not {features!r}.",
        )
        _require_same_step(case, agent, twin, (observation, step), "features")


def _skips_steps(case: AgentCase) -> None:
    """An agent that passes over steps goes on like one that played them."""
    trained, played, skipped = case.build(), case.build(case.seed + 1), case.build(case.seed + 1)
    if not isinstance(played, HasWeights) or not isinstance(skipped, HasWeights) or not isinstance(skipped, SkipsSteps):
        return
    for agent in (played, skipped):
        agent.begin_from(trained.state(), is_frozen=True)
    half = len(case.exchanges) // 2
    follow(played, case.exchanges[:half])
    skipped.skip(half)
    require_same(
        (follow(skipped, case.exchanges[half:]), follow(played, case.exchanges[half:])),
        f"{case.name} plays differently after skip({half}) than after {half} steps.",
    )


def _acts_together(case: AgentCase) -> None:
    """Agents of one row each act together as each does alone, also when one of them has left."""
    agent_class: Any = case.agent_class
    if not offers(agent_class, ActsTogether):
        return
    alone = case.of_one_row()
    is_frozen = isinstance(alone.build(), HasWeights)
    if not agent_class.acts_together(case.config, is_frozen=is_frozen):
        return
    trained, agents, twins = alone.build(), alone.builds(_NUM_TOGETHER), alone.builds(_NUM_TOGETHER)
    for agent in (*agents, *twins):
        if isinstance(agent, HasWeights):
            agent.begin_from(trained.state(), is_frozen=True)
    half, there = len(case.exchanges) // 2, [*range(_NUM_TOGETHER)]
    for number, (observation, step) in enumerate(alone.exchanges):
        if number == half:
            there.remove(1)
        seen = np.concatenate([observation if row in there else 0 * observation for row in range(_NUM_TOGETHER)])
        chosen = agent_class.act_together([agents[row] if row in there else None for row in range(len(agents))], seen)
        expected = [twins[row].act(observation)[0] if row in there else 0 * chosen[row] for row in range(len(agents))]
        require_same(
            ([chosen], [np.array(expected)]), f"{case.name} acts otherwise together with others than it does alone."
        )
        for row in there:
            agents[row].observe(step)
            twins[row].observe(step)


def _names_who_acts(case: AgentCase) -> None:
    """An agent that delegates acting returns its delegate, in a world of one row."""
    if offers(case.agent_class, Delegates):
        agent = case.of_one_row().build()
        assert isinstance(agent, Delegates)
        require(isinstance(agent.acting_agent(), Agent), f"acting_agent of {case.name} returns an agent.")


def _describes_itself(case: AgentCase) -> None:
    """The class describes a configuration as plain data."""
    agent_class: Any = case.agent_class
    if offers(agent_class, NeedsZones):
        needs = agent_class.needs_zones(case.config)
        require(type(needs) is bool, f"needs_zones of {case.name} returns a bool, not {needs!r}.")
    if offers(agent_class, ExpectsWeights):
        told = agent_class.without_weights(case.config)
        require(
            type(told) is str and told.endswith("."), f"without_weights of {case.name} is a sentence, not {told!r}."
        )
    if offers(agent_class, HasWishes):
        wishes = agent_class.wishes(case.config)
        require(type(wishes) is Wishes, f"wishes of {case.name} returns Wishes, not {wishes!r}.")
    if offers(agent_class, DescribesArithmetic):
        told = agent_class.arithmetic(case.config)
        is_json = isinstance(told, dict) and json.loads(json.dumps(told)) == told
        require(is_json, f"arithmetic of {case.name} returns a dict of JSON types, not {told!r}.")


def _require_same_step(case: AgentCase, asked: Agent, twin: Agent, exchange: Any, method: str) -> None:
    require_same(
        (follow(asked, [exchange]), follow(twin, [exchange])),
        f"{case.name} plays differently once {method} was called.",
    )


PART_CHECKS: tuple[Callable[[AgentCase], None], ...] = (
    _has_metrics,
    _begins_from_weights,
    _learns_nothing_when_frozen,
    _remembers_what_others_played,
    learns_from_demonstrations,
    learns_in_stages,
    imitates,
    learns_from_what_others_took,
    _keeps_files,
    _searches,
    _uses_snapshots,
    _has_a_policy,
    _has_action_values,
    _has_features,
    _skips_steps,
    _acts_together,
    _names_who_acts,
    _describes_itself,
)
"""One check per part; each passes where the agent does not offer it."""
