"""Cores find the firmware that lies beside them, and what they write stays in the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from newgameplus.emulator.firmware import system_folder

ASK = """
import sys
from pathlib import Path
from newgameplus.emulator.firmware import system_folder
folder = system_folder(Path(sys.argv[1]))
(folder / "rom.sav").write_text("a save file")
print(folder)
"""


def test_firmware_beside_the_cores_is_found_and_the_cores_folder_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "bios_CD_U.bin").write_bytes(b"firmware")
    (tmp_path / "some_libretro.so").touch()
    (tmp_path / "some.json").touch()
    folder = system_folder(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["bios_CD_U.bin"]
    assert (folder / "bios_CD_U.bin").read_bytes() == b"firmware"
    (folder / "rom.sav").touch()
    assert not (tmp_path / "rom.sav").exists()
    assert system_folder(tmp_path) == folder


def test_each_process_has_a_folder_of_its_own_that_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "bios.bin").touch()
    command = [sys.executable, "-c", ASK, str(tmp_path)]
    folders = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(folders) == 2
    assert not any(Path(folder.strip()).exists() for folder in folders)
    assert (tmp_path / "bios.bin").exists()
