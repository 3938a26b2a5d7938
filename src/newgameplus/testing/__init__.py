"""Conformance kit: checks that your own agent or world keeps the promises that this package relies on."""

from __future__ import annotations

from newgameplus.testing.agents import check_agent
from newgameplus.testing.worlds import check_world

__all__ = ["check_agent", "check_world"]
