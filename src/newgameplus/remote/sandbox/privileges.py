"""Whose rights a sandbox has when root starts it.

bubblewrap's ``--uid`` changes only the number that is seen inside: outside, the process would still be root and could
read what only root may. So it must become an ordinary user before. That user may not reach folders in root's own home,
such as an interpreter there; the guardian binds those to a place of its own while it can still read them.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

from newgameplus.errors import SandboxError
from newgameplus.remote.sandbox.spec import Bind


def ordinary_user(name: str) -> tuple[int, int] | None:
    """Return the uid and gid that a sandbox must have; None if this process is not root's, and has no rights to lose.

    Raises:
        SandboxError: there is no such user, or it is root.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise SandboxError(
            f"Started by root, a sandbox runs as the user {name}, and there is none; name another."
        ) from None
    if entry.pw_uid == 0 or entry.pw_gid == 0:
        raise SandboxError(f"Started by root, a sandbox cannot run as {name}, who is root or of its group.")
    return entry.pw_uid, entry.pw_gid


def out_of_reach(binds: Iterable[Bind]) -> list[Path]:
    """Return the sources that only root reaches by their paths, though everybody may read what is there.

    Raises:
        SandboxError: a source itself is not everybody's to read.
    """
    hidden = []
    for bind in binds:
        source = Path(os.path.realpath(bind.source))
        _check_is_readable(source)
        if not all(_lets_in(folder) for folder in source.parents):
            hidden.append(bind.source)
    return list(dict.fromkeys(hidden))


def _check_is_readable(source: Path) -> None:
    try:
        mode = source.stat().st_mode
    except FileNotFoundError:
        raise SandboxError(f"{source} does not exist, so it cannot be shown in the sandbox.") from None
    wanted = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    if mode & wanted != wanted:
        raise SandboxError(
            f"{source} is not everybody's to read, and started by root a sandbox has an ordinary user's rights:"
            f" chmod -R o+rX {source}."
        )


def _lets_in(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)
