"""Errors of gym."""

from __future__ import annotations


class Error(Exception):
    """Base class of gym's errors."""


class ResetNeeded(Error):  # noqa: N818 - gym's own name
    """A step was taken before ``reset``, or after the end of an episode."""
