"""The search and the proof know no game: a course over Airstriker's score is searched, proven and kept as a movie."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from newgameplus.envs.rules import WorldRules
from newgameplus.errors import MovieError
from newgameplus.games.levels import Level, find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.open_games.arena import Arena
from newgameplus.open_games.course import Course, Plan
from newgameplus.open_games.moves import Moves, skewed_between
from newgameplus.open_games.proof import Proof, UnprovenError, masks_of, play, prove, verify_par, write_par
from newgameplus.types import ActionSpec

GOAL = 40
"""Points that win the course."""
LEFT, RIGHT, FIRE = range(3)


class Moment(NamedTuple):
    score: int
    lives: int


def held(action: int) -> Callable[[np.random.Generator], Plan]:
    return lambda random: [action] * skewed_between(random, 1, 12)


COURSE = Course(
    variables=Moment._fields,
    moment=Moment._make,
    actions=ActionSpec("set", (("LEFT",), ("RIGHT",), ("B",))),
    make_plan=Moves([(1.0, held(LEFT)), (1.0, held(RIGHT)), (3.0, held(FIRE))]).plan,
    is_at_goal=lambda start, moment: moment.score >= GOAL and moment.lives == start.lives,
    is_lost=lambda start, moment: moment.lives < start.lives,
    progress=lambda moment: moment.score,
    goal=lambda moment: GOAL,
    cell=lambda moment: moment.score,
    cost=lambda moment, num_steps: -num_steps,  # the enemies come later
    stride=20,
    base_reach=40.0,
    max_reach=400.0,
    window=400,
    progress_name="score",
    progress_unit="points",
)


@pytest.fixture(scope="module")
def level() -> Level:
    return find_level("Airstriker-Genesis-v0/Level1")


@pytest.fixture(scope="module")
def proof(level: Level) -> Proof:
    return prove(COURSE, level, num_threads=1)


def test_an_arena_shows_the_variables_of_the_course(level: Level) -> None:
    with Arena(COURSE, level, 2, 1) as arena:
        assert arena.begin() == Moment(score=0, lives=3)
        assert arena.step([LEFT, FIRE]) == [Moment(0, 3), Moment(0, 3)]


def test_a_way_is_found_and_holds_when_it_is_played_in_one_go(proof: Proof, tmp_path: Path) -> None:
    movie = tmp_path / "par" / "Level1.bk2"
    write_par(proof, movie)
    assert verify_par(COURSE, proof.level, movie) == proof.num_frames
    assert read_movie(movie).masks[:, 0].tolist() == proof.buttons.tolist()


def test_the_same_movie_does_not_prove_a_course_with_a_farther_goal(proof: Proof, tmp_path: Path) -> None:
    movie = tmp_path / "Level1.bk2"
    write_par(proof, movie)
    farther = dataclasses.replace(COURSE, is_at_goal=lambda start, moment: moment.score >= 10 * GOAL)
    with pytest.raises(MovieError, match=r"does not reach the goal of .*ends at score = 40"):
        verify_par(farther, proof.level, movie)


def test_what_is_too_far_stays_unproven_and_is_told_in_the_words_of_the_course(level: Level) -> None:
    farther = dataclasses.replace(COURSE, is_at_goal=lambda start, moment: False, goal=lambda moment: 100_000)
    with pytest.raises(UnprovenError, match=r"score = \d+, \d+ points before the goal at 100000") as caught:
        prove(farther, level, max_steps=320, num_threads=1)
    assert caught.value.progress.num_steps == 320


def test_the_rules_of_the_course_say_how_long_an_action_lasts_and_how_long_there_is(level: Level) -> None:
    quick = dataclasses.replace(COURSE, rules=WorldRules(frames_per_step=2, max_episode_steps=30))
    assert masks_of(quick, level, [LEFT, FIRE]) == masks_of(COURSE, level, [LEFT, FIRE])[::2]
    outcome = play(quick, level, masks_of(quick, level, [LEFT] * 100))
    assert (outcome.num_frames, outcome.is_at_goal) == (1 + quick.max_frames, False)
    with pytest.raises(UnprovenError) as caught:
        prove(quick, level, max_steps=640, num_threads=1)
    assert len(caught.value.plan) < 30
