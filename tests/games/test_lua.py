"""Scripts in Lua judge as in stable-retro, and nothing that they do leaves their room."""

from __future__ import annotations

import math
import re
import shutil
import struct
import sys
from pathlib import Path

import pytest

from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import IntegrationError, install_line
from newgameplus.games import lua
from newgameplus.games.declarative import ScriptCalls
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import find_level
from newgameplus.games.lua import LuaScript, read_scripts


def script(folder: Path, source: str | bytes, reward: str | None = "reward", done: str | None = None) -> LuaScript:
    path = folder / "script.lua"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return LuaScript(ScriptCalls((path,), reward, done))


def judged(folder: Path, expression: str, **values: int) -> float | None:
    judge = script(folder, f"function reward() return {expression} end")
    judge.reset(values)
    return judge.judge(values)[0]


def test_a_script_sees_variables_and_the_clock(tmp_path: Path) -> None:
    source = "function reward() return data.score * 10 + scenario.frame end function done() return data.lives == 0 end"
    judge = script(tmp_path, source, done="done")
    judge.reset({"score": 0, "lives": 3})
    assert judge.judge({"score": 2, "lives": 3}) == (21.0, False)
    assert judge.judge({"score": 3, "lives": 0}) == (32.0, True)


def test_timesteps_are_quarters_of_frames(tmp_path: Path) -> None:
    judge = script(tmp_path, "function reward() return scenario.timestep end")
    judge.reset({})
    assert [judge.judge({})[0] for _ in range(8)] == [0, 0, 0, 1, 1, 1, 1, 2]


def test_the_first_frame_of_an_episode_is_judged_but_not_paid(tmp_path: Path) -> None:
    judge = script(tmp_path, "last = 0 function reward() local r = data.x - last last = data.x return r end")
    judge.reset({"x": 100})
    assert judge.judge({"x": 103}) == (3.0, None)


def test_a_reset_forgets_globals_and_own_variables(tmp_path: Path) -> None:
    source = """
    count, data.own = 0, 0
    function reward() count = count + 1; data.own = data.own + 10; string.mark = 1; return count + data.own end
    """
    judge = script(tmp_path, source)
    for _ in range(2):
        judge.reset({})
        assert [judge.judge({})[0] for _ in range(2)] == [22.0, 33.0]


def test_own_variables_may_be_numbers_truths_and_nothing(tmp_path: Path) -> None:
    source = """
    data.a, data.b, data.c = 1.5, true, nil
    function reward() if data.b and data.c == nil then return data.a end end
    """
    judge = script(tmp_path, source)
    judge.reset({})
    assert judge.judge({})[0] == 1.5


@pytest.mark.parametrize(
    ("expression", "reward"),
    [
        ("true", 1.0),
        ("false", 0.0),
        ("nil", 0.0),
        ("'7'", 0.0),
        ("7, 8", 7.0),
        ("7 / 2", 3.5),
        ("0.1", struct.unpack("f", struct.pack("f", 0.1))[0]),
        ("2^63", 2.0**63),
        ("1e300", float("inf")),
        ("10 % 3 + 2^10", 1025.0),
        ("string.format('%d', 3) + 0", 3.0),
        ("data.big", 2.0**53),
    ],
)
def test_results_become_rewards_as_in_stable_retro(tmp_path: Path, expression: str, reward: float) -> None:
    assert judged(tmp_path, expression, big=2**53 + 1) == reward


def test_a_negative_zero_stays_negative(tmp_path: Path) -> None:
    reward = judged(tmp_path, "data.zero * -1", zero=0)
    assert reward is not None
    assert math.copysign(1, reward) == -1


def test_what_no_function_judges_is_left_to_the_scenario(tmp_path: Path) -> None:
    judge = script(tmp_path, "function done() return 2 end", reward=None, done="done")
    judge.reset({})
    assert judge.judge({}) == (None, True)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("function reward(", "script.lua:1:"),
        ("x = nil + 1", "arithmetic on a nil value"),
        ("", "it has no function reward"),
        ("function reward() return data.coins end", "there is no variable coins"),
        ("function reward() return data[0xFF0000] end", "cannot read the bare address 16711680"),
        ("function reward() data.score = 5 return 0 end", "cannot write the console's variable score"),
        ("function reward() data.own = {} return 0 end", "a variable cannot be a table"),
        ("function reward() return scenario.score end", "a scenario has no score"),
        ("function reward() error('my own words') end", "my own words"),
    ],
)
def test_a_script_that_fails_says_where_and_why(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(IntegrationError) as caught:
        script(tmp_path, source).reset({"score": 1})
    assert str(tmp_path / "script.lua") in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        *["os", "io", "require", "package", "module", "debug", "coroutine", "python", "jit", "newproxy"],
        *["load", "loadstring", "loadfile", "dofile", "getfenv", "setfenv"],
    ],
)
def test_there_is_no_way_out(tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, f"{name} == nil and _G.{name} == nil and string.dump == nil") == 1.0


@pytest.mark.parametrize(
    "source",
    [
        "function reward() while true do end end",
        "while true do end",
        "function reward() while true do pcall(function() while true do end end) end end",
        "function reward() return reward() end",
        "function again() local ok = pcall(again) while true do end end function reward() return again() end",
        "function reward() setmetatable(_G, {__index = function(t, k) while true do end end}) return missing end",
        "function reward() xpcall(function() while true do end end, function() while true do end end) end",
        "setmetatable(_G, {__index = function(t, k) while true do end end})",
        "function reward() while true do pcall(pcall, function() while true do end end) end end",
        "function reward() local t = {} for i = 1, 1e5 do t[i] = i end table.sort(t, function() return true end) end",
        "function reward() error(setmetatable({}, {__tostring = function() while true do end end})) end",
    ],
)
def test_a_script_without_end_is_ended(tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lua, "MAX_INSTRUCTIONS", 50_000)
    with pytest.raises(IntegrationError, match=r"not come to an end within 50000 instructions|fails with a table"):
        script(tmp_path, source).reset({})


@pytest.mark.parametrize(
    "call",
    [
        "('x'):rep(400000):match(('x?'):rep(400000))",
        "(''):match(('x*'):rep(400000))",
        "('x'):rep(1000):find(('.-'):rep(9) .. 'y')",
        "('x'):rep(30000):gsub('(.-)%1', '')",
        "('a'):rep(1e6):find(('a'):rep(5e5) .. 'b', 1, true)",
        "(''):rep(2^31 - 1)",
        "string.gmatch(('x'):rep(1e5), '.-.-y')()",
    ],
)
def test_a_call_that_no_instruction_count_sees_is_charged_by_its_work(tmp_path: Path, call: str) -> None:
    with pytest.raises(IntegrationError, match="string functions need too much memory or work"):
        script(tmp_path, f"function reward() while true do pcall(function() return {call} end) end end").reset({})


def test_work_that_each_instruction_does_is_bounded_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lua, "MAX_SECONDS", 0.05)
    source = "local s = ('x'):rep(1e6) function reward() while true do local t = s .. 'y' end end"
    with pytest.raises(IntegrationError, match=r"not come to an end within 0\.05 seconds"):
        script(tmp_path, source).reset({})


def test_patterns_and_sorting_of_a_usual_size_work_as_ever(tmp_path: Path) -> None:
    source = """
    function reward()
      local zone, act = ("zone=3,act=12"):match("zone=(%d+),act=(%d+)")
      local words, list = {}, {5, 3, 9, 1, 1, 7}
      for word in ("a bc def"):gmatch("%a+") do words[#words + 1] = word end
      table.sort(list)
      table.sort(words, function(a, b) return #a > #b end)
      local is_ok, said = xpcall(function() error("no", 0) end, function(text) return text .. "!" end)
      local text = zone .. act .. table.concat(list) .. table.concat(words) .. said .. ("ab"):rep(2)
      return text == "312113579defbca" .. "no!abab" and ("x-y"):gsub("-", "+") == "x+y" and 1 or 0
    end
    """
    judge = script(tmp_path, source)
    judge.reset({})
    assert judge.judge({})[0] == 1.0


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_a_script_from_elsewhere_is_run_only_with_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.delenv(lua.ALLOW_LUA)
    with pytest.raises(IntegrationError, match="allow it with --allow-lua, or in Python with NGP_ALLOW_LUA=1"):
        script(tmp_path, "function reward() return 1 end")
    known = stable_retro_folder() / "data/stable/NHL94-Genesis-v0/script.lua"
    assert read_scripts([known]) == {known: known.read_bytes()}
    (tmp_path / "copy.lua").write_bytes(known.read_bytes())
    assert read_scripts([tmp_path / "copy.lua"])
    game = stable_retro_folder() / "data/stable/Airstriker-Genesis-v0"
    shutil.copytree(game, tmp_path / "games" / "Odd-Genesis-v0")
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path / "games"))
    (tmp_path / "games/Odd-Genesis-v0/script.lua").write_text("function reward() return 1 end")
    (tmp_path / "games/Odd-Genesis-v0/scenario.json").write_text(
        '{"reward": {"script": "lua:reward"}, "scripts": ["script.lua"]}'
    )
    with pytest.raises(IntegrationError, match="--allow-lua"):
        RetroEnv(find_level("Odd-Genesis-v0/Level1"), backend=backend)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [
        "function reward() local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end end",
        "function reward() return #('x'):rep(1e9) end",
    ],
)
def test_a_script_cannot_fill_the_memory(tmp_path: Path, source: str) -> None:
    with pytest.raises(IntegrationError, match="memory"):
        script(tmp_path, source).reset({})


def test_a_compiled_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match="is compiled"):
        script(tmp_path, b"\x1bLua\x51")


def test_a_script_of_any_length_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lua, "MAX_TEXT_BYTES", 10)
    with pytest.raises(IntegrationError, match="larger than 10 bytes"):
        script(tmp_path, "-- a long comment")


def test_a_script_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match=r"gone\.lua cannot be read"):
        LuaScript(ScriptCalls((tmp_path / "gone.lua",), "reward", None))


def test_without_lupa_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lupa", None)
    with pytest.raises(IntegrationError, match=re.escape(install_line("lua"))):
        script(tmp_path, "function reward() return 1 end")
