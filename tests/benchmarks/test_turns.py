"""Results name what they were measured on: the CPU, its instruction sets, and the kernels that computed networks."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from benchmarks.speed.learners import figure_name
from benchmarks.turns import keep
from newgameplus.nn.cpu.compiled import runnable_sets, using

HOOKS = Path(__file__).parent.parent.parent / "docs" / "hooks.py"
RESULT: dict[str, Any] = {
    "figure": "learners_ppo_torch",
    "what": "Speed",
    "unit": "agent steps per second",
    "num_rounds": 1,
    "sides": {},
    "ratios": [],
    "kernels": "none: turned off by NGP_KERNELS",
    "limits": {"NGP_KERNELS": "off"},
}


def test_a_result_names_the_cpu_and_what_it_can_and_the_page_says_so(tmp_path: Path) -> None:
    result = json.loads((keep(RESULT, "speed", tmp_path) / "result.json").read_text())
    assert result["cpu"]
    for instruction_set, flag in (("avx2", "avx2"), ("avx512bf16", "avx512_bf16")):
        if instruction_set in runnable_sets():
            assert flag in result["cpu"]
    page = runpy.run_path(str(HOOKS))["_result_table"]("folder", result)
    for part in (result["cpu"], "kernels none: turned off", "NGP_KERNELS=off", "load average"):
        assert part in page


def test_paired_differences_and_notes_are_on_the_page_and_a_difference_without_interval_says_so() -> None:
    pair = {"of": "kernels", "to": "torch", "mean": -12.5, "p": 0.375}
    differences = [pair | {"interval": [-40.0, 15.0]}, pair | {"interval": None}]
    result = {
        **RESULT,
        "versions": {},
        "platform": "Linux",
        "num_cores": 2,
        "differences": differences,
        "notes": ["One note."],
    }
    page = runpy.run_path(str(HOOKS))["_result_table"]("folder", result).split("\n")
    assert "| kernels minus torch | -12.5 | -40 to 15 | 0.38 |" in page
    assert "| kernels minus torch | -12.5 | none | 0.38 |" in page
    assert "One note." in page


def test_older_results_which_name_no_cpu_are_still_shown() -> None:
    older = {name: value for name, value in RESULT.items() if name not in ("kernels", "limits")}
    page = runpy.run_path(str(HOOKS))["_result_table"](
        "folder", older | {"versions": {}, "num_cores": 2, "platform": "L"}
    )
    assert "2 cores, L." in page


@pytest.mark.parametrize("wish", ["off", *runnable_sets()])
def test_a_figure_of_less_than_the_cpu_has_is_another_figure(wish: str) -> None:
    ending = {"off": "_torch", runnable_sets()[0] if runnable_sets() else "": ""}.get(wish, f"_{wish}")
    with using("on"):
        assert figure_name(["ppo"]) == "learners_ppo"
    with using(wish):
        assert figure_name(["ppo"]) == f"learners_ppo{ending}"
