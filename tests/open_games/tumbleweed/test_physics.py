"""How the tumbleweed moves: in hand-made levels, on the real program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from newgameplus.open_games.tumbleweed.blueprint import Sketch
from newgameplus.open_games.tumbleweed.generate import generate_level
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LOOP_RADIUS
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

ROW = 26
STANDING = ROW * BLOCK - 16
"""Height of the tumbleweed's centre on the ground."""
TOP_SPEED = 6 * 256
CHARGED_SPEEDS = (1472, 1664, 1856, 2048, 2240, 2432, 2624, 2816)
"""After 1 to 8 presses, 1/256 pixel per frame: 5.75 to 11 pixels."""
FULL_BREATH = 900
MODE_PLAY, MODE_DYING, MODE_OVER = 2, 3, 5

Begin = Callable[..., Any]  # tests/open_games/tumbleweed/conftest.py: Play


def plain(width: int = 140) -> Sketch:
    """Flat ground."""
    sketch = Sketch(width=width)
    sketch.ground(0, width, ROW)
    return sketch


def filled(name: str, x0: int, row0: int, x1: int, row1: int) -> Sketch:
    """Flat ground with a rectangle of one kind of block."""
    sketch = plain()
    sketch.rect(x0, row0, x1, row1, name)
    return sketch


def hill(blocks: int) -> Sketch:
    """A round hill that rises and falls by some blocks, from x = 640 on, with a flat top of ten blocks."""
    sketch = Sketch(width=200)
    sketch.ground(0, 40, ROW)
    x, top = sketch.climb(40, ROW, blocks)
    sketch.ground(x, x + 10, top)
    x, row = sketch.climb(x + 10, top, -blocks)
    sketch.ground(x, 200, row)
    return sketch


def rise(game: Any, first: str, then: str) -> int:
    """How high a jump leads, in pixels."""
    start = int(game.now["y"])
    game.hold(first)
    return start - min(int(game.hold(then)["y"]) for _ in range(60))


def charge(game: Any, presses: int, toward: str = "RIGHT") -> Any:
    """Roll off; returns the variables of the first frame of the roll."""
    game.charge(presses, toward)
    return game.hold("", 3, until=lambda now: bool(now["is_rolling"]))


# Jumps, walls and ledges.


def test_a_jump_rises_six_blocks_while_the_button_is_held(play: Begin) -> None:
    assert 90 <= rise(play(plain()), "B", "B") <= 98


def test_a_released_button_cuts_the_jump(play: Begin) -> None:
    assert 30 <= rise(play(plain()), "B", "") <= 48


@pytest.mark.parametrize("height", [1, 2, 3, 5])
def test_a_wall_stops_a_runner_and_can_be_jumped(play: Begin, height: int) -> None:
    game = play(filled("brick", 20, ROW - height, 22, ROW))
    assert game.hold("RIGHT", 200)["x"] == 20 * BLOCK - 10
    assert game.hold("RIGHT B", 60)["x"] > 21 * BLOCK


def test_a_ledge_is_jumped_through_and_carries(play: Begin) -> None:
    game = play(filled("ledge", 10, ROW - 4, 20, ROW - 3), (14 * BLOCK, STANDING))
    now = game.hold("B", 80)
    assert (now["y"], now["is_grounded"]) == (STANDING - 4 * BLOCK, 1)


def test_a_ceiling_ends_a_jump(play: Begin) -> None:
    game = play(filled("brick", 0, ROW - 5, 20, ROW - 4), (56, STANDING))
    assert rise(game, "B", "B") == 2 * BLOCK


def test_the_fastest_fall_ends_on_one_block_of_ground(play: Begin) -> None:
    sketch = Sketch(width=120)
    sketch.ground(0, 6, 2, bottom=3)
    sketch.ground(6, 120, ROW, bottom=ROW + 1)
    game = play(sketch)
    fastest = max(game.hold("RIGHT")["y_speed"] for _ in range(150))
    assert fastest > 12 * 256
    assert (game.now["y"], game.now["is_grounded"]) == (STANDING, 1)


# Running and rolling.


def test_running_leads_to_six_pixels_per_frame_and_no_further(play: Begin) -> None:
    game = play(plain())
    assert game.hold("RIGHT", 127)["ground_speed"] < TOP_SPEED
    assert game.hold("RIGHT", 40)["ground_speed"] == TOP_SPEED


@pytest.mark.parametrize("presses", [1, 2, 5, 8])
def test_every_press_of_a_charge_makes_the_roll_faster(play: Begin, presses: int) -> None:
    now = charge(play(plain()), presses)
    assert (now["ground_speed"], now["is_rolling"]) == (CHARGED_SPEEDS[presses - 1], 1)


def test_a_ninth_press_adds_nothing(play: Begin) -> None:
    assert charge(play(plain()), 9)["ground_speed"] == CHARGED_SPEEDS[-1]


def test_rolling_downhill_gains_speed(play: Begin) -> None:
    sketch = Sketch(width=140)
    sketch.ground(0, 12, 10)
    x, row = sketch.climb(12, 10, -10)
    sketch.ground(x, 140, row)
    game = play(sketch, (8 * BLOCK, 9 * BLOCK))
    walked = max(game.hold("RIGHT")["ground_speed"] for _ in range(160))
    game = play(sketch, (8 * BLOCK, 9 * BLOCK))
    game.hold("RIGHT", 60)
    rolled = max(game.hold("RIGHT DOWN")["ground_speed"] for _ in range(160))
    assert TOP_SPEED < walked + 256 < rolled


def test_a_steep_slope_turns_back_who_comes_slowly(play: Begin) -> None:
    sketch = Sketch(width=140)
    sketch.ground(0, 10, ROW)
    x, row = sketch.climb(10, ROW, 14)
    sketch.ground(x, 140, row)
    assert play(sketch).hold("RIGHT", 400)["x"] < x * BLOCK


@pytest.mark.parametrize("presses", [0, 7, 8])
def test_who_runs_or_rolls_over_a_round_hill_keeps_to_the_ground(play: Begin, presses: int) -> None:
    game = play(hill(8))
    if presses:
        charge(game, presses)
    seen = [dict(game.hold("" if presses else "RIGHT")) for _ in range(320)]
    assert all(now["is_grounded"] for now in seen)
    assert max(now["x"] for now in seen) > 16 * 70


def test_a_fast_runner_flies_off_a_sharp_edge(play: Begin) -> None:
    sketch = Sketch(width=140)
    sketch.ground(0, 40, ROW)
    x, row = sketch.slope("up45", 40, ROW, 3)
    sketch.ground(x, 140, row)
    game = play(sketch)
    game.hold("RIGHT", 300, until=lambda now: now["x"] > (x - 1) * BLOCK)
    assert min(game.hold("RIGHT", 1)["y"] for _ in range(30)) < row * BLOCK - 16 - 20


@pytest.mark.parametrize("slope", ["45", "26", "14"])
def test_no_seam_of_a_slope_stops_a_runner(play: Begin, slope: str) -> None:
    sketch = Sketch(width=200)
    sketch.ground(0, 30, ROW)
    x, row = sketch.slope(f"up{slope}", 30, ROW, 4)
    sketch.ground(x, x + 4, row)
    x, row = sketch.slope(f"down{slope}", x + 4, row, 4)
    sketch.ground(x, 200, row)
    game = play(sketch)
    game.hold("RIGHT", 160)
    speeds = [game.hold("RIGHT")["ground_speed"] for _ in range(120)]
    assert min(speeds) > 3 * 256
    assert game.now["x"] > x * BLOCK


# Loops.


def loop_level() -> Sketch:
    """A loop whose centre is at x = 720."""
    sketch = plain(200)
    sketch.loop(40, ROW)
    return sketch


def test_a_loop_turns_back_a_runner(play: Begin) -> None:
    game = play(loop_level())
    seen = [dict(game.hold("RIGHT")) for _ in range(260)]
    assert max(now["ground_speed"] for now in seen[:190]) == TOP_SPEED
    assert game.now["x"] < 720 + LOOP_RADIUS
    assert min(now["ground_speed"] for now in seen) < -256


def test_a_loop_leads_a_fast_roll_round(play: Begin) -> None:
    game = play(loop_level(), (35 * BLOCK, STANDING))
    charge(game, 7)
    seen = [dict(game.hold("")) for _ in range(160)]
    assert min(now["y"] for now in seen) == STANDING - 2 * (LOOP_RADIUS - 16)
    assert game.now["x"] > 720 + 200
    assert game.now["ground_speed"] > TOP_SPEED


def test_a_loop_is_also_run_from_its_right_side(play: Begin) -> None:
    game = play(loop_level(), (60 * BLOCK, STANDING))
    charge(game, 7, "LEFT")
    assert game.hold("", 200)["x"] < 720 - 200


def test_a_loop_cannot_be_jumped_through(play: Begin) -> None:
    game = play(loop_level())
    game.hold("RIGHT", 200, until=lambda now: now["x"] > 620)
    assert max(game.hold("RIGHT B")["x"] for _ in range(50)) < 720


# What blocks do.


def test_water_takes_speed_and_then_the_breath(play: Begin) -> None:
    game = play(filled("water", 10, ROW - 4, 60, ROW))
    assert game.hold("RIGHT", 240)["ground_speed"] == TOP_SPEED // 2
    now = game.hold("", FULL_BREATH + 20, until=lambda now: now["mode"] != MODE_PLAY)
    assert (now["mode"], now["breath"], now["lives"]) == (MODE_DYING, 0, 2)


def test_whoever_comes_out_of_the_water_breathes_again(play: Begin) -> None:
    game = play(filled("water", 10, ROW - 4, 30, ROW))
    game.hold("RIGHT", 300, until=lambda now: now["x"] > 25 * BLOCK)
    assert game.now["breath"] < FULL_BREATH - 50
    assert game.hold("RIGHT", 120)["breath"] == FULL_BREATH


def test_a_gust_drives_back_who_does_not_crouch(play: Begin) -> None:
    sketch = filled("gust_left", 20, ROW - 6, 60, ROW)
    standing = play(sketch, (50 * BLOCK, STANDING)).hold("", 60)
    crouching = play(sketch, (50 * BLOCK, STANDING)).hold("DOWN", 60)
    assert standing["x"] < 50 * BLOCK - 30
    assert crouching["x"] > 50 * BLOCK - 16


def test_an_updraft_carries_higher_than_a_jump(play: Begin) -> None:
    game = play(filled("updraft", 10, 6, 20, ROW), (15 * BLOCK, STANDING))
    assert game.hold("B", 120)["y"] < STANDING - 200


@pytest.mark.parametrize(("name", "way"), [("conveyor_left", -1), ("conveyor_right", 1)])
def test_a_conveyor_moves_who_stands_on_it(play: Begin, name: str, way: int) -> None:
    game = play(filled(name, 10, ROW, 60, ROW + 1), (30 * BLOCK, STANDING))
    start = game.now["x"]
    assert game.hold("", 20)["x"] - start == way * 40


def test_ice_is_slow_to_start_and_to_stop_on(play: Begin) -> None:
    ice = Sketch(width=140, zone="Frost")
    ice.ground(0, 140, ROW)
    on_ice, on_sand = play(ice).hold("RIGHT", 60), play(plain()).hold("RIGHT", 60)
    assert 3 * on_ice["ground_speed"] < on_sand["ground_speed"] + 64


@pytest.mark.parametrize("name", ["thorns", "lava"])
def test_thorns_and_lava_kill_without_coins_and_only_throw_back_with_some(play: Begin, name: str) -> None:
    sketch = filled(name, 10, ROW, 60, ROW + 1)
    assert play(sketch).hold("RIGHT", 200, until=lambda now: now["mode"] != MODE_PLAY)["mode"] == MODE_DYING
    game = play(sketch)
    game.poke("coins", 7)
    now = game.hold("RIGHT", 200, until=lambda now: bool(now["is_hurt"]))
    assert (now["mode"], now["coins"], now["lives"]) == (MODE_PLAY, 0, 3)
    assert now["y_speed"] < 0


# Lives and time.


def test_three_falls_end_the_game(play: Begin) -> None:
    sketch = plain()
    sketch.rect(12, ROW, 40, 32, "empty")
    game = play(sketch)
    for lives in (2, 1):
        assert game.hold("RIGHT", 300, until=lambda now: now["mode"] == MODE_DYING)["lives"] == lives
        assert game.hold("", 200, until=lambda now: now["mode"] == MODE_PLAY)["x"] == 56
    now = game.hold("RIGHT", 500, until=lambda now: now["mode"] == MODE_OVER)
    assert (now["mode"], now["lives"], now["deaths"]) == (MODE_OVER, 0, 3)


def test_a_level_that_there_is_not_is_the_first_one(play: Begin) -> None:
    game = play(plain())
    game.hold("RIGHT", 60)
    game.poke("request_level", 77)
    game.poke("request", 1)
    now = game.hold("", 30, until=lambda now: not now["request"])
    assert (now["level"], now["x"], now["clock"], now["lives"], now["score"]) == (0, 56, 0, 3, 0)


def test_a_minute_has_sixty_times_sixty_frames(play: Begin) -> None:
    game = play(plain())
    game.hold("", 600, until=lambda now: now["seconds"] == 1)
    clock = game.now["clock"]
    assert game.hold("", 300, until=lambda now: now["seconds"] == 3)["clock"] - clock == 120


@pytest.mark.parametrize("zone", ZONE_NAMES)
def test_no_frame_is_late_in_a_level_of_any_zone(play: Begin, zone: str) -> None:
    level = generate_level(zone, 8, seed=3)
    sketch = Sketch(level.width, zone)
    sketch.blocks[:] = level.blocks
    sketch.things += level.things
    game = play(sketch, level.start)
    for part in range(24):
        game.hold(("RIGHT", "RIGHT B", "RIGHT DOWN", "LEFT", "DOWN B", "RIGHT B")[part % 6], 50)
    assert (game.now["lag"], game.now["fault"]) == (0, 0)
