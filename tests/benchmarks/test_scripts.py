"""Every script of benchmarks/ runs, as small as it goes; what it measures is another matter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
QUICK = (
    "movie_bits",
    "remote_messages",
    "soak",
    "runs.tumbleweed_par",
    "speed.cli_start",
    "speed.tumbleweed",
)
LONG = (
    "runs.demonstrations",
    "runs.experts",
    "runs.fine_tuning ppo",
    "runs.jerk_tuning tuning",
    "runs.keeper",
    "runs.memory_switches",
    "runs.precision_returns",
    "runs.qtable",
    "runs.rainbow_ways",
    "runs.reverie",
    "runs.search levels",
    "runs.stream",
    "runs.tumbleweed_calibration",
    "runs.world_model",
    "speed.agents",
    "speed.cluster",
    "speed.edges",
    "speed.dream",
    "speed.engine",
    "speed.engine_costs",
    "speed.env_overhead",
    "speed.evolution_strategies",
    "speed.frozen_evaluation",
    "speed.grid_video",
    "speed.jerk_evaluation",
    "speed.jerk_many",
    "speed.kernels",
    "speed.learners",
    "speed.live",
    "speed.memory_index",
    "speed.learners_gpu",
    "speed.neat",
    "speed.qtable",
    "speed.remote_step",
    "speed.render_movie",
    "speed.verify_movies",
    "speed.watch",
    "speed.replay",
    "speed.sandbox_start",
)
ELSEWHERE = {"runs.transfer"}
"""Scripts with a test file of their own."""
CANNOT = ("There are no kernels to measure", "stable-retro's playback_movie cannot run")
"""Beginnings of what a script says on a machine that lacks what it measures."""


def test_no_script_is_left_out() -> None:
    paths = [path for path in (ROOT / "benchmarks").rglob("*.py") if "__main__" in path.read_text(encoding="utf-8")]
    found = {".".join(path.relative_to(ROOT / "benchmarks").with_suffix("").parts) for path in paths}
    assert found == {script.split()[0] for script in (*QUICK, *LONG)} | ELSEWHERE


@pytest.mark.parametrize("script", [*QUICK, *(pytest.param(each, marks=pytest.mark.nightly) for each in LONG)])
def test_the_script_runs(script: str) -> None:
    published = set((ROOT / "benchmarks/results").iterdir())
    name, *arguments = script.split()
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments, "--tiny"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 1 and done.stderr.startswith(CANNOT):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert set((ROOT / "benchmarks/results").iterdir()) == published
