"""Errors that an environment raises out of ``step`` and ``reset``; the end of a session is one of them.

Every one is a :class:`GymRemoteError`, and ``ID`` is its number in the messages of 2018.
"""

from __future__ import annotations

from typing import Any


class GymRemoteError(RuntimeError):
    """Base class of these errors."""

    ID = 0


class TimestepTimeoutError(TimeoutError, GymRemoteError):
    """All timesteps were taken."""

    ID = 1


class WallClockTimeoutError(TimeoutError, GymRemoteError):
    """The time is over."""

    ID = 2


class ClientDisconnectError(BrokenPipeError, GymRemoteError):
    """The agent has closed the session."""

    ID = 3


class ServerDisconnectError(BrokenPipeError, GymRemoteError):
    """The server has closed the session, or is gone."""

    ID = 4


class ResetError(GymRemoteError):
    """A reset in mid-episode, or a step out of an episode; the session goes on."""

    ID = 5


_BY_ID = (
    GymRemoteError,
    TimestepTimeoutError,
    WallClockTimeoutError,
    ClientDisconnectError,
    ServerDisconnectError,
    ResetError,
)


def make(id: int, *args: Any, **kwargs: Any) -> GymRemoteError:
    """Return the error with this number."""
    return _BY_ID[id](*args, **kwargs)
