"""The individuals of a population, each played as a task of an executor: in processes here, or on other machines.

What an individual's episodes are like follows from the run's seed, its number, the level and the episode alone, so a
run is the same wherever and in whatever order they are played. Nothing of a generation that has not been completed is
kept: a run that is resumed plays it again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from newgameplus.agents.interface import Agent
from newgameplus.agents.populations import PlaysApart
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import NewGamePlusError, ResultsError
from newgameplus.executor.interface import Cancelled, Died, Executor, Returned, Task, Tell, share
from newgameplus.games.levels import Level
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.loop import play
from newgameplus.training.rows import Advance
from newgameplus.training.seeds import individual_seeds
from newgameplus.training.tracker import Tracker
from newgameplus.training.worlds import WorldPlan, make_single_world
from newgameplus.types import State

TICK_SECONDS = 0.25
"""Longest time between two advances, so that a run can be left while individuals play."""
MAX_WORLDS = 8
"""Consoles that a process keeps between individuals."""


@dataclass(frozen=True, slots=True)
class PopulationPlan:
    """What all individuals of a run have in common; each process receives it once."""

    agent: AgentPlan
    world: WorldPlan
    seed: int
    """Seed of the run."""
    num_episodes: int
    """Episodes of an individual on each level."""
    common: State
    """The agent's :meth:`~newgameplus.agents.populations.PlaysApart.common`."""


@dataclass(frozen=True, slots=True)
class Individual:
    """One individual."""

    number: int
    single: State
    """The agent's :meth:`~newgameplus.agents.populations.PlaysApart.single`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an individual."""

    episodes: tuple[tuple[str, float, int], ...]
    """Level, return and length in steps of each of its episodes."""

    @property
    def fitness(self) -> float:
        """Mean over levels of the mean return."""
        levels = dict.fromkeys(level for level, _, _ in self.episodes)
        means = [np.mean([value for at, value, _ in self.episodes if at == level]) for level in levels]
        return float(np.mean(means))

    @property
    def num_steps(self) -> int:
        """Steps of all of its episodes."""
        return sum(length for _, _, length in self.episodes)


class Individuals:
    """Plays the generations of an agent; each advance is one of them, or only time that has passed.

    Args:
        agent: plays nothing itself, but makes the generations.
        population: what its individuals have in common.
        executor: plays them; closed with this.
        tracker: counts each generation.
    """

    def __init__(
        self, agent: PlaysApart, population: PopulationPlan, executor: Executor[Individual], tracker: Tracker
    ) -> None:
        self._agent, self._executor, self._tracker = agent, executor, tracker
        self._shared = share(population)

    def advances(self) -> Iterator[Advance]:
        """Play a generation after the other.

        Raises:
            NewGamePlusError: an individual cannot be played.
            ResultsError: its process has ended by an error, or been killed in each try.
        """
        while True:
            numbers = self._agent.ask()
            played: dict[int, Outcome] = {}
            for one in self._play(numbers):
                if one is None:
                    yield Advance(0, [])
                else:
                    played[one[0]] = one[1]
            episodes = [episode for number in numbers for episode in played[number].episodes]
            told = [{"level": level, "return": value, "length": length} for level, value, length in episodes]
            num_steps = sum(one.num_steps for one in played.values())
            self._tracker.count(num_steps, told)
            lengths = {number: max(length for *_, length in played[number].episodes) for number in numbers}
            self._agent.tell({number: played[number].fitness for number in numbers}, lengths)
            yield Advance(num_steps, told)

    def state(self) -> State:
        """Nothing: a generation under way is played again."""
        return {}

    def close(self) -> None:
        """End all processes."""
        self._executor.close()

    def _play(self, numbers: list[int]) -> Iterator[tuple[int, Outcome] | None]:
        """Yield what becomes of each individual; None when nothing has happened for a while."""
        for number in numbers:
            individual = Individual(number, self._agent.single(number))
            name = f"individual {number}"
            self._executor.submit(Task(play_individual, individual, shared=self._shared, keeps_process=True, name=name))
        for event in self._executor.events(TICK_SECONDS):
            if event is None:
                yield None
            elif isinstance(event, Returned):
                if isinstance(event.result, str):
                    raise NewGamePlusError(event.result)
                yield event.task.content.number, event.result
            elif isinstance(event, Died | Cancelled):
                how = event.how if isinstance(event, Died) else "was cancelled"
                raise ResultsError(
                    f"The process that played individual {event.task.content.number} {how}; the last checkpoint is "
                    "intact, so mend the cause and go on with --resume."
                )


def play_individual(individual: Individual, tell: Tell, *, shared: PopulationPlan) -> Outcome | str:
    """Play the episodes of one individual; runs in a process of its own.

    Args:
        individual: the individual.
        tell: not used; an individual is played again from its beginning.
        shared: what it has in common with others.

    Returns:
        What became of it, or why it cannot be played, as a sentence.
    """
    del tell
    try:
        player = _player_of(shared)
        return Outcome(tuple(episode for level in player.levels for episode in player.episodes(individual, level)))
    except NewGamePlusError as error:
        return str(error)


class _Player:
    """Agent and consoles of a process, kept from one individual to the next."""

    def __init__(self, population: PopulationPlan) -> None:
        self._population = population
        self.levels = tuple(dict.fromkeys(population.world.levels))
        self._worlds: OrderedDict[Level, SingleWorld] = OrderedDict()
        self._agent: Agent | None = None

    def episodes(self, individual: Individual, level: Level) -> Iterator[tuple[str, float, int]]:
        """Play an individual's episodes on a level."""
        population, world = self._population, self._world_of(level)
        agent = self._agent_in(world)
        assert isinstance(agent, PlaysApart)
        for episode in range(population.num_episodes):
            world_seed, agent_seed = individual_seeds(population.seed, individual.number, level, episode)
            agent.become(population.common, individual.single, agent_seed)
            value, length = 0.0, 0
            for turn in play(agent, world, seed=world_seed):
                value, length = value + float(turn.step.reward[0]), length + 1
                if turn.step.done[0]:
                    break
            yield str(level), value, length

    def close(self) -> None:
        """Free the consoles."""
        for world in self._worlds.values():
            world.close()

    def _world_of(self, level: Level) -> SingleWorld:
        if level not in self._worlds:
            if len(self._worlds) >= MAX_WORLDS:
                self._worlds.popitem(last=False)[1].close()
            self._worlds[level] = make_single_world(self._population.world, level, self._population.agent.specs())
        self._worlds.move_to_end(level)
        return self._worlds[level]

    def _agent_in(self, world: SingleWorld) -> Agent:
        if self._agent is None:
            self._agent = self._population.agent.make(world_spec(world), 0)
        return self._agent


_players: list[tuple[PopulationPlan, _Player]] = []
"""The player of this process, if it has played an individual."""


def _player_of(population: PopulationPlan) -> _Player:
    if not _players or _players[0][0] is not population:
        for _, player in _players:
            player.close()
        _players[:] = [(population, _Player(population))]
    return _players[0][1]
