"""Change single bits of a movie and verify it: each change must be detected, or harmless.

Half of the bits are those of the file, which zip's CRC-32 guards; half are of the contents of the log, the start state,
``NewGamePlus.json`` and the marks, written anew with a CRC that is right. A change is harmless if the movie plays with
the same return and with the same memory at each mark and at the end.

Run: python -m benchmarks.movie_bits [--bits 10000] [--seconds 2]
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks.turns import add_tiny, parse, temporary_folder
from newgameplus.emulator.exactness import NOT_PLAY
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import NewGamePlusError
from newgameplus.games.levels import find_level
from newgameplus.movies.archive import Member, assemble
from newgameplus.movies.bk2 import EXTRA, LOG, STATE
from newgameplus.movies.marks import FRAMES_PER_MARK, MARKS
from newgameplus.movies.playback import Playback
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.movies.verify import verify_movie

LEVEL = "Airstriker-Genesis-v0/Level1"
FILE = "the file"
PLACES = (LOG, FILE, STATE, FILE, EXTRA, FILE, MARKS, FILE)
"""Where the bits are changed, one after the other."""
MISSED = "MISSED"


def record(folder: Path, num_frames: int, seed: int = 2018) -> Path:
    """Record an episode of random buttons, without those that lead to a menu, and return its movie."""
    env = RetroEnv(find_level(LEVEL), kind="none", listeners=[MovieRecorder(folder)])
    try:
        env.reset()
        in_play = sum(1 << bit for bit, name in enumerate(env.buttons) if name not in NOT_PLAY)
        for mask in np.random.default_rng(seed).integers(2 ** len(env.buttons), size=num_frames).tolist():
            env.advance(mask & in_play)
    finally:
        env.close()
    return next(folder.glob("*.bk2"))


def damaged(movie: Path, place: str, random: np.random.Generator) -> bytes:
    """Return the file with one bit changed, in all of it or in the content of one member."""
    if place == FILE:
        return with_changed_bit(movie.read_bytes(), random)
    with zipfile.ZipFile(movie) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members[place] = with_changed_bit(members[place], random)
    return assemble([Member.deflated(name, content) for name, content in members.items()])


def with_changed_bit(content: bytes, random: np.random.Generator) -> bytes:
    """Return ``content`` with one random bit changed."""
    changed = bytearray(content)
    at, bit = divmod(int(random.integers(8 * len(content))), 8)
    changed[at] ^= 1 << bit
    return bytes(changed)


def way_of(movie: Path) -> tuple[float, list[bytes]]:
    """Play a movie; return its return, and the memory at each mark and at the end."""
    with Playback(movie, is_shown=False) as playback:
        total, memories = 0.0, []
        for number, reward in enumerate(playback.rewards()):
            total += reward
            if number % FRAMES_PER_MARK == 0:
                memories.append(b"".join(playback.emulator.memory().values()))
        return total, [*memories, b"".join(playback.emulator.memory().values())]


def outcome_of(movie: Path, original: tuple[float, list[bytes]]) -> str:
    """Say what verifying a damaged movie comes to."""
    try:
        verdict = verify_movie(movie)
    except NewGamePlusError:
        return "refused"
    if verdict.differences:
        return "different"
    return "harmless" if way_of(movie) == original else MISSED


def count(movie: Path, num_bits: int, folder: Path, *, seed: int = 0) -> Counter[tuple[str, str]]:
    """Change ``num_bits`` bits, one at a time; return how often a place came to an outcome."""
    found: Counter[tuple[str, str]] = Counter()
    original, changed = way_of(movie), folder / "changed.bk2"
    for number in track(range(num_bits), "Changing bits"):
        place = PLACES[number % len(PLACES)]
        changed.write_bytes(damaged(movie, place, np.random.default_rng([seed, number])))
        outcome = outcome_of(changed, original)
        found[place, outcome] += 1
        if outcome == MISSED:
            (folder / f"missed-{number}.bk2").write_bytes(changed.read_bytes())
    return found


def main() -> None:
    """Change the bits and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bits", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of the movie")
    parser.add_argument("--seed", type=int, default=0)
    add_tiny(parser)
    arguments: Any = parse(parser, bits=len(PLACES))
    folder = temporary_folder()
    found = count(record(folder, round(60 * arguments.seconds)), arguments.bits, folder, seed=arguments.seed)
    for (place, outcome), number in sorted(found.items()):
        print(f"{place:20}{outcome:12}{number:8,}")
    missed = sum(number for (_, outcome), number in found.items() if outcome == MISSED)
    print(f"{arguments.bits:,} bits changed, {missed} changes missed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
