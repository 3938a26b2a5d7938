"""Agents in a sandbox: scores as in one process, every end with its reason, nothing seen but observation and reward."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest.entry_plan import entry_plan
from newgameplus.contest.entry_run import SessionFailedError, check_sandbox, play_in_sandbox
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, CONTEST_2018, Rules
from newgameplus.contest.run import play_run
from newgameplus.contest.run_scores import read_run
from newgameplus.errors import ResultsError, SandboxError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.remote.ends import Reason, Violation
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.sandbox.choice import choose
from newgameplus.results.runs import RunFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan

LEVEL = "Airstriker-Genesis-v0/Level1"
HASTY = SessionLimits(max_timesteps=None, step_seconds=0.05, bank_seconds=0.0, first_seconds=30.0, grace_seconds=5.0)
RAW = """
import os, socket, struct, time
server = socket.socket(fileno=3)
hello = server.recv(1 << 20)
def ready(version=1): server.send(struct.pack('<QQQ', 2, 0, version))
"""


def sandbox(name: str = "auto") -> str:
    """The sandbox of this machine; the test is skipped where there is none."""
    try:
        return choose(name).NAME
    except SandboxError as error:
        pytest.skip(str(error))


def job_of(plan: Any, folder: Path, rules: Rules, *, sandbox: str | None, records_movies: bool = True) -> Job:
    level = find_level(LEVEL)
    whole = Plan(plan, WorldPlan((level,)), rules, (0,), records_movies=records_movies, sandbox=sandbox)
    return Job(whole, level, 0, folder)


def agent_plan(name: str) -> AgentPlan:
    return AgentPlan(name, "default", configure(find_agent(name)))


def write_entry(folder: Path, program: str, toml: str = 'command = ["python", "agent.py"]') -> Path:
    folder.mkdir()
    (folder / "entry.toml").write_text(f'name = "mine"\nversion = "1"\n{toml}\n')
    (folder / "agent.py").write_text(program)
    return folder


def ignore(progress: Progress) -> None: ...


COMMAND = 'command = ["python", "-I", "agent.py"]'


def played(
    tmp_path: Path, program: str, toml: str = COMMAND, limits: SessionLimits | None = None, where: str = "auto"
) -> None:
    """Let an entry play up to 50 steps in the folder ``run``."""
    entry = entry_plan(write_entry(tmp_path / "entry", program, toml))
    rules = replace(CONTEST, max_timesteps=50)
    play_in_sandbox(
        job_of(entry, tmp_path / "run", rules, sandbox=sandbox(where), records_movies=False), ignore, limits
    )


def episodes(folder: Path) -> list[str]:
    return [line.rpartition(",")[0] for line in (folder / "monitor.csv").read_text().splitlines()]


def test_an_agent_in_a_sandbox_scores_what_it_scores_here(tmp_path: Path) -> None:
    rules = replace(CONTEST, max_timesteps=500)
    play_run(job_of(agent_plan("random"), tmp_path / "here", rules, sandbox=None), ignore)
    told: list[Progress] = []
    play_in_sandbox(
        job_of(agent_plan("random"), tmp_path / "there", rules, sandbox=sandbox()),
        lambda one: told.append(replace(one)),
    )
    assert episodes(tmp_path / "there") == episodes(tmp_path / "here")
    assert len(episodes(tmp_path / "there")) > 1
    for movie in (tmp_path / "here" / "bk2").iterdir():
        assert movie.read_bytes() == (tmp_path / "there" / "bk2" / movie.name).read_bytes()
    assert told[-1].is_complete
    run = read_run(tmp_path / "there", LEVEL, 0, rules)
    assert (run.is_complete, run.num_timesteps) == (True, 500)
    end = json.loads((tmp_path / "there" / "end.json").read_text())
    assert (end["reason"], end["step"]) == ("timesteps", 500)
    assert (tmp_path / "there" / "bk2" / end["movie"]).is_file()


@pytest.mark.nightly
@pytest.mark.parametrize("where", ["bubblewrap", "container", "none"])
@pytest.mark.parametrize("name", ["jerk", "ppo", "random"])
@pytest.mark.parametrize("rules", [CONTEST, CONTEST_2018], ids=["contest", "contest-2018"])
def test_other_agents_score_so_too(tmp_path: Path, name: str, rules: Rules, where: str) -> None:
    rules = replace(rules, max_timesteps=1500)
    play_run(job_of(agent_plan(name), tmp_path / "here", rules, sandbox=None), ignore)
    play_in_sandbox(job_of(agent_plan(name), tmp_path / "there", rules, sandbox=sandbox(where)), ignore)
    assert episodes(tmp_path / "there") == episodes(tmp_path / "here")


def test_an_interrupted_run_is_played_anew(tmp_path: Path) -> None:
    class InterruptedError(Exception): ...

    def interrupt(progress: Progress) -> None:
        if progress.num_steps:
            raise InterruptedError

    plan, rules = agent_plan("random"), replace(CONTEST, max_timesteps=None, max_episodes=1)
    job = job_of(plan, tmp_path / "run", rules, sandbox=sandbox())
    with pytest.raises(InterruptedError):
        play_in_sandbox(job, interrupt)
    assert json.loads((tmp_path / "run" / "end.json").read_text())["reason"] == "error"
    assert not RunFolder(tmp_path / "run").is_complete()
    for number in range(6):
        (tmp_path / "run" / "bk2" / f"Airstriker-Genesis-v0-Level1-{number:06d}.bk2").touch()
    play_in_sandbox(job, ignore)
    play_in_sandbox(job, ignore)  # complete, so nothing is played
    assert json.loads((tmp_path / "run" / "end.json").read_text())["reason"] == "episodes"
    events = [json.loads(line) for line in (tmp_path / "run" / "timeline.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events if event["from"] == "world"] == ["begin", "episode", "end"]
    assert [event["seconds"] for event in events] == sorted(event["seconds"] for event in events)
    assert len(list((tmp_path / "run" / "bk2").iterdir())) == 1


LOOKING = """
import os, json, sys
found, names = [], []
secret = ("Airstriker", "Level1", "tumbleweed", "seed-0", "results")
for name, value in os.environ.items():
    names += [name, value]
for pid in filter(str.isdigit, os.listdir("/proc")):
    for file in ("cmdline", "environ", "mountinfo", "maps"):
        try:
            names.append(open(f"/proc/{pid}/{file}", errors="replace").read())
        except OSError:
            pass
for root, folders, files in os.walk("/", onerror=None):
    if root.startswith(("/proc", "/sys", "/usr/share", "/usr/lib/")):
        folders[:] = []
        continue
    for name in files:
        if name.endswith((".md", ".bk2", ".state", ".bin.gz", ".a26")) and os.access(f"{root}/{name}", os.R_OK):
            size = os.path.getsize(f"{root}/{name}")
            with open(f"{root}/{name}", "rb") as file:
                head = file.read(0x110)
            if name.endswith((".state", ".bk2", ".a26")) or head[0x100:0x104] == b"SEGA":
                found.append(f"{root}/{name}")
print(json.dumps({"found": found[:5], "told": [word for word in secret if any(word in name for name in names)],
                  "writable": [path for path in ("/", "/entry", sys.prefix, "/usr") if os.access(path, os.W_OK)]}))
"""


@pytest.mark.parametrize("where", ["auto", pytest.param("container", marks=pytest.mark.nightly)])
def test_an_entry_sees_no_level_no_rom_no_state_and_no_results(tmp_path: Path, where: str) -> None:
    with pytest.raises(SessionFailedError) as caught:
        played(tmp_path, LOOKING, where=where)
    assert caught.value.end.reason is Reason.AGENT_EXIT
    assert json.loads(caught.value.end.last_lines[-1]) == {"found": [], "told": [], "writable": []}


@pytest.mark.parametrize(
    ("program", "reason", "violation", "says"),
    [
        ("import sys; sys.exit('I give up')", Reason.AGENT_EXIT, None, "exit code 1; its last line was: 'I give up'"),
        ("import os; os.kill(os.getpid(), 11)", Reason.AGENT_SIGNAL, None, "killed by SIGSEGV"),
        (RAW + "ready(99); time.sleep(60)", Reason.PROTOCOL, Violation.VERSION, "speaks"),
        (RAW + "server.send(b'{}'); time.sleep(60)", Reason.PROTOCOL, Violation.LENGTH, "the wrong length"),
        (RAW + "ready(); time.sleep(60)", Reason.STEP_TIME, None, "too slow"),
        (RAW + "ready(); ready(); time.sleep(60)", Reason.PROTOCOL, None, "twice"),
        ("while True: print('x' * 1000)", Reason.OUTPUT, None, "faster than it may"),
    ],
)  # fmt: skip
def test_a_session_that_fails_says_why(
    tmp_path: Path, program: str, reason: Reason, violation: Violation | None, says: str
) -> None:
    with pytest.raises(SessionFailedError, match=says) as caught:
        played(tmp_path, program, limits=HASTY)
    folder = RunFolder(tmp_path / "run")
    assert caught.value.end.reason is reason
    assert violation in (None, caught.value.end.violation)
    assert json.loads(folder.end.read_text())["reason"] == str(reason)
    assert folder.entry_log.is_file()
    assert not folder.is_complete()
    assert str(folder.entry_log) in str(caught.value)


def test_an_entry_that_does_not_connect_is_found_by_the_server_s_clock(tmp_path: Path) -> None:
    with pytest.raises(SessionFailedError, match="never connected"):
        played(tmp_path, "import time; time.sleep(60)", limits=replace(HASTY, first_seconds=0.2))


QUITTING = """
def play(env):
    env.reset()
    for _ in range(30):
        env.step([1] * len(env.buttons))
    print(sorted(vars(env)), env.frame().shape)
"""


def test_who_leaves_in_an_episode_has_it_counted_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(SessionFailedError) as caught:
        played(tmp_path, QUITTING, 'function = "agent:play"')
    assert caught.value.end.reason in (Reason.AGENT_EXIT, Reason.CLIENT_DISCONNECT)
    assert episodes(tmp_path / "run")[1:] == ["0.0,30"]
    assert "(224, 320, 3)" in caught.value.end.last_lines[-1]


def test_an_entry_without_a_sandbox_plays_only_by_that_name(tmp_path: Path) -> None:
    entry = entry_plan(write_entry(tmp_path / "entry", "print(__file__)"))
    with pytest.raises(UsageError, match="An entry plays in a sandbox"):
        job_of(entry, tmp_path / "run", CONTEST, sandbox=None)
    with pytest.raises(SessionFailedError) as caught:
        play_in_sandbox(job_of(entry, tmp_path / "run", CONTEST, sandbox="none", records_movies=False), ignore)
    assert caught.value.end.last_lines == (f"{entry.stored().folder}/agent.py",)


def test_an_entry_that_has_changed_is_not_judged_as_the_same(tmp_path: Path) -> None:
    entry = entry_plan(write_entry(tmp_path / "entry", "print(1)"))
    (tmp_path / "entry" / "agent.py").write_text("print(2)")
    with pytest.raises(ResultsError, match="not what it was when these results were begun"):
        entry.stored()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda plan: replace(plan, name="package.module:Class"), "bring an agent of your own as an entry"),
        (lambda plan: replace(plan, name="proof"), "not one of the agents"),
        (lambda plan: replace(plan, demonstrations="par"), "no movies"),
    ],
)
def test_what_cannot_play_in_a_sandbox_is_said(
    tmp_path: Path, change: Callable[[AgentPlan], AgentPlan], why: str
) -> None:
    plan = job_of(change(agent_plan("random")), tmp_path, CONTEST, sandbox="none").plan
    with pytest.raises(UsageError, match=why):
        check_sandbox(plan)


def test_there_is_no_sandbox_of_another_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no sandbox jail"):
        check_sandbox(job_of(agent_plan("random"), tmp_path, CONTEST, sandbox="jail").plan)
