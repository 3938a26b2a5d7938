"""Names of what carried values in 2018. Only how a value was read is left: the bytes go another way today."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np

import gym

gym_version = tuple(int(part) for part in gym.__version__.split("."))


class Bridge:
    """Holds the errors of a connection, by their names of then.

    Args:
        base: folder of the socket.

    Raises:
        NotImplementedError: always.
    """

    Timeout = socket.timeout
    Closed = BrokenPipeError

    def __init__(self, base: str) -> None:
        raise NotImplementedError(
            "There is no bridge through files any more: connect with gym_remote.client.RemoteEnv, and a server is "
            "started by ngp evaluate."
        )


class Channel:
    """Reads the values of one kind as the bridge of 2018 did."""

    def parse(self, value: Any) -> Any:
        """Return what the other side sees of ``value``."""
        return value


class IntChannel(Channel):
    """A whole number."""

    def parse(self, value: Any) -> int:
        """Return ``value`` without its fraction."""
        return int(value)


class FloatChannel(Channel):
    """A number."""

    def parse(self, value: Any) -> float:
        """Return ``value`` as a number."""
        return float(value)


class BoolChannel(Channel):
    """Whether something is so."""

    def parse(self, value: Any) -> bool:
        """Return whether ``value`` is true."""
        return bool(value)


class IntFoldChannel(Channel):
    """An array of whole numbers, each below its place in ``folds``; larger ones begin at 0 again.

    Args:
        folds: number of values of each number.
        dtype: dtype of the array.
    """

    def __init__(self, folds: Any, dtype: Any = np.int8) -> None:
        self.ranges = np.asarray(folds, np.int64)
        self.dtype = np.dtype(dtype)

    def parse(self, value: Any) -> Any:
        """Return the numbers without their fractions."""
        return (np.asarray(value).astype(np.int64) % self.ranges).astype(self.dtype)


class NpChannel(Channel):
    """An array.

    Args:
        shape: its shape.
        dtype: its dtype.
    """

    def __init__(self, shape: Any, dtype: Any) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)

    def parse(self, value: Any) -> Any:
        """Return the values in an array of this shape and dtype."""
        array = np.empty(self.shape, self.dtype)
        np.copyto(array, value, casting="unsafe")
        return array
