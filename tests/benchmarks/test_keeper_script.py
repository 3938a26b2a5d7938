"""The tables of docs/agents/keeper.md are those of the published results."""

from __future__ import annotations

from pathlib import Path

from benchmarks.runs.keeper import PAGE, ended, table_of_ends, write_page
from benchmarks.turns import RESULTS


def test_the_page_says_what_the_results_say(tmp_path: Path) -> None:
    page = tmp_path / PAGE.name
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    write_page(RESULTS, page)
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_a_row_says_how_the_last_tenth_ended_and_when_the_goal_was_reached_first() -> None:
    row = [(50, 600.0), (80, 9_500.0), (95, 9_700.0), (100, 700.0)]
    found = ended(row, 100)
    assert (found["score"], found["last_tenth"], found["best"]) == (5_125.0, 5_200.0, 9_700.0)
    assert (found["finished"], found["failed"], found["first"]) == (0.5, 700.0, 80)
    lines = table_of_ends({"what": "Episodes", "levels": {"Mesa.Act1": found}}).splitlines()
    assert lines[4] == "| Mesa.Act1 | 5,125 | 5,200 | 9,700 | 4 | step 80 | 50% | 700 |"
    assert lines[5] == "| mean | 5,125 | 5,200 | 9,700 | 4 |  | 50% |  |"


def test_who_never_reached_the_goal_is_said_to() -> None:
    lines = table_of_ends({"what": "Episodes", "levels": {"Mine.Act1": ended([(100, 700.0)], 100)}}).splitlines()
    assert lines[4] == "| Mine.Act1 | 700 | 700 | 700 | 1 | never | 0% | 700 |"
