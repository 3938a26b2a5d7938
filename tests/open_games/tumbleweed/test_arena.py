"""Rows of an arena jump between moments of a level, whichever row a moment was saved in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import levels_of
from newgameplus.open_games.arena import Arena
from newgameplus.open_games.tumbleweed.course import COURSE, MODE_PLAY, Moment
from newgameplus.open_games.tumbleweed.moves import JUMP, LEFT, NOTHING, RIGHT
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED

PLANS = ([JUMP, JUMP, RIGHT, RIGHT, RIGHT, RIGHT], [LEFT, LEFT, NOTHING, JUMP, LEFT, LEFT])


@pytest.fixture
def arena() -> Iterator[Arena[Moment]]:
    with Arena(COURSE, levels_of(find_game(TUMBLEWEED.name))[0], 2, 1) as rows:
        yield rows


def test_all_rows_begin_at_the_start_of_the_level(arena: Arena[Moment]) -> None:
    first = arena.begin()
    assert (first.mode, first.is_grounded, first.lives) == (MODE_PLAY, 1, 3)
    assert first.x < first.goal_x
    standing = arena.step([NOTHING, NOTHING])
    assert standing[0] == standing[1]


def test_rows_play_each_its_own_actions(arena: Arena[Moment]) -> None:
    arena.begin()
    for _ in range(5):
        right, still = arena.step([RIGHT, NOTHING])
    assert right.x > still.x


def test_a_moment_goes_on_the_same_in_another_row_that_held_other_buttons(arena: Arena[Moment]) -> None:
    arena.begin()
    for _ in range(12):
        arena.step([RIGHT, LEFT])
    snapshot = arena.save(0)
    straight: list[Moment] = [arena.step([action, other])[0] for action, other in zip(*PLANS, strict=True)]
    arena.load(1, snapshot)
    assert [arena.step([other, action])[1] for action, other in zip(*PLANS, strict=True)] == straight
