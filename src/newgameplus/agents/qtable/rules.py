"""The two rules by which entries change, and the traces of earlier entries; pure functions of arrays.

Shapes: ``B`` rows, ``L`` steps of a trace, ``K`` changes, ``N`` distinct entries that they concern; ``which`` is the
number of each change's entry, int64 ``[K]``.
"""

from __future__ import annotations

import math

import numpy as np

from newgameplus.types import Array

_LEAST_ELIGIBILITY = 0.01


def best_remembered(value: Array, count: Array, which: Array, reward: Array) -> Array:
    """Return the best reward that ever followed each entry, float32 ``[N]``.

    Args:
        value: float32 ``[N]``, the best so far.
        count: uint32 ``[N]``, visits so far; 0 if there is no best yet.
        which: int64 ``[K]``.
        reward: float64 ``[K]``.
    """
    best = np.where(count > 0, value, -np.inf).astype(np.float64)
    np.maximum.at(best, which, reward)
    return best.astype(np.float32)


def bellman(value: Array, which: Array, error: Array, learning_rate: float) -> Array:
    """Return values that are changed by the mean of their errors, float32 ``[N]``.

    Args:
        value: float32 ``[N]``.
        which: int64 ``[K]``.
        error: float64 ``[K]``, temporal difference times eligibility.
        learning_rate: share of the error.
    """
    total = np.bincount(which, error, len(value))
    changed: Array = value + learning_rate * total / np.maximum(np.bincount(which, minlength=len(value)), 1)
    return changed.astype(np.float32)


def eligibilities(decay: float) -> Array:
    """Return the eligibility of an entry 0, 1, … steps ago, float64 ``[L]``, as long as it is 0.01 or more.

    Args:
        decay: discount times lambda.
    """
    length = 1 + (math.floor(math.log(_LEAST_ELIGIBILITY) / math.log(decay)) if decay > 0 else 0)
    found: Array = np.power(decay, np.arange(length, dtype=np.float64)) if decay > 0 else np.ones(1)
    return found


def followed(trace: Array, key: Array, is_cut: Array) -> Array:
    """Return traces that another entry has been added to (replacing traces), uint64 ``[B, L]``.

    Args:
        trace: uint64 ``[B, L]``, the newest first; 0 for none.
        key: uint64 ``[B]``.
        is_cut: bool ``[B]``: whether the earlier ones are no longer eligible.
    """
    longer = np.concatenate([key[:, None], trace[:, :-1]], axis=1)
    earlier = longer[:, 1:]
    earlier[(earlier == key[:, None]) | is_cut[:, None]] = 0
    return longer
