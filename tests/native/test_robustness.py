"""Cores that hang or crash, processes that fork, and many consoles for a long time."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from newgameplus import _engine
from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest.evaluation import evaluate, manifest_of
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.workers import Failed
from newgameplus.emulator.compiled import in_words
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.errors import EmulatorError
from newgameplus.games.levels import Level
from newgameplus.results.evaluations import Results
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan

from .faulty import FAIL, Batch, console, lane, library, time_limit

TESTS = Path(__file__).parents[2]
IDLE = 0


@pytest.fixture
def impatient() -> Iterator[None]:
    with time_limit(0.25):
        yield


def num_threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.usefixtures("impatient")
def test_a_lane_that_hangs_is_named_and_rebuilt_while_the_others_finish_their_step() -> None:
    batch = Batch([lane(fault) for fault in "nhnn"])
    first, start = batch.observation[1].copy(), batch.frame(1)
    batch.step(*[IDLE] * 4)
    before = num_threads()
    with (
        pytest.raises(EmulatorError, match=r"Lane 1: The core Faulty .* after frame \d+ of /games/faulty.rom"),
        in_words(),
    ):
        batch.step(*[FAIL] * 4)
    assert [batch.frame(row) for row in range(4)] == [start + 8, start, start + 8, start + 8]
    assert np.array_equal(batch.observation[1], first)
    batch.step(*[IDLE] * 4)
    assert [batch.frame(row) for row in range(4)] == [start + 12, start + 4, start + 12, start + 12]
    assert num_threads() == before
    batch.engine.close()


@pytest.mark.usefixtures("impatient")
def test_a_hang_leaves_no_thread_that_works_on() -> None:
    hung = console("h")
    with pytest.raises(_engine.EngineError, match="did not come back from a frame"):
        hung.run([FAIL], True)
    with pytest.raises(_engine.EngineError, match="make a new console"):
        hung.run([IDLE], True)
    before = os.times()
    threading.Event().wait(0.25)
    after = os.times()
    assert after.user + after.system - before.user - before.system < 0.1


@pytest.mark.usefixtures("impatient")
def test_a_core_that_was_given_no_processor_is_not_taken_for_a_hung_one() -> None:
    slept = console("z")
    slept.run([FAIL], True)
    slept.run([IDLE], True)


@pytest.mark.usefixtures("impatient")
def test_a_start_state_that_hangs_the_core_is_refused_in_words() -> None:
    state = bytearray(console("n").save())
    state[-1] = 1
    with pytest.raises(_engine.EngineError, match="did not come back from taking a state"):
        Batch([lane("n", bytes(state))])


@pytest.mark.usefixtures("impatient")
def test_a_rom_that_hangs_the_core_is_refused_in_words() -> None:
    with pytest.raises(_engine.EngineError, match="did not come back from loading its game"):
        console("L")


def test_a_time_limit_is_a_number_of_seconds() -> None:
    for seconds in (-1.0, float("nan")):
        with pytest.raises(_engine.EngineError, match="number of seconds"):
            _engine.set_timeout(seconds)


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=TESTS, timeout=120)


CRASH = """
import sys
from newgameplus import _engine
spec = _engine.CoreSpec(library=sys.argv[2], rom_path="/games/faulty.rom", system_folder="/tmp", options={},
                        ram_address=0, before_state="nothing", button_mask=0xFFFF, random_part=(0, 0))
console = _engine.Console(spec, _engine.Blob(sys.argv[1].encode()))
console.run([0], True)
console.run([1], True)
"""


@pytest.mark.parametrize(("fault", "name"), [("s", "SIGSEGV"), ("d", "SIGFPE"), ("a", "SIGABRT")])
def test_a_core_that_crashes_is_named_in_the_last_line_of_the_process(fault: str, name: str) -> None:
    done = run_python(CRASH, fault, str(library()))
    assert done.stderr.splitlines()[-1] == f"The core Faulty crashed in frame 2 of /games/faulty.rom ({name})."
    assert done.returncode < 0


AGENT = """
import sys
from newgameplus.agents.random.agent import Random

class Crasher(Random):
    def act(self, observation):
        sys.argv = ["", "s", {library!r}]
        exec({program!r})
"""


def test_an_evaluation_says_which_core_crashed_its_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: Level
) -> None:
    (tmp_path / "crashing_agents.py").write_text(AGENT.format(library=str(library()), program=CRASH))
    monkeypatch.syspath_prepend(str(tmp_path))
    rules = with_budget(CONTEST, timesteps=100)
    agent = AgentPlan("crashing_agents:Crasher", "default", configure(find_agent("random"), "default"))
    plan = Plan(agent, WorldPlan((level,)), rules, (0,))
    results = Results(tmp_path / "results")
    results.create(manifest_of(plan, []))
    (failure,) = [event for event in evaluate(results, plan, num_workers=1) if isinstance(event, Failed)]
    assert "ended by SIGSEGV: The core Faulty crashed in frame 2 of /games/faulty.rom (SIGSEGV); see" in failure.reason


FORK = """
import os, sys
import numpy as np
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import EmulatorError
from newgameplus.games.levels import find_level

level = find_level("Airstriker-Genesis-v0/Level1")

def play(env, reset=True):
    if reset:
        env.reset(seed=1)
    return sum(int(env.step(env.action_space.sample() * 0)[0].sum()) for _ in range(3))

old, single = RetroVecEnv([level] * 2, num_threads=2), RetroEnv(level, backend="native")
play(old), play(single)
child = os.fork()
if child == 0:
    try:
        old.step(np.zeros(old.action_space.shape, np.int8))
    except EmulatorError as error:
        assert "before the process forked" in str(error), error
    else:
        os._exit(3)
    old.close()
    new = RetroVecEnv([level] * 2, num_threads=2)
    print(play(single), play(new), flush=True)
    new.close()
    single.close()
    os._exit(0)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(play(single), play(old), flush=True)
old.close()
single.close()
sys.exit(code)
"""


def test_a_forked_child_plays_single_environments_on_and_is_told_to_make_new_batches() -> None:
    done = run_python(FORK)
    assert done.returncode == 0, done.stderr
    child, parent = done.stdout.splitlines()
    assert child == parent


HANG_IN_CHILD = (
    """
import os
_engine_program = '''"""
    + CRASH
    + """'''
from newgameplus import _engine
_engine.set_timeout(0.25)
import sys
sys.argv = ["", "n", sys.argv[1]]
exec(_engine_program)
child = os.fork()
if child == 0:
    sys.argv[1] = "h"
    try:
        exec(_engine_program)
    except _engine.EngineError:
        os._exit(0)
    os._exit(3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)


def test_a_forked_child_is_watched_as_well() -> None:
    done = run_python(HANG_IN_CHILD, str(library()))
    assert done.returncode == 0, done.stderr


STOPPED = """
from newgameplus import _engine
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.levels import find_level
env = RetroVecEnv([find_level("Airstriker-Genesis")] * 4)
env.reset(seed=0)
_engine.set_timeout(1)
print("playing", flush=True)
while not sys.stdin.closed and not select.select([sys.stdin], [], [], 0)[0]:
    env.step(env.action_space.sample())
env.close()
"""


def test_no_core_is_blamed_for_the_time_in_which_the_process_was_stopped() -> None:
    command = [sys.executable, "-c", "import select, sys\n" + STOPPED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as player:
        assert player.stdout is not None
        assert player.stdout.readline() == b"playing\n"
        for _ in range(2):
            threading.Event().wait(0.3)
            player.send_signal(signal.SIGSTOP)
            threading.Event().wait(2)
            player.send_signal(signal.SIGCONT)
        _, complaints = player.communicate(b"enough\n", timeout=60)
    assert player.returncode == 0, complaints.decode()


def test_64_consoles_run_in_one_process(level: Level) -> None:
    env = RetroVecEnv([level] * 64)
    try:
        first, _ = env.reset(seed=[1] * 64)
        observations, *_ = env.step(np.zeros(env.action_space.shape, np.int8))
    finally:
        env.close()
    assert all(np.array_equal(row, observations[0]) for row in observations)
    assert not np.array_equal(first, observations)


@pytest.mark.nightly
def test_memory_stays_where_it_is_over_resets(level: Level) -> None:
    env = RetroVecEnv([level] * 2)

    def reset(times: int) -> int:
        for _ in range(times):
            env.reset()
        gc.collect()
        return resident_bytes()

    try:
        before = reset(200)
        assert reset(2000) - before < 2**20
    finally:
        env.close()


@pytest.mark.usefixtures("impatient")
def test_memory_stays_where_it_is_over_consoles_that_are_closed() -> None:
    def load(times: int) -> int:
        for _ in range(times):
            console("n").run([IDLE], True)
        gc.collect()
        return resident_bytes()

    before = load(50)
    assert load(500) - before < 2**20
