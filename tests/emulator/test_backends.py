"""Which program emulates: the engine, what NGP_BACKEND names, or the reference with one line of warning."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from newgameplus.emulator.backends import BACKEND_VARIABLE, default_backend, open_emulator
from newgameplus.emulator.cores import console_named, core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.errors import EmulatorError, NotFoundError, UsageError
from newgameplus.games.catalogue import find_game

PLAY = """
import gymnasium, newgameplus
for _ in range(2):
    env = gymnasium.make("newgameplus:Airstriker-Genesis-v0")
    env.reset(seed=0)
    env.step(env.action_space.sample())
    print(type(env.unwrapped.emulator).__name__)
    env.close()
from newgameplus.envs.vector import make_vector
from newgameplus.games.levels import find_level
from newgameplus.types import NOTHING
if __name__ == "__main__":
    vector = make_vector([find_level("Airstriker-Genesis-v0/Level1")], observation_spec=NOTHING)
    print(type(vector).__name__)
    vector.close()
"""
HIDE = """
import sys
sys.modules["newgameplus._engine"] = None
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {key: value for key, value in os.environ.items() if key != BACKEND_VARIABLE} | environment
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_the_engine_emulates_without_a_word() -> None:
    done = run(PLAY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["NativeEmulator", "NativeEmulator", "RetroVecEnv"]


def test_without_the_engine_the_reference_emulates_with_one_line_of_warning() -> None:
    done = run(HIDE + PLAY.replace("if __name__", "if False and __name__"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ReferenceEmulator", "ReferenceEmulator"]
    assert done.stderr.splitlines() == [
        (
            "New Game Plus runs without its native engine, several times slower; "
            "install a C++ compiler and run pip install again to build it."
        )
    ]


def test_the_variable_chooses_the_reference_without_a_warning() -> None:
    done = run(PLAY.replace("if __name__", "if False and __name__"), NGP_BACKEND="reference")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["ReferenceEmulator", "ReferenceEmulator"]


def test_whoever_insists_on_an_engine_that_is_not_there_hears_what_to_do() -> None:
    done = run(HIDE + PLAY, NGP_BACKEND="native")
    assert done.stderr.splitlines()[-1] == (
        "newgameplus.errors.EmulatorError: The native engine is not built here: install a C++ compiler and run pip "
        "install again, or use the reference backend."
    )


def test_a_wrong_name_of_a_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BACKEND_VARIABLE, "fast")
    with pytest.raises(UsageError, match="native or reference, not 'fast'"):
        default_backend()


def test_both_backends_open_the_same_game() -> None:
    game = find_game("Airstriker-Genesis-v0")
    native, reference = (open_emulator(game.rom(), game.core(), backend=name) for name in ("native", "reference"))
    try:
        assert isinstance(native, NativeEmulator)
        assert isinstance(reference, ReferenceEmulator)
        assert native.core.sha256 == reference.core.sha256
        assert native.samples_per_second == reference.samples_per_second
        for emulator in (native, reference):
            emulator.load(game.state("Level1"))
            emulator.step((1,))
        assert native.memory() == reference.memory()
    finally:
        native.close()
        reference.close()


def test_the_reference_runs_no_other_core_and_no_options() -> None:
    game = find_game("Airstriker-Genesis-v0")
    picodrive = core_of(console_named("Genesis"), "picodrive")
    with pytest.raises(EmulatorError, match="not on picodrive"):
        open_emulator(game.rom(), picodrive, backend="reference")
    with pytest.raises(EmulatorError, match="usual options only"):
        open_emulator(game.rom(), game.core(), {"a": "b"}, backend="reference")


def test_what_the_engine_cannot_run_is_refused_in_words() -> None:
    game = find_game("Airstriker-Genesis-v0")
    with pytest.raises(NotFoundError, match=r"There is no core 'picodriv'.*Did you mean picodrive"):
        core_of(console_named("Genesis"), "picodriv")
    with pytest.raises(EmulatorError, match="has no option nothing"):
        NativeEmulator(game.rom(), game.core(), {"nothing": "1"})
    with pytest.raises(EmulatorError, match="cannot be purple; it can be: "):
        NativeEmulator(game.rom(), game.core(), {"genesis_plus_gx_bram": "purple"})
    emulator = NativeEmulator(game.rom(), game.core())
    for length in (0, 1, 1000, 144_000, 1_036_287):
        with pytest.raises(EmulatorError, match=f"refuses a state of {length} bytes"):
            emulator.load(game.state("Level1")[:length])
    emulator.load(game.state("Level1"))
    emulator.step()
