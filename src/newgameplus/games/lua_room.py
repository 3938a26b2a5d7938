"""The room of a Lua script: what it is given, and what bounds its work.

Instructions are counted by a hook, which a script that catches its errors meets again at its next instruction. What a
hook does not see is bounded otherwise: calls of C functions, such as patterns, are charged before they are made by the
most work that they can be; time is the limit of what costs more than its instructions, such as ``..`` of long strings.
"""

from __future__ import annotations

ROOM = """
local max_instructions, max_work, max_seconds, clock = ...
local sethook, error, pairs, select, type, tonumber = debug.sethook, error, pairs, select, type, tonumber
local loadstring, setfenv, setmetatable, tostring, pcall = loadstring, setfenv, setmetatable, tostring, pcall
local floor, gsub = math.floor, string.gsub
local memory, own, frame, nothing = {}, {}, 0, {}
local interval = 100
local left, work, latest, sentence

local function over()
  sethook(over, "", 1)  -- goes on failing when the script catches the error
  error(sentence, 0)
end

local function watch()
  left = left - interval
  if left <= 0 then
    sentence = "it does not come to an end within " .. max_instructions .. " instructions"
    over()
  elseif clock() > latest then
    sentence = "it does not come to an end within " .. max_seconds .. " seconds"
    over()
  end
end

local function charge(cost)
  work = work - cost
  if not (work >= 0) then
    sentence = "its calls of string functions need too much memory or work"
    over()
  end
end

local function ended(is_ok, ...)
  sethook()
  if is_ok then return ... end
  local failure = ...
  if type(failure) == "string" or type(failure) == "number" then error(failure, 0) end
  error("it fails with a " .. type(failure), 0)
end

local function bounded(run, ...)
  left, work, latest = max_instructions, max_work, clock() + max_seconds
  sethook(watch, "", interval)
  return ended(pcall(run, ...))
end

-- The script's globals are a table of its own: who runs it looks into the real one, without a hook.
local globals = {}
for _, name in pairs{"_VERSION", "assert", "error", "getmetatable", "ipairs", "math", "next", "pairs", "pcall",
                     "rawequal", "rawget", "rawset", "select", "setmetatable", "string", "table", "tonumber",
                     "tostring", "type", "unpack"} do
  globals[name] = _G[name]
end
globals._G = globals
string.dump, string.gfind = nil, nil
function globals.print() end

-- The real one runs the handler inside the hook, where no instruction is counted.
local function handled(handler, is_ok, ...)
  if is_ok then return is_ok, ... end
  return false, handler((...))
end
function globals.xpcall(run, handler) return handled(handler, pcall(run)) end

local function is_text(value) return type(value) == "string" or type(value) == "number" end

-- Every item that may stop at several places is tried at every one of them.
local function work_of(text, pattern)
  local length, cost = #tostring(text) + 2, #tostring(pattern) + 1
  local _, num_choices = gsub(pattern, "[*+?-]", "")
  local _, num_scans = gsub(pattern, "%%[b%d]", "")
  for _ = 0, num_choices + num_scans do
    cost = cost * length
    if cost > max_work then break end
  end
  return cost
end

for _, name in pairs{"find", "match", "gmatch", "gsub"} do
  local original = string[name]
  string[name] = function(text, pattern, ...)
    if is_text(text) and is_text(pattern) then
      local is_plain = name == "find" and select(2, ...)
      charge(is_plain and (#tostring(text) + 1) * (#tostring(pattern) + 1) or work_of(text, pattern))
    end
    return original(text, pattern, ...)
  end
end

local rep = string.rep
function string.rep(text, count)
  if is_text(text) and tonumber(count) then charge((#tostring(text) + 1) * tonumber(count)) end
  return rep(text, count)
end

-- Heapsort, whose comparisons are instructions.
function table.sort(list, is_less)
  is_less = is_less or function(a, b) return a < b end
  local function sink(place, last)
    local item = list[place]
    while 2 * place <= last do
      local child = 2 * place
      if child < last and is_less(list[child], list[child + 1]) then child = child + 1 end
      if not is_less(item, list[child]) then break end
      list[place], place = list[child], child
    end
    list[place] = item
  end
  local count = #list
  for place = floor(count / 2), 1, -1 do sink(place, count) end
  for last = count, 2, -1 do
    list[1], list[last] = list[last], list[1]
    sink(1, last - 1)
  end
end

globals.data = setmetatable({}, {
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

globals.scenario = setmetatable({}, {
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
  bounded(setfenv(chunk, globals))
end

-- Looking the function up is the script's own work, too, when its globals have a metatable.
local function called(name)
  local run = globals[name]
  if run == nil then error("it has no function " .. name, 0) end
  return run()
end

function room.call(name)
  local result = bounded(called, name)
  local kind = type(result)
  if kind ~= "number" and kind ~= "boolean" then result = nil end
  return kind, result, kind == "number" and result == 0 and 1 / result < 0
end

function room.next_frame() frame = frame + 1 end

return room
"""
