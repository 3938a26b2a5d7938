"""``ngp entry``: from an empty folder to one file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.cli.sandbox_options import check_resumed
from newgameplus.contest.entry_plan import entry_plan
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST
from newgameplus.errors import ResultsError, SandboxError
from newgameplus.games.levels import find_level
from newgameplus.remote.entries.entry import read_entry
from newgameplus.remote.sandbox.choice import choose
from newgameplus.report.evaluations import read_evaluations
from newgameplus.training.worlds import WorldPlan


def test_a_new_entry_is_packed_to_one_file_with_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["entry", "new", "mine"]) == 0
    assert run(["entry", "pack", "mine"]) == 0
    assert run(["entry", "pack", "mine", "--output", "again.zip"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("mine.zip  ")
    assert first.rpartition(" ")[2] == second.rpartition(" ")[2]
    assert (tmp_path / "mine.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()


@pytest.mark.parametrize("agent", ["jerk", "simple"])
def test_every_template_is_an_entry(tmp_path: Path, agent: str) -> None:
    assert run(["entry", "new", str(tmp_path / "new"), "--agent", agent]) == 0
    assert read_entry(tmp_path / "new").function
    compile((tmp_path / "new" / "agent.py").read_text(), "agent.py", "exec")


def test_an_entry_with_the_weights_of_a_run_has_its_configuration(tmp_path: Path) -> None:
    trained, made = str(tmp_path / "run"), tmp_path / "new"
    level = ["--level", "Airstriker-Genesis-v0/Level1", "--num-envs", "1"]
    assert run(["train", "brute", *level, "--steps", "10", "--set", "exploration=0.5", "--run", trained]) == 0
    assert run(["entry", "new", str(made), "--agent", "brute", "--init", trained]) == 0
    assert 'replace(configure(agent_class, "default", {}), exploration=0.5)' in (made / "agent.py").read_text()
    assert (
        run(["entry", "new", str(tmp_path / "own"), "--agent", "brute", "--preset", "curious", "--init", trained]) == 0
    )
    assert 'configure(agent_class, "curious", {}), world_spec' in (tmp_path / "own" / "agent.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["new", "DIR", "--agent", "jerc"], "Did you mean jerk?"),
        (["new", "DIR", "--agent", "os:system"], "There is no template"),
        (["new", "DIR", "--init", "run"], "name it with --agent"),
        (["new", "DIR", "--agent", "random", "--init", "run"], "has no weights"),
        (["new", "DIR", "--agent", "jerk", "--preset", "x"], "There is no preset"),
        (["new", "DIR", "--preset", "x"], "name it with --agent"),
        (["new", "DIR", "--agent", "go_explore"], "which no contest grants"),
        (["pack", "DIR"], "There is no entry.toml"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    folder = str(tmp_path / "dir")
    assert run(["entry", *(folder if argument == "DIR" else argument for argument in arguments)]) == 2
    assert why in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_script_of_2018_becomes_an_entry_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "JERK_agent.py").write_text("import sonic_util")
    (tmp_path / "sonic_util.py").write_text("")
    (tmp_path / "scenario.json").write_text("{}")
    folder, script = str(tmp_path / "new"), ["--from-2018", str(tmp_path / "JERK_agent.py")]
    assert run(["entry", "new", folder, *script, "--from-2018", str(tmp_path / "sonic_util.py")]) == 0
    made = read_entry(tmp_path / "new")
    assert (made.name, made.command, made.api) == ("jerk-agent", ("python", "-u", "JERK_agent.py"), "2018")
    assert (tmp_path / "new" / "JERK_agent.py").read_text() == "import sonic_util"
    assert (tmp_path / "new" / "sonic_util.py").is_file()
    refused = {
        ("--agent", "jerk"): "leave out --agent",
        ("--from-2018", "missing.py"): "Cannot read missing.py",
        ("--from-2018", str(tmp_path / "JERK_agent.py")): "has a file JERK_agent.py already",
        ("--from-2018", str(tmp_path / "scenario.json")): "the contest's own scenario, as in 2018",
    }
    for more, why in refused.items():
        assert run(["entry", "new", str(tmp_path / "other"), *script, *more]) == 2
        assert why in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    (tmp_path / "new" / "data").mkdir()
    (tmp_path / "scenario.json").rename(tmp_path / "new" / "data" / "scenario.json")
    assert run(["entry", "pack", folder]) == 2
    assert "data/scenario.json cannot be used" in capsys.readouterr().err


def sandbox() -> str:
    try:
        return choose("auto").NAME
    except SandboxError as error:
        pytest.skip(str(error))


def test_an_entry_is_judged_like_an_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = sandbox()
    monkeypatch.chdir(tmp_path)
    assert run(["entry", "new", "mine"]) == 0
    assert run(["entry", "pack", "mine"]) == 0
    sha256 = capsys.readouterr().out.rpartition(" ")[2].strip()
    budget = ["--level", "Airstriker-Genesis/Level1", "--timesteps", "60"]
    assert run(["evaluate", "mine.zip", *budget, "--results", "results"]) == 0
    manifest = json.loads(Path("results/manifest.json").read_text())
    assert manifest["sandbox"] == name
    assert manifest["agent"] == {"name": "hold-right", "preset": "1", "config": {"sha256": sha256}}
    assert manifest["entry"]["path"] == str(tmp_path / "mine.zip")
    assert run(["evaluate", "mine.zip", "--resume", "--results", "results", "--timesteps", "60"]) == 0
    (evaluation,) = read_evaluations([Path("results")])
    assert (evaluation.label, evaluation.is_complete) == ("hold-right (1)", True)
    capsys.readouterr()
    assert run(["evaluate", "other", "--resume", "--results", "results"]) == 2
    assert "were begun with the entry" in capsys.readouterr().err
    (tmp_path / "mine.zip").unlink()
    assert run(["evaluate", "--resume", "--results", "results"]) == 2
    assert "There is no entry" in capsys.readouterr().err


@pytest.mark.nightly
def test_an_entry_that_fails_is_a_run_that_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox()
    folder, results = str(tmp_path / "mine"), str(tmp_path / "results")
    assert run(["entry", "new", folder]) == 0
    (tmp_path / "mine" / "agent.py").write_text("1 / 0\n")
    assert run(["evaluate", folder, "--level", "Airstriker-Genesis/Level1", "--results", results]) == 1
    assert "its last line was: 'ZeroDivisionError: division by zero'" in capsys.readouterr().out
    assert run(["evaluate", "--resume", "--results", results]) == 1


def test_a_check_says_how_fast_an_entry_is_or_what_it_printed_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = sandbox()
    folder = str(tmp_path / "mine")
    assert run(["entry", "new", folder]) == 0
    assert run(["entry", "check", folder]) == 0
    assert f"hold-right 1 is fine: 500 steps in the sandbox {name}." in capsys.readouterr().out
    (tmp_path / "mine" / "agent.py").write_text("1 / 0\n")
    assert run(["entry", "check", folder]) == 2
    said = capsys.readouterr().err
    assert "hold-right 1 fails. The agent's program ended with exit code 1." in said
    assert "  | ZeroDivisionError: division by zero" in said
    assert run(["entry", "build", folder]) == 0
    assert "nothing to install" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--preset", "x"], "leave out --preset"),
        (["--init", "x"], "leave out --init"),
        (["--set", "a=1"], "leave out --set"),
        (["--frozen"], "leave out --frozen"),
        (["--sandbox", "jail"], "There is no sandbox jail"),
        (["--sandbox", "none", "--batch"], "each agent has a sandbox of its own"),
        (["--sandbox", "none", "--on", "localhost:1"], "on this machine only"),
    ],
)
def test_what_does_not_fit_an_entry_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    assert run(["entry", "new", str(tmp_path / "mine")]) == 0
    airstriker = ["--level", "Airstriker-Genesis/Level1", "--results", str(tmp_path / "results")]
    assert run(["evaluate", str(tmp_path / "mine"), *airstriker, *arguments]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("path", ["there/is/none", "none.zip"])
def test_an_entry_that_is_not_there_is_not_taken_for_an_agent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    airstriker = ["--level", "Airstriker-Genesis/Level1", "--results", str(tmp_path / "results")]
    assert run(["evaluate", path, *airstriker]) == 2
    assert f"There is no entry {path}." in capsys.readouterr().err


def test_results_run_no_entry_unprotected_that_nobody_has_named_so(tmp_path: Path) -> None:
    assert run(["entry", "new", str(tmp_path / "mine")]) == 0
    entry, level = entry_plan(tmp_path / "mine"), find_level("Airstriker-Genesis-v0/Level1")
    plan = Plan(entry, WorldPlan((level,)), CONTEST, (0,), sandbox="none")
    with pytest.raises(ResultsError, match="without any protection: if you trust it, add --sandbox none"):
        check_resumed(plan, str(tmp_path / "mine"), None)
    with pytest.raises(ResultsError, match="in the sandbox none and go on so"):
        check_resumed(plan, None, "bubblewrap")
    check_resumed(plan, None, "none")
    with pytest.raises(ResultsError, match="begun with the entry"):
        check_resumed(plan, "jerk", "none")
