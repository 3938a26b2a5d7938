"""Lua scenario scripts, run as stable-retro does, but sandboxed: no files, no processes, bounded work.

stable-retro embeds LuaJIT 2.1, whose language is Lua 5.1 with every number a double; this runs Lua 5.1 itself, in which
both instructions and memory can be limited. Differences from stable-retro: LuaJIT's additions to the language, such as
``goto``, are syntax errors; there are no coroutines and no ``load`` and similar functions, and ``print`` is silent; a
script may keep variables of its own in ``data`` but may neither write the console's nor read raw addresses; a script
that fails to load is an error at once. A single call of a string function cannot be interrupted; only its memory is
limited.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from newgameplus.errors import IntegrationError, install_line
from newgameplus.games.declarative import ScriptCalls
from newgameplus.games.files import MAX_TEXT_BYTES

MAX_INSTRUCTIONS = 1_000_000
"""Limit of Lua instructions per frame; the contest's scripts take under 200."""
MAX_MEMORY_BYTES = 32 * 2**20
"""Memory limit of a script."""

_ROOM = """
local max_instructions = ...
local sethook, error, pairs, type, tonumber = debug.sethook, error, pairs, type, tonumber
local loadstring, setmetatable, floor, globals = loadstring, setmetatable, math.floor, _G
local memory, own, frame, nothing = {}, {}, 0, {}

local function over()
  sethook(over, "", 1)  -- goes on failing when the script catches the error
  error("it does not come to an end within " .. max_instructions .. " instructions", 0)
end

local function bounded(run, ...)
  sethook(over, "", max_instructions)
  return run(...)
end

local function finish(...)
  sethook()
  return ...
end

for _, name in pairs{"collectgarbage", "coroutine", "debug", "dofile", "getfenv", "io", "jit", "load", "loadfile",
                     "loadstring", "module", "newproxy", "os", "package", "python", "require", "setfenv"} do
  globals[name] = nil
end
string.dump = nil
print = function() end

data = setmetatable({}, {
  __index = function(_, name)
    if tonumber(name) then error("a script cannot read the bare address " .. name .. " here", 2) end
    local value = own[name]
    if value == nil then value = memory[name] end
    if value == nil then error("there is no variable " .. tostring(name), 2) end
    if value == nothing then return nil end
    return value
  end,
  __newindex = function(_, name, value)
    local kind = type(value)
    if type(name) ~= "string" and type(name) ~= "number" then error("a variable's name must be text", 2) end
    if kind ~= "number" and kind ~= "boolean" and kind ~= "nil" then error("a variable cannot be a " .. kind, 2) end
    if memory[name] ~= nil then error("a script cannot write the console's variable " .. name .. " here", 2) end
    if value == nil then value = nothing end
    own[name] = value
  end,
  __metatable = false,
})

scenario = setmetatable({}, {
  __index = function(_, name)
    if name == "frame" then return frame end
    if name == "timestep" then return floor(frame / 4) end
    error("a scenario has no " .. tostring(name), 2)
  end,
  __newindex = function() end,
  __metatable = false,
})

local room = {}

function room.set(name, value) memory[name] = value end

function room.load(source, name)
  local chunk, message = loadstring(source, "@" .. name)
  if not chunk then error(message, 0) end
  finish(bounded(chunk))
end

function room.call(name)
  if globals[name] == nil then error("it has no function " .. name, 0) end
  local result = finish((bounded(globals[name])))
  local kind = type(result)
  return kind, result, kind == "number" and result == 0 and 1 / result < 0
end

function room.next_frame() frame = frame + 1 end

return room
"""


class LuaScript:
    """The scripts of one scenario, for one console.

    Args:
        calls: the script files and the functions to call.

    Raises:
        IntegrationError: the package lupa is missing, or a file cannot be read or is not Lua source.
    """

    def __init__(self, calls: ScriptCalls) -> None:
        self._calls = calls
        self._sources = {path: _source(path) for path in calls.files}
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
        return runtime.execute(_ROOM.encode(), MAX_INSTRUCTIONS)

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
