"""The question of the contest: does what was learned on 47 levels help on 11 others? One command for each row.

    python -m benchmarks.runs.transfer pretrain ppo --steps 5000000    learn on tumbleweed-train, into runs/transfer/ppo
    python -m benchmarks.runs.transfer row ppo-joint --seed 0          be judged on tumbleweed-validation
    python -m benchmarks.runs.transfer all --steps 50000 --one-commit  play every row that is not published yet
    python -m benchmarks.runs.transfer table                           write docs/transfer.md from what is published

``pretrain`` is ``ngp train`` and ``row`` is ``ngp evaluate`` with the settings below; what stands after ``--`` is
handed to them (``-- --device cuda``). Both go on where they were stopped when the same command is given again. ``row
rainbow --steps 50000 --first-of 100000`` publishes the first half of a row that is there, without playing it again. A
row becomes one small file in benchmarks/results, one for each seed.

``all`` plays one row after another, all first seeds before the second ones, and may be killed at any time: the same
command goes on. It passes over what is published, and rows whose weights are not there or that no person has played yet
(``row human`` says how); ``--one-commit`` plays again what other commits have published. The page is not written
meanwhile, so that the checkout stays what its commit says. The rows are in benchmarks/transfer_rows.py. A row that is
judged after a number of steps of its joint training takes what that run has kept (``pretrain ppo --steps 4000000 --
--keep-at 500k``), or else the first checkpoint after that, in any folder of the run.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.transfer_page import write_page
from benchmarks.transfer_rows import ROWS, Row, steps_of
from benchmarks.turns import RESULTS, keep
from newgameplus.contest.comparison import learning_curve
from newgameplus.games.levels import Level
from newgameplus.results.checkpoints import load_state
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor
from newgameplus.results.training_runs import TrainingFolder, checkpoint_at, manifest_of
from newgameplus.training.seeds import split_seed

TRAINING_SPLIT, JUDGED_SPLIT = "tumbleweed-train", "tumbleweed-validation"
RUNS, WORK = Path("runs/transfer"), Path("results/transfer")
LEARNERS = {
    "ppo": ("--preset", "joint", "--episode-steps", "1500"),
    "rainbow": ("--preset", "tuned", "--episode-steps", "1500"),
    "experts": ("--preset", "tuned", "--episode-steps", "1500"),
}
"""Name of each agent that learns beforehand to how it does: nobody needs 1,500 steps to win a level, and who is stuck
for longer sees nothing new."""
BUDGETLESS = ("random", "rainbow")
"""Agents that do not know how long they are judged, so that a short evaluation is the beginning of a long one."""
BEGINS_WITH = {"experts": "ppo"}
"""Name of each agent that does not begin to learn from nothing to the one whose run it takes up."""


def pretrain(arguments: argparse.Namespace, extra: list[str]) -> None:
    """Learn on the training levels, or go on with that."""
    folder = arguments.run or RUNS / arguments.agent
    run = TrainingFolder(folder)
    if run.exists():
        plan = run.manifest()
        if (plan["total_steps"], plan["seed"]) != (arguments.steps, arguments.seed):
            sys.exit(
                f"{folder} was begun with {plan['total_steps']} steps and seed {plan['seed']}; give another --run."
            )
        ngp(["train", "--resume", "--run", str(folder)])
        return
    options = ["--split", arguments.split, "--steps", str(arguments.steps), "--seed", str(arguments.seed)]
    if arguments.init or arguments.agent in BEGINS_WITH:
        options += ["--init", str(arguments.init or RUNS / BEGINS_WITH[arguments.agent])]
    ngp(["train", arguments.agent, *LEARNERS[arguments.agent], *options, "--run", str(folder), *extra])


def judge(arguments: argparse.Namespace, extra: list[str]) -> None:
    """Judge a row's agent, or go on with that, and publish what came out."""
    row, num_steps = ROWS[arguments.row], arguments.first_of or arguments.steps
    if num_steps < arguments.steps or (arguments.first_of and row.agent not in BUDGETLESS):
        sys.exit(f"--first-of takes more steps than --steps, and only rows of {' and '.join(BUDGETLESS)}.")
    results = results_of(arguments.row, arguments.work, num_steps, arguments.seed)
    if not row.is_played_by_hand:
        init = arguments.init or row.init(arguments.runs)
        ngp([*evaluation(row, init, arguments, num_steps), "--results", str(results.path), *resuming(results), *extra])
    elif not results.is_complete():
        options = f"--split {arguments.split} --timesteps {num_steps} --seed {arguments.seed} --results {results.path}"
        sys.exit(f"A person plays this row to its end first: ngp play --rules contest {options}")
    result = gather(arguments.row, results, arguments.steps)
    if is_published(result, arguments.results):
        print(f"{arguments.row}: {result['score']:.1f}; published before, so nothing is written.")
        return
    folder = keep(result, f"transfer_{arguments.row}", arguments.results)
    print(f"{arguments.row}: {result['score']:.1f}; written to {folder}", flush=True)


def judge_all(arguments: argparse.Namespace, extra: list[str]) -> None:
    """Judge every row that is not published, one at a time."""
    commit = current_commit() if arguments.one_commit else None
    work = arguments.work / commit if commit else arguments.work
    names = arguments.rows or list(ROWS)
    for seed in range(arguments.seeds or max(row.num_seeds for row in ROWS.values())):
        for name in names:
            row = ROWS[name]
            init = row.init(arguments.runs)
            if seed >= (arguments.seeds or row.num_seeds):
                continue
            if was_published(name, arguments.steps, seed, arguments.results, commit):
                print(f"{name}, seed {seed}: published.", flush=True)
            elif init is not None and not init.exists():
                print(f"{name}, seed {seed}: left out, because there is no {init}.", flush=True)
            elif row.is_played_by_hand and not results_of(name, arguments.work, arguments.steps, seed).is_complete():
                print(f"{name}, seed {seed}: left out, because no person has played it to its end.", flush=True)
            else:
                one = copy.copy(arguments)
                one.work = arguments.work if row.is_played_by_hand else work
                one.row, one.seed, one.init, one.first_of = name, seed, None, None
                judge(one, extra)


def results_of(row: str, work: Path, num_steps: int, seed: int) -> Results:
    """Return the results directory of a row, there or not."""
    return Results(work / f"{row}-{num_steps}-seed-{seed}")


def evaluation(row: Row, init: Path | None, arguments: argparse.Namespace, num_steps: int) -> list[str]:
    """Return the arguments of ``ngp`` that judge a row, without where the results go."""
    options = ["evaluate", row.agent, "--split", arguments.split, "--timesteps", str(num_steps)]
    options += ["--seed", str(arguments.seed), "--no-movies", *row.options]
    if row.preset is not None:
        options += ["--preset", row.preset]
    if init is not None:
        options += ["--init", str(init)]
    if row.is_frozen:
        options.append("--frozen")
    if arguments.workers:
        options += ["--workers", str(arguments.workers)]
    return options


def resuming(results: Results) -> list[str]:
    """Return the option that goes on with results that are there."""
    return ["--resume"] if results.manifest_path.is_file() else []


def current_commit() -> str:
    """Return the commit that is checked out, short, with ``+`` where it has been changed."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def ngp(arguments: list[str]) -> None:
    """Run ``ngp`` and end with it where it fails."""
    command = [sys.executable, "-m", "newgameplus", *arguments]
    code = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if code:
        sys.exit(code)


def gather(name: str, results: Results, num_steps: int) -> dict[str, Any]:
    """Return what is published of the first steps, or all, of an evaluation with one seed."""
    manifest, scores = results.manifest(), results.scores()
    if not scores["is_complete"]:
        sys.exit(f"{results.path} is not complete; give the same command again to go on.")
    (seed,), is_whole = manifest["seeds"], num_steps == manifest["rules"]["max_timesteps"]
    levels = {line["state"]: level_of(results, line, seed, num_steps) for line in manifest["levels"]}
    return {
        "figure": "transfer",
        "row": name,
        "created": manifest["created"],
        "command": ["python", "-m", "benchmarks.runs.transfer", *sys.argv[1:]],
        "agent": manifest["agent"],
        "is_frozen": manifest["is_frozen"],
        "init": manifest["init"] and origin(Path(manifest["init"]["path"])),
        "split": manifest["split"],
        "rules": manifest["rules"],
        "num_steps": num_steps,
        "seed": seed,
        "score": scores["score"]["mean"] if is_whole else sum(line["score"] for line in levels.values()) / len(levels),
        "levels": levels,
        "git_commit": manifest["git_commit"],
        "machine": manifest["machine"],
    }


def is_published(result: dict[str, Any], results: Path) -> bool:
    """Whether this very evaluation is among the results."""
    found = [json.loads(path.read_text()) for path in results.glob(f"*_transfer_{result['row']}*/result.json")]
    parts = ("row", "created", "seed", "num_steps")
    return any(all(other[part] == result[part] for part in parts) for other in found)


def was_published(name: str, num_steps: int, seed: int, results: Path, commit: str | None) -> bool:
    """Whether a row with a seed is among the results, by the code of ``commit`` if that is not None."""
    found = [json.loads(path.read_text()) for path in results.glob("*_transfer_*/result.json")]
    return any(
        (other["row"], other["num_steps"], other["seed"]) == (name, num_steps, seed)
        and (commit is None or str(other["git_commit"]).startswith(commit))
        for other in found
    )


def level_of(results: Results, line: dict[str, str], seed: int, num_steps: int) -> dict[str, Any]:
    """Return what is published of the first steps, or all, of one level: of the episodes that ended by then."""
    level = Level(line["game"], line["state"], line["scenario"])
    episodes, end = [], 0
    for episode in read_monitor(results.run(level.folder_name, seed).monitor):
        end += episode.num_steps
        if end <= num_steps:
            episodes.append(episode)
    if not episodes:
        sys.exit(f"No episode of {level} ended within {num_steps:,} steps.")
    returns = [episode.episode_return for episode in episodes]
    means = learning_curve([(episode.num_steps, episode.episode_return) for episode in episodes], num_steps).tolist()
    return {
        "score": round(sum(returns) / len(returns), 2),
        "num_episodes": len(returns),
        "best": round(max(returns), 1),
        "curve": [None if math.isnan(mean) else round(mean, 1) for mean in means],
        "wall_seconds": episodes[-1].elapsed_seconds,
        "seeds_of_world_and_agent": list(split_seed(seed, level)),
    }


def origin(checkpoint: Path) -> dict[str, Any]:
    """Return where weights come from: the checkpoint, the run that it is of, and what that run began with."""
    plan = manifest_of(checkpoint)
    before = plan and plan["init"]
    tracker = load_state(checkpoint).get("tracker")
    return {
        "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        "num_steps": tracker["num_steps"] if tracker else steps_of(checkpoint),
        "plan": plan and {name: value for name, value in plan.items() if name != "init"},
        "init": before and origin(checkpoint_at(Path(before))),
    }


def _parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = options.add_subparsers(dest="command", required=True)
    learn = commands.add_parser("pretrain", help="learn on the training levels")
    learn.add_argument("agent", choices=LEARNERS)
    learn.add_argument("--steps", type=int, required=True, help="agent steps, of all levels together")
    learn.add_argument("--split", default=TRAINING_SPLIT)
    learn.add_argument("--init", type=Path, help="the run to begin with; of experts by default runs/transfer/ppo")
    learn.add_argument("--run", type=Path, help="where to write; by default runs/transfer/AGENT")
    row = commands.add_parser("row", help="judge one row and publish it")
    row.add_argument("row", choices=ROWS)
    row.add_argument("--first-of", type=int, help="publish the first --steps of a row of so many")
    row.add_argument("--init", type=Path, help="what a joint row begins with; by default runs/transfer/AGENT")
    every = commands.add_parser("all", help="judge every row that is not published, one at a time")
    every.add_argument("--rows", nargs="+", choices=ROWS, help="these rows, in this order")
    every.add_argument("--seeds", type=int, help="so many seeds of each row; by default what the row should have")
    every.add_argument("--one-commit", action="store_true", help="play again what other commits have published")
    for command in (row, every):
        command.add_argument("--steps", type=int, default=100_000, help="agent steps per level")
        command.add_argument("--split", default=JUDGED_SPLIT)
        command.add_argument("--workers", type=int, help="levels side by side; by default one per core")
        command.add_argument("--work", type=Path, default=WORK, help="where the evaluations lie")
        command.add_argument("--runs", type=Path, default=RUNS, help="where the training runs lie")
    for command in (learn, row):
        command.add_argument("--seed", type=int, default=0)
    table = commands.add_parser("table", help="write docs/transfer.md and its pictures")
    for command in (row, every, table):
        command.add_argument("--results", type=Path, default=RESULTS, help="where the published results lie")
    return options


def main() -> None:
    """Do one of the four."""
    typed = sys.argv[1:]
    end = typed.index("--") if "--" in typed else len(typed)
    arguments, extra = _parser().parse_args(typed[:end]), typed[end + 1 :]
    if arguments.command == "pretrain":
        pretrain(arguments, extra)
    elif arguments.command == "row":
        judge(arguments, extra)
    elif arguments.command == "all":
        judge_all(arguments, extra)
    else:
        write_page(arguments.results)


if __name__ == "__main__":
    main()
