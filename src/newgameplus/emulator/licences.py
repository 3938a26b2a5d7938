"""Licences of the emulator cores in stable-retro's wheel, for a person; docs/licences.md says what they mean."""

from __future__ import annotations

from typing import NamedTuple

PAGE = "docs/licences.md"


class Licence(NamedTuple):
    """What the licence of a core allows."""

    name: str
    allows_commerce: bool
    """Whether commercial use is allowed."""
    is_in_wheel: bool
    """Whether stable-retro's wheel holds the licence's text or names it; else it is what the core's project says."""


LICENCES = {
    "fbneo": Licence("FinalBurn Neo's own, non-commercial", False, False),
    "fceumm": Licence("GPL-2.0", True, True),
    "gambatte": Licence("GPL-2.0", True, True),
    "genesis_plus_gx": Licence("Genesis Plus GX's own, non-commercial", False, True),
    "mednafen_pce_fast": Licence("GPL-2.0", True, True),
    "mednafen_saturn": Licence("GPL-2.0", True, False),
    "melonds": Licence("GPL-3.0", True, False),
    "mgba": Licence("MPL-2.0", True, True),
    "parallel_n64": Licence("GPL-2.0", True, False),
    "picodrive": Licence("PicoDrive's own, non-commercial", False, False),
    "snes9x": Licence("Snes9x's own, non-commercial", False, True),
    "stella": Licence("GPL-2.0", True, True),
}
"""Licence of each core by the core's name."""


def licence_in_words(core: str) -> str:
    """Return the licence of a core in a line; of a core that is not in the table, that it is unknown."""
    licence = LICENCES.get(core)
    if licence is None:
        return f"unknown to New Game Plus; ask the project of {core}"
    return f"{licence.name} ({'see' if licence.allows_commerce else 'not for commercial use; see'} {PAGE})"
