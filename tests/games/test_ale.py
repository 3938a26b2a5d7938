from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import RomError
from newgameplus.games.ale import ale_roms
from newgameplus.games.catalogue import games
from newgameplus.games.levels import find_split
from newgameplus.games.roms import Importer


def test_every_level_of_the_atari_split_gets_its_rom_and_one_is_played() -> None:
    importer = Importer(games())
    verdicts = [verdict for path in ale_roms() for verdict in importer.take(path)]
    imported = {verdict.game for verdict in verdicts if verdict.outcome == "imported"}
    levels = find_split("atari").levels
    assert imported == {level.game for level in levels}
    breakout = next(level for level in levels if level.game == "Breakout-Atari2600-v0")
    env = RetroEnv(breakout)
    try:
        first, _ = env.reset(seed=1)
        for _ in range(60):
            last, *_ = env.step(env.action_space.sample())
        assert first.shape == last.shape
        assert first.shape[1:] == (160, 3)
        assert not np.array_equal(first, last)
    finally:
        env.close()


def test_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RomError, match=r"pip install .*\[atari\]'"):
        ale_roms()
