"""Lock file of an entry's requirements: exact versions with the hashes of their wheels, and nothing else.

It has the form that ``pip install --require-hashes`` reads and ``pip-compile --generate-hashes`` or ``uv pip compile
--generate-hashes`` write. Lines that would make pip read other files, other indexes or source trees are refused.
"""

from __future__ import annotations

import re

from newgameplus.errors import UsageError
from newgameplus.printable import printable_field

MAX_LOCK_BYTES = 4 * 2**20
"""Limit of the size of a lock file."""
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[A-Za-z0-9._, -]*\])?\s*==\s*[A-Za-z0-9][A-Za-z0-9._+!-]*"
    r"(\s*;[^#]*?)?(?P<hashes>(\s+--hash=sha256:[0-9a-f]{64})+)"
)


def read_requirements(text: str, where: str) -> list[str]:
    """Return the names of the packages in a lock file.

    Args:
        text: content of the file.
        where: its name, for error messages.

    Raises:
        UsageError: a line is not a package with its version and hash; the message says which.
    """
    names = []
    for number, line in _logical_lines(text):
        found = _REQUIREMENT.fullmatch(line)
        if found is None:
            raise UsageError(
                f"{where}, line {number}: {printable_field(line[:60])!r} is not a package with its exact version and "
                "hash, NAME==VERSION --hash=sha256:…; write the file with: uv pip compile --generate-hashes"
            )
        names.append(found["name"])
    if not names:
        raise UsageError(f"{where} names no package: leave requirements out of entry.toml.")
    return names


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with those joined that end in a backslash, without comments, and the numbers of their first ones."""
    lines: list[tuple[int, str]] = []
    begun: tuple[int, str] | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        first, so_far = begun or (number, "")
        begun = (first, f"{so_far} {line.removesuffix(chr(92))}".strip())
        if not line.endswith("\\"):
            if begun[1]:
                lines.append(begun)
            begun = None
    return [*lines, *([begun] if begun and begun[1] else [])]
