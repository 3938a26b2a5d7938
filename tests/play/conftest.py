"""The level that is played in a window, and what tells one frame of it from another."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from newgameplus.emulator.compiled import engine
from newgameplus.session.session import Session

AIRSTRIKER = "Airstriker-Genesis-v0/Level1"


class Moment(NamedTuple):
    """What tells one frame from another."""

    frame: int
    memory: bytes
    picture: bytes
    episode_return: float


def moment(session: Session) -> Moment:
    picture = np.ascontiguousarray(session.picture()).tobytes()
    return Moment(session.num_frames, session.memory(), picture, session.episode_return)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A person plays on the native engine only."""
    if engine() is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="the native engine is not built here"))
