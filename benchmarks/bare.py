"""The bare C loop as a side: compiled for this machine, with the same core file, options, start and buttons as ours."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.play import Play
from newgameplus.emulator.cores import REFERENCE_OPTIONS, SPEED_OPTIONS, core_of

SOURCE = Path(__file__).parent / "speed" / "bare_loop.cpp"
FRAMES_PER_STEP = 4


def bare_loop(play: Play, core_name: str, num_threads: int) -> Callable[[], None]:
    """A side that plays in C++, including threads, without Python, scenario, frame stacks and stickiness."""
    game = play.level.integration
    core = core_of(game.console, core_name)
    options = {**REFERENCE_OPTIONS.get(core_name, {}), **SPEED_OPTIONS.get(core_name, {})}
    lines = "".join(f"{key}={value}\n" for key, value in options.items())
    library = _compiled()
    with tempfile.NamedTemporaryFile() as state:
        state.write(game.state(play.level.state, core_name))
        state.flush()
        texts = [str(text).encode() for text in (core.path, game.rom(), state.name, lines)]
        error = library.bare_open(*texts, play.num_envs, num_threads)
    if error:
        sys.exit(f"The bare loop cannot start: {error.decode()}.")
    bits = 1 << np.arange(len(game.console.buttons))
    masks = np.ascontiguousarray(play.actions() @ bits, np.uint16)
    address = masks.ctypes.data_as(ctypes.POINTER(ctypes.c_uint16))

    def run() -> None:
        library.bare_run(address, len(masks), FRAMES_PER_STEP)

    return run


def _compiled() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "bare_loop.so"
        command = ["g++", "-std=c++17", "-O3", "-march=native", "-shared", "-fPIC", "-o", str(target), str(SOURCE)]
        subprocess.run([*command, "-ldl", "-lpthread"], check=True)
        library = ctypes.CDLL(str(target))
    library.bare_open.restype = ctypes.c_char_p
    return library
