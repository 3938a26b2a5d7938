"""Cells tell apart what matters for going on, and trails remember how each moment was reached."""

from __future__ import annotations

from newgameplus.open_games.search import Trail
from newgameplus.open_games.tumbleweed.course import MODE_PLAY, Moment, cell_of, cost_of

RUNNING = Moment(
    mode=MODE_PLAY,
    x=1000,
    y=300,
    ground_speed=1000,
    x_speed=1000,
    is_grounded=1,
    switches=0,
    coins=0,
    shield=0,
    breath=900,
    lives=3,
    deaths=0,
    goal_x=5000,
)


def test_a_pixel_or_a_coin_makes_no_other_cell() -> None:
    assert cell_of(RUNNING._replace(x=1001, coins=3)) == cell_of(RUNNING)


def test_place_speed_ground_switches_and_breath_make_another_cell() -> None:
    others = [
        RUNNING._replace(x=1064),
        RUNNING._replace(y=200),
        RUNNING._replace(ground_speed=2000),
        RUNNING._replace(ground_speed=-1000),
        RUNNING._replace(is_grounded=0),
        RUNNING._replace(switches=4),
        RUNNING._replace(breath=100),
    ]
    assert len({cell_of(moment) for moment in (RUNNING, *others)}) == 8


def test_fewer_steps_are_better_but_coins_or_a_shield_are_worth_some() -> None:
    assert cost_of(RUNNING, 100) < cost_of(RUNNING, 101)
    assert cost_of(RUNNING._replace(coins=1), 110) < cost_of(RUNNING, 100)
    assert cost_of(RUNNING._replace(shield=1), 110) < cost_of(RUNNING, 100)
    assert cost_of(RUNNING, 100) < cost_of(RUNNING._replace(coins=1), 120)


def test_a_trail_unrolls_to_all_actions_from_the_start() -> None:
    start = Trail(None, [])
    first = Trail(start, [1, 1, 6])
    assert Trail(Trail(first, [4]), [2, 3]).unrolled() == [1, 1, 6, 4, 2, 3]
    assert Trail(first, [0]).unrolled() == [1, 1, 6, 0]
