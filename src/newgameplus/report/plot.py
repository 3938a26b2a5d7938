"""One of many small plots of a page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plot:
    """One of many small plots."""

    figure: str
    """Id of its figure."""
    name: str
    hint: str = ""
