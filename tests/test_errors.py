"""The exception tree and its hints."""

from __future__ import annotations

import re

import pytest

from newgameplus import errors
from newgameplus.errors import NewGamePlusError, did_you_mean


def raised_on_purpose() -> dict[str, type[Exception]]:
    return {
        name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
    }


def test_every_error_is_a_new_game_plus_error() -> None:
    assert all(issubclass(error, NewGamePlusError) for error in raised_on_purpose().values())


def test_the_tree_in_the_docstring_shows_every_error() -> None:
    drawn = re.findall(r"\b[A-Z]\w*Error\b", (errors.__doc__ or "").partition("::")[2].replace("ValueError", ""))
    assert set(drawn) - {"LookupError"} == set(raised_on_purpose())


@pytest.mark.parametrize(
    ("error", "builtin"),
    [(errors.UsageError, ValueError), (errors.NotFoundError, LookupError), (errors.StateError, ValueError)],
)
def test_an_error_is_caught_as_what_python_calls_it(error: type[Exception], builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match="No such level"):
        raise error("No such level.")


def test_a_misspelt_name_gets_the_nearest_one() -> None:
    assert did_you_mean("airstrikr", ["Airstriker", "Sonic"]) == " Did you mean Airstriker?"


def test_case_does_not_matter_to_the_hint() -> None:
    assert did_you_mean("SONIC", ["Sonic"]) == " Did you mean Sonic?"


def test_part_of_a_long_name_is_a_hint() -> None:
    assert did_you_mean("sonic", ["SonicTheHedgehog2-Genesis-v0"]) == " Did you mean SonicTheHedgehog2-Genesis-v0?"


def test_a_hint_names_at_most_three() -> None:
    assert did_you_mean("level", [f"level{number}" for number in range(9)]).count("level") == 3


def test_nothing_near_gives_no_hint() -> None:
    assert did_you_mean("xyzzy", ["Airstriker"]) == ""
    assert did_you_mean("xyzzy", []) == ""
