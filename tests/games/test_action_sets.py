"""Named sets of button combinations: what each is on which console, and a user's own files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newgameplus.emulator.cores import console_named, consoles
from newgameplus.errors import NotFoundError, UsageError
from newgameplus.fields import from_json, to_json
from newgameplus.games.action_sets import GENERAL, ActionSet, Combos, action_sets, read_action_set, resolved
from newgameplus.games.pad import Pad
from newgameplus.types import REVERIE_8, SONIC_7, SONIC_8, SONIC_10, ActionSpec

SEVEN = (("LEFT",), ("RIGHT",), ("LEFT", "DOWN"), ("RIGHT", "DOWN"), ("DOWN",), ("DOWN", "B"), ("B",))


@pytest.mark.parametrize("console", ["Genesis", "SCD", "32x"])
def test_the_sets_of_2018_hold_what_they_held_then(console: str) -> None:
    reverie = (("B",), ("B", "RIGHT"), ("RIGHT",), ("DOWN",), ("B", "DOWN"), (), ("LEFT",), ("LEFT", "B"))
    expected = {
        SONIC_7: SEVEN,
        SONIC_8: (*SEVEN, ()),
        SONIC_10: (*SEVEN, (), ("LEFT", "B"), ("RIGHT", "B")),
        REVERIE_8: reverie,
    }
    for spec, combos in expected.items():
        assert resolved(spec, console_named(console)) == ActionSpec("set", combos, spec.name)


@pytest.mark.parametrize("console", sorted(consoles()))
def test_every_console_has_a_general_set_that_its_pad_can_press(console: str) -> None:
    pad, buttons = Pad(console_named(console)), console_named(console).buttons
    for name in action_sets():
        spec = resolved(ActionSpec("set", name=name), console_named(console))
        masks = [sum(1 << buttons.index(button) for button in combo) for combo in spec.combos]
        assert [pad.filter(mask) for mask in masks] == masks
        assert len(set(masks)) == len(masks)


def test_a_set_gives_way_to_the_general_one_where_it_has_no_combinations() -> None:
    atari = console_named("Atari2600")
    spec = resolved(SONIC_7, atari)
    assert spec == resolved(ActionSpec("set", name=GENERAL), atari)
    assert (spec.name, len(spec.combos), spec.combos[:2]) == (GENERAL, 18, ((), ("BUTTON",)))


def test_what_has_its_combinations_or_needs_none_is_left_alone() -> None:
    for spec in (ActionSpec("set", (("A",),)), ActionSpec("discrete"), ActionSpec()):
        assert resolved(spec, console_named("Nes")) is spec


def test_an_unknown_name_is_refused_with_a_hint() -> None:
    with pytest.raises(NotFoundError, match=r"no action set 'sonic-9'; there are: sonic-7, .*Did you mean"):
        resolved(ActionSpec("set", name="sonic-9"), console_named("Genesis"))


@pytest.mark.parametrize(
    ("name", "text", "combos"),
    [
        ("mine.json", '[["LEFT"], ["LEFT", "A"], []]', (("combos", (("LEFT",), ("LEFT", "A"), ())),)),
        ("mine.json", '{"Nes": [["A"]], "combos": [["B"]]}', (("Nes", (("A",),)), ("combos", (("B",),)))),
        ("mine.toml", 'combos = [["A"], []]', (("combos", (("A",), ())),)),
        ("mine.toml", 'Nes = [["A"]]\nAtari2600 = [["BUTTON"]]', (("Nes", (("A",),)), ("Atari2600", (("BUTTON",),)))),
    ],
)
def test_a_file_holds_one_list_or_one_per_console(
    name: str, text: str, combos: tuple[tuple[str, Combos], ...], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    found = read_action_set(tmp_path / name)
    assert found == ActionSet(name, combos)
    assert from_json(ActionSet, json.loads(json.dumps(to_json(found)))) == found


def test_the_combinations_for_a_console_win_over_those_for_all() -> None:
    mine = ActionSet("mine.json", (("Nes", (("A",),)), ("combos", (("B",),))))
    assert mine.on(console_named("Nes")) == ActionSpec("set", (("A",),), "mine.json")
    assert mine.on(console_named("Snes")) == ActionSpec("set", (("B",),), "mine.json")
    assert ActionSet("mine.json", (("Nes", (("A",),)),)).on(console_named("Snes")) is None


def test_a_button_that_the_console_lacks_is_named() -> None:
    mine = ActionSet("mine.json", (("combos", (("BUTON",),)),))
    with pytest.raises(UsageError, match=r"mine\.json holds a button 'BUTON'.*Atari2600.*Did you mean BUTTON"):
        mine.on(console_named("Atari2600"))


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("mine.json", "[]", "1 to 4,096 combinations"),
        ("mine.json", '"LEFT"', "1 to 4,096 combinations"),
        ("mine.json", '["LEFT"]', "a combination is a list of buttons' names, not 'LEFT'"),
        ("mine.json", "[[1]]", "a combination is a list"),
        ("mine.json", "{}", "it holds no combinations"),
        ("mine.json", '{"Nez": [["A"]]}', "there is no console 'Nez'.*Did you mean Nes"),
        ("mine.json", "[[", "Expecting value"),
        ("mine.json", "[" * 100_000, "is no action set"),
        ("mine.toml", "combos = [[", "is no action set"),
        ("mine.json", " " * (2**20 + 1), "larger than 1,048,576 bytes"),
        ("none.json", None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_action_set_is_refused_in_one_sentence(
    name: str, text: str | None, problem: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_action_set(tmp_path / name)
