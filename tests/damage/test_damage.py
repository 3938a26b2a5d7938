"""Files of every kind, damaged at random, are read or refused in words: no traceback, no hang, no flood of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("damage_files.py")
MOST_MIB = 1024


def read_damages(kind: str, first: int, last: int, folder: Path) -> dict[str, object]:
    """Have files with the damages ``first`` to ``last`` read; a core that crashes on a ROM is named and left behind."""
    while True:
        own = folder / str(first)
        own.mkdir()
        command = [sys.executable, str(PROGRAM), kind, str(first), str(last), str(own)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=own)
        lines = ended.stdout.splitlines()
        if ended.returncode >= 0 or "crashed in frame" not in ended.stderr:
            break
        first = int(lines[-1]) + 1
    assert ended.returncode == 0, f"damage {lines[-1:]} of {kind}: {ended.stderr}"
    found: dict[str, object] = json.loads(lines[-1])
    return found


@pytest.mark.parametrize("kind", ["checkpoint", "integration", "movie", "results", "rom"])
@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=[pytest.mark.nightly])], ids=["thirty", "a thousand"])
def test_damaged_files_are_read_or_refused_in_words(kind: str, count: int, tmp_path: Path) -> None:
    found = read_damages(kind, 0, count, tmp_path)
    assert found["tracebacks"] == []
    assert isinstance(found["peak_mib"], float)
    assert found["peak_mib"] < MOST_MIB
