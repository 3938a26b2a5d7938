"""A prefill tells a learner what really happened, in movies or on levels, and never leaves an episode open."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.emulator.cores import console_named
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.world import world_spec
from newgameplus.errors import MovieError, NewGamePlusError, NotFoundError, UsageError
from newgameplus.games.action_sets import resolved
from newgameplus.games.levels import Level, find_level, find_split
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.steps import MovieSteps
from newgameplus.open_games.proof import par_path
from newgameplus.results.checkpoints import save_state
from newgameplus.session.session import Session
from newgameplus.training.agent_plan import AgentPlan, Prefill
from newgameplus.training.demonstrations import Preparation, reference
from newgameplus.training.prefill import check_prefill, fill
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import SONIC_7, WARPED, Array, Step

STATES = ("Mesa.Act1", "Frost.Act1", "Canyon.Act1")
LEVELS = [find_level(f"Tumbleweed-Genesis-v0/{state}") for state in STATES]
SNES = Level("SuperMarioWorld-Snes-v0", "YoshiIsland1", "scenario")
SMALL = {"encoder": "dqn-2013", "capacity": "4000", "num_hidden": "8", "device": "cpu"}


@dataclass
class Diary:
    """A learner that writes down what it is told, by row."""

    turns: dict[int, list[tuple[bytes, int, float, bool, bool, bytes]]] = field(default_factory=dict)
    first: list[Array] = field(default_factory=list)
    """The observations of the turns with which an episode begins."""
    shapes: set[tuple[int, ...]] = field(default_factory=set)

    def remember(self, observation: Array, action: Array, step: Step, rows: Any) -> None:
        self.shapes.add(observation.shape[1:])
        for place, row in enumerate(rows):
            before = self.turns.setdefault(row, [])
            if not before or before[-1][3] or before[-1][4]:
                self.first.append(observation[place])
            terminated, truncated = bool(step.terminated[place]), bool(step.truncated[place])
            after = step.final_observation[place] if terminated or truncated else step.observation[place]
            reward = float(step.reward[place])
            before.append(
                (observation[place].tobytes(), int(action[place]), reward, terminated, truncated, after.tobytes())
            )

    @property
    def num_turns(self) -> int:
        return sum(map(len, self.turns.values()))


@pytest.fixture
def wanted() -> Callable[..., Preparation]:
    def build(source: Path | str, num_steps: int = 100_000, **changes: Any) -> Preparation:
        config = configure(find_agent("rainbow"), "default", {**SMALL, **changes.pop("fields", {})})
        learner = AgentPlan(changes.pop("agent", "rainbow"), "default", config, prefill=Prefill(str(source), num_steps))
        world = WorldPlan((changes.pop("level", LEVELS[0]),))
        return replace(Preparation(learner, world, 2, 0), **changes)

    return build


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """A split of three levels."""
    path = tmp_path / "three.toml"
    path.write_text(f"levels = {[str(level) for level in LEVELS]}")
    return path


@pytest.fixture
def movies(tmp_path: Path) -> Path:
    """A folder with the beginnings of the par movies of three levels, of 100, 50 and 75 steps."""
    folder = tmp_path / "movies"
    for level, num_steps in zip(LEVELS, (100, 50, 75), strict=True):
        (folder / level.state).mkdir(parents=True)
        movie = read_movie(par_path(level))
        write_movie(folder / level.state / "par.bk2", replace(movie, masks=movie.masks[: 1 + 4 * num_steps]))
    return folder


def told(prefill: Preparation) -> Diary:
    diary = Diary()
    *_, last = fill(prefill, diary)
    assert last.num_steps == last.num_total == diary.num_turns
    return diary


def lived(path: Path) -> list[tuple[bytes, int, float, bool, bool, bytes]]:
    with MovieSteps(path, WARPED, SONIC_7) as movie:
        return [
            (
                step.observation.tobytes(),
                step.action,
                step.reward,
                step.is_terminated,
                step.is_cut,
                step.next_observation.tobytes(),
            )
            for step in movie
        ]


def test_movies_are_told_whole_one_after_another_in_the_rows_that_have_least(
    movies: Path, wanted: Callable[..., Preparation]
) -> None:
    diary = told(wanted(movies))
    canyon, frost, mesa = (lived(path) for path in sorted(movies.rglob("*.bk2")))
    assert (len(canyon), len(frost), len(mesa)) == (75, 50, 100)
    assert diary.turns == {0: canyon, 1: [*frost, *mesa]}
    assert diary.shapes == {(84, 84, 4)}


def test_what_is_too_much_is_cut_and_the_last_turn_ends_its_episode(
    movies: Path, wanted: Callable[..., Preparation]
) -> None:
    diary = told(wanted(movies, 30, num_envs=1))
    expected = lived(sorted(movies.rglob("*.bk2"))[0])[:30]
    assert diary.turns[0][:-1] == expected[:-1]
    assert diary.turns[0][-1] == (*expected[-1][:4], True, expected[-1][5])


def test_par_stands_for_the_par_movies_of_the_training_levels(wanted: Callable[..., Preparation]) -> None:
    first = find_split("tumbleweed-train").levels[0]
    assert told(wanted("par", 50, num_envs=1)).turns[0][:49] == lived(par_path(first))[:49]


def test_a_persons_own_movie_is_told_as_it_was_played(tmp_path: Path, wanted: Callable[..., Preparation]) -> None:
    path = tmp_path / "mine.bk2"
    session = Session(LEVELS[0], movies=[path])
    buttons = {name: 1 << bit for bit, name in enumerate(session.buttons) if name}
    held = [buttons["RIGHT"], buttons["B"], buttons["LEFT"] | buttons["DOWN"], buttons["RIGHT"] | buttons["B"]]
    for frame in range(400):
        session.step(held[frame // 20 % 4])
    earned = session.episode_return
    session.close()
    diary = told(wanted(path, num_envs=1))
    assert diary.turns[0] == lived(path)
    assert sum(turn[2] for turn in diary.turns[0]) == pytest.approx(earned)
    assert diary.turns[0][-1][3:5] == (False, True)
    wanted_actions = [("RIGHT",), ("B",), ("LEFT", "DOWN"), ("RIGHT",)]
    combos = resolved(SONIC_7, console_named("Genesis")).combos
    expected = [combos.index(wanted_actions[step // 5 % 4]) for step in range(100)]
    assert [turn[1] for turn in diary.turns[0]] == expected


def test_every_level_of_a_split_is_played_and_every_rows_last_turn_ends_its_episode(
    split: Path, wanted: Callable[..., Preparation]
) -> None:
    prefill = wanted(split, 601)
    diary = told(prefill)
    assert [len(diary.turns[row]) for row in range(2)] == [301, 301]
    assert all(turns[-1][3] or turns[-1][4] for turns in diary.turns.values())
    assert {first.tobytes() for first in diary.first} == {first_sight(level) for level in LEVELS}


def first_sight(level: Level) -> bytes:
    world = RetroVecEnv([level], observation_spec=WARPED, action_spec=SONIC_7)
    observation, _ = world.reset()
    world.close()
    return bytes(observation[0].tobytes())


def test_the_seed_makes_the_play(split: Path, wanted: Callable[..., Preparation]) -> None:
    first, again, other = (told(wanted(split, 60, seed=seed)).turns for seed in (4, 4, 5))
    assert first == again != other
    assert {turn[1] for turns in first.values() for turn in turns} == set(range(7))


def test_the_learners_own_weights_play_where_it_began_with_them(
    split: Path, tmp_path: Path, wanted: Callable[..., Preparation]
) -> None:
    prefill = wanted(split, 40, num_envs=1)
    world = RetroVecEnv(LEVELS[:1], observation_spec=WARPED, action_spec=SONIC_7)
    spec = world_spec(world)
    world.close()
    trained = find_agent("rainbow")(prefill.agent.config, spec, 77)
    save_state(tmp_path / "rainbow.safetensors", {"agent": trained.state()})
    diary = told(beginning_from(tmp_path / "rainbow.safetensors", prefill))
    seed = int(np.random.SeedSequence([0, 4]).generate_state(3)[2])
    player: Any = find_agent("rainbow")(prefill.agent.config, spec, seed)
    player.begin_from(trained.state())
    pictures = [np.frombuffer(turn[0], np.uint8).reshape(1, 84, 84, 4).copy() for turn in diary.turns[0]]
    assert [int(player.act(picture)[0]) for picture in pictures] == [turn[1] for turn in diary.turns[0]]
    save_state(tmp_path / "ppo.safetensors", {"agent": {"agent": "ppo"}})
    assert told(beginning_from(tmp_path / "ppo.safetensors", prefill)).turns == told(prefill).turns


def beginning_from(path: Path, prefill: Preparation) -> Preparation:
    return replace(prefill, agent=replace(prefill.agent, init=str(path)))


def test_what_is_possible_passes(movies: Path, split: Path, wanted: Callable[..., Preparation]) -> None:
    for source in (movies, split, "par", next(movies.rglob("*.bk2"))):
        check_prefill(wanted(source, 1500))


@pytest.mark.parametrize(
    ("source", "changes", "sentence"),
    [
        ("par", {"agent": "ppo"}, "The agent ppo has no replay buffer"),
        ("tumbleweed-train", {}, "50,000 of the transitions would go to a row's 2,000"),
        ("par", {}, "A prefill takes up half of the replay buffer at most"),
        ("par", {"num_steps": 10, "level": SNES}, "is of a Genesis, but what is learned is of a Snes"),
        (
            "tumbleweed-train",
            {"num_steps": 10, "level": SNES},
            "The level Tumbleweed.* is of a Genesis, but what is learned",
        ),
    ],
)
def test_what_is_impossible_is_said_beforehand(
    source: str, changes: dict[str, Any], sentence: str, wanted: Callable[..., Preparation]
) -> None:
    with pytest.raises(UsageError, match=sentence):
        check_prefill(wanted(source, **changes))


def test_a_damaged_movie_is_found_beforehand(movies: Path, wanted: Callable[..., Preparation]) -> None:
    (movies / "another.bk2").write_bytes(b"no movie")
    with pytest.raises(MovieError, match=r"another\.bk2"):
        check_prefill(wanted(movies))


def test_a_source_is_found_again_from_another_folder(
    movies: Path, split: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert reference("par") == "par"
    assert reference("tumbleweed-train") == "tumbleweed-train"
    assert reference("three.toml") == str(split)
    assert reference("movies") == str(movies)
    assert reference("movies/Mesa.Act1/par.bk2") == str(movies / "Mesa.Act1" / "par.bk2")
    (tmp_path / "set").mkdir()
    shutil.copy(split, tmp_path / "set" / "split.toml")
    assert reference("set") == str(tmp_path / "set" / "split.toml")


@pytest.mark.parametrize("source", ["nowhere.bk2", "nothing", "tumbleweed-trian"])
def test_a_source_that_is_not_there_is_said_to_be_missing(source: str) -> None:
    with pytest.raises(NotFoundError):
        reference(source)


def test_a_folder_without_movies_is_said_to_hold_none(tmp_path: Path) -> None:
    with pytest.raises(NewGamePlusError, match="neither movies"):
        reference(str(tmp_path))
