"""The example explores, and does the same again with the same seed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "go_explore.py"


def test_it_finds_kinds_of_moments_and_the_same_again() -> None:
    command = [sys.executable, str(EXAMPLE), "--rounds", "8", "--rows", "4"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    found = [run.split(" and ")[0] for run in runs]
    assert found[0] == found[1]
    assert int(found[0].split()[0]) > 10
    assert "Best score" in runs[0]
