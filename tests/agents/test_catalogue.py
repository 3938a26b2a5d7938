"""What is said of agents without importing them is what their classes say, and nothing is typed twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from newgameplus.agents import AGENTS, catalogue, find_agent, interface
from newgameplus.agents.catalogue import CAN, PLAIN, card, cards, differing, measured, presets_of, speeds
from newgameplus.agents.configuration import describe
from newgameplus.cli.main import run
from newgameplus.errors import NotFoundError

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


@pytest.mark.parametrize("name", AGENTS)
def test_a_card_says_what_the_class_says(name: str) -> None:
    agent_class, found = find_agent(name), card(name)
    assert presets_of(name) == dict(agent_class.PRESETS)
    assert found.what.endswith(".")
    assert [field.name for field in found.fields] == list(describe(agent_class.PRESETS["default"]))
    assert not [field.name for field in found.fields if not field.text]
    protocols = [part for word in CAN if (part := getattr(interface, word, None)) is not None]
    assert [one.__name__ for one in protocols if interface.offers(agent_class, one)] == [
        one.__name__ for one in protocols if one.__name__ in found.protocols
    ]


def test_who_needs_torch_says_so() -> None:
    extras = {found.name: found.extras for found in cards()}
    assert extras["ppo"] == extras["rainbow"] == ("train",)
    assert extras["memory"] == ("memory", "train")
    assert extras["random"] == extras["jerk"] == extras["keeper"] == ()


def test_a_ceiling_is_told_apart_from_an_agent_that_is_not_there() -> None:
    with pytest.raises(NotFoundError, match="ngp evaluate proof"):
        card("proof")
    with pytest.raises(NotFoundError, match="Did you mean keeper"):
        card("keper")


def test_a_source_and_the_presets_are_those_of_the_source_code() -> None:
    found = card("jerk")
    assert found.source.startswith("Paper: Nichol")
    assert found.presets["improved"].startswith("Team Bobcats")
    assert differing("jerk", "improved")["backward_steps"] == 45
    assert differing("jerk", "default") == {}
    assert PLAIN in {text for one in cards() for text in one.presets.values()}


def test_listing_loads_no_torch_and_no_emulator() -> None:
    program = (
        "import sys, newgameplus.cli.main as main; main.run(['agents', '--json']); "
        "print(sorted({'torch', 'stable_retro'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert [one["name"] for one in json.loads(done.stdout)] == list(AGENTS)


def test_one_agent_is_shown_with_what_it_sees_and_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "jerk"]) == 0
    said = capsys.readouterr().out
    for words in ("kind=none", "filtered", "exploit_bias=0.25", "backward_steps=45", "Paper: Nichol"):
        assert words in said
    assert run(["agents", "jrek"]) == 2
    assert "Did you mean jerk?" in capsys.readouterr().err


def test_speeds_are_those_of_the_result_that_they_name() -> None:
    if not measured():
        assert speeds() == {}
        return
    result = json.loads((RESULTS / measured()["result"] / "result.json").read_text())
    for name, speed in speeds().items():
        for way in ("contest", "training"):
            side = result["sides"].get(f"{name}, {way}")
            assert getattr(speed, way) == (None if side is None else pytest.approx(side["median"], abs=0.06))
    assert catalogue.measured()["cpu"] == result["cpu"]
