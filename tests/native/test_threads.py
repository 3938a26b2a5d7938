"""Threads that share an environment, close it or outlive the interpreter get words or silence, and never a crash."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.vector import make_vector
from newgameplus.errors import EmulatorError
from newgameplus.games.levels import find_level
from newgameplus.types import SONIC_7, WARPED

LEVEL = "Airstriker-Genesis-v0/Level1"

STEPS_AS_DAEMON = """
import threading
import numpy as np
from newgameplus.envs.vector import make_vector

world = make_vector(["Airstriker-Genesis-v0/Level1"] * {rows})
world.reset(seed=0)
masks = np.zeros(world.action_space.shape, np.int8)
begun = threading.Event()

def play():
    while True:
        world.step(masks)
        begun.set()

threading.Thread(target=play, daemon=True).start()
begun.wait()
"""


def plays_until_refused(play: Callable[[], object], begun: threading.Event) -> tuple[threading.Thread, list[str]]:
    """A running thread that plays until it gets an error, and the list that this error's text will be in."""
    said: list[str] = []

    def run() -> None:
        try:
            while True:
                play()
                begun.set()
        except EmulatorError as error:
            said.append(str(error))
            begun.set()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said


@pytest.mark.parametrize("num_rows", [1, 4])
def test_a_batch_closed_while_it_is_stepped_says_so(num_rows: int) -> None:
    world = make_vector([LEVEL] * num_rows, observation_spec=WARPED, action_spec=SONIC_7)
    world.reset(seed=0)
    begun = threading.Event()
    thread, said = plays_until_refused(lambda: world.step(np.zeros(num_rows, np.int64)), begun)
    begun.wait()
    world.close()
    thread.join()
    assert said == ["The engine is closed."]


def single() -> RetroEnv:
    env = RetroEnv(find_level(LEVEL))
    env.reset(seed=0)
    return env


def test_an_environment_closed_while_it_is_stepped_says_so() -> None:
    env, begun = single(), threading.Event()
    thread, said = plays_until_refused(lambda: env.emulator.step((0,)), begun)
    begun.wait()
    env.close()
    thread.join()
    assert said == ["This console is closed: open another one."]


def test_of_two_threads_in_one_environment_one_is_refused() -> None:
    env, begun, refused = single(), threading.Event(), threading.Event()

    def play() -> None:
        if refused.is_set():
            raise EmulatorError("The other one was refused.")
        try:
            env.emulator.step((0,))
        except EmulatorError:
            refused.set()
            raise

    runs = [plays_until_refused(play, begun) for _ in range(2)]
    for thread, _ in runs:
        thread.join()
    assert any("Another thread is using this console" in said[0] for _, said in runs)
    env.close()


def test_a_snapshot_waits_for_nobody_and_is_refused_in_a_step() -> None:
    world = make_vector([LEVEL], observation_spec=WARPED, action_spec=SONIC_7)
    world.reset(seed=0)
    world.send(np.zeros(1, np.int64), [0])
    with pytest.raises(EmulatorError, match="Lane 0 is under way"):
        world.save(0)
    world.receive(1)
    assert world.save(0).size_bytes > 0
    world.close()


@pytest.mark.parametrize("num_rows", [1, 3])
def test_a_daemon_that_steps_does_not_crash_the_end_of_the_program(num_rows: int) -> None:
    program = [sys.executable, "-c", STEPS_AS_DAEMON.format(rows=num_rows)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_contest_environment_tells_of_its_end() -> None:
    env = make_contest(LEVEL)
    env.reset(seed=0)
    env.close()
    with pytest.raises(EmulatorError, match="closed"):
        env.unwrapped.screen()  # type: ignore[attr-defined]  # Gymnasium's wrappers do not say what they wrap
