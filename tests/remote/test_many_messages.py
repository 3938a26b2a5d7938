"""Five million random and damaged messages; shorter tests are beside those of the conversation and the client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.nightly
def test_five_million_messages_end_in_answers_and_reasons() -> None:
    command = [sys.executable, "-m", "benchmarks.remote_messages", "--messages", "5000000"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "server: goes on" in done.stdout
