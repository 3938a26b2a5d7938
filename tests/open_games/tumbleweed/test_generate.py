"""Levels are made from seeds alone, keep the rules of the game, and look as if they could be won."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from newgameplus.errors import UsageError
from newgameplus.games.levels import find_split
from newgameplus.open_games.tumbleweed.blueprint import HALF_PLAYER, Blueprint, Sketch
from newgameplus.open_games.tumbleweed.curated import chosen_levels, read_chosen, split_file, split_text
from newgameplus.open_games.tumbleweed.generate import generate_level, generate_set
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.shared import gap
from newgameplus.open_games.tumbleweed.pack import check_level
from newgameplus.open_games.tumbleweed.reach import plausible
from newgameplus.open_games.tumbleweed.terrain import TERRAIN, Solidity, Surface
from newgameplus.open_games.tumbleweed.things import Kind
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

DRAWN: dict[str, Blueprint] = {}


@pytest.fixture(params=ZONE_NAMES)
def level(request: pytest.FixtureRequest) -> Blueprint:
    zone: str = request.param
    if zone not in DRAWN:
        DRAWN[zone] = generate_level(zone, 4, 7)
    return DRAWN[zone]


def surface(level: Blueprint) -> list[int]:
    """Per column the row of the uppermost ground that the main road can be on; 32 for none."""
    solid = np.array([block.solidity == Solidity.SOLID and block.surface != Surface.HURT for block in TERRAIN])
    ground = solid[level.blocks]
    return [int(np.argmax(column)) if column.any() else 32 for column in ground]


def a_fingerprint(level: Blueprint) -> str:
    return hashlib.sha256(level.blocks.tobytes() + repr(level.things).encode()).hexdigest()


def test_the_same_seed_is_the_same_level_and_another_is_another() -> None:
    prints = [a_fingerprint(generate_level("Mesa", act, seed)) for act, seed in ((2, 5), (2, 5), (2, 6), (3, 5))]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_level_keeps_the_rules_of_the_game(level: Blueprint) -> None:
    check_level(level)
    assert 380 <= level.width <= 600


def test_a_level_begins_on_the_ground_and_ends_at_one_goal(level: Blueprint) -> None:
    x, y = level.start
    assert surface(level)[x // 16] * 16 == y + HALF_PLAYER
    goals = [thing for thing in level.things if thing.kind == Kind.GOAL]
    assert [thing.x for thing in goals] == [level.goal_x]


def test_checkpoints_are_never_far_apart(level: Blueprint) -> None:
    marks = [level.start[0], *(thing.x for thing in level.things if thing.kind == Kind.CHECKPOINT), level.goal_x]
    assert len(marks) >= 5
    assert max(np.diff(marks)) <= 200 * 16


def test_whoever_merely_runs_is_stopped_early(level: Blueprint) -> None:
    rows = surface(level)[: level.width // 8]
    is_wall = [before - after >= 3 for before, after in pairwise(rows)]
    assert any(is_wall)
    assert 32 in rows or any(level.blocks[column, 30] and rows[column] == 31 for column in range(len(rows)))


def test_every_door_has_a_switch(level: Blueprint) -> None:
    doors = {thing.a for thing in level.things if thing.kind == Kind.DOOR}
    assert doors <= {thing.a for thing in level.things if thing.kind == Kind.SWITCH}


def test_a_level_has_coins_enemies_and_decoration(level: Blueprint) -> None:
    kinds = Counter(thing.kind for thing in level.things)
    assert kinds[Kind.COIN] >= 25
    assert kinds[Kind.WALKER] + kinds[Kind.HOPPER] + kinds[Kind.SHOOTER] + kinds[Kind.FLYER] >= 2
    names = [TERRAIN[number].name for number in np.unique(level.blocks)]
    assert sum(name.startswith("decoration") for name in names) >= 6


def test_nothing_stands_inside_the_earth(level: Blueprint) -> None:
    solid = np.array([block.solidity == Solidity.SOLID and min(block.heights) == 16 for block in TERRAIN])
    buried = [
        thing
        for thing in level.things
        if thing.kind not in (Kind.PLATFORM, Kind.PENDULUM, Kind.JET)
        and solid[level.blocks[thing.x // 16, thing.y // 16]]
    ]
    assert not buried


def test_the_harder_the_wider_are_gaps() -> None:
    def mean_width(hardness: float) -> float:
        widths = []
        for seed in range(20):
            pen = Pen(Sketch(60), random.Random(seed), (Kind.WALKER,), hardness)
            gap(pen)
            widths.append(surface(pen.sketch.finish())[: pen.x].count(32))
        return float(np.mean(widths))

    assert mean_width(1.0) > mean_width(0.5) + 1 > mean_width(0.1) + 2


def test_a_set_takes_its_zones_in_turn() -> None:
    levels = generate_set(3, 5, ("Gale", "Frost"))
    assert [level.name for level in levels] == ["Gale.Act1", "Frost.Act1", "Gale.Act2", "Frost.Act2", "Gale.Act3"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: generate_level("Measa", 1, 0), "Did you mean Mesa"),
        (lambda: generate_level("Mesa", 0, 0), "numbered from 1"),
        (lambda: generate_set(0, 0), "at least one level"),
        (lambda: generate_set(0, 1, ()), "at least one level"),
    ],
)
def test_a_level_that_cannot_be_is_refused_in_a_sentence(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        make()


def flat(width: int = 120) -> Sketch:
    sketch = Sketch(width)
    sketch.ground(0, width, 22)
    return sketch


def with_wall(height: int) -> Sketch:
    sketch = flat()
    sketch.rect(50, 22 - height, 54, 22, "brick")
    return sketch


def with_pit(length: int) -> Sketch:
    sketch = flat()
    sketch.rect(50, 22, 50 + length, 32, "empty")
    return sketch


def with_door(switch_x: int) -> Sketch:
    sketch = flat()
    sketch.rect(60, 0, 62, 18, "brick")
    sketch.on_ground(Kind.DOOR, 60, 22, a=3)
    sketch.on_ground(Kind.SWITCH, switch_x, 22, a=3)
    return sketch


def with_trap(depth: int) -> Sketch:
    """A hole beside the road, out of which one has to jump."""
    sketch = flat()
    sketch.rect(50, 22, 54, 22 + depth, "empty")
    return sketch


def with_spring() -> Sketch:
    sketch = with_wall(9)
    sketch.on_ground(Kind.SPRING, 46, 22, a=160)
    return sketch


def with_platform() -> Sketch:
    sketch = with_pit(24)
    sketch.thing(Kind.PLATFORM, 62 * 16, 22 * 16 + 8, a=48)
    return sketch


@pytest.mark.parametrize(
    ("sketch", "is_plausible"),
    [
        (flat(), True),
        (with_wall(5), True),
        (with_wall(7), False),
        (with_spring(), True),
        (with_pit(8), True),
        (with_pit(16), False),
        (with_platform(), True),
        (with_door(40), True),
        (with_door(80), False),
        (with_trap(5), True),
        (with_trap(8), False),
    ],
)
def test_a_cheap_look_tells_what_can_be_won_from_what_cannot(sketch: Sketch, is_plausible: bool) -> None:
    assert plausible(sketch.finish()) == is_plausible


def test_58_levels_are_chosen_11_of_them_for_validation() -> None:
    chosen = chosen_levels()
    per_zone = Counter(level.zone for level in chosen)
    assert len(chosen) == 58
    assert per_zone == {zone: 8 if zone in ("Mesa", "Canyon") else 7 for zone in ZONE_NAMES}
    assert [level.act for level in chosen if level.zone == "Mesa"] == list(range(1, 9))
    validation = Counter(level.zone for level in chosen if level.split == "validation")
    assert validation.total() == 11
    assert set(validation) == set(ZONE_NAMES)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_the_splits_are_those_of_the_chosen_levels(split: str) -> None:
    assert split_file(split).read_text(encoding="utf-8") == split_text(split)
    names = [level.state for level in find_split(f"tumbleweed-{split}").levels]
    assert names == [level.name for level in chosen_levels() if level.split == split]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("levels = [", "cannot be read"),
        ('levels = [{ name = "Mesa.Act1", seed = 1, split = "test" }]', "'test'"),
        ('levels = [{ name = "Mesa.Act1", seed = 1, split = "train", zone = 2 }]', "zone"),
        ('levels = [{ name = "Mesa.Act1" }]', "each level needs"),
        (
            'levels = [{ name = "A.Act1", seed = 1, split = "train" }, { name = "A.Act1", seed = 2, split = "train" }]',
            "twice",
        ),
    ],
)
def test_a_broken_choice_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_chosen(text)
