"""Tools of the checks: a condition with a message, and the first difference of two trees."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import StateError
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.types import Array, State


def require(holds: bool, broken_promise: str) -> None:
    """Raise if a promise does not hold.

    Raises:
        AssertionError: it does not; its message is ``broken_promise``.
    """
    if not holds:
        raise AssertionError(broken_promise)


@contextmanager
def while_checking(promise: str) -> Iterator[None]:
    """Add a note on the promise being checked to any error raised in the block."""
    try:
        yield
    except Exception as error:
        error.add_note(f"Met by newgameplus.testing while it checked: {promise}")
        raise


def require_refusal(call: Callable[[], object], name: str, what: str) -> None:
    """Check that ``call`` raises a StateError when ``name`` is given a state ``what``.

    Raises:
        AssertionError: it raises none, or another error.
    """
    try:
        call()
    except StateError:
        return
    except Exception as error:
        raise AssertionError(f"{name} refuses a state {what} with a StateError, not with {error!r}.") from error
    raise AssertionError(f"{name} takes a state {what}; refuse it with a StateError.")


def require_same(actions: tuple[Sequence[Array], Sequence[Array]], broken_promise: str) -> None:
    """Check that two sequences of actions are equal.

    Raises:
        AssertionError: they are not; the message gives the first difference.
    """
    for number, (left, right) in enumerate(zip(*actions, strict=True)):
        require(np.array_equal(left, right), f"{broken_promise} They part at step {number}.")


def through_a_file(state: State) -> State:
    """Return ``state`` after a round trip through a checkpoint file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state"
        save_state(path, state)
        return load_state(path)


def first_difference(left: Any, right: Any, where: str = "state") -> str | None:
    """Return the first place where two trees differ in a type, a key, a number or a dtype; None if they are equal.

    Args:
        left: a tree of dicts, lists, numpy arrays and scalars.
        right: another one.
        where: name of the root.
    """
    if type(left) is not type(right):
        return where
    if isinstance(left, np.ndarray):
        is_same = left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
        return None if is_same else where
    if isinstance(left, dict):
        if left.keys() != right.keys():
            return where
        inner = [(f"{where}.{key}", left[key], right[key]) for key in left]
    elif isinstance(left, list):
        if len(left) != len(right):
            return where
        inner = [(f"{where}[{index}]", *both) for index, both in enumerate(zip(left, right, strict=True))]
    else:
        return None if left == right or (left != left and right != right) else where
    return next((found for place, mine, other in inner if (found := first_difference(mine, other, place))), None)


def first_stranger(node: Any, where: str = "state") -> str | None:
    """Return the first place of a tree that holds a type not allowed in a state; None if there is none."""
    if type(node) is dict:
        if not all(type(key) is str for key in node):
            return f"{where}, which has a key that is no string"
        inner = [(f"{where}.{key}", value) for key, value in node.items()]
    elif type(node) is list:
        inner = [(f"{where}[{index}]", value) for index, value in enumerate(node)]
    elif node is None or type(node) in (bool, int, float, str, np.ndarray):
        return None
    else:
        return f"{where}, a {type(node).__module__}.{type(node).__qualname__}"
    return next((found for place, value in inner if (found := first_stranger(value, place))), None)
