"""A core that fails as it is told (native/tests/faulty_core.c), compiled when a test needs it."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus import _engine
from newgameplus.games.declarative import ScenarioSpec

SOURCE = Path(__file__).parents[2] / "native" / "tests" / "faulty_core.c"
NOTHING = ScenarioSpec((), (), None, None, None, None, (), 1)
"""A scenario that judges nothing."""
FAIL = 1
"""The button that makes the core fail."""


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@functools.cache
def library(*definitions: str) -> Path:
    """The core, compiled with preprocessor definitions."""
    path = Path(_folder().name) / f"faulty{len(definitions)}_libretro.so"
    flags = [f"-D{definition}" for definition in definitions]
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", *flags, str(SOURCE), "-o", str(path)], check=True)
    return path


def spec(core: Path | None = None, **options: str) -> Any:
    """What the engine is told about the core."""
    return _engine.CoreSpec(
        library=str(core or library()),
        rom_path="/games/faulty.rom",
        system_folder="/tmp",
        options=options,
        ram_address=0,
        before_state="nothing",
        button_mask=0xFFFF,
        random_part=(0, 0),
    )


def console(fault: str, core: Path | None = None, **options: str) -> Any:
    """A console whose core fails in the way that the letter ``fault`` stands for."""
    return _engine.Console(spec(core, **options), _engine.Blob(fault.encode()))


def lane(fault: str, start_state: bytes | None = None) -> Any:
    """A lane of such a console: four frames per step, observed as it is."""
    picture = _engine.ObservationSpec(
        kind="image", window=(0,) * 4, crop=(0,) * 4, is_gray=True, size=(0, 0), stack=1, takes_maximum=False
    )
    return _engine.LaneSpec(
        core=spec(),
        fingerprint="faulty",
        rom=_engine.Blob(fault.encode()),
        start_state=_engine.Blob(console("n").save() if start_state is None else start_state),
        scenario=NOTHING,
        observation=picture,
        frames_per_step=4,
        sticky_probability=0.0,
        max_episode_steps=0,
    )


class Batch:
    """An engine with arrays to write to."""

    def __init__(self, lanes: Sequence[Any], num_threads: int = 2) -> None:
        self.engine = _engine.Engine(lanes, num_threads)
        rows = len(lanes)
        height, width, channels = self.engine.observation_shape(0)
        self.observation = np.zeros((rows, height * width * channels), np.uint8)
        self.engine.attach(
            observation=self.observation,
            final_observation=np.zeros_like(self.observation),
            reward=np.zeros(rows),
            terminated=np.zeros(rows, np.bool_),
            truncated=np.zeros(rows, np.bool_),
            values=np.zeros((rows, 1), np.int64),
            final_values=np.zeros((rows, 1), np.int64),
        )
        self.engine.reset(range(rows))

    def step(self, *masks: int) -> None:
        self.engine.step(np.array(masks, np.uint32))

    def frame(self, row: int) -> int:
        """Frames that a lane has run since power-on or the state that it took."""
        return int(self.engine.ram(row)[:4].view(np.uint32)[0])


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Give cores so long to come back."""
    before = _engine.timeout()
    _engine.set_timeout(seconds)
    try:
        yield
    finally:
        _engine.set_timeout(before)
