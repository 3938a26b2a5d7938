"""Cores find the firmware that lies beside them, and what they write stays in the process."""

from __future__ import annotations

import os
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


def test_what_a_killed_process_has_left_is_removed_by_the_next_and_no_other_s(tmp_path: Path) -> None:
    (tmp_path / "cores").mkdir()
    begun = subprocess.Popen(
        [sys.executable, "-c", f"{ASK}\nsys.stdout.flush()\nsys.stdin.read()", str(tmp_path / "cores")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with begun as other:
        assert other.stdout is not None
        its = Path(other.stdout.readline().strip())
        left = tmp_path / "ngp-system-left"
        left.mkdir()
        new = tmp_path / "ngp-system-new"
        new.mkdir()
        for folder in (its, left):
            os.utime(folder, (0, 0))
        command = [sys.executable, "-c", ASK, str(tmp_path / "cores")]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TMPDIR": str(tmp_path)})
        assert sorted(tmp_path.glob("ngp-system-*")) == sorted([its, new])
        other.kill()
    os.utime(its, (0, 0))
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert list(tmp_path.glob("ngp-system-*")) == [new]
