"""Lua scenario scripts, run as stable-retro does, but sandboxed: no files, no processes, bounded work.

stable-retro embeds LuaJIT 2.1, whose language is Lua 5.1 with every number a double; this runs Lua 5.1 itself, in which
both instructions and memory can be limited. Differences from stable-retro: LuaJIT's additions to the language, such as
``goto``, are syntax errors; there are no coroutines and no ``load`` and similar functions, and ``print`` is silent; a
script may keep variables of its own in ``data`` but may neither write the console's nor read raw addresses; a script
that fails to load is an error at once; ``xpcall`` calls its handler after the error, and ``table.sort`` is a heapsort.

The room is the second lock. The first is consent: scripts that come neither with this package nor with stable-retro are
run only where :data:`ALLOW_LUA` says so.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.errors import IntegrationError, install_line
from newgameplus.games.declarative import ScriptCalls
from newgameplus.games.files import MAX_TEXT_BYTES
from newgameplus.games.folders import bundled_games
from newgameplus.games.lua_room import ROOM

MAX_INSTRUCTIONS = 1_000_000
"""Limit of Lua instructions per frame; the contest's scripts take under 200."""
MAX_MEMORY_BYTES = 32 * 2**20
"""Memory limit of a script."""

MAX_WORK = 100_000_000
"""Limit of the characters that string functions may look at per frame, at worst."""
MAX_SECONDS = 2.0
"""Limit of a thread's computing time per frame."""
ALLOW_LUA = "NGP_ALLOW_LUA"
"""Environment variable that, as ``1``, consents to scripts of any origin; the workers of a command inherit it."""


class LuaScript:
    """The scripts of one scenario, for one console.

    Args:
        calls: the script files and the functions to call.

    Raises:
        IntegrationError: the package lupa is missing, a file cannot be read or is not Lua source, or nobody has
            consented to run it.
    """

    def __init__(self, calls: ScriptCalls) -> None:
        self._calls = calls
        self._sources = read_scripts(calls.files)
        self._lua: Any = _lua51()
        self._room: Any = None

    def reset(self, values: Mapping[str, int]) -> None:
        """Begin an episode: restart the scripts and call them on the first frame, whose reward is dropped.

        Args:
            values: the console's variables.

        Raises:
            IntegrationError: a script fails or exceeds its limits.
        """
        self._room = self._guarded(self._new_room)
        self._set(values)
        for path, source in self._sources.items():
            self._guarded(self._room.load, source, path.name.encode())
        self._judge()

    def judge(self, values: Mapping[str, int]) -> tuple[float | None, bool | None]:
        """Return a frame's reward and whether the episode is over; None if no function computes it.

        Args:
            values: the console's variables after the frame.

        Raises:
            IntegrationError: a script fails or exceeds its limits.
        """
        self._set(values)
        return self._judge()

    def _judge(self) -> tuple[float | None, bool | None]:
        done = None if self._calls.done is None else self._call(self._calls.done) != 0
        reward = None if self._calls.reward is None else _float32(self._call(self._calls.reward))
        self._room.next_frame()
        return reward, done

    def _new_room(self) -> Any:
        runtime = self._lua.LuaRuntime(
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            encoding=None,
            max_memory=MAX_MEMORY_BYTES,
        )
        return runtime.execute(ROOM.encode(), MAX_INSTRUCTIONS, MAX_WORK, MAX_SECONDS, time.thread_time)

    def _set(self, values: Mapping[str, int]) -> None:
        set_value = self._room[b"set"]
        for name, value in values.items():
            set_value(name.encode(), float(value))

    def _call(self, function: str) -> float:
        kind, result, is_negative_zero = self._guarded(self._room.call, function.encode())
        if kind == b"number":
            return -0.0 if is_negative_zero else float(result)
        return float(result) if kind == b"boolean" else 0.0

    def _guarded(self, action: Callable[..., Any], *arguments: object) -> Any:
        try:
            return action(*arguments)
        except (self._lua.LuaError, MemoryError) as error:
            where = ", ".join(str(path) for path in self._calls.files) or "no file"
            raise IntegrationError(f"The script of {where} fails: {_message(error)}.") from error


def read_scripts(files: Sequence[Path]) -> dict[Path, bytes]:
    """Return the text of each script file that may be run.

    Raises:
        IntegrationError: a file cannot be read or is not Lua source, or nobody has consented to run it.
    """
    sources = {path: _source(path) for path in files}
    for path, source in sources.items():
        if os.environ.get(ALLOW_LUA) != "1" and _digest(source) not in _known():
            raise IntegrationError(
                f"The scenario is judged by the program {path}, which comes neither with New Game Plus nor with "
                f"stable-retro; if you trust it, allow it with --allow-lua, or in Python with {ALLOW_LUA}=1."
            )
    return sources


def _digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()


@functools.cache
def _known() -> frozenset[str]:
    """Hashes of the scripts that come with this package and with stable-retro."""
    folders = (bundled_games(), stable_retro_folder() / "data")
    return frozenset(_digest(_source(path)) for folder in folders for path in folder.rglob("*.lua"))


def _source(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            source = file.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise IntegrationError(f"The script {path} cannot be read: {error}.") from error
    if len(source) > MAX_TEXT_BYTES:
        raise IntegrationError(f"The script {path} is larger than {MAX_TEXT_BYTES} bytes.")
    if source.startswith(b"\x1b"):
        raise IntegrationError(f"The script {path} is compiled; only the text of a script is run.")
    return b"--" + source if source.startswith(b"#") else source  # skip a shebang line, as Lua does for files


def _lua51() -> Any:
    try:
        from lupa import lua51
    except ImportError as error:
        raise IntegrationError(
            f"This scenario is judged by a script in Lua; install what runs it with: {install_line('lua')}"
        ) from error
    return lua51


def _message(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    first = str(text).partition("\n")[0].removeprefix("error loading code: ").rstrip(".")
    return first or "it needs too much memory"


def _float32(number: float) -> float:
    """Round to float32, as stable-retro does with a script's reward."""
    return float(ctypes.c_float(number).value)
