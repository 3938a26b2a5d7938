"""Put the cores and games that the native tests need into one folder, from the packages that are installed."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

CORES = ("genesis_plus_gx", "picodrive", "stella")


def package_folder(name: str) -> Path | None:
    """Where a package lies, or None when it is not installed."""
    spec = find_spec(name)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def main() -> None:
    """Fill the folder that the first argument names."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    stable_retro = package_folder("stable_retro")
    if stable_retro is None:
        raise SystemExit("stable-retro is not installed for this Python.")
    for name in CORES:
        (source,) = (stable_retro / "cores").glob(f"{name}_libretro.[sd]*")
        shutil.copyfile(source, target / f"{name}_libretro.so")
    shutil.copyfile(stable_retro / "data/stable/Airstriker-Genesis-v0/rom.md", target / "airstriker.md")
    ale = package_folder("ale_py")
    if ale is not None:
        shutil.copyfile(ale / "roms" / "pong.bin", target / "atari.a26")
    (target / "text_libretro.so").write_text("This is no library.\n")


main()
