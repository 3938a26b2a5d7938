"""The engine gives a core the options that stable-retro gives it: a core of our own asks for each that it knows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from newgameplus.emulator.cores import REFERENCE_OPTIONS, stable_retro_folder

SOURCE = Path(__file__).parents[2] / "native" / "tests" / "asking_core.c"
UNKNOWN_TO_THE_CORE = {"melonds_touch_mode": ("joystick", "disabled")}
"""Option to stable-retro's value, which the core does not know, and the one that it then takes."""
ASK = """
import sys
from pathlib import Path
from stable_retro import RetroEmulator
from stable_retro.data import GameData

RetroEmulator.load_core_info(Path(sys.argv[1]).read_text())
machine, data = RetroEmulator(sys.argv[2]), GameData()
machine.configure_data(data)
blocks = data.memory.blocks
(memory,) = (bytes(blocks[address]) for address in blocks)
print(memory.partition(b"\\0")[0].decode(), end="")
"""


def test_options_are_those_of_the_reference(tmp_path: Path) -> None:
    (tmp_path / "ask.json").write_text(
        json.dumps({"Ask": {"lib": "ask", "ext": ["ask"], "buttons": ["A"], "keybinds": ["Z"], "actions": []}})
    )
    subprocess.run(["cc", "-shared", "-fPIC", str(SOURCE), "-o", str(tmp_path / "ask_libretro.so")], check=True)
    (tmp_path / "rom.ask").write_text("".join(f"{name}\n" for name in possible_options()))
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path / "ask.json"), str(tmp_path / "rom.ask")],
        env=os.environ | {"RETRO_CORE_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    answers = dict(line.split("=", 1) for line in done.stdout.splitlines())
    for option, (theirs, ours) in UNKNOWN_TO_THE_CORE.items():
        assert answers[option] == theirs
        answers[option] = ours
    answers = {option: value for option, value in answers.items() if not option.startswith("flycast")}  # not shipped
    assert answers == {option: value for options in REFERENCE_OPTIONS.values() for option, value in options.items()}


def possible_options() -> list[str]:
    """Every text in stable-retro's library that could name an option; those that it answers are among them."""
    (library,) = stable_retro_folder().glob("_retro*.so")
    texts = re.findall(rb"[a-z0-9]+[_-][a-z0-9_-]{3,60}", library.read_bytes())
    return sorted({text.decode() for text in texts})
