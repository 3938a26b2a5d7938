"""Proves that every level of Tumbleweed can be finished, and writes the par movies.

A level whose movie still reaches the goal is left alone, so a run that was stopped goes on where it was.

    python benchmarks/runs/tumbleweed_par.py                    # all levels that come with New Game Plus
    python benchmarks/runs/tumbleweed_par.py --levels Mesa.Act1 Frost.Act2 --again --seed 3
    python benchmarks/runs/tumbleweed_par.py --game MyLevels-Genesis-v0 --processes 8
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.turns import add_tiny, parse
from newgameplus.errors import MovieError, NewGamePlusError
from newgameplus.executor.interface import Returned, Task, Tell
from newgameplus.executor.local import LocalExecutor, available_cores
from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import Level, levels_of
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.record import episode_record
from newgameplus.open_games.proof import (
    MAX_SEARCH_STEPS,
    UnprovenError,
    par_path,
    prove,
    verify_par,
    write_par,
)
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED

PAR_SCORE = 9000
"""The least that the contest gives for reaching the goal."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table."""

    level: str
    text: str
    is_proven: bool


def line_of(level: Level, tell: Tell, *, seeds: Sequence[int], max_steps: int, again: bool) -> Line:
    """Prove one level, unless its movie still does, and say how; of several searches the fastest way is kept."""
    del tell
    path = par_path(level)
    try:
        if not again and path.is_file():
            return kept(level, path)
    except MovieError:
        pass  # recorded from another ROM or start: prove the level anew
    start = time.perf_counter()
    try:
        proofs = [prove(TUMBLEWEED.course, level, seed=seed, max_steps=max_steps, num_threads=1) for seed in seeds]
        proof = min(proofs, key=lambda proof: proof.num_frames)
        write_par(proof, path)
        verify_par(TUMBLEWEED.course, level, path)
    except UnprovenError as error:
        done, seconds = error.progress, time.perf_counter() - start
        missing = f"unproven, stopped {done.goal - done.furthest} px before {done.goal}"
        return Line(level.state, row(level, missing, "", done.num_steps, seconds), is_proven=False)
    except NewGamePlusError as error:
        return Line(level.state, f"{level.state:16} {error}", is_proven=False)
    num_steps = sum(proof.num_steps for proof in proofs)
    text = row(level, proof.num_frames, f"{proof.score:.0f}", num_steps, time.perf_counter() - start)
    return Line(level.state, text, proof.score >= PAR_SCORE)


def kept(level: Level, path: Path) -> Line:
    """The line of a movie that is there; playing it raises MovieError when it proves nothing."""
    num_frames = verify_par(TUMBLEWEED.course, level, path)
    score = episode_record(read_movie(path).extra, str(path)).episode_return or 0.0
    return Line(level.state, row(level, num_frames, f"{score:.0f}", "kept", 0.0), score >= PAR_SCORE)


def row(level: Level, frames: object, score: str, steps: object, seconds: float) -> str:
    """One line in columns."""
    return f"{level.state:16} {frames!s:>8} {score:>7} {steps!s:>10} {seconds:8.1f}"


def chosen_levels(game: str, names: Sequence[str]) -> tuple[Level, ...]:
    """All levels of a game, or those that are named."""
    levels = levels_of(find_game(game))
    unknown = set(names) - {level.state for level in levels}
    if unknown:
        sys.exit(f"{game} has no level {sorted(unknown)[0]}.")
    return tuple(level for level in levels if not names or level.state in names)


def main() -> int:
    """Run it; exit code 1 when a level stays unproven."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--game", default=TUMBLEWEED.name, help="the game whose levels are proven")
    options.add_argument("--levels", nargs="*", default=[], help="names of levels; all when none is named")
    options.add_argument("--processes", type=int, default=available_cores(), help="levels that are proven at a time")
    options.add_argument("--seed", type=int, default=0, help="of the first search")
    options.add_argument("--searches", type=int, default=1, help="per level; the fastest way found is kept")
    options.add_argument("--max-steps", type=int, default=MAX_SEARCH_STEPS, help="steps of the search in one level")
    options.add_argument("--again", action="store_true", help="prove anew what is proven")
    add_tiny(options)
    chosen = parse(options, levels=["Mesa.Act1"], processes=1)
    levels = chosen_levels(chosen.game, chosen.levels)
    seeds = range(chosen.seed, chosen.seed + chosen.searches)
    work = functools.partial(line_of, seeds=seeds, max_steps=chosen.max_steps, again=chosen.again)
    print(f"{'level':16} {'frames':>8} {'score':>7} {'steps':>10} {'seconds':>8}")
    start, num_proven = time.perf_counter(), 0
    with closing(LocalExecutor[Level](chosen.processes)) as executor:
        for level in levels:
            executor.submit(Task(work, level))
        for event in executor.events():
            if isinstance(event, Returned):
                print(event.result.text, flush=True)
                num_proven += event.result.is_proven
    print(f"{num_proven} of {len(levels)} levels are proven, in {time.perf_counter() - start:.0f} s.")
    return 0 if num_proven == len(levels) else 1


if __name__ == "__main__":
    sys.exit(main())
