"""What computes is said as it is: by torch, on this device, in this precision, by kernels or why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.nn.arithmetic import describe_arithmetic

ON_CPU = {"torch": torch.__version__, "device": "cpu", "threads": 1}


@pytest.mark.usefixtures("one_thread")
def test_both_roads_are_told_apart(road: str) -> None:
    told = describe_arithmetic("cpu")
    precision = "bfloat16" if road == "avx512bf16" else "float32"
    kernels = "none: turned off by NGP_KERNELS" if road == "off" else road
    assert told == ON_CPU | {"precision": precision, "kernels": kernels}
    assert json.loads(json.dumps(told)) == told


def test_a_precision_that_is_asked_for_is_told() -> None:
    assert describe_arithmetic("cpu", "float32")["precision"] == "float32"


@pytest.mark.bfloat16
def test_bfloat16_that_is_asked_for_is_told() -> None:
    assert describe_arithmetic("cpu", "bfloat16")["precision"] == "bfloat16"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ppo", {"precision": "float32"}),
        ("rainbow", {"precision": "float32"}),
        ("experts", {"learner": "rainbow", "learner_fields": "precision=float32"}),
    ],
)
def test_learners_describe_that_of_their_configuration(name: str, fields: dict[str, str]) -> None:
    agent_class = find_agent(name)
    config = configure(agent_class, "default", {"device": "cpu", **fields})
    assert agent_class.arithmetic(config) == describe_arithmetic("cpu", "float32")


def test_an_environment_variable_turns_the_kernels_off_and_only_on_and_off_are_known() -> None:
    code = "from newgameplus.nn.arithmetic import describe_arithmetic; print(describe_arithmetic('cpu'))"
    for wish, words in (
        ("off", "'kernels': 'none: turned off by NGP_KERNELS'"),
        ("0", "on or off on this CPU, not '0'"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"NGP_KERNELS": wish},
            capture_output=True,
            text=True,
            check=False,
        )
        assert words in done.stdout + done.stderr
