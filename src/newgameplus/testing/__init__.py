"""A conformance kit: one call tells whether an agent of your own keeps the promises that this package relies on."""

from __future__ import annotations

from newgameplus.testing.agents import check_agent

__all__ = ["check_agent"]
