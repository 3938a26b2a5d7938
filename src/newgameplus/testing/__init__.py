"""A conformance kit: one call tells whether an agent or a world of your own keeps what this package relies on."""

from __future__ import annotations

from newgameplus.testing.agents import check_agent
from newgameplus.testing.worlds import check_world

__all__ = ["check_agent", "check_world"]
