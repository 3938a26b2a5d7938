"""Every example runs as it is written, smaller; so does ``make demo``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
SMALL: dict[str, list[str]] = {
    "demo.py": ["--timesteps", "60"],
    "go_explore.py": ["--rounds", "4", "--rows", "2"],
    "my_agent.py": [],
    "train_with_sb3.py": ["--timesteps", "512"],
}
"""Each example, and what keeps it short."""
NEEDS = {"train_with_sb3.py": "stable_baselines3"}
"""A package that an example is about and that the tests do not install."""


def run(name: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *(arguments or SMALL[name])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_is_run() -> None:
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(SMALL)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_it_runs_to_its_end(name: str, tmp_path: Path) -> None:
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    assert run(name, tmp_path).strip()
    if name == "demo.py":
        made = {path.suffix for path in (tmp_path / "demo" / "run-1").iterdir()}
        assert {".html", ".json", ".mp4"} <= made


def test_make_demo_is_the_demo() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "demo"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].endswith("examples/demo.py")


def test_go_explore_finds_kinds_of_moments_and_the_same_again(tmp_path: Path) -> None:
    runs = [run("go_explore.py", tmp_path, "--rounds", "8", "--rows", "4") for _ in range(2)]
    found = [text.split(" and ")[0] for text in runs]
    assert found[0] == found[1]
    assert int(found[0].split()[0]) > 10
    assert "Best score" in runs[0]


def test_the_agent_of_the_guide_is_evaluated_by_its_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "newgameplus", "evaluate", "examples.my_agent:MacroBandit", "--preset", "patient"]
    options = [
        "--split",
        "airstriker",
        "--timesteps",
        "200",
        "--set",
        "epsilon=0.5",
        "--results",
        str(tmp_path / "out"),
    ]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "MacroBandit" in (tmp_path / "out" / "manifest.json").read_text()
