"""The environment of an agent of 2018: the session that its sandbox was given, with gym's interface of then."""

from __future__ import annotations

from typing import Any

import numpy as np

import gym
from gym_remote import exceptions
from gym_remote.bridge import Channel, IntChannel, IntFoldChannel, NpChannel
from newgameplus.remote.client import RefusedError, RemoteError, SessionOverError, connect
from newgameplus.remote.client import RemoteEnv as _Session

_ERRORS: dict[str, type[exceptions.GymRemoteError]] = {
    "timesteps": exceptions.TimestepTimeoutError,
    "episodes": exceptions.TimestepTimeoutError,
    "wall_clock": exceptions.WallClockTimeoutError,
    "step_time": exceptions.WallClockTimeoutError,
    "client_disconnect": exceptions.ClientDisconnectError,
    "server_disconnect": exceptions.ServerDisconnectError,
    "reset": exceptions.ResetError,
}
"""Error of 2018 for each reason that there was then, and for the two like them; the others are GymRemoteErrors."""


class RemoteEnv(gym.Env):
    """The environment that this process was given; a process has one.

    ``info`` is always empty, and every observation is an array of its own.

    Args:
        directory: folder of the socket in 2018; it does not matter today.
        tries: number of attempts to connect in 2018; the server waits already.

    Raises:
        GymRemoteError: there is no server, or this process has connected already.
    """

    def __init__(self, directory: str = "tmp/sock", tries: int = 8) -> None:
        try:
            self._session = connect()
        except RemoteError as error:
            raise exceptions.GymRemoteError(str(error)) from error
        self.action_space, self._channel = _actions(self._session)
        shape, dtype = self._session.observation_shape, self._session.observation_dtype
        self.observation_space = gym.spaces.Box(low=0, high=255, shape=shape, dtype=dtype)

    def step(self, action: Any) -> Any:
        """Take an action; return observation, reward, whether the episode is over, and an empty ``info``.

        Raises:
            ResetError: the episode is over, or none has begun; the session goes on.
            GymRemoteError: the session is over.
        """
        parsed = self._channel.parse(action)
        try:
            observation, reward, done = self._session.step(parsed)
        except RemoteError as error:
            raise of_2018(error) from error
        return observation, reward, done, {}

    def reset(self, **kwargs: Any) -> Any:
        """Begin an episode; return its first observation.

        Raises:
            ResetError: an episode is under way; the session goes on.
            GymRemoteError: the session is over.
        """
        try:
            return self._session.reset()
        except RemoteError as error:
            raise of_2018(error) from error

    def close(self) -> None:
        """Leave the session."""
        self._session.close()


def _actions(session: _Session) -> tuple[gym.Space, Channel]:
    """Return the action space of a session, and what reads actions as the bridge of 2018 did."""
    sizes = session.action_sizes
    if session.num_actions is not None:
        return gym.spaces.Discrete(session.num_actions), IntChannel()
    if session.action_kind == "multi_discrete":
        return gym.spaces.MultiDiscrete(sizes), NpChannel(sizes.shape, np.int64)
    (n,) = session.action_shape
    return gym.spaces.MultiBinary(n), IntFoldChannel([2] * n, np.uint8)


def of_2018(error: RemoteError) -> exceptions.GymRemoteError:
    """Return the error of 2018 that says the same."""
    if isinstance(error, RefusedError):
        return exceptions.ResetError(str(error))
    found = _ERRORS.get(error.reason) if isinstance(error, SessionOverError) else None
    return (found or exceptions.GymRemoteError)(str(error))
