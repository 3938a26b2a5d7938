"""``entry.toml``: how an entry is started, what it needs and what it sees.

::

    name = "hold-right"
    version = "1"
    command = ["python", "agent.py"]       # or: function = "agent:play", which is given the environment
    python = "3.11"                        # by default the Python of New Game Plus
    requirements = "requirements.txt"      # a lock file with hashes; by default what New Game Plus has installed
    memory_gb = 8
    accelerator = "none"                   # or "cuda"
    api = "2018"                           # give it the modules of 2018; by default the client of today
    observation = { kind = "image" }       # fields of ObservationSpec
    actions = { kind = "filtered" }        # fields of ActionSpec

Only these keys are read, and of these only ``name``, ``version`` and one of ``command`` and ``function`` are needed.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.fields import from_json
from newgameplus.printable import printable_field
from newgameplus.remote.entries.names import Names
from newgameplus.remote.entries.requirements import MAX_LOCK_BYTES, read_requirements
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, ObservationSpec

FILE = "entry.toml"
"""Name of the file at the top of an entry."""
SCENARIO = "scenario.json"
"""Name of the file with which gym-retro defines rewards and the end of an episode."""
MAX_TOML_BYTES = 64 * 1024
"""Limit of its size."""
MAX_ARGUMENTS = 64
"""Limit of the number of arguments of a command."""
MAX_MEMORY_GB = 1024.0
MAX_OBSERVATION_SIDE, MAX_STACK, MAX_ACTIONS = 1024, 16, 4096
"""Limits of what an entry may ask to be shown, in pixels and in frames, and of the size of a set of actions."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,31}")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_PYTHON = re.compile(r"3\.\d{1,2}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Content of ``entry.toml``."""

    name: str
    """Small letters, digits and ``-_.``, at most 64."""
    version: str
    command: tuple[str, ...] | None = None
    """Program and arguments. ``python`` is the entry's Python; a path such as ``./agent`` is a file of the entry."""
    function: str | None = None
    """``module:function`` of the entry, called with the environment."""
    python: str | None = None
    """Version such as ``3.11``; None for the one that New Game Plus runs on."""
    requirements: str | None = None
    """Lock file in the entry; None to run on what New Game Plus has installed."""
    memory_gb: float = 8.0
    """Memory that its processes may use together, in GB of 2³⁰ bytes."""
    accelerator: Literal["none", "cuda"] = "none"
    api: Literal["2018"] | None = None
    """``2018`` puts the modules of the contest of 2018 on its path, and calls ``function`` with the environment of
    ``gym_remote``; None for the client of today."""
    observation: ObservationSpec = PICTURE
    """Observation that it is given."""
    actions: ActionSpec = BUTTONS
    """Meaning of its actions."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("name: expected at most 64 small letters, digits and -_., the first a letter or digit")
        if not _VERSION.fullmatch(self.version):
            raise ValueError("version: expected at most 32 letters, digits and .+_-, as in '1.0'")
        if (self.command is None) == (self.function is None):
            raise ValueError("expected one of command and function")
        if self.function is not None and not _FUNCTION.fullmatch(self.function):
            raise ValueError("function: expected module:function, as in 'agent:play'")
        if self.command is not None and not _is_command(self.command):
            raise ValueError(f"command: expected 1 to {MAX_ARGUMENTS} printable texts, as in ['python', 'agent.py']")
        if self.python is not None and not _PYTHON.fullmatch(self.python):
            raise ValueError("python: expected a version such as '3.11'")
        if not 0 < self.memory_gb <= MAX_MEMORY_GB:
            raise ValueError(f"memory_gb: expected more than 0 and at most {MAX_MEMORY_GB:g}")
        _check_world(self.observation, self.actions)

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"


def _check_world(observation: ObservationSpec, actions: ActionSpec) -> None:
    """Refuse what would cost the one who judges too much memory.

    Raises:
        ValueError: a size is out of bounds.
    """
    if not all(1 <= side <= MAX_OBSERVATION_SIDE for side in observation.size or ()):
        raise ValueError(f"observation: expected a size of 1 to {MAX_OBSERVATION_SIDE} pixels each way")
    if not 1 <= observation.stack <= MAX_STACK or (observation.shrink or 1) < 1:
        raise ValueError(f"observation: expected a stack of 1 to {MAX_STACK}, and a shrink of at least 1")
    if len(actions.combos) > MAX_ACTIONS:
        raise ValueError(f"actions: expected at most {MAX_ACTIONS:,} combos")


def _is_command(command: tuple[str, ...]) -> bool:
    return 0 < len(command) <= MAX_ARGUMENTS and all(part.isprintable() for part in command) and bool(command[0])


def read_entry(folder: Path, shown: Path | None = None) -> Entry:
    """Return the entry in a folder.

    Args:
        folder: the folder.
        shown: what messages call it, such as the zip that it was unpacked from; None for its own path.

    Raises:
        NotFoundError: there is no ``entry.toml``.
        UsageError: it is invalid, or its lock file is; the message says where.
    """
    path = (shown or folder) / FILE
    try:
        text = _read_text(FILE, folder, MAX_TOML_BYTES, path)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"There is no {FILE} in {path.parent}, so it is no entry; make one with: ngp entry new DIR"
        ) from error
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits is no TOMLDecodeError
        raise UsageError(f"{path} is not valid TOML: {printable_field(str(error))}.") from error
    try:
        entry = from_json(Entry, content)
    except ValueError as error:
        raise UsageError(f"{path}{_line_of(str(error), content, text)}: {printable_field(str(error))}.") from error
    if entry.requirements is not None:
        read_lock(folder, entry.requirements, shown)
    if entry.api is not None:
        refuse_scenarios(path.parent / found.relative_to(folder) for found in folder.rglob(SCENARIO))
    return entry


def refuse_scenarios(paths: Iterable[Path]) -> None:
    """Refuse the files of an agent of 2018 that means to change its reward, which it could not then, either.

    Raises:
        UsageError: one of ``paths`` is a scenario.
    """
    for path in paths:
        if path.name == SCENARIO:
            raise UsageError(
                f"{printable_field(str(path))} cannot be used: the game runs outside the sandbox with the contest's "
                "own scenario, as in 2018; leave it out, and change the reward by a gym.RewardWrapper."
            )


def read_lock(folder: Path, requirements: str, shown: Path | None = None) -> str:
    """Return the content of an entry's lock file.

    Args:
        folder: folder of the entry.
        requirements: name of the file in it.
        shown: what messages call the folder; None for its own path.

    Raises:
        NotFoundError: there is none.
        UsageError: it is invalid.
    """
    shown = shown or folder
    Names(f"{shown / FILE}, requirements:").add(requirements)
    path = shown / requirements
    try:
        text = _read_text(requirements, folder, MAX_LOCK_BYTES, path)
    except FileNotFoundError as error:
        raise NotFoundError(f"{shown / FILE} names requirements that are not there: {path}.") from error
    read_requirements(text, str(path))
    return text


def _read_text(name: str, folder: Path, max_bytes: int, path: Path) -> str:
    """Read a regular file of an entry, never through a link; a fifo or a device is not waited for.

    Args:
        name: its path in the entry.
        folder: folder of the entry.
        max_bytes: size that it may have.
        path: what messages call it.

    Raises:
        FileNotFoundError: there is none.
        UsageError: it is something else, too large, or not UTF-8.
    """
    if any((folder / above).is_symlink() for above in Path(name).parents if above.name):
        raise UsageError(f"Cannot read {path}: a folder above it is a link, and an entry holds none.")
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(name) from error
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}; it must be a file, not a link.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UsageError(f"{path} is not a regular file.")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise UsageError(f"{path} is larger than {max_bytes >> 10} kB.")
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a mark of the byte order
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from error


def _line_of(message: str, content: dict[str, object], text: str) -> str:
    """``, line N`` of the key that an error message is about, or nothing."""
    key = next((name for name in content if message.startswith(f"{name}:") or repr(name) in message), None)
    if key is None:
        return ""
    lines = text.splitlines()
    begins = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]|\s*\[\s*{re.escape(key)}\b")
    return next((f", line {number}" for number, line in enumerate(lines, 1) if begins.match(line)), "")
