"""Agents and judges that are killed at any moment: the results can be read, the reason is named, nothing is left."""

from __future__ import annotations

import json
import os
import pickle
import random
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from newgameplus.contest.entry_plan import entry_plan
from newgameplus.contest.entry_run import SessionFailedError, play_in_sandbox
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST
from newgameplus.errors import SandboxError
from newgameplus.games.levels import find_level
from newgameplus.remote.ends import Reason
from newgameplus.remote.sandbox.choice import choose
from newgameplus.results.runs import RunFolder
from newgameplus.training.worlds import WorldPlan

PATIENCE_MILLISECONDS = 20_000
DYING = """
import os, sys

def play(env):
    env.reset()
    for _ in range(STEPS):
        if env.step([0] * len(env.buttons))[2]:
            env.reset()
    os.kill(os.getpid(), 9)
"""
LASTING = """
import sys

def play(env):
    env.reset()
    while True:
        if env.step([0] * len(env.buttons))[2]:
            env.reset()
"""
JUDGE = """
import pickle, sys
from newgameplus.contest.entry_run import play_in_sandbox

def report(progress):
    print(progress.num_steps, flush=True)

play_in_sandbox(pickle.loads(bytes.fromhex(sys.argv[1])), report)
"""


def job_of(folder: Path, program: str, num_steps: int) -> Job:
    try:
        sandbox = choose("auto").NAME
    except SandboxError as error:
        pytest.skip(str(error))
    entry = folder / "entry"
    entry.mkdir()
    (entry / "entry.toml").write_text('name = "mine"\nversion = "1"\nfunction = "agent:play"\n')
    (entry / "agent.py").write_text(program)
    level = find_level("Airstriker-Genesis-v0/Level1")
    rules = replace(CONTEST, max_timesteps=num_steps)
    plan = Plan(entry_plan(entry), WorldPlan((level,)), rules, (0,), sandbox=sandbox)
    return Job(plan, level, 0, folder / "run")


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_an_agent_that_is_killed_leaves_results_and_a_reason(tmp_path: Path, seed: int) -> None:
    num_steps = random.Random(seed).randrange(600)
    job = job_of(tmp_path, DYING.replace("STEPS", str(num_steps)), 1000)
    with pytest.raises(SessionFailedError) as caught:
        play_in_sandbox(job, lambda _: None)
    assert (caught.value.end.reason, caught.value.end.step) == (Reason.AGENT_SIGNAL, num_steps)
    record = RunFolder(job.folder).read()
    assert record.summary is None
    assert sum(episode.num_steps for episode in record.episodes) == num_steps
    assert json.loads((job.folder / "end.json").read_text())["reason"] == "agent_signal"


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(10))
def test_a_judge_that_is_killed_leaves_no_process_and_its_run_can_be_played(tmp_path: Path, seed: int) -> None:

    job = job_of(tmp_path, LASTING, 10**9)
    command = [sys.executable, "-c", JUDGE, pickle.dumps(job).hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as judge:
        assert judge.stdout is not None
        for _ in range(random.Random(seed).randint(1, 4)):
            assert judge.stdout.readline()
        left = [os.pidfd_open(pid) for pid in descendants(judge.pid)]
        judge.send_signal(signal.SIGKILL)
    assert left
    for process in left:
        poller = select.poll()
        poller.register(process, select.POLLIN)
        assert poller.poll(PATIENCE_MILLISECONDS), "a process outlives its judge"
        os.close(process)
    assert RunFolder(job.folder).read().summary is None
    assert json.loads((job.folder / "end.json").read_text())["reason"] == "server_disconnect"
    short = replace(job, plan=replace(job.plan, rules=replace(CONTEST, max_timesteps=100)))
    play_in_sandbox(short, lambda _: None)
    assert RunFolder(job.folder).is_complete()
    movies = list((job.folder / "bk2").iterdir())
    assert len(movies) == len(RunFolder(job.folder).read().episodes)
