"""The engine's variables and scenarios equal stable-retro's, over made-up memory, for every integration that it ships.

The memory is that of stable-retro's own cores, each with a program that does nothing; bytes are written through
stable-retro's ``memory`` and mirrored in arrays that the engine reads.
"""

from __future__ import annotations

import gc
import json
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stable_retro import RetroEmulator
from stable_retro.data import GameData

from newgameplus import _engine
from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.games.declarative import OPERATIONS, Compiled, compile_files
from newgameplus.games.lua import LuaScript

DATA = stable_retro_folder() / "data"
SEGA_WORDS = {"md", "32x"}
NUM_FRAMES, NUM_EPISODES = 60, 3


def nes() -> bytes:
    program = bytearray(b"\xea" * 32768)
    program[:3] = b"\x4c\x00\x80"
    program[-6:] = b"\x00\x80" * 3
    return b"NES\x1a\x02\x01" + bytes(10) + bytes(program) + bytes(8192)


def super_nintendo() -> bytes:
    rom = bytearray(32768)
    rom[:2] = b"\x80\xfe"
    rom[0x7FC0:0x7FD5] = b"NOTHING".ljust(21)
    rom[0x7FD5], rom[0x7FD7] = 0x20, 5
    rom[0x7FDC:0x7FE0] = b"\xff\xff\x00\x00"
    rom[0x7FFC:0x7FFE] = b"\x00\x80"
    return bytes(rom)


def game_boy() -> bytes:
    rom = bytearray(32768)
    rom[0x100:0x104] = b"\x00\xc3\x50\x01"
    rom[0x150:0x152] = b"\x18\xfe"
    return bytes(rom)


def master_system() -> bytes:
    rom = bytearray(32768)
    rom[:3] = b"\xf3\x18\xfe"
    rom[0x7FF0:0x7FF8] = b"TMR SEGA"
    return bytes(rom)


def atari() -> bytes:
    rom = bytearray(4096)
    rom[:3] = b"\x4c\x00\xf0"
    rom[-4:-2] = b"\x00\xf0"
    return bytes(rom)


def mega_drive() -> bytes:
    return (DATA / "stable/Airstriker-Genesis-v0/rom.md").read_bytes()


PROGRAMS: dict[str, Callable[[], bytes]] = {
    "md": mega_drive,
    "nes": nes,
    "sfc": super_nintendo,
    "sms": master_system,
    "gb": game_boy,
    "a26": atari,
    "32x": mega_drive,
}
CONSOLES = {
    "Genesis": "md",
    "Nes": "nes",
    "Snes": "sfc",
    "Sms": "sms",
    "GameBoy": "gb",
    "Atari2600": "a26",
    "32x": "32x",
}


class Machine:
    """A core's memory, written here and mirrored for the engine."""

    def __init__(self, extension: str, folder: Path) -> None:
        rom = folder / f"rom.{extension}"
        rom.write_bytes(PROGRAMS[extension]())
        gc.collect()
        self.emulator: Any = RetroEmulator(str(rom))
        self.extension = extension
        self.word_bytes = 2 if extension in SEGA_WORDS else 1
        self.data = self.attached()
        self.blocks = {
            address: np.frombuffer(bytearray(block), np.uint8) for address, block in self.data.memory.blocks.items()
        }

    def attached(self) -> Any:
        data = GameData()
        self.emulator.configure_data(data)
        return data

    def has(self, address: int) -> bool:
        return any(begin <= address < begin + len(block) for begin, block in self.blocks.items())

    def write(self, address: int, kind: str, value: int) -> None:
        """Write a number; a number that does not lie in the memory as a whole is left alone."""
        addresses = range(address, address + int(kind[-1]))
        if not all(self.has(each) for each in addresses):
            return
        self.data.memory.assign(address, kind, value)
        for each in addresses:
            begin = max(begin for begin in self.blocks if begin <= each)
            self.blocks[begin][(each - begin) ^ (self.word_bytes - 1)] = self.data.memory.extract(each, "|u1")

    def close(self) -> None:
        self.emulator = self.data = None
        gc.collect()


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(request.param, tmp_path_factory.mktemp("rom"))
    yield machine
    machine.close()


def on(*extensions: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("machine", extensions, indirect=True)


@dataclass
class Duel:
    """One scenario judged by stable-retro and by the engine over the same memory."""

    machine: Machine
    variables_file: Path
    scenario_file: Path
    theirs: Any = None
    ours: Any = None
    compiled: Compiled = None  # type: ignore[assignment]
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.theirs = self.machine.attached()
        assert self.theirs.load(str(self.variables_file), str(self.scenario_file))
        self.compiled = compile_files(self.variables_file, self.scenario_file, word_bytes=self.machine.word_bytes)
        spec, calls = self.compiled
        if calls is not None:
            spec = spec._replace(script=partial(LuaScript, calls))
        self.ours = _engine.ScenarioProbe(spec, self.machine.blocks)
        self.names = {variable.name for variable in spec.variables}

    def reset(self) -> None:
        self.theirs.reset()
        self.theirs.update_ram()
        self.ours.reset()
        self.compare_values()

    def judge(self) -> tuple[float, bool]:
        self.theirs.update_ram()
        expected = self.theirs.current_reward(), self.theirs.is_done()
        found = self.ours.judge()
        assert (struct.pack("d", found[0]), found[1]) == (struct.pack("d", expected[0]), expected[1])
        self.compare_values()
        self.counts["frames"] += 1
        self.counts["rewards"] += expected[0] != 0
        self.counts["ends"] += expected[1]
        return expected

    def compare_values(self) -> None:
        """A script's own variables, which stable-retro shows among the game's, stay with the script here."""
        theirs = self.theirs.lookup_all()
        assert self.ours.values == {name: theirs[name] for name in theirs if name in self.names}


class Author:
    """Writes a game's memory from frame to frame so that its conditions and rewards have a say."""

    def __init__(self, duel: Duel, seed: int) -> None:
        self.random = random.Random(seed)
        self.machine = duel.machine
        self.variables = duel.compiled.spec.variables
        self.by_name = {variable.name: variable for variable in self.variables}
        text = duel.scenario_file.read_text(encoding="utf-8")
        self.references = sorted({0, 1, *_references(json.loads(text))})
        self.is_sonic = {"zone", "act", "x", "lives"} <= set(self.by_name)
        self.may_change_act = "screen_x" in self.by_name and "special_stage" in self.by_name

    def set(self, name: str, value: int) -> None:
        variable = self.by_name[name]
        self.machine.write(variable.address, variable.type, value)

    def begin(self) -> None:
        for variable in self.variables:
            for offset in range(-1, int(variable.type[-1]) + 1):
                self.machine.write(variable.address + offset, "|u1", self.random.choice([0, 0, 1, 9, 255, *range(256)]))
        if self.is_sonic:
            self._begin_level()

    def write(self) -> None:
        for _ in range(self.random.choice([0, 1, 2, 4])):
            if self.variables:
                self._change(self.random.choice(self.variables))
        if self.is_sonic and self.random.random() < 0.7:
            self.x += self.random.randrange(-300, 700)
            self.set("x", max(0, min(self.x, 0x7FFF)))

    def _begin_level(self) -> None:
        zone, act = self.random.choice([(0, 0), (0, 1), (7, 0), (4, 1)] if self.may_change_act else [(0, 0), (0, 1)])
        self.x = self.random.choice([50, 3000, 0x2A00])
        for name, value in {"zone": zone, "act": act, "lives": 3, "x": self.x}.items():
            self.set(name, value)
        for name in {"game_mode", "special_stage"} & set(self.by_name):
            self.set(name, 12 if name == "game_mode" else 0)

    def _change(self, variable: Any) -> None:
        if self.is_sonic and (variable.name == "zone" or (variable.name == "act" and not self.may_change_act)):
            return
        if self.is_sonic and variable.name in ("act", "lives", "special_stage", "game_mode"):
            if self.random.random() < 0.3:
                self.machine.write(variable.address, variable.type, self.random.choice([0, 1, 2, 3, 16]))
            return
        width, address = int(variable.type[-1]), variable.address
        kind = self.random.randrange(4)
        if kind == 0:
            value = self.random.choice(self.references) + self.random.choice([0, 0, 1, -1])
            self.machine.write(address, variable.type, value)
        elif kind == 1:
            self.machine.write(address + self.random.randrange(width), "|u1", self.random.randrange(256))
        elif self.machine.has(address):
            now = self.machine.data.memory.extract(address, variable.type)
            self.machine.write(address, variable.type, now + self.random.choice([1, -1, 3]))


def _references(node: object) -> Iterator[int]:
    if isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, int):
            yield reference
        for child in node.values():
            yield from _references(child)


def play(duel: Duel, seed: int) -> None:
    author = Author(duel, seed)
    for _ in range(NUM_EPISODES):
        author.begin()
        duel.reset()
        for _ in range(NUM_FRAMES // NUM_EPISODES):
            author.write()
            duel.judge()


def console_of(folder: Path) -> str | None:
    return CONSOLES.get(folder.name.split("-v")[0].rpartition("-")[2])


def folders_of(extension: str) -> list[Path]:
    folders = sorted(path.parent for path in DATA.glob("*/*/data.json"))
    return [folder for folder in folders if console_of(folder) == extension]


def scenarios_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if path.name not in ("data.json", "metadata.json"))


@on(*sorted(set(CONSOLES.values()) - {"32x"}))
def test_variables_of_integrations_without_a_scenario_are_equal(machine: Machine, tmp_path: Path) -> None:
    empty = tmp_path / "scenario.json"
    empty.write_text("{}")
    for seed, folder in enumerate(folders_of(machine.extension)):
        if not scenarios_in(folder):
            play(Duel(machine, folder / "data.json", empty), seed)


@on(*PROGRAMS)
def test_every_integration_is_judged_as_by_stable_retro(machine: Machine) -> None:
    scenarios = [scenario for folder in folders_of(machine.extension) for scenario in scenarios_in(folder)]
    for seed, scenario in enumerate(scenarios):
        duel = Duel(machine, scenario.parent / "data.json", scenario)
        play(duel, seed)
        assert duel.counts["frames"] >= 50, scenario


def test_no_integration_is_left_out() -> None:
    everything = {path.parent for path in DATA.glob("*/*/*.json")}
    judged = {folder for extension in PROGRAMS for folder in folders_of(extension)}
    assert everything == judged | {DATA / "stable" / name for name in ELSEWHERE}
    assert len(everything) >= 1068


ELSEWHERE = ("MortalKombatTrilogy-N64-v0", "VirtuaFighter2-Saturn-v0", "MortalKombat2-Arcade-v0")
"""Integrations of consoles whose games cannot be made up; their variables are moved into another console's memory."""


@on("md", "sfc")
@pytest.mark.parametrize("game", ELSEWHERE)
def test_integrations_of_larger_consoles_are_equal_in_another_memory(
    machine: Machine, game: str, tmp_path: Path
) -> None:
    folder = DATA / "stable" / game
    content = json.loads((folder / "data.json").read_text())
    begin, block = max(machine.blocks.items(), key=lambda item: len(item[1]))
    for variable in content["info"].values():
        variable["address"] = begin + variable["address"] % (len(block) - 8)
    moved = tmp_path / "data.json"
    moved.write_text(json.dumps(content))
    play(Duel(machine, moved, folder / "scenario.json"), seed=1)


ORDERS = ("<", ">", "=", "|", "<>", "><", "<=", ">=")


@on("md", "sms")
def test_all_types_are_read_and_written_as_by_stable_retro(machine: Machine) -> None:
    chance = random.Random(4)
    memory = machine.data.memory
    begin = next(iter(machine.blocks))
    for kind in [f"{order}{letter}{width}" for order in ORDERS for letter in "uidn" for width in range(1, 9)]:
        data_type = _engine.DataType(kind)
        for _ in range(8):
            content = [chance.choice([0, 9, 0x99, 0xFF, chance.randrange(256)]) for _ in range(data_type.width)]
            for offset, byte in enumerate(content):
                memory.assign(begin + 17 + offset, "|u1", byte)
            assert data_type.decode(bytes(content)) == memory.extract(begin + 17, kind), (kind, content)
            number = chance.choice([0, -1, 1, chance.getrandbits(63), -chance.getrandbits(30), chance.randrange(10**6)])
            memory.assign(begin + 17, kind, number)
            written = bytes(memory.extract(begin + 17 + offset, "|u1") for offset in range(data_type.width))
            assert data_type.encode(number) == written, (kind, number)


@pytest.mark.parametrize("text", ["", ">u", "u2>", ">u9", ">u0", ">x2", ">>u2", "<>u", "|u22"])
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(_engine.EngineError, match="is not a type such as >u2"):
        _engine.DataType(text)


def made_up_game(chance: random.Random, begin: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Random variables, some sharing bytes, and a scenario that uses all of the language."""
    names = ["".join(chance.choices("abcdefghijkl_0123", k=chance.randrange(1, 14))) for _ in range(14)]
    variables = {
        name: {
            "address": begin + chance.randrange(60),
            "type": f"{chance.choice(ORDERS)}{chance.choice('uuidn')}{chance.choice([1, 1, 2, 4, 8])}",
            **({"mask": chance.choice([1, 15, 240, -113])} if chance.random() < 0.2 else {}),
        }
        for name in names
    }

    def measurement(chance_of_operation: float) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        if chance.random() < chance_of_operation:
            spec["op"] = chance.choice(OPERATIONS_AND_NONSENSE)
            spec["reference"] = chance.choice([0, 1, 2, -1, 255, 3.9, "7", None])
        if chance.random() < 0.4:
            spec["measurement"] = chance.choice(["absolute", "delta", "sometimes"])
        return spec

    def reward() -> dict[str, Any]:
        worth = {"reward": chance.choice([0.1, -3.3, 1e7, 1, 0]), "penalty": chance.choice([0.7, -1e-3, 5, 0])}
        return {**measurement(0.3), **worth}

    def player() -> dict[str, Any]:
        spec: dict[str, Any] = {"variables": {name: reward() for name in chance.sample(names, chance.randrange(9))}}
        if chance.random() < 0.5:
            spec["time"] = reward()
        return spec

    def node(depth: int) -> dict[str, Any]:
        spec: dict[str, Any] = {"variables": {name: measurement(0.9) for name in chance.sample(names, depth + 1)}}
        if depth:
            spec["nodes"] = {f"node{number}": node(depth - 1) for number in range(chance.randrange(3))}
        if chance.random() < 0.6:
            spec["condition"] = chance.choice(["all", "any"])
        return spec

    scenario: dict[str, Any] = {"reward": player(), "done": node(2)}
    if chance.random() < 0.4:
        scenario["rewards"] = [player(), player()]
    return {"info": variables}, scenario


OPERATIONS_AND_NONSENSE = (*sorted(OPERATIONS), "nonsense")


@on("md", "sfc")
def test_made_up_scenarios_are_judged_as_by_stable_retro(machine: Machine, tmp_path: Path) -> None:
    begin, _ = max(machine.blocks.items(), key=lambda item: len(item[1]))
    for seed in range(60):
        data, scenario = made_up_game(random.Random(seed), begin + 64)
        paths = tmp_path / "data.json", tmp_path / "scenario.json"
        for path, content in zip(paths, (data, scenario), strict=True):
            path.write_text(json.dumps(content))
        duel = Duel(machine, *paths)
        play(duel, seed)


@on("sfc")
def test_rewards_are_summed_in_stable_retros_order(machine: Machine, tmp_path: Path) -> None:
    begin, _ = max(machine.blocks.items(), key=lambda item: len(item[1]))
    chance = random.Random(1)
    sums = set()
    for _ in range(20):
        names = ["".join(chance.choices("abcdefgh", k=6)) for _ in range(3)]
        worths = [{"measurement": "absolute", "reward": reward} for reward in (1e8, -1e8, 1.0)]
        files = {
            "data.json": {"info": {name: {"address": begin + 9, "type": "|u1"} for name in names}},
            "scenario.json": {"reward": {"variables": dict(zip(names, worths, strict=True))}},
        }
        for name, content in files.items():
            (tmp_path / name).write_text(json.dumps(content))
        machine.write(begin + 9, "|u1", 1)
        duel = Duel(machine, tmp_path / "data.json", tmp_path / "scenario.json")
        duel.reset()
        sums.add(duel.judge()[0])
    assert sums == {0.0, 1.0}, "the sum depends on its order, which the names decide"


SONIC = DATA / "stable/SonicAndKnuckles3-Genesis-v0"


def level(machine: Machine, **values: int) -> Duel:
    duel = Duel(machine, SONIC / "data.json", SONIC / "contest.json")
    author = Author(duel, 0)
    for name, value in {"zone": 0, "act": 0, "lives": 3, "x": 100, "screen_x": 0, "special_stage": 0, **values}.items():
        author.set(name, value)
    return duel


@on("md")
def test_the_contests_reward_needs_no_lua(machine: Machine) -> None:
    for folder in [*DATA.glob("stable/Sonic*"), *DATA.glob("contrib/Sonic*")]:
        if (folder / "contest.json").is_file():
            compiled = compile_files(folder / "data.json", folder / "contest.json", word_bytes=2)
            assert compiled.calls is None
            assert compiled.spec.progress is not None


@on("md")
def test_a_whole_level_is_worth_9000_and_more(machine: Machine) -> None:
    duel = level(machine)
    author = Author(duel, 0)
    duel.reset()
    outcomes = []
    for frame in range(300):
        author.set("x", 100 + 60 * frame)
        if frame == 150:
            author.set("act", 1)
            author.set("screen_x", 777)
        outcomes.append(duel.judge())
    end = next(number for number, (_, is_done) in enumerate(outcomes) if is_done)
    assert 9000 + 950 < sum(reward for reward, _ in outcomes[: end + 1]) < 10000


@on("md")
def test_a_level_whose_end_is_unknown_is_an_error(machine: Machine) -> None:
    duel = level(machine, zone=99)
    with pytest.raises(_engine.EngineError, match="zone 99, act 0"):
        duel.ours.reset()
    with pytest.raises(RuntimeError):
        duel.reset()


@on("md")
def test_a_restored_scenario_goes_on_as_the_one_saved(machine: Machine) -> None:
    duel = level(machine)
    author = Author(duel, 0)
    other = _engine.ScenarioProbe(duel.compiled.spec, machine.blocks)
    duel.reset()
    for frame in range(60):
        author.set("x", 100 + 37 * frame)
        if frame > 20:
            assert other.judge() == duel.ours.judge()
            assert other.memory() == duel.ours.memory()
        else:
            duel.judge()
            other.restore(duel.ours.memory())
    with pytest.raises(_engine.EngineError, match="belongs to another scenario"):
        other.restore([1, 2, 3])


def made(tmp_path: Path, variables: dict[str, Any], scenario: dict[str, Any], script: str = "") -> Compiled:
    (tmp_path / "data.json").write_text(json.dumps({"info": variables}))
    (tmp_path / "scenario.json").write_text(json.dumps(scenario))
    (tmp_path / "script.lua").write_text(script)
    return compile_files(tmp_path / "data.json", tmp_path / "scenario.json", word_bytes=1)


def test_a_variable_without_memory_is_left_out_unless_the_scenario_needs_it(tmp_path: Path) -> None:
    variables = {
        "here": {"address": 100, "type": "|u1"},
        "half": {"address": 103, "type": "<u2"},
        "nowhere": {"address": 500, "type": "|u1"},
    }
    memory = {100: np.zeros(4, np.uint8)}
    probe = _engine.ScenarioProbe(made(tmp_path, variables, {"reward": {}}).spec, memory)
    probe.reset()
    assert probe.values == {"here": 0}
    with pytest.raises(_engine.EngineError, match="nowhere cannot be written"):
        probe.write(2, 1)
    for needs in (
        {"reward": {"variables": {"nowhere": {}}}},
        {"done": {"nodes": {"a": {"variables": {"nowhere": {}}}}}},
    ):
        with pytest.raises(_engine.EngineError, match="needs the variable nowhere, which lies at address 500"):
            _engine.ScenarioProbe(made(tmp_path, variables, needs).spec, memory)


def test_a_written_variable_is_in_the_memory(tmp_path: Path) -> None:
    memory = {100: np.zeros(4, np.uint8)}
    spec = made(tmp_path, {"score": {"address": 101, "type": ">d2"}}, {"reward": {}}).spec
    _engine.ScenarioProbe(spec, memory).write(0, 1234)
    assert memory[100].tolist() == [0, 0x12, 0x34, 0]


def test_a_script_that_fails_fails_with_its_own_error(tmp_path: Path) -> None:
    scenario = {"reward": {"script": "lua:reward"}, "scripts": ["script.lua"]}
    script = "function reward() if scenario.frame > 1 then error('no more') end return 1 end"
    compiled = made(tmp_path, {}, scenario, script)
    assert compiled.calls is not None
    calls = compiled.calls
    probe = _engine.ScenarioProbe(compiled.spec._replace(script=partial(LuaScript, calls)), {0: np.zeros(1, np.uint8)})
    probe.reset()
    assert probe.judge() == (1.0, False)
    with pytest.raises(_engine.ScriptError, match=r"script\.lua fails: .*no more"):
        probe.judge()
    with pytest.raises(_engine.EngineError, match="cannot be saved"):
        probe.memory()
