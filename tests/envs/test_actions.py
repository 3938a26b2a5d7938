"""Actions hold the buttons that stable-retro would hold, and anything else is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import stable_retro

from newgameplus.emulator.cores import console_named
from newgameplus.envs.action_table import ActionTable
from newgameplus.envs.actions import ActionMeaning
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.types import BUTTONS, REVERIE_8, SONIC_7, SONIC_8, SONIC_10, ActionSpec

KINDS = {
    "filtered": stable_retro.Actions.FILTERED,
    "all": stable_retro.Actions.ALL,
    "discrete": stable_retro.Actions.DISCRETE,
    "multi_discrete": stable_retro.Actions.MULTI_DISCRETE,
}


def theirs(level: Level, kind: str, actions: list[Any]) -> tuple[Any, list[int]]:
    """Their action space and the masks that they hold for ``actions``."""
    env = stable_retro.make(level.game, level.state, use_restricted_actions=KINDS[kind], render_mode="rgb_array")
    try:
        masks = [sum(int(held) << bit for bit, held in enumerate(env.action_to_array(a)[0])) for a in actions]
        return env.action_space, masks
    finally:
        env.close()


def actions_of(kind: str) -> list[Any]:
    """Every action where they can be counted, else a thousand."""
    if kind == "discrete":
        return list(range(126))
    if kind == "multi_discrete":
        return [np.array(digits) for digits in itertools.product(range(3), range(3), range(14))]
    return list(np.random.default_rng(0).integers(0, 2, (1000, 12)))


def test_a_bit_that_is_no_button_is_never_held() -> None:
    console = console_named("GbAdvance")
    everything = ActionMeaning(ActionSpec("all"), console.buttons, [], lambda mask: mask)
    assert everything.mask(np.ones(len(console.buttons), np.int8)) == console.button_mask == 0b1101_1111_1101


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_holds_the_buttons_that_stable_retro_holds(
    kind: Any, level: Level, opened: Callable[[Any], Any]
) -> None:
    actions = actions_of(kind)
    space, masks = theirs(level, kind, actions)
    env = opened(RetroEnv(level, action_spec=ActionSpec(kind)))
    assert env.action_space == space
    assert [env.actions.mask(action) for action in actions] == masks
    assert [env.actions.mask(action) for action in actions] == masks, "remembered"


@pytest.mark.parametrize(
    ("spec", "held"),
    [
        (SONIC_7, "LEFT, RIGHT, LEFT DOWN, RIGHT DOWN, DOWN, DOWN B, B"),
        (SONIC_8, "LEFT, RIGHT, LEFT DOWN, RIGHT DOWN, DOWN, DOWN B, B, "),
        (SONIC_10, "LEFT, RIGHT, LEFT DOWN, RIGHT DOWN, DOWN, DOWN B, B, , LEFT B, RIGHT B"),
        (REVERIE_8, "B, RIGHT B, RIGHT, DOWN, DOWN B, , LEFT, LEFT B"),
    ],
)
def test_the_named_sets_number_the_combinations_of_2018(spec: ActionSpec, held: str, opened: Any, level: Level) -> None:
    env = opened(RetroEnv(level, action_spec=spec))
    expected = [set(combo.split()) for combo in held.split(", ")]
    assert [set(env.actions.names(env.actions.mask(action))) for action in range(len(expected))] == expected
    assert env.action_space.n == len(expected)


def meaning(kind: Any = "filtered", combos: tuple[tuple[str, ...], ...] = ()) -> ActionMeaning:
    """Three buttons, the last one without a name; the pad presses anything."""
    return ActionMeaning(ActionSpec(kind, combos), ("A", "B", None), ((0, 1), (0, 2, 4)), lambda mask: mask)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int32, np.int64, np.uint64, np.float32, float])
def test_buttons_of_any_type_mean_the_same_if_they_are_whole(dtype: Any) -> None:
    buttons = meaning()
    for _ in range(2):
        assert buttons.mask(np.array([1, 0, 1], dtype)) == 0b101


@pytest.mark.parametrize(
    "action",
    [
        np.array([0.0, np.nan, 0.0]),
        np.array([0.0, np.inf, 0.0]),
        np.array([2.0, 0.0, 0.0]),
        [0.999, 0, 0],
        np.array([1, 0], np.int8),
        np.array([[1, 0, 0]], np.int8),
        np.array([2, 0, 0], np.int8),
        np.array([256, 0, 0]),
        np.array([-1, 0, 0], np.int8),
        np.array([2**64 - 1, 0, 0], np.uint64),
        np.array(["A", "B", "C"]),
        np.array([None, 1, 0]),
        1,
    ],
)
def test_what_is_no_choice_of_buttons_is_refused(action: Any) -> None:
    buttons = meaning()
    buttons.mask(np.array([1, 0, 0], np.int8))
    with pytest.raises(UsageError):
        buttons.mask(action)


@pytest.mark.parametrize("action", [6, -1, 1.0, np.float32(0), np.array([1]), 2**40, "1"])
def test_what_is_no_number_of_an_action_is_refused(action: Any) -> None:
    with pytest.raises(UsageError):
        meaning("discrete").mask(action)


def test_numbers_count_the_first_group_fastest() -> None:
    assert [meaning("discrete").mask(action) for action in range(6)] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (ActionSpec("set"), "at least one"),
        (ActionSpec("set", (("JUMP",),)), "no button 'JUMP'"),
        (ActionSpec("sett", ()), "no kind"),  # type: ignore[arg-type]  # what a typing error looks like
    ],
)
def test_an_impossible_set_of_actions_is_refused(spec: ActionSpec, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ActionMeaning(spec, ("A", "B"), (), lambda mask: mask)


def test_the_memory_for_known_actions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newgameplus.envs.actions.MAX_KNOWN_ACTIONS", 4)
    buttons = meaning()
    choices = list(itertools.product((0, 1), repeat=3))
    assert [buttons.mask(choice) for choice in choices] == [buttons.mask(choice) for choice in choices]


def test_the_default_meaning_is_the_contests() -> None:
    assert BUTTONS.kind == "filtered"


def test_a_batch_takes_whole_floats_for_buttons_and_no_others() -> None:
    table = ActionTable(meaning())
    floats = np.array([[1, 0, 1], [0, 1, 0]], np.float32)  # as Stable-Baselines3 samples a MultiBinary action
    assert table.masks(floats).tolist() == [0b101, 0b010]
    with pytest.raises(UsageError, match="whole numbers, not float32"):
        table.masks(floats * np.float32(0.5))
    with pytest.raises(UsageError, match="whole numbers"):
        ActionTable(meaning("discrete")).masks(np.array([1.0, 2.0]))
