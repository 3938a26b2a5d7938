"""The agent's side of the environment of 2018, over the client of a remote environment."""

from __future__ import annotations

from gym_remote import exceptions
from gym_remote.bridge import (
    BoolChannel,
    Bridge,
    Channel,
    FloatChannel,
    IntChannel,
    IntFoldChannel,
    NpChannel,
    gym_version,
)

__all__ = [
    "BoolChannel",
    "Bridge",
    "Channel",
    "FloatChannel",
    "IntChannel",
    "IntFoldChannel",
    "NpChannel",
    "exceptions",
    "gym_version",
]
