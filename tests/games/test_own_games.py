from __future__ import annotations

import shutil
from pathlib import Path

from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.envs.retro import RetroEnv
from newgameplus.games.catalogue import games
from newgameplus.games.levels import find_level
from newgameplus.games.roms import Importer


def test_own_game_with_an_imported_rom_is_played(home: Path, airstriker: bytes, tmp_path: Path) -> None:
    original = stable_retro_folder() / "data/stable/Airstriker-Genesis-v0"
    folder = home / "games" / "MyGame-Genesis"
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("rom.md"))
    offered = tmp_path / "copied by a copier.smd"
    offered.write_bytes(bytes(512) + airstriker)
    verdicts = list(Importer(games(), fix=True).take(offered))
    assert {verdict.game for verdict in verdicts if verdict.outcome == "imported"} == {"MyGame-Genesis"}
    env = RetroEnv(find_level("MyGame-Genesis/Level1"))
    try:
        assert env.rom == home / "roms" / "MyGame-Genesis" / "rom.md"
        observation, _ = env.reset(seed=1)
        assert observation.shape == (224, 320, 3)
        assert env.step(env.action_space.sample())[4]["lives"] == 3
    finally:
        env.close()
