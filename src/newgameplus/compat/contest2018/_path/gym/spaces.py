"""Sets of actions and observations, with gym 0.10's names."""

from __future__ import annotations

from typing import Any

import numpy as np

_RANDOM = np.random.RandomState()
"""Source of all samples, which :func:`seed` seeds."""


def seed(seed: int | None = None) -> None:
    """Seed the samples of all spaces."""
    _RANDOM.seed(seed)


class Space:
    """Base class of spaces.

    Args:
        shape: shape of an element; None if it is a single number.
        dtype: dtype of an element.
    """

    def __init__(self, shape: Any = None, dtype: Any = None) -> None:
        self.shape: Any = None if shape is None else tuple(shape)
        self.dtype: Any = None if dtype is None else np.dtype(dtype)

    def sample(self) -> Any:
        """Return a random element."""
        raise NotImplementedError

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an element."""
        raise NotImplementedError

    def __contains__(self, x: Any) -> bool:
        return self.contains(x)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


class Discrete(Space):
    """Whole numbers from 0 below ``n``."""

    def __init__(self, n: int) -> None:
        super().__init__((), np.int64)
        self.n = int(n)

    def sample(self) -> int:
        """Return a random number."""
        return int(_RANDOM.randint(self.n))

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is one of the numbers."""
        number = np.asarray(x)
        return number.shape == () and number.dtype.kind in "biu" and bool(0 <= number < self.n)

    def __repr__(self) -> str:
        return f"Discrete({self.n})"


class MultiBinary(Space):
    """Arrays of ``n`` numbers 0 or 1."""

    def __init__(self, n: int) -> None:
        super().__init__((n,), np.int8)
        self.n = int(n)

    def sample(self) -> Any:
        """Return a random array ``[n]``."""
        return _RANDOM.randint(0, 2, self.n)

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is such an array."""
        array = np.asarray(x)
        return array.shape == self.shape and bool(((array == 0) | (array == 1)).all())

    def __repr__(self) -> str:
        return f"MultiBinary({self.n})"


class MultiDiscrete(Space):
    """Arrays of whole numbers from 0, each below its place in ``nvec``."""

    def __init__(self, nvec: Any) -> None:
        self.nvec = np.asarray(nvec, np.int64)
        super().__init__(self.nvec.shape, np.int64)

    def sample(self) -> Any:
        """Return a random array."""
        return (_RANDOM.random_sample(self.nvec.shape) * self.nvec).astype(np.int64)

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is such an array."""
        array = np.asarray(x)
        return array.shape == self.shape and bool(((array >= 0) & (array < self.nvec)).all())

    def __repr__(self) -> str:
        return f"MultiDiscrete({self.nvec.tolist()})"


class Box(Space):
    """Arrays of numbers between ``low`` and ``high``.

    Args:
        low: smallest element, a number or an array.
        high: largest element.
        shape: shape of an element; None for that of ``low``.
        dtype: dtype of an element.
    """

    def __init__(self, low: Any, high: Any, shape: Any = None, dtype: Any = np.float32) -> None:
        super().__init__(np.shape(low) if shape is None else shape, dtype)
        self.low = np.full(self.shape, low, self.dtype)
        self.high = np.full(self.shape, high, self.dtype)

    def sample(self) -> Any:
        """Return a random array."""
        is_whole = self.dtype.kind in "iu"
        drawn = _RANDOM.uniform(self.low, self.high + np.float64(is_whole), self.shape)
        return np.floor(drawn).astype(self.dtype) if is_whole else drawn.astype(self.dtype)

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is such an array."""
        array = np.asarray(x)
        return array.shape == self.shape and bool(((array >= self.low) & (array <= self.high)).all())

    def __repr__(self) -> str:
        return f"Box{self.shape}"
