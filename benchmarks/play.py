"""Work of the sides in the engine's benchmarks: a level, some consoles of it, and the buttons of every step."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

from benchmarks.turns import temporary_folder
from newgameplus.emulator.cores import core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.games.folders import GAMES_VARIABLE, HOME_VARIABLE
from newgameplus.games.levels import Level, find_level
from newgameplus.types import Array

AIRSTRIKER = "Airstriker-Genesis-v0/Level1"
PICODRIVE = "picodrive"
AT_START = (9, 3)
"""Airstriker's variables ``gameover`` and ``lives`` at the start of its first level."""
SEED = 2018
PRESS_PROBABILITY = 0.3
"""Probability of each button in each step."""


@dataclass(frozen=True, slots=True)
class Play:
    """Work of one side in a turn: some consoles, each from the level's start, with random buttons."""

    level: Level
    num_envs: int
    num_steps: int
    """Number of agent steps in the turn, over all consoles."""
    seed: int = SEED
    max_episode_steps: int = 4500

    @property
    def steps_per_env(self) -> int:
        """Number of agent steps per console."""
        return self.num_steps // self.num_envs

    def actions(self) -> Array:
        """The buttons held, int8 ``[steps, consoles, buttons]``."""
        num_buttons = len(self.level.integration.console.buttons)
        random = np.random.default_rng(self.seed)
        return (random.random((self.steps_per_env, self.num_envs, num_buttons)) < PRESS_PROBABILITY).astype(np.int8)


def picodrive_level() -> Level:
    """Return Airstriker's first level with a start state for picodrive, as a core cannot load another core's states.

    The console is run from power-on to the first frame whose variables equal those of the original state. The state is
    put into a temporary folder, which this process and its children find among the user's games. From then on the level
    is played by picodrive unless a core is named; the states for genesis_plus_gx remain.
    """
    original = find_level(AIRSTRIKER)
    folder = temporary_folder() / original.game
    (folder / PICODRIVE).mkdir(parents=True)
    shutil.copy(original.integration.data(), folder)
    metadata = original.integration.metadata | {"core": PICODRIVE}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    with gzip.open(folder / PICODRIVE / f"{original.state}.state", "wb") as file:
        file.write(_played_to_the_start(original))
    os.environ[GAMES_VARIABLE] = str(folder.parent)
    return find_level(AIRSTRIKER)


def _played_to_the_start(level: Level) -> bytes:
    game = level.integration
    emulator = NativeEmulator(game.rom(), core_of(game.console, PICODRIVE))
    press = sum(1 << game.console.buttons.index(button) for button in ("START", "B"))
    with contextlib.closing(emulator):
        for frame in range(1200):
            emulator.step((press if frame % 60 > 55 else 0,))
            memory = emulator.memory()[0xFF0000]
            # The low bytes of "gameover" and "lives"; cores keep the Mega Drive's bytes swapped in pairs.
            if (memory[0x0267 ^ 1], memory[0x025B ^ 1]) == AT_START:
                return emulator.save()
    sys.exit("Airstriker does not begin on picodrive, so there is no start state for it.")


def atari_level(game: str) -> Level:
    """Return the default level of an Atari game, its ROM imported from ale-py into a temporary home."""
    os.environ[HOME_VARIABLE] = str(temporary_folder())
    command = [sys.executable, "-m", "newgameplus", "games", "import", "--from-ale"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return find_level(game)
