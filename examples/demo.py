"""One minute with New Game Plus: evaluate an agent on a free game, look at its best episode, read the report.

Run by ``make demo``. Everything that it writes lies in ``demo/``.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

FOLDER = Path("demo")


def main() -> int:
    """Evaluate, render, report, and say what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timesteps", type=int, default=15_000, help="agent steps per seed (default: 15000)")
    timesteps = parser.parse_args().timesteps
    results = next_folder(FOLDER)
    say(
        "JERK, the simplest agent of the 2018 Retro Contest, now plays Airstriker, a free Mega Drive shooter. It never "
        "looks at the screen: it tries random moves and repeats what paid off. The contest's clumsy controller (a "
        "quarter of all actions come a frame late) makes sure that repeating is not enough."
    )
    ngp("evaluate", "jerk", "--split", "airstriker", "--timesteps", str(timesteps), "--seeds", "2",
        "--results", str(results))  # fmt: skip
    say("Every episode was recorded as the buttons that were held. Here the best one is played again, into a video.")
    movie, best = best_episode(results)
    ngp("movie", "render", str(movie), "-o", str(results), "--scale", "2", "--overwrite")
    say("Last, one web page with everything in it:")
    ngp("report", str(results), "-o", str(results / "report.html"))
    scores = json.loads((results / "scores.json").read_text())["score"]
    low, high = scores["interval"] or (scores["mean"], scores["mean"])
    say(
        f"Done. JERK's score is {scores['mean']:.1f}: the mean return of all its episodes, good and bad, over two "
        f"seeds ({low:.1f} to {high:.1f}). Its best episode reached {best:.0f}.\n\n"
        f"  Report   {results / 'report.html'}   (open it in a browser)\n"
        f"  Video    {results / movie.with_suffix('.mp4').name}\n"
        f"  Numbers  {results / 'scores.json'}\n\n"
        "Next: ngp evaluate random --split airstriker --timesteps 10000, then put both in one report; "
        "ngp games import PATH for games of your own; docs/index.md for the rest."
    )
    return 0


def next_folder(parent: Path) -> Path:
    """Return a folder below ``parent`` that is not there yet, so that a second run keeps the first."""
    number = 1
    while (folder := parent / f"run-{number}").exists():
        number += 1
    return folder


def best_episode(results: Path) -> tuple[Path, float]:
    """Return the movie of the episode with the highest return, and that return."""
    (level,) = json.loads((results / "scores.json").read_text())["levels"]
    run = max(level["runs"], key=lambda run: run["best"])
    folder = results / "levels" / level["id"].replace("/", "-") / f"seed-{run['seed']}" / "bk2"
    return next(folder.glob(f"*-{run['best_episode']:06d}.bk2")), run["best"]


def ngp(*arguments: str) -> None:
    """Show a command and run it; where it fails, the demo ends with its exit code."""
    print(f"\n$ ngp {shlex.join(arguments)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "newgameplus", *arguments], check=False).returncode
    if code:
        raise SystemExit(code)


def say(text: str) -> None:
    """Tell the reader something."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
