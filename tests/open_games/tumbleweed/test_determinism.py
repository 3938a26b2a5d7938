"""Tumbleweed's memory is a function of a state and the buttons alone, on both cores of the Mega Drive."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from newgameplus.emulator.cores import core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.games.catalogue import find_game
from newgameplus.games.integration import Integration
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

CORES = ("genesis_plus_gx", "picodrive")
GAME = "Tumbleweed-Genesis-v0"
FRAMES_PER_ZONE = [
    pytest.param(500, id="4000 frames"),
    pytest.param(1250, id="10000 frames", marks=pytest.mark.nightly),
]
"""In the eight zones together as many as the name of the parameter says."""
SEED = 64
BUTTONS = ("LEFT", "RIGHT", "RIGHT", "DOWN", "B")
"""Each is held half of the time, the right one more often, so that the player gets about."""

_WEIGHTS = np.random.default_rng(SEED).integers(1, 2**63, (1 << 16) // 8, dtype=np.uint64) | np.uint64(1)


class Script(NamedTuple):
    """What happens to a console, frame by frame; the same for whoever asks."""

    masks: list[int]
    """The buttons held, each draw for four frames."""
    are_drawn: list[bool]
    detours: frozenset[int]
    """Frames before which a run that is interrupted saves, plays something else, and loads."""


@dataclass(frozen=True)
class Run:
    """How a script is played."""

    core: str
    num_frames: int
    """Frames in each zone."""
    is_drawn: bool | None = None
    """Whether the frames are drawn; None as the script says."""
    is_interrupted: bool = False
    num_late: int = 0
    """Frames by which the buttons are held later than the script says."""


@cache
def game() -> Integration:
    return find_game(GAME)


def starts() -> tuple[str, ...]:
    """The state of a level of each zone."""
    return tuple(next(name for name in game().states if name.startswith(f"{zone}.")) for zone in ZONE_NAMES)


def script(zone: int, num_frames: int) -> Script:
    random = np.random.default_rng([SEED, zone])
    names = game().console.buttons
    masks: list[int] = []
    while len(masks) < num_frames:
        masks += [sum({1 << names.index(name) for name in BUTTONS if random.random() < 0.5})] * 4
    are_drawn = random.random(num_frames) < 0.5
    return Script(masks[:num_frames], are_drawn.tolist(), frozenset(random.integers(0, num_frames, 20).tolist()))


def memories(run: Run, zone: int) -> Iterator[bytes]:
    """The 64 KB of work memory after every frame."""
    integration, start = game(), starts()[zone]
    plan = script(zone, run.num_frames)
    emulator = NativeEmulator(integration.rom(), core_of(integration.console, run.core))
    try:
        emulator.load(integration.state(start, run.core))
        for frame, mask in enumerate([0] * run.num_late + plan.masks[: run.num_frames - run.num_late]):
            if run.is_interrupted and frame in plan.detours:
                detour(emulator, plan, frame)
            emulator.step((mask,), is_drawn=plan.are_drawn[frame] if run.is_drawn is None else run.is_drawn)
            (memory,) = emulator.memory().values()
            yield memory
    finally:
        emulator.close()


def detour(emulator: NativeEmulator, plan: Script, frame: int) -> None:
    """Go somewhere else and come back."""
    state = emulator.save()
    for step in range(frame % 7 + 1):
        emulator.step((plan.masks[-1 - step],), is_drawn=plan.are_drawn[step])
    emulator.load(state)


def variables(run: Run, zone: int) -> list[bytes]:
    """What data.json names, after every frame."""
    values = game().variables.values()
    begin, end = (pick(value["address"] & 0xFFFF for value in values) for pick in (min, max))
    return [memory[begin : end + 4] for memory in memories(run, zone)]


def fingerprint(memory: bytes) -> int:
    """A sum weighted by odd numbers, which misses no single changed byte, and is quicker than a hash."""
    return int(np.frombuffer(memory, np.uint64) @ _WEIGHTS)


def fingerprints(run: Run) -> list[int]:
    return [fingerprint(memory) for zone in range(len(starts())) for memory in memories(run, zone)]


@cache
def expected(core: str, num_frames: int) -> list[int]:
    return fingerprints(Run(core, num_frames))


every_length = pytest.mark.parametrize("num_frames", FRAMES_PER_ZONE)


@pytest.mark.parametrize("core", CORES)
@every_length
def test_thousands_of_frames_come_out_the_same_in_another_process(core: str, num_frames: int) -> None:
    program = f"import json, sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_determinism as test; "
    program += f"print(json.dumps(test.fingerprints(test.Run({core!r}, {num_frames}))))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(expected(core, num_frames)) == num_frames * len(ZONE_NAMES)
    assert json.loads(done.stdout) == expected(core, num_frames)


@pytest.mark.parametrize("core", CORES)
@every_length
def test_they_come_out_the_same_with_detours_after_a_save_and_back_by_a_load(core: str, num_frames: int) -> None:
    assert fingerprints(Run(core, num_frames, is_interrupted=True)) == expected(core, num_frames)


@pytest.mark.parametrize("core", CORES)
@every_length
def test_memory_does_not_depend_on_which_frames_are_drawn(core: str, num_frames: int) -> None:
    assert fingerprints(Run(core, num_frames, is_drawn=False)) == expected(core, num_frames)


@pytest.mark.parametrize("zone", range(len(ZONE_NAMES)), ids=ZONE_NAMES)
@every_length
def test_buttons_do_the_same_on_both_cores_and_show_it_a_frame_later_on_picodrive(zone: int, num_frames: int) -> None:
    """The pad is read between two pictures and used from the top of the next: there a frame of picodrive ends, while
    a frame of the usual core begins with that reading and ends after that picture."""
    late = Run("genesis_plus_gx", num_frames, num_late=1)
    assert variables(Run("picodrive", num_frames), zone) == variables(late, zone)
