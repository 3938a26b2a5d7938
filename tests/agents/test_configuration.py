"""Configurations are set from text by their annotations."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from newgameplus.agents.configuration import configure, describe
from newgameplus.agents.jerk.agent import Jerk
from newgameplus.agents.random.agent import Random
from newgameplus.errors import NewGamePlusError, NotFoundError, UsageError


@dataclass(frozen=True)
class EveryKind:
    whole: int = 1
    real: float = 0.5
    flag: bool = False
    text: str = "a"
    maybe: int | None = None
    kind: Literal["fast", "slow", 3] = "fast"
    many: tuple[int, ...] = (1, 2)
    pair: tuple[float, str] | None = None
    number: int | float = 0
    function: Any = math.sqrt


class Example(Random):
    PRESETS = {"default": EveryKind(), "other": EveryKind(whole=7)}  # type: ignore[assignment]  # noqa: RUF012


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("whole", "-3", -3),
        ("whole", "1_000_000", 1_000_000),
        ("whole", "1e6", 1_000_000),
        ("whole", " 12 ", 12),
        ("real", "-2.5e-3", -0.0025),
        ("real", "3", 3.0),
        ("flag", "true", True),
        ("flag", "No", False),
        ("flag", "1", True),
        ("text", "-x=y", "-x=y"),
        ("text", "", ""),
        ("maybe", "none", None),
        ("maybe", "4", 4),
        ("kind", "slow", "slow"),
        ("kind", "3", 3),
        ("many", "", ()),
        ("many", "5", (5,)),
        ("many", "5, -6,7", (5, -6, 7)),
        ("pair", "0.5,x", (0.5, "x")),
        ("pair", "None", None),
        ("number", "3", 3),
        ("number", "3.5", 3.5),
    ],
)
def test_text_becomes_a_value_of_the_fields_type(field: str, text: str, value: object) -> None:
    read = getattr(configure(Example, "default", {field: text}), field)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("field", "text", "complaint"),
    [
        ("whole", "1.5", "expected a whole number"),
        ("whole", "many", "expected a whole number"),
        ("whole", "inf", "expected a whole number"),
        ("whole", "9" * 5_000, "expected a whole number"),
        ("real", "nan", "expected a number"),
        ("real", "0x1", "expected a number"),
        ("flag", "2", "expected true or false"),
        ("maybe", "x", "expected a whole number or 'none'"),
        ("kind", "medium", "expected one of fast, slow, 3"),
        ("many", "1,,2", "expected a whole number"),
        ("pair", "1", "expected 2 values with commas between them"),
        ("function", "exit()", "this field can only be set in Python"),
    ],
)
def test_text_that_does_not_fit_says_what_was_expected(field: str, text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        configure(Example, "default", {field: text})
    assert field in str(caught.value)


def test_an_unknown_field_or_preset_is_named_with_its_neighbour() -> None:
    with pytest.raises(UsageError, match=r"'forward_step'.*Did you mean forward_steps"):
        configure(Jerk, "default", {"forward_step": "3"})
    with pytest.raises(NotFoundError, match=r"'improve'.*Did you mean improved\?"):
        configure(Jerk, "improve")


def test_fields_that_are_not_set_keep_the_presets_values() -> None:
    assert configure(Example, "other", {"real": "2"}) == EveryKind(whole=7, real=2.0)
    assert configure(Example, "other") == EveryKind(whole=7)


@pytest.mark.parametrize(
    ("agent_class", "field", "text"),
    [
        (Random, "press_probability", "-0.1"),
        (Random, "press_probability", "1.1"),
        (Jerk, "forward_steps", "0"),
        (Jerk, "backward_steps", "-70"),
        (Jerk, "total_timesteps", "0"),
        (Jerk, "jump_probability", "2"),
        (Jerk, "jump_steps", "0"),
        (Jerk, "exploit_bias", "-1"),
        (Jerk, "max_return", "0"),
        (Jerk, "schedule", "early"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_its_name(agent_class: Any, field: str, text: str) -> None:
    with pytest.raises(NewGamePlusError, match=field):
        configure(agent_class, "default", {field: text})


def test_a_description_is_json() -> None:
    described = describe(EveryKind(pair=(1.0, "b"), function=None))
    assert json.loads(json.dumps(described)) == described
    assert described["pair"] == [1.0, "b"]
    assert list(described) == [*EveryKind.__annotations__]
