"""Names of the files in an entry: those that mean one file, and the same one, on every system.

A name in somebody else's zip may lead out of the folder, hide a line of a terminal, or be another name's twin where
upper and lower case are the same. The same rules hold when an entry is packed, so that what is packed can be unpacked.
"""

from __future__ import annotations

import unicodedata

from newgameplus.errors import UsageError
from newgameplus.printable import printable_field

MAX_FILES = 5_000
"""Limit of the number of files and folders in an entry."""
MAX_PACKED_BYTES = 512 * 2**20
"""Limit of the size of a packed entry."""
MAX_FILES_BYTES = 2 * 2**30
"""Limit of the size of all files of an entry."""
MAX_DEPTH = 32
"""Limit of the number of folders around a file, and itself."""
_MAX_NAME_BYTES, _MAX_PATH_BYTES = 255, 1024
_FORBIDDEN = frozenset('\\:*?"<>|')
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


class Names:
    """The names of one entry, each checked as it is added.

    Args:
        where: what the names are in, for error messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._seen: dict[str, tuple[str, bool]] = {}
        """By the name without regard to case, the name as it was written, and whether it is a folder."""

    def add(self, name: str, *, is_folder: bool = False) -> tuple[str, ...]:
        """Add the name of a file or a folder, with ``/`` between the parts of its path; return the parts.

        Raises:
            UsageError: it is no name of a file in an entry, or the same as another one, or there are too many.
        """
        parts = tuple(name.split("/"))
        for part in parts:
            if (why := _what_is_wrong(part)) is not None:
                raise UsageError(f"{self._where} holds the name {printable_field(name)!r}, which {why}.")
        if len(parts) > MAX_DEPTH or len(name.encode()) > _MAX_PATH_BYTES:
            raise UsageError(f"{self._where} holds a path that is too deep or too long: {printable_field(name[:80])}…")
        for depth in range(1, len(parts)):
            self._note("/".join(parts[:depth]), is_folder=True)
        self._note(name, is_folder=is_folder)
        if len(self._seen) > MAX_FILES:
            raise UsageError(f"{self._where} holds more than {MAX_FILES:,} files and folders; leave some out.")
        return parts

    def _note(self, name: str, *, is_folder: bool) -> None:
        key = unicodedata.normalize("NFC", name).casefold()
        if key not in self._seen:
            self._seen[key] = name, is_folder
        elif self._seen[key] != (name, True) or not is_folder:
            other = self._seen[key][0]
            twice = "twice" if other == name else f"and {printable_field(other)!r}, the same name on some systems"
            raise UsageError(f"{self._where} holds the name {printable_field(name)!r} {twice}: keep one of them.")


def _what_is_wrong(part: str) -> str | None:
    """Why a part of a path is no name of a file, as a clause; None if it is one."""
    if part in ("", ".", ".."):
        return "does not lead to a file of the entry"
    if not part.isprintable() or _FORBIDDEN & set(part):
        return "has a character that names of files cannot have"
    if part != part.strip() or part.endswith("."):
        return "begins or ends with a space, or ends with a dot"
    if part.partition(".")[0].casefold() in _DEVICES:
        return "is that of a device on some systems"
    try:
        is_long = len(part.encode()) > _MAX_NAME_BYTES
    except UnicodeEncodeError:
        return "is no text"
    return "is longer than 255 bytes" if is_long else None
