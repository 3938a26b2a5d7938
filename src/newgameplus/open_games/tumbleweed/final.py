"""The levels of the split ``tumbleweed-final``: 32 generated ones, four of each zone, judged once at the end.

They are kept as their seed, the hash of their ROM and the steps of their proofs, a few kilobytes; ``ngp levels generate
--final`` makes the game of them. Their seed is not that of a level in another split, so no level is in two.

``python -m newgameplus.open_games.tumbleweed.final DIR`` rewrites ``final.toml`` and the split from a set made by ``ngp
levels generate --seed N --count 32 -o DIR`` and proven by ``ngp levels check DIR``.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from newgameplus.errors import NotFoundError, RomError, UsageError
from newgameplus.games.action_sets import resolved
from newgameplus.games.files import read_json_object
from newgameplus.games.folders import own_games
from newgameplus.games.levels import Level, find_split
from newgameplus.movies.bk2 import read_movie
from newgameplus.open_games.game_folder import bundled_base, num_states, write_game
from newgameplus.open_games.proof import checked, masks_of, par_path, write_par
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.course import COURSE
from newgameplus.open_games.tumbleweed.curated import SPLITS_FOLDER
from newgameplus.open_games.tumbleweed.generate import generate_level
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import pack_levels
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

FILE = Path(__file__).with_name("final.toml")
SPLIT = "tumbleweed-final"
ACTS_PER_ZONE = 4
NUM_LEVELS = ACTS_PER_ZONE * len(ZONE_NAMES)
NUM_TASKS = 2 * NUM_LEVELS + num_states(TUMBLEWEED, NUM_LEVELS)
"""How often :func:`write_final` reports: for each level drawn, started on each core, and proven."""
_MORE = 3
"""Least number of equal steps that ``final.toml`` writes as a run."""


@dataclass(frozen=True, slots=True)
class Final:
    """Content of ``final.toml``."""

    seed: int
    rom_sha1: str
    proofs: dict[str, tuple[int, ...]]
    """Name of each level, in the order of the ROM, to the actions of its course that reach the goal, one per step."""

    @property
    def game(self) -> str:
        """Name of the game."""
        return f"Tumbleweed-Final-{self.rom_sha1[:6]}-{TUMBLEWEED.console_name}"


def read_final() -> Final:
    """Read ``final.toml``."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    proofs = {name: decoded(steps) for name, steps in content["proofs"].items()}
    return Final(content["seed"], content["rom_sha1"], proofs)


def final_levels(seed: int, report: Callable[[], None] = lambda: None) -> list[Blueprint]:
    """Make the levels, in the order of the ROM."""
    drawn = []
    for act, zone in itertools.product(range(1, ACTS_PER_ZONE + 1), ZONE_NAMES):
        drawn.append(generate_level(zone, act, seed))
        report()
    return drawn


def final_rom(final: Final, report: Callable[[], None] = lambda: None) -> bytes:
    """Make the ROM.

    Raises:
        RomError: the game that comes with New Game Plus is damaged, or this version makes another ROM.
    """
    rom = pack_levels(bundled_base(TUMBLEWEED), final_levels(final.seed, report))
    made = hashlib.sha1(rom, usedforsecurity=False).hexdigest()
    if made != final.rom_sha1:
        raise RomError(
            f"The levels of {SPLIT} are a ROM with SHA-1 {final.rom_sha1}, and this version of New Game Plus makes one "
            f"with {made}: use the version that the split came with."
        )
    return rom


def write_final(report: Callable[[], None] = lambda: None) -> Path:
    """Make the game of the split, with its par movies, among the user's own games; return its folder.

    Args:
        report: called ``NUM_TASKS`` times.

    Raises:
        UsageError: it is there already.
        RomError: as :func:`final_rom`.
        EmulatorError: a level is not won by its proof.
        OSError: something cannot be written.
    """
    final = read_final()
    folder = own_games() / final.game
    if folder.exists():
        raise UsageError(f"The levels of {SPLIT} are there already, in {folder}.")
    rom = final_rom(final, report)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".final-", dir=folder.parent) as unfinished:
        game = Path(unfinished) / final.game
        game.mkdir()
        about = {"title": "Tumbleweed: final", "generator": {"seed": final.seed, "count": NUM_LEVELS}}
        write_game(TUMBLEWEED, game, rom, about, report=report)
        game.rename(folder)
    try:
        for name, plan in final.proofs.items():
            level = Level(final.game, name, TUMBLEWEED.scenario)
            write_par(checked(COURSE, level, list(plan), 0), par_path(level))
            report()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def encoded(steps: Sequence[int]) -> str:
    """Return steps as text: ``3*20 1`` for 20 times action 3 and then action 1."""
    parts = []
    for action, same in itertools.groupby(steps):
        count = len(list(same))
        parts += [f"{action}*{count}"] if count >= _MORE else [str(action)] * count
    return " ".join(parts)


def decoded(text: str) -> tuple[int, ...]:
    """Return the steps that :func:`encoded` wrote."""
    steps: list[int] = []
    for part in text.split():
        action, _, count = part.partition("*")
        steps += [int(action)] * int(count or 1)
    return tuple(steps)


def final_text(seed: int, rom_sha1: str, proofs: dict[str, tuple[int, ...]]) -> str:
    """Return the contents of ``final.toml``."""
    lines = [
        "# The levels of tumbleweed-final; written by python -m newgameplus.open_games.tumbleweed.final DIR.",
        f"seed = {seed}",
        f'rom_sha1 = "{rom_sha1}"',
        "",
        "[proofs]",
        *(f'"{name}" = "{encoded(plan)}"' for name, plan in proofs.items()),
    ]
    return "\n".join([*lines, ""])


def split_text(final: Final) -> str:
    """Return the contents of the split's file."""
    lines = [
        "# Written from open_games/tumbleweed/final.toml.",
        f'description = "{NUM_LEVELS} generated levels of Tumbleweed, on which agents are judged once, at the end."',
        'scenario = "contest"',
        'made_by = "ngp levels generate --final"',
        "levels = [",
        *(f'  "{final.game}/{name}",' for name in final.proofs),
        "]",
    ]
    return "\n".join([*lines, ""])


def _plan_of(level: Level) -> tuple[int, ...]:
    """Actions of a par movie, one per step."""
    pressed = read_movie(par_path(level)).masks[1 :: COURSE.rules.frames_per_step, 0].tolist()
    num_actions = len(resolved(COURSE.actions, level.integration.console).combos)
    combos = masks_of(COURSE, level, range(num_actions))[:: COURSE.rules.frames_per_step]
    return tuple(combos.index(mask) for mask in pressed)


def main(arguments: Sequence[str]) -> int:
    """Write ``final.toml`` and the split's file from a set that was made and proven."""
    split = find_split(arguments[0])
    if len(split.levels) != NUM_LEVELS:
        raise NotFoundError(f"The set has {len(split.levels)} levels, not {NUM_LEVELS}.")
    rom = split.levels[0].integration.rom()
    seed = int(read_json_object(rom.with_name("metadata.json"))["generator"]["seed"])
    sha1 = hashlib.sha1(rom.read_bytes(), usedforsecurity=False).hexdigest()
    FILE.write_text(final_text(seed, sha1, {level.state: _plan_of(level) for level in split.levels}), encoding="utf-8")
    (SPLITS_FOLDER / f"{SPLIT}.toml").write_text(split_text(read_final()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
