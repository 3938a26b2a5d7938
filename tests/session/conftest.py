"""Levels that a session is tested on: a core whose states are exact, and one whose states leave something out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from newgameplus.emulator.compiled import engine
from newgameplus.games.levels import Level, find_level
from newgameplus.session.session import Session

AIRSTRIKER = "Airstriker-Genesis-v0/Level1"
TUMBLEWEED = "Tumbleweed-Genesis-v0/Mesa.Act1"
CASES = [(AIRSTRIKER, None), (TUMBLEWEED, "genesis_plus_gx"), (TUMBLEWEED, "picodrive")]
OpenSession = Callable[..., Session]


@dataclass(frozen=True)
class Moment:
    """What tells one frame from another."""

    frame: int
    memory: bytes
    picture: bytes
    episode_return: float
    variables: dict[str, int]


def moment(session: Session) -> Moment:
    picture = np.ascontiguousarray(session.picture()).tobytes()
    return Moment(session.num_frames, session.memory(), picture, session.episode_return, session.variables())


def play(session: Session, num_frames: int, seed: int = 0) -> list[Moment]:
    """Hold random buttons, most of them to the right, and return every moment; stops where the episode ends."""
    source, moments = random.Random(seed), []
    held = [1 << session.buttons.index(name) for name in ("RIGHT", "LEFT", "DOWN", "B")]
    mask = 0
    for index in range(num_frames):
        if session.is_over:
            break
        if index % 6 == 0:
            mask = held[0] * (source.random() < 0.8) | held[1] * (source.random() < 0.1)
            mask |= held[2] * (source.random() < 0.2) | held[3] * (source.random() < 0.3)
        session.step(mask)
        moments.append(moment(session))
    return moments


@pytest.fixture(params=CASES, ids=lambda case: "-".join(filter(None, case)).replace("/", "-"))
def case(request: pytest.FixtureRequest) -> tuple[Level, str | None]:
    """A level and the core that plays it."""
    level_id, core = request.param
    try:
        return find_level(level_id), core
    except LookupError:
        pytest.skip(f"{level_id} has not been built here")


@pytest.fixture
def open_session(case: tuple[Level, str | None]) -> Iterator[OpenSession]:
    """Open sessions of the case; all are closed at the end."""
    opened: list[Session] = []

    def open_one(movies: list[Path] | None = None) -> Session:
        opened.append(Session(case[0], core=case[1], movies=movies or []))
        return opened[-1]

    yield open_one
    for session in opened:
        session.close()


@pytest.fixture
def airstriker() -> Iterator[Session]:
    """A session of Airstriker that records nothing."""
    session = Session(find_level(AIRSTRIKER))
    yield session
    session.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A person plays on the native engine only."""
    if engine() is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="the native engine is not built here"))
