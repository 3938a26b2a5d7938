"""One minute with New Game Plus: evaluate an agent on levels it has never seen, render its best episode, make a report.

Run by ``make demo``. All output is in ``demo/``.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path("demo")


def main() -> int:
    """Evaluate, render, report, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timesteps", type=int, default=15_000, help="agent steps per level (default: 15000)")
    timesteps = parser.parse_args().timesteps
    results = next_folder(FOLDER)
    say(
        "JERK, the simplest agent of the 2018 Retro Contest, now plays the 11 validation levels of Tumbleweed, our own "
        "Mega Drive game. It never looks at the screen: it tries random moves and repeats what paid off. The contest's "
        "clumsy controller (a quarter of all actions come a frame late) makes sure that repeating is not enough."
    )
    ngp("evaluate", "jerk", "--timesteps", str(timesteps), "--results", str(results))
    say("Every episode was recorded as the buttons that were held. Here the best one is played again, into a video.")
    movie, best = best_episode(results)
    ngp("movie", "render", str(movie), "-o", str(results), "--scale", "2", "--overwrite")
    say("Last, one web page with everything in it:")
    ngp("report", str(results), "-o", str(results / "report.html"))
    scores = json.loads((results / "scores.json").read_text())["score"]
    say(
        f"Done. JERK's score is {scores['mean']:.1f} of 10,000: the mean return of all episodes, good and bad, over "
        f"{len(levels_of(results))} levels. Its best episode reached {best:.0f}.\n\n"
        f"  Report   {results / 'report.html'}   (open it in a browser)\n"
        f"  Video    {results / movie.with_suffix('.mp4').name}\n"
        f"  Numbers  {results / 'scores.json'}\n\n"
        f"{what_next(results)}"
    )
    return 0


def what_next(results: Path) -> str:
    """Return commands that work as they are typed, in this order, in the folder of the demo."""
    other = next_folder(FOLDER, "random")
    activation = Path(sys.prefix) / "bin" / "activate"
    commands = {
        f"source {shlex.quote(str(shortest(activation)))}": "once in each terminal; then ngp is a command",
        f"ngp evaluate random --timesteps 5000 --results {other}": "the least that an agent can do",
        f"ngp report {results} {other} -o {other}/report.html": "both on one page",
        "ngp --help": "the rest; the guide begins in docs/index.md",
        "make install": "adds the window of ngp play, the learners of ngp train and the tests (2 GB)",
    }
    return "Next:\n\n" + "\n".join(f"  {command}\n      {what}" for command, what in commands.items())


def shortest(path: Path) -> Path:
    """Return the path from here, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def next_folder(parent: Path, stem: str = "run") -> Path:
    """Return a new folder below ``parent``, so that a second run keeps the first."""
    number = 1
    while (folder := parent / f"{stem}-{number}").exists():
        number += 1
    return folder


def best_episode(results: Path) -> tuple[Path, float]:
    """Return the movie of the episode with the highest return, and that return."""
    level, run = max(
        ((level, run) for level in levels_of(results) for run in level["runs"] if run["best"] is not None),
        key=lambda pair: pair[1]["best"],
    )
    folder = results / "levels" / level["id"].replace("/", "-") / f"seed-{run['seed']}" / "bk2"
    return next(folder.glob(f"*-{run['best_episode']:06d}.bk2")), run["best"]


def levels_of(results: Path) -> list[dict[str, Any]]:
    """Return the levels' entries in ``scores.json``."""
    levels: list[dict[str, Any]] = json.loads((results / "scores.json").read_text())["levels"]
    return levels


def ngp(*arguments: str) -> None:
    """Print a command and run it; if it fails, the demo ends with its exit code."""
    print(f"\n$ ngp {shlex.join(arguments)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "newgameplus", *arguments], check=False).returncode
    if code:
        raise SystemExit(code)


def say(text: str) -> None:
    """Print a text."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
