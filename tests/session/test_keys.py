"""One file of keys, of which only what differs from the defaults is kept; what is wrong in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.emulator.cores import consoles
from newgameplus.errors import UsageError
from newgameplus.session.commands import ACTIONS, Command, Request
from newgameplus.session.keys import COMMANDS, GAMEPAD, KEYBOARD, Keys, key_of, read_keys

GENESIS, NES = consoles()["Genesis"], consoles()["Nes"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def keys_of(keys: Keys, button: str) -> tuple[str, ...]:
    return next(each.keys for each in keys.layout(GENESIS) if each.button == button)


def test_without_a_file_everything_is_as_by_default(file: Path) -> None:
    keys = read_keys(file)
    assert keys == Keys()
    assert keys.actions(GENESIS) == ACTIONS
    assert key_of(keys.actions(GENESIS), Request(Command.PAUSE)) == "KeyP"


def test_no_command_has_the_key_of_another() -> None:
    names = [name for action in ACTIONS for name in (*action.keys, *action.controls)]
    assert len(set(names)) == len(names)


def test_a_key_that_is_given_away_is_its_owners_no_more(file: Path) -> None:
    keys = Keys().with_change(GENESIS, "Genesis", KEYBOARD, "A", ("KeyX",))
    assert (keys_of(keys, "A"), keys_of(keys, "B")) == (("KeyX",), ())
    keys = keys.with_change(GENESIS, COMMANDS, KEYBOARD, "pause", ("KeyX", "Shift+KeyP"))
    assert (keys_of(keys, "A"), key_of(keys.actions(GENESIS), Request(Command.PAUSE))) == ((), "KeyX")
    keys.write(file)
    assert read_keys(file).layout(GENESIS) == keys.layout(GENESIS)
    assert read_keys(file).actions(GENESIS) == keys.actions(GENESIS)


def test_a_file_by_hand_takes_keys_from_defaults_and_a_button_wins_over_a_command(file: Path) -> None:
    file.write_text('[Genesis.keyboard]\nA = "KeyX"\nSTART = "KeyP"\n')
    keys = read_keys(file)
    assert (keys_of(keys, "A"), keys_of(keys, "B")) == (("KeyX",), ())
    assert key_of(keys.actions(GENESIS), Request(Command.PAUSE)) == "Pause"
    assert key_of(keys.actions(NES), Request(Command.PAUSE)) == "KeyP"


def test_every_console_and_a_controllers_parts_survive_the_file(file: Path) -> None:
    keys = Keys()
    for console in consoles().values():
        button = next(each.button for each in keys.layout(console))
        keys = keys.with_change(console, console.name, GAMEPAD, button, ("Guide", "Left stick"))
    keys.write(file)
    assert [read_keys(file).layout(console) for console in consoles().values()] == [
        keys.layout(console) for console in consoles().values()
    ]


def test_the_defaults_of_a_console_leave_other_consoles_alone_and_no_file_where_none_is_needed(file: Path) -> None:
    keys = Keys().with_change(GENESIS, "Genesis", KEYBOARD, "A", ("KeyQ",))
    keys = keys.with_change(NES, "Nes", KEYBOARD, "A", ("KeyQ",)).without(GENESIS)
    assert keys.layout(GENESIS) == Keys().layout(GENESIS)
    assert keys.layout(NES) != Keys().layout(NES)
    keys.write(file)
    keys.without(NES).write(file)
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[Genesis.keyboard]\nA = KeyZ", "line 2, column"),
        ('[Genesis.keyboard]\n\nA = "KeyZZ"', "in line 3, Genesis.keyboard.A: there is no key 'KeyZZ'. Did you mean"),
        ('[Genisis.keyboard]\nA = "KeyZ"', "in line 2, Genisis.keyboard.A: Genisis is neither a console nor commands."),
        ('[Genesis.mouse]\nA = "KeyZ"', "mouse is neither keyboard nor gamepad"),
        ('[commands.keyboard]\nfly = "KeyZ"', "in line 2, commands.keyboard.fly: there is no fly"),
        ('[Genesis.gamepad]\nA = "Z"', "in line 2, Genesis.gamepad.A: a controller has no 'Z'; it has A, B"),
        ('[Genesis.keyboard]\nA = "KeyZ"\nB = ["KeyZ"]', "in line 3, Genesis.keyboard.B: KeyZ is given to A already."),
        ('[Genesis.keyboard]\nA = "Shift+KeyZ"', "a button is held by one key"),
        ("[Genesis.keyboard]\nA = 7", "this must be a name or a list of names"),
        ("Genesis = 7", "in line 1, Genesis: this is neither keyboard nor gamepad."),
    ],
)
def test_what_is_wrong_is_said_with_line_and_key(file: Path, text: str, sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_keys(file)
    assert sentence in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_no_text_or_too_large_is_refused(file: Path) -> None:
    for content in (b"\xff\xfe", b"#" * 100_000):
        file.write_bytes(content)
        with pytest.raises(UsageError, match="correct the file or delete it"):
            read_keys(file)


def test_a_change_to_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no key"):
        Keys().with_change(GENESIS, "Genesis", KEYBOARD, "A", ("Zed",))
    with pytest.raises(UsageError, match="there is no Q"):
        Keys().with_change(GENESIS, "Genesis", KEYBOARD, "Q", ("KeyZ",))
