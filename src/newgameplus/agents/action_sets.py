"""The sets of button combinations that agents choose their actions from, by name."""

from __future__ import annotations

from typing import Literal, TypeAlias

from newgameplus.types import SONIC_7, SONIC_8, SONIC_10, ActionSpec

ActionSetName: TypeAlias = Literal["sonic-7", "sonic-8", "sonic-10"]
"""What a configuration calls a set."""
ACTION_SETS: dict[ActionSetName, ActionSpec] = {"sonic-7": SONIC_7, "sonic-8": SONIC_8, "sonic-10": SONIC_10}
"""Name of each set to what its numbers mean."""
