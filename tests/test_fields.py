"""What a dataclass is written as, it is read back from, and what does not fit is named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from newgameplus.fields import from_json, pick, to_json


@dataclass(frozen=True)
class Inner:
    name: str
    amount: float = 1.0


@dataclass(frozen=True)
class Outer:
    whole: int
    inner: Inner = Inner("a")
    maybe: Inner | None = None
    many: tuple[Inner, ...] = ()
    pair: tuple[int, str] | None = None
    kind: Literal["fast", "slow"] = "fast"
    is_on: bool = False
    either: int | str = 0
    anything: Any = None
    table: dict[str, int] = field(default_factory=dict)


FULL = Outer(3, Inner("b", 2), Inner("c"), (Inner("d"), Inner("e", 0.5)), (1, "x"), "slow", True, "y", (1, (2,)))


@pytest.mark.parametrize("value", [Outer(1), FULL])
def test_a_dataclass_comes_back_from_json(value: Outer) -> None:
    assert from_json(Outer, json.loads(json.dumps(to_json(value)))) == value


def test_a_list_holds_the_fields_in_order_and_defaults_may_be_missing() -> None:
    assert from_json(Inner, ["x", 3]) == Inner("x", 3.0)
    assert from_json(Inner, ["x"]) == from_json(Inner, {"name": "x"}) == Inner("x")


def test_fields_are_picked_from_among_others() -> None:
    assert pick(Inner, {"name": "x", "colour": "red"}) == Inner("x")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"whole": 1, "colour": 2}, "there is no field 'colour'"),
        ({}, "the field 'whole' is missing"),
        ({"whole": 1.5}, "whole: expected a whole number, not 1.5"),
        ({"whole": True}, "whole: expected a whole number, not True"),
        ({"whole": 1, "is_on": 1}, "is_on: expected true or false, not 1"),
        ({"whole": 1, "inner": {"name": 4}}, "inner: name: expected a text, not 4"),
        ({"whole": 1, "maybe": 4}, "maybe: expected the fields of a Inner, not 4 or null"),
        ({"whole": 1, "many": "ab"}, "many: expected a list, not 'ab'"),
        ({"whole": 1, "pair": [1]}, "pair: expected a list of 2 values or null"),
        ({"whole": 1, "kind": "medium"}, "kind: expected one of fast, slow, not 'medium'"),
        ("abc", "expected the fields of a Outer, not 'abc'"),
        ([1] * 20, "expected the fields of a Outer"),
    ],
)
def test_what_does_not_fit_is_named_with_its_field(content: object, complaint: str) -> None:
    with pytest.raises(ValueError, match="^" + complaint):
        from_json(Outer, content)
