"""The tables of docs/agents/jerk.md are those of the published results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.jerk_page import BLOCKS, PAGE, newest, table, with_block, write_page
from benchmarks.runs.jerk_tuning import PRESETS, Outcome, described
from benchmarks.turns import RESULTS

FOUND = {
    "default": {"Mesa.1": Outcome(1_000.0, 2_000.0, 3_000.0), "Mine.1": Outcome(2_000.0, 2_000.0, 9_000.0)},
    "returning": {"Mesa.1": Outcome(1_500.0, 3_000.0, 3_000.0), "Mine.1": Outcome(4_500.0, 4_000.0, 9_000.0)},
}


def test_the_page_says_what_the_results_say(tmp_path: Path) -> None:
    page = tmp_path / PAGE.name
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    write_page(RESULTS, page)
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
    assert all(f"<!-- {name}: begin -->" in PAGE.read_text(encoding="utf-8") for name in BLOCKS)


def test_a_line_has_means_and_the_paired_difference_to_the_first() -> None:
    lines = table(described("presets", ["levels"], 500, FOUND, 2)).splitlines()
    assert lines[0] == "Score of JERK on levels, 500 steps a level, 2 seeds:"
    assert lines[4].startswith("| `default` | **1,500** | 1,000 to 2,000 | 2,000 | 6,000 |")
    assert lines[5].startswith("| `returning` | **3,000** | 1,500 to 4,500 | 3,500 | 6,000 | +1,500 | +500 to +2,500 |")


def test_the_newest_result_of_each_number_of_steps_counts(tmp_path: Path) -> None:
    for number, (num_steps, created) in enumerate([(900, "2026-01-02"), (500, "2026-01-01"), (900, "2026-01-01")]):
        folder = tmp_path / f"2026-01-0{number + 1}_jerk_presets_{num_steps}"
        folder.mkdir()
        (folder / "result.json").write_text(json.dumps({"num_steps": num_steps, "created": created}))
    assert [(found["num_steps"], found["created"]) for found in newest(tmp_path, "presets")] == [
        (500, "2026-01-01"),
        (900, "2026-01-02"),
    ]


def test_a_block_is_replaced_between_its_marks() -> None:
    page = "before\n<!-- a: begin -->\nold\n<!-- a: end -->\nafter"
    assert with_block(page, "a", "new\n") == page.replace("old", "new")


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="a: begin"):
        with_block("nothing", "a", "new\n")


def test_every_preset_with_a_schedule_of_its_own_is_judged() -> None:
    assert list(PRESETS) == ["default", "improved", "mutating", "truncating", "returning"]
