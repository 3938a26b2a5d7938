"""A person is judged like an agent: the same files, the same rules, and no way around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.human.agent import Human
from newgameplus.contest.evaluation import manifest_of
from newgameplus.contest.judged_world import open_judged_world
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.sitting import REFUSED, Sitting, sit_down
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.movies.verify import verify_movie
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.session.commands import Command, Request
from newgameplus.testing import check_agent
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.seeds import split_seed
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Array, WorldSpec

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
LEFT, FIRE = 1 << 6, 1 << 0


@dataclass
class Person:
    """Hands that hold what a test says, and ears that note what they hear."""

    mask: int = 0
    is_rewinding: bool = False
    is_fast: bool = False
    heard: list[Array] = field(default_factory=list)

    def take_mask(self) -> int:
        return self.mask

    def key_of(self, request: Request) -> str:
        return request.command.value

    def play(self, sound: Array, speed: float) -> None:
        assert speed == 1.0
        self.heard.append(sound)

    def stop(self) -> None:
        pass


def plan_of(num_runs: int = 1, **budget: Any) -> Plan:
    agent = AgentPlan("human", "default", find_agent("human").PRESETS["default"])
    world = WorldPlan((LEVEL,), rules=WorldRules(max_episode_steps=10))
    return Plan(agent, world, with_budget(CONTEST, **budget), seeds=tuple(range(num_runs)))


@contextmanager
def seated(path: Path, plan: Plan, person: Person) -> Iterator[tuple[Sitting, Callable[[int], None]]]:
    """A person whose level has begun, and what lets turns pass."""
    results = Results(path)
    if not path.exists():
        results.create(manifest_of(plan, ["ngp", "play"]))
    moments = iter(np.arange(1e6) / 60)

    def turn(num_turns: int) -> None:
        for _ in range(num_turns):
            sitting.turn(float(next(moments)))

    with sit_down(results, plan, person) as sitting:
        sitting.listen(person)
        title, what, budget = sitting.view().ending
        assert (title, what) == ("Level1", "Press a button")
        assert budget.startswith(("25 steps", "1 episode"))
        held, person.mask = person.mask, 0
        turn(1)
        person.mask = FIRE
        turn(1)
        person.mask = held
        assert not sitting.view().ending
        yield sitting, turn


def logged(path: Path) -> list[tuple[float, int]]:
    return [(one.episode_return, one.num_steps) for one in read_monitor(run_folder(path).monitor)]


def run_folder(path: Path) -> RunFolder:
    return Results(path).run(LEVEL.folder_name, 0)


def hold_in_turn(person: Person, turn: Callable[[int], None], num_steps: int, first_step: int = 0) -> None:
    """Hold LEFT and FIRE by turns; every tenth step shows the frame of a reset besides its own."""
    for step in range(first_step, first_step + num_steps):
        person.mask = LEFT if step % 2 else FIRE
        turn(4 if (step + 1) % 10 else 5)


def played_without_person(path: Path, plan: Plan, num_steps: int) -> None:
    """The same buttons, played by nobody who looks or listens."""
    seed, _ = split_seed(0, LEVEL)
    world = open_judged_world(plan.world, LEVEL, plan.agent.specs(), plan.rules, RunFolder(path), seed=seed)
    world.reset()
    for step in range(num_steps):
        mask = LEFT if step % 2 else FIRE
        world.step((mask >> np.arange(len(world.buttons)) & 1).astype(np.int8)[None])
    world.close()


def test_a_person_leaves_the_files_of_an_agent_with_the_same_buttons_and_sees_every_frame(tmp_path: Path) -> None:
    person, plan = Person(), plan_of(timesteps=25)
    with seated(tmp_path / "human", plan, person) as (sitting, turn):
        hold_in_turn(person, turn, 25)
        assert sitting.view().ending[-1] == "All is played"
    assert len(person.heard) == 4 * 25 + 2
    assert len({sound.tobytes() for sound in person.heard}) > 25

    played_without_person(tmp_path / "nobody", plan, 25)
    folder = run_folder(tmp_path / "human")
    movies = [path.read_bytes() for path in sorted(folder.movies.iterdir())]
    assert movies == [path.read_bytes() for path in sorted((tmp_path / "nobody" / "bk2").iterdir())]
    assert [steps for _, steps in logged(tmp_path / "human")] == [10, 10, 5]
    record = folder.read()
    assert record.summary is not None
    assert (record.summary.num_timesteps, record.summary.num_frames) == (25, 100)
    assert Results(tmp_path / "human").is_complete()
    assert verify_movie(next(folder.movies.iterdir())).outcome == "same"


def test_whatever_the_rules_do_not_have_is_refused_in_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    person = Person()
    with seated(tmp_path / "human", plan_of(timesteps=25), person) as (sitting, turn):
        turn(6)
        before = sitting.picture().tobytes()
        for command, sentence in REFUSED.items():
            sitting.do(Request(command))
            assert sitting.view().note == sentence
        assert sitting.picture().tobytes() == before
        person.is_rewinding = True
        turn(1)
        assert sitting.view().note == REFUSED[Command.REWIND]
        assert len(person.heard) == 7


def test_a_pause_takes_no_step(tmp_path: Path) -> None:
    person = Person()
    with seated(tmp_path / "human", plan_of(timesteps=25), person) as (sitting, turn):
        for command in (Command.PAUSE, Command.HELP):
            sitting.do(Request(command))
            turn(9)
            sitting.do(Request(command))
        assert not person.heard
        turn(3)
        assert len(person.heard) == 3


def test_leaving_ends_the_episode_as_it_is_and_the_run_goes_on_after_it(tmp_path: Path) -> None:
    person, plan, path = Person(), plan_of(timesteps=25), tmp_path / "human"
    with seated(path, plan, person) as (sitting, turn):
        hold_in_turn(person, turn, 13)
        sitting.do(Request(Command.LEAVE))
        assert not sitting.is_running
    assert [steps for _, steps in logged(path)] == [10, 3]
    assert not Results(path).is_complete()
    with seated(path, plan, person) as (_, turn):
        hold_in_turn(person, turn, 12)
    assert [steps for _, steps in logged(path)] == [10, 3, 10, 2]
    assert Results(path).is_complete()
    assert len(list(run_folder(path).movies.iterdir())) == 4


def test_who_is_killed_plays_only_the_last_episode_again(tmp_path: Path) -> None:
    person, plan, path = Person(), plan_of(timesteps=25), tmp_path / "human"
    with seated(path, plan, person) as (_, turn):
        hold_in_turn(person, turn, 13)
    assert [steps for _, steps in logged(path)] == [10]
    with seated(path, plan, person) as (_, turn):
        hold_in_turn(person, turn, 15, first_step=10)
    played_without_person(tmp_path / "nobody", plan, 25)
    whole = [(one.episode_return, one.num_steps) for one in read_monitor(tmp_path / "nobody" / "monitor.csv")]
    assert logged(path)[:2] == whole


def test_the_next_run_waits_for_a_button(tmp_path: Path) -> None:
    person, path = Person(), tmp_path / "human"
    with seated(path, plan_of(num_runs=2, episodes=1), person) as (sitting, turn):
        person.mask = LEFT
        turn(41)
        turn(9)
        assert sitting.view().ending[-1] == "Press a button for Level1"  # the button that is still held does not count
        for mask in (0, FIRE, 0, FIRE):
            person.mask = mask
            turn(1)
        assert not sitting.view().ending
        sitting.do(Request(Command.LEAVE))
    assert [Results(path).run(LEVEL.folder_name, seed).is_complete() for seed in (0, 1)] == [True, False]


class Seated(Human):
    """A person who holds the same buttons for ever."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.seat(lambda: LEFT)


def test_a_person_keeps_the_promises_of_an_agent_and_nobody_plays_for_one() -> None:
    check_agent(Seated)
    with pytest.raises(UsageError, match=r"a person who plays: ngp play LEVEL --rules contest"):
        find_agent("human")(Human.PRESETS["default"], WorldSpec(1, ("B", "A"), (0,), (2,)), 0).act(np.zeros((1, 0)))
