"""A program that damages files of one kind again and again, has each read, and tells of every error without words.

    python damage_files.py KIND FIRST LAST FOLDER

It prints a line for each damage that it begins with, so that a crash has a number, and ends with a JSON object: the
tracebacks, and the most memory that the process took, in MiB.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import random
import resource
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

LONGEST_SECONDS = 20
SPLICES = (
    b"", b"-1", b"1e999", b"NaN", b"null", b"true", b"[]", b"{}", b'"', b"\\ud800", b"\\u0000", b"\\u001b[2J", b"../..",
    b"9" * 5000, b"[" * 100_000, b'{"a":' * 5000, b"\n", b"\r", b"\0", b"\xff\xfe", b"-9223372036854775809",
)  # fmt: skip
"""What is put in the place of a part of a file."""


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return ``content`` with one to three damages."""
    for _ in range(chance.randint(1, 3)):
        begin = chance.randrange(len(content) + 1)
        end = min(len(content), begin + chance.choice((0, 1, 1, 2, 4, 16, 200)))
        kind = chance.randrange(6)
        if kind == 0:
            content = content[:begin]
        elif kind == 1:
            content = content[:begin] + content[end:]
        elif kind == 2:
            content = content[:end] + content[begin:]
        elif kind == 3:
            content = content[:begin] + chance.choice(SPLICES) + content[end:]
        elif kind == 4:
            content = content[:begin] + chance.randbytes(end - begin) + content[end:]
        elif begin < len(content):
            flipped = bytes([content[begin] ^ 1 << chance.randrange(8)])
            content = content[:begin] + flipped + content[begin + 1 :]
    return content


def quietly(*arguments: str) -> None:
    """Run ``ngp`` without its output, which must not hold a command to the terminal."""
    from newgameplus.cli.main import run

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        run(list(arguments))
    if "\x1b" in out.getvalue() + err.getvalue():
        raise AssertionError("A control character reached the terminal.")


def shipped() -> Path:
    """Folder of the free game."""
    from newgameplus.emulator.cores import stable_retro_folder

    return stable_retro_folder() / "data/stable/Airstriker-Genesis-v0"


class Roms:
    """ROMs that are asked about, and played for some frames."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = [shipped() / "rom.md"]

    def read(self, path: Path, content: bytes) -> None:
        """Import and play a damaged ROM."""
        from newgameplus.emulator.backends import open_emulator
        from newgameplus.games.catalogue import find_game

        damaged_rom = self.folder / "rom.md"
        damaged_rom.write_bytes(content)
        quietly("games", "import", str(damaged_rom), "--dry-run")
        emulator = open_emulator(damaged_rom, find_game("Airstriker-Genesis-v0").core())
        for _ in range(10):
            emulator.step((0,))
        emulator.screen()
        emulator.close()


class Movies:
    """Movies that are described."""

    def __init__(self, folder: Path) -> None:
        from newgameplus.envs.contest import make_contest
        from newgameplus.movies.recorder import MovieRecorder

        self.folder = folder
        env = make_contest("Airstriker-Genesis-v0/Level1", listeners=[MovieRecorder(folder / "movies")])
        env.reset(seed=0)
        for _ in range(20):
            env.step(env.action_space.sample())
        env.close()
        self.files = sorted((folder / "movies").iterdir())

    def read(self, path: Path, content: bytes) -> None:
        """Describe a damaged movie."""
        from newgameplus.movies.bk2 import read_movie

        movie = self.folder / "damaged.bk2"
        movie.write_bytes(content)
        quietly("movie", "info", str(movie))
        read_movie(movie)


class Integrations:
    """Games of which one file is damaged; they are described, and played if they can be."""

    def __init__(self, folder: Path) -> None:
        game = folder / "games" / "Odd-Genesis-v0"
        shutil.copytree(shipped(), game)
        (game / "script.lua").write_text("function reward() return data.score end")
        (game / "lua.json").write_text('{"reward": {"script": "lua:reward"}, "scripts": ["script.lua"]}')
        os.environ["NGP_GAMES"] = str(folder / "games")
        self.files = [path for path in sorted(game.iterdir()) if path.name != "rom.md"]

    def read(self, path: Path, content: bytes) -> None:
        """Describe and play a damaged game."""
        from newgameplus.envs.retro import RetroEnv
        from newgameplus.games.levels import find_level

        whole = path.read_bytes()
        path.write_bytes(content)
        try:
            quietly("games", "info", "Odd-Genesis-v0")
            env = RetroEnv(find_level("Odd-Genesis-v0/Level1", "lua" if "lua" in path.name else None))
            try:
                env.reset()
                for _ in range(3):
                    env.step(env.action_space.sample())
            finally:
                env.close()
        finally:
            path.write_bytes(whole)


class EvaluationFolders:
    """Results of which one file is damaged; they are reported and scored."""

    def __init__(self, folder: Path) -> None:
        os.environ["NGP_HOME"] = str(folder / "home")
        self.results, self.report = folder / "results", folder / "report.html"
        quietly(
            "evaluate", "random", "--split", "airstriker", "--episodes", "2", "--workers", "1", "--no-movies",
            "--results", str(self.results),
        )  # fmt: skip
        run = next(self.results.glob("levels/*/*"))
        self.files = [self.results / "manifest.json", self.results / "scores.json"]
        self.files += [run / "monitor.csv", run / "log.csv", run / "run.json"]

    def read(self, path: Path, content: bytes) -> None:
        """Report and score damaged results."""
        from newgameplus.contest.evaluation import plan_of, write_scores
        from newgameplus.results.evaluations import Results

        scores = (self.results / "scores.json").read_bytes()
        whole = path.read_bytes()
        path.write_bytes(content)
        try:
            quietly("report", str(self.results), "--no-videos", "--output", str(self.report))
            results = Results(self.results)
            write_scores(results, plan_of(results.manifest()))
        finally:
            path.write_bytes(whole)
            if path.name != "scores.json":
                (self.results / "scores.json").write_bytes(scores)


class Checkpoints:
    """Checkpoints whose damage their checksum does not tell."""

    def __init__(self, folder: Path) -> None:
        import numpy as np

        from newgameplus.results.checkpoints import save_state

        self.folder = folder
        state = {"format": 1, "agent": {"weights": np.arange(64.0), "steps": [1, 2.5, None], "name": "weights"}}
        save_state(folder / "whole.safetensors", state)
        self.files = [folder / "whole.safetensors"]

    def read(self, path: Path, content: bytes) -> None:
        """Read a damaged checkpoint."""
        import re
        import zlib

        from newgameplus.results.training_runs import agent_state

        blank = re.sub(rb'"crc32":"[0-9a-f]{8}"', b'"crc32":"00000000"', content)
        checksum = f'"crc32":"{zlib.crc32(blank):08x}"'.encode()
        checkpoint = self.folder / "damaged.safetensors"
        checkpoint.write_bytes(blank.replace(b'"crc32":"00000000"', checksum))
        agent_state(checkpoint)


KINDS: dict[str, Callable[[Path], Roms | Movies | Integrations | EvaluationFolders | Checkpoints]] = {
    "rom": Roms,
    "movie": Movies,
    "integration": Integrations,
    "results": EvaluationFolders,
    "checkpoint": Checkpoints,
}


def main(kind: str, first: int, last: int, folder: Path) -> None:
    """Make the damages ``first`` to ``last``, have each read, and print what was found."""
    from newgameplus.errors import NewGamePlusError

    reader = KINDS[kind](folder)
    contents = {path: path.read_bytes() for path in reader.files}
    tracebacks = []
    for number in range(first, last):
        print(number, flush=True)  # noqa: T201 - output of a program
        chance = random.Random(f"{kind} {number}")
        path = chance.choice(reader.files)
        faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
        try:
            reader.read(path, damaged(contents[path], chance))
        except NewGamePlusError:
            pass
        except BaseException:
            tracebacks.append(f"{number} {path.name}: {traceback.format_exc()}")
        faulthandler.cancel_dump_traceback_later()
    print(json.dumps({"tracebacks": tracebacks, "peak_mib": peak_mib()}))  # noqa: T201 - output of a program


def peak_mib() -> float:
    """Peak memory of this program; Linux counts that of the process which started it into ``ru_maxrss``."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
