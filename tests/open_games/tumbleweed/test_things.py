"""What each kind of object does to the tumbleweed, in hand-made levels on the real program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from newgameplus.open_games.tumbleweed.blueprint import HALF_HEIGHTS, Sketch
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LOOP_RADIUS
from newgameplus.open_games.tumbleweed.things import Kind, Thing

ROW = 20
GROUND = ROW * BLOCK
"""Height of the ground in every level here, in pixels; the tumbleweed's centre is 16 above it."""
STANDING = GROUND - 16
START = 56
"""Where it starts."""
TARGET = 235
MODE_PLAY, MODE_DYING, MODE_CLEAR = 2, 3, 4

Begin = Callable[..., Any]  # tests/open_games/tumbleweed/conftest.py: Play


def on_ground(kind: Kind, x: int, a: int = 0, b: int = 0, c: int = 0) -> Thing:
    return Thing(x, GROUND - HALF_HEIGHTS[kind], kind, a, b, c)


def field(*things: Thing) -> Sketch:
    """Flat ground with objects."""
    sketch = Sketch(width=120)
    sketch.ground(0, 120, ROW)
    sketch.things += things
    return sketch


def pit(*things: Thing) -> Sketch:
    """The same, with a bottomless pit from x = 160 to 640."""
    sketch = field(*things)
    sketch.rect(10, 0, 40, 32, "empty")
    return sketch


def highest(game: Any, buttons: str, frames: int) -> int:
    """How far above its standing place the tumbleweed comes, in pixels."""
    heights: list[int] = [game.hold(buttons)["y"] for _ in range(frames)]
    return STANDING - min(heights)


def jump_onto(game: Any) -> None:
    """A low jump that comes down at TARGET, until points are scored."""
    game.hold("RIGHT", 100, until=lambda now: now["x"] >= 90)
    game.hold("RIGHT B", 3)
    game.hold("RIGHT", 45, until=lambda now: now["score"] > 0)


# Coins, springs, checkpoints, the goal.


def test_a_coin_counts_one_and_gives_ten_points(play: Begin) -> None:
    game = play(field(on_ground(Kind.COIN, 100)))
    now = game.hold("RIGHT", 100)
    assert (now["coins"], now["score"]) == (1, 10)


def test_the_fiftieth_coin_gives_a_life(play: Begin) -> None:
    game = play(field(on_ground(Kind.COIN, 90), on_ground(Kind.COIN, 200)))
    game.poke("coins", 48)
    assert game.hold("RIGHT", 200, until=lambda now: now["coins"] == 49)["lives"] == 3
    assert game.hold("RIGHT", 200, until=lambda now: now["coins"] == 50)["lives"] == 4


def test_a_spring_throws_higher_than_a_jump(play: Begin) -> None:
    game = play(field(on_ground(Kind.SPRING, 100, 160)))
    jump = highest(game, "B", 60)
    game.hold("RIGHT", 100, until=lambda now: now["y_speed"] < 0)
    assert 85 < jump < 105
    assert 210 < highest(game, "", 60) < 240


@pytest.mark.parametrize(("side", "direction"), [(0, 1), (1, -1)])
def test_a_diagonal_spring_throws_up_and_to_its_side(play: Begin, side: int, direction: int) -> None:
    game = play(field(on_ground(Kind.DIAGONAL_SPRING, 200, 160, side)))
    now = game.hold("RIGHT", 200, until=lambda now: now["y_speed"] < 0)
    assert now["x_speed"] * direction == -now["y_speed"] == 160 * 181 // 16


def test_a_checkpoint_is_where_the_next_life_begins(play: Begin) -> None:
    game = play(field(on_ground(Kind.CHECKPOINT, 150), on_ground(Kind.WALKER, 400, 1, 0, 0)))
    game.hold("RIGHT", 400, until=lambda now: now["mode"] == MODE_DYING)
    now = game.hold("", 300, until=lambda now: now["mode"] == MODE_PLAY)
    assert (now["checkpoint"], now["x"], now["lives"], now["deaths"]) == (1, 150, 2, 1)


def test_an_earlier_checkpoint_does_not_set_back(play: Begin) -> None:
    game = play(
        field(on_ground(Kind.SPRING, 100, 160), on_ground(Kind.CHECKPOINT, 140), on_ground(Kind.CHECKPOINT, 500))
    )
    assert game.hold("RIGHT", 300, until=lambda now: now["x"] > 500)["checkpoint"] == 2
    assert game.hold("LEFT", 300, until=lambda now: now["x"] < 130)["checkpoint"] == 2


def test_the_next_life_finds_enemies_again_but_not_coins(play: Begin) -> None:
    things = [on_ground(Kind.COIN, 100), on_ground(Kind.WALKER, 300, 1, 0, 0)]
    game = play(field(*things, on_ground(Kind.POP_THORNS, 560, 255, 0)))
    for lives in (2, 1):
        game.charge(6)
        game.hold("", 200, until=lambda now: now["x"] > 400)
        assert game.now["score"] == (110 if lives == 2 else 210)
        game.poke("coins", 0)
        game.hold("RIGHT", 300, until=lambda now: now["mode"] == MODE_DYING)
        assert game.hold("", 300, until=lambda now: now["mode"] == MODE_PLAY)["lives"] == lives


def test_the_goal_clears_the_level_for_points(play: Begin) -> None:
    game = play(field())
    now = game.hold("RIGHT", 600, until=lambda now: now["mode"] != MODE_PLAY)
    assert now["mode"] == MODE_CLEAR
    assert now["x"] >= now["goal_x"]
    assert now["score"] == 1000 + 10 * (300 - now["seconds"])


# Enemies.


def test_a_walker_beaten_by_a_roll_gives_a_hundred_points(play: Begin) -> None:
    game = play(field(on_ground(Kind.WALKER, 300, 30, 0, 8)))
    game.charge(4)
    now = game.hold("", 60)
    assert (now["score"], now["mode"]) == (100, MODE_PLAY)
    assert now["x"] > 340


def test_a_walker_walks_its_reach_to_both_sides_at_its_speed(play: Begin) -> None:
    """The tumbleweed waits just within its reach, and just beyond."""
    touched = 18
    for beyond, mode in ((-2, MODE_DYING), (2, MODE_PLAY)):
        game = play(field(on_ground(Kind.WALKER, START + touched + 60 + beyond, 60, 128, 16)))
        now = game.hold("", 241, until=lambda now: now["mode"] == MODE_DYING)
        assert now["mode"] == mode
    game = play(field(on_ground(Kind.WALKER, START + touched + 60 - 2, 60, 128, 16)))
    assert 112 < game.hold("", 241, until=lambda now: now["mode"] == MODE_DYING)["clock"] < 124


def test_a_hit_scatters_the_coins_and_the_second_kills(play: Begin) -> None:
    game = play(field(on_ground(Kind.WALKER, 200, 1, 0, 0)))
    game.poke("coins", 7)
    now = game.hold("RIGHT", 200, until=lambda now: bool(now["is_hurt"]))
    assert (now["coins"], now["lives"], now["mode"]) == (0, 3, MODE_PLAY)
    assert game.hold("RIGHT", 300, until=lambda now: now["mode"] != MODE_PLAY)["mode"] == MODE_DYING


def test_a_jump_onto_an_enemy_bounces(play: Begin) -> None:
    game = play(field(on_ground(Kind.WALKER, TARGET, 1, 0, 0)))
    jump_onto(game)
    assert game.now["score"] == 100
    assert game.now["y_speed"] < 0


def test_a_hopper_is_beaten_by_a_jump_but_not_by_a_roll(play: Begin) -> None:
    hopper = on_ground(Kind.HOPPER, TARGET, 0, 0, 255)
    game = play(field(hopper))
    game.charge(4)
    assert game.hold("", 60, until=lambda now: now["mode"] != MODE_PLAY)["mode"] == MODE_DYING
    game = play(field(hopper))
    jump_onto(game)
    assert game.now["score"] == 100


@pytest.mark.parametrize(("reach", "is_hit"), [(100, True), (60, False)])
def test_a_seed_hurts_within_its_reach(play: Begin, reach: int, is_hit: bool) -> None:
    game = play(field(on_ground(Kind.SHOOTER, START + 180, reach, 1)))
    assert (game.hold("", 300)["deaths"] > 0) == is_hit


def test_a_shooter_does_not_shoot_behind_itself(play: Begin) -> None:
    game = play(field(on_ground(Kind.SHOOTER, START + 100, 200, 0)))
    assert game.hold("", 300)["deaths"] == 0


def test_a_flyer_comes_back_and_is_beaten_by_a_jump(play: Begin) -> None:
    game = play(field(Thing(START + 60, GROUND - 70, Kind.FLYER, 60, 0, 10)))
    game.hold("", 170)
    assert game.hold("B", 60, until=lambda now: now["score"] > 0)["score"] == 100


# What one stands on.


@pytest.mark.parametrize("reach", [30, 60])
def test_a_platform_carries_to_the_side(play: Begin, reach: int) -> None:
    platform = Thing(400, GROUND, Kind.PLATFORM, reach, 0, 0)
    game = play(pit(platform), (400, GROUND - 30))
    places = [game.hold("")["x"] for _ in range(520)]
    assert game.now["is_grounded"]
    assert abs(max(places) - min(places) - 4 * reach) <= 4


def test_a_platform_carries_up_and_down(play: Begin) -> None:
    game = play(pit(Thing(400, GROUND, Kind.PLATFORM, 0, 30, 128)), (400, GROUND - 30))
    seen = [game.hold("") for _ in range(260)]
    heights = [now["y"] for now in seen]
    assert all(now["is_grounded"] for now in seen)
    assert abs(max(heights) - min(heights) - 120) <= 2


def test_a_platform_does_not_carry_into_a_wall(play: Begin) -> None:
    sketch = pit(Thing(300, GROUND - 40, Kind.PLATFORM, 40, 0, 0))
    sketch.rect(22, 10, 24, ROW, "brick")
    game = play(sketch, (300, GROUND - 80))
    places = [game.hold("")["x"] for _ in range(140)]
    assert 22 * BLOCK - 14 < max(places) < 22 * BLOCK - 8


def test_a_platform_crushes_against_a_ceiling(play: Begin) -> None:
    sketch = pit(Thing(300, GROUND - 60, Kind.PLATFORM, 0, 40, 64))
    sketch.rect(15, 10, 25, 12, "brick")
    game = play(sketch, (300, GROUND - 30))
    assert game.hold("", 300, until=lambda now: now["mode"] != MODE_PLAY)["mode"] == MODE_DYING
    assert abs(game.now["y"] - 12 * BLOCK - 16) < 8


def test_a_platform_is_solid_from_above_only(play: Begin) -> None:
    game = play(field(Thing(START, GROUND - 64, Kind.PLATFORM, 0, 0, 0)))
    assert highest(game, "B", 30) > 80
    assert game.hold("", 60)["y"] == GROUND - 64 - 8 - 16


def test_a_falling_platform_falls_after_its_time_and_comes_back(play: Begin) -> None:
    delay = 20
    game = play(pit(Thing(400, GROUND, Kind.FALLING_PLATFORM, 0, 0, delay)), (400, GROUND - 30))
    stood, height = game.now["clock"], game.now["y"]
    now = game.hold("", 90, until=lambda now: now["y"] > height)
    assert delay + 10 <= now["clock"] - stood <= delay + 16
    assert game.hold("", 200, until=lambda now: now["mode"] == MODE_DYING)["mode"] == MODE_DYING
    game = play(field(Thing(START, GROUND - 64, Kind.FALLING_PLATFORM, 0, 0, 0)))
    game.hold("B", 60)
    assert game.hold("", 60)["y"] == STANDING
    game.hold("", 180)
    game.hold("B", 24)
    assert game.hold("", 30, until=lambda now: bool(now["is_grounded"]))["y"] < STANDING - 50


def test_a_crumbling_block_breaks_after_its_time_and_comes_back(play: Begin) -> None:
    delay = 20
    blocks = [Thing(392 + 16 * number, GROUND - 40, Kind.CRUMBLE, 0, 0, delay) for number in range(2)]
    game = play(field(*blocks), (400, GROUND - 80))
    stood, height = game.now["clock"], game.now["y"]
    now = game.hold("", 90, until=lambda now: now["y"] > height)
    assert delay + 8 <= now["clock"] - stood <= delay + 12
    assert game.hold("", 60)["y"] == STANDING
    game.hold("", 240)
    game.hold("B", 24)
    assert game.hold("", 60, until=lambda now: bool(now["is_grounded"]))["y"] == height


def test_a_switch_opens_the_doors_of_its_channel_for_good(play: Begin) -> None:
    things = [on_ground(Kind.SWITCH, 100, 3), on_ground(Kind.DOOR, 200, 3), on_ground(Kind.DOOR, 300, 4)]
    game = play(field(*things))
    now = game.hold("RIGHT", 300)
    assert now["switches"] == 1 << 3
    assert 300 - 8 - 16 < now["x"] < 300 - 8


def test_a_door_stops_a_roll(play: Begin) -> None:
    game = play(field(on_ground(Kind.DOOR, 200, 0)))
    game.charge(8)
    assert game.hold("", 60)["x"] < 200 - 8
    assert game.now["ground_speed"] == 0


# What a roll breaks.


def test_a_breakable_wall_stops_a_runner_and_yields_to_a_fast_roll(play: Begin) -> None:
    game = play(field(on_ground(Kind.BREAKABLE, 400)))
    now = game.hold("RIGHT", 300)
    assert 400 - 16 - 16 < now["x"] < 400 - 16
    game.hold("LEFT", 60)
    game.charge(1)
    assert game.hold("", 80)["x"] > 430


def test_a_breakable_wall_stops_a_slow_roll(play: Begin) -> None:
    game = play(field(on_ground(Kind.BREAKABLE, 150)))
    game.hold("RIGHT", 30)
    now = game.hold("DOWN", 200)
    assert now["x"] < 150 - 16


@pytest.mark.parametrize(
    ("content", "gains"),
    [(0, {"coins": 10, "score": 150}), (1, {"shield": 1, "score": 50}), (2, {"lives": 4, "score": 50})],
)
def test_a_box_stops_a_walker_and_gives_its_content_to_a_roll(play: Begin, content: int, gains: dict[str, int]) -> None:
    game = play(field(on_ground(Kind.BOX, 150, content)))
    assert game.hold("RIGHT", 150)["x"] < 150 - 12
    assert game.now["score"] == 0
    game.hold("LEFT", 30)
    game.charge(1)
    now = game.hold("", 60)
    assert now["x"] > 170
    assert {name: now[name] for name in gains} == gains


def test_a_box_is_broken_by_a_jump_from_above(play: Begin) -> None:
    game = play(field(on_ground(Kind.BOX, TARGET, 0)))
    jump_onto(game)
    assert game.now["coins"] == 10
    assert game.now["y_speed"] < 0


def test_a_shield_takes_one_hit(play: Begin) -> None:
    game = play(field(on_ground(Kind.WALKER, 200, 1, 0, 0)))
    game.poke("shield", 1)
    now = game.hold("RIGHT", 200, until=lambda now: bool(now["is_hurt"]))
    assert (now["shield"], now["mode"]) == (0, MODE_PLAY)


# What hurts.


def hurt_frames(play: Begin, thing: Thing, frames: int = 240) -> list[int]:
    """The frames after the start in which one who has coins again and again is hurt, standing at START."""
    game = play(field(thing))
    found = []
    for _ in range(frames):
        if game.now["is_grounded"]:
            game.poke("coins", 1)
        was_hurt = game.now["is_hurt"]
        now = game.hold("")
        if now["is_hurt"] and not was_hurt:
            found.append(now["clock"])
    return found


@pytest.mark.parametrize("kind", [Kind.POP_THORNS, Kind.JET])
def test_it_hurts_only_while_it_is_out(play: Begin, kind: Kind) -> None:
    assert hurt_frames(play, on_ground(kind, START, 60, 190, 70), 100) == []
    assert 178 <= hurt_frames(play, on_ground(kind, START, 60, 190, 70), 240)[0] <= 186
    assert hurt_frames(play, on_ground(kind, START, 60, 190, 236), 100)[0] < 30


def test_a_pendulum_hurts_where_it_swings(play: Begin) -> None:
    assert hurt_frames(play, Thing(START + 60, GROUND - 80, Kind.PENDULUM, 70, 0, 64))
    assert not hurt_frames(play, Thing(START + 60, GROUND - 80, Kind.PENDULUM, 70, 0, 10))


def test_a_bumper_throws_back(play: Begin) -> None:
    game = play(field(on_ground(Kind.BUMPER, 200)))
    now = game.hold("RIGHT", 200, until=lambda now: now["x_speed"] < 0)
    assert now["x_speed"] < -0x400
    assert now["y_speed"] < 0
    assert game.now["mode"] == MODE_PLAY


# Loops, and many at once.


def test_a_loop_leads_a_fast_roll_round_and_a_slow_one_back(play: Begin) -> None:
    loop = Thing(400, GROUND - LOOP_RADIUS, Kind.LOOP)
    game = play(field(loop))
    game.charge(8)
    tops = [game.hold("")["y"] for _ in range(120)]
    assert min(tops) < GROUND - LOOP_RADIUS - 40
    assert game.now["x"] > 500
    game = play(field(loop))
    now = game.hold("RIGHT", 200, until=lambda now: now["x"] >= 390)
    game.hold("", 200)
    assert game.now["x"] < 400 < 390 + now["ground_speed"]


def test_forty_objects_of_all_kinds_make_no_frame_late(play: Begin) -> None:
    kinds = [kind for kind in Kind if kind not in (Kind.LOOP, Kind.GOAL)]
    things = [Thing(60 + 12 * number, 120, kinds[number % 19], 30, 6 * number, 30) for number in range(40)]
    game = play(field(*things))
    assert game.hold("RIGHT", 200)["lag"] == 0
    assert game.now["clock"] >= 200
