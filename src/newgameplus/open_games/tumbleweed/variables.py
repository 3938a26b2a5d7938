"""The game's variables for ``data.json``, parsed from the C header that lays them out."""

from __future__ import annotations

import re

from newgameplus.errors import IntegrationError

RAM_ADDRESS = 0xFF0000
"""Address of the console's work RAM, where the variables are."""

_STRUCT = re.compile(r"struct variables \{(.*?)\n\};", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FIELDS = re.compile(r"\s*([us])(16|32)\s+([a-z_]+(?:\s*,\s*[a-z_]+)*)\s*")
_OFFSET = re.compile(r";\s*/\*\s*\+([0-9A-F]+)\b")
_REPRESENTATION = {"u": "u", "s": "i"}


def variables_of(header: str) -> dict[str, dict[str, int | str]]:
    """Return the ``info`` of ``data.json``: name of each variable to its address and type.

    Args:
        header: contents of ``game.h``; its ``struct variables`` is at the start of the work RAM, and each line of it
            gives its offset.

    Raises:
        IntegrationError: the header has no such struct, or a wrong offset.
    """
    found = _STRUCT.search(header)
    if found is None:
        raise IntegrationError("The header has no struct variables, so the variables' addresses are unknown.")
    info: dict[str, dict[str, int | str]] = {}
    offset = 0
    for line in found[1].strip().splitlines():
        said = _OFFSET.search(line)
        if said is None or int(said[1], 16) != offset:
            raise IntegrationError(f"The line of struct variables {line.strip()!r} lies at offset +{offset:02X}.")
        for declaration in filter(str.strip, _COMMENT.sub("", line).split(";")):
            offset = _declare(info, declaration, offset)
    return dict(sorted(info.items()))


def _declare(info: dict[str, dict[str, int | str]], declaration: str, offset: int) -> int:
    """Add the variables of one declaration and return the offset after them."""
    fields = _FIELDS.fullmatch(declaration)
    if fields is None:
        raise IntegrationError(
            f"{declaration.strip()!r} in struct variables is no declaration of u16, s16, u32 or s32."
        )
    width = int(fields[2]) // 8
    for name in fields[3].split(","):
        info[name.strip()] = {"address": RAM_ADDRESS + offset, "type": f">{_REPRESENTATION[fields[1]]}{width}"}
        offset += width
    return offset
