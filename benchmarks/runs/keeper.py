"""The keeper beside JERK, and without each of its parts, on generated levels; and where its episodes end.

    python -m benchmarks.runs.keeper play                 play what is not yet in the work folder, and publish all of it
    python -m benchmarks.runs.keeper ends --of RESULTS    publish how the episodes of an evaluation ended
    python -m benchmarks.runs.keeper table                write the tables of docs/agents/keeper.md from the results

Every way plays all levels side by side under the contest's rules, a row on each level and seed; rows are independent,
so that each is a contest of its own. The score of a row is the mean return of all its episodes.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.jerk_page import table, with_block
from benchmarks.runs.jerk_tuning import Outcome, described
from benchmarks.runs.ways import generated_levels
from benchmarks.turns import TINY, median_and_interval, parse, parser, publish, temporary_folder
from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import Level, find_split
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor
from newgameplus.training.loop import play
from newgameplus.training.worlds import WorldPlan, make_world

LEVELS_SEED = 4302
PAGE = Path(__file__).parent.parent.parent / "docs" / "agents" / "keeper.md"
FINISHED_RETURN = 9_000.0
"""Return that only an episode has which reached the goal."""
WAYS: dict[str, Sequence[str]] = {
    "jerk, returning": ("jerk", "returning"),
    "jerk, improved": ("jerk", "improved"),
    "keeper": ("keeper", "default"),
    "keeper without pictures": ("keeper", "default", "gray_unit=1e9"),
    "keeper that never varies": ("keeper", "default", "vary_share=0", "least_vary_share=0"),
    "keeper that looks 20 steps ahead": ("keeper", "default", "horizon_steps=20"),
}
"""Agent, preset and changed fields of each way; the others are compared with the first."""

Row = list[tuple[int, float]]
"""Step at which each episode of a row ended, and its return."""


def judge(way: Sequence[str], levels: Sequence[Level], num_steps: int, seed: int) -> list[Row]:
    """Play every level in a row of its own; return their episodes."""
    name, preset, *fields = way
    agent_class = find_agent(name)
    config = configure(agent_class, preset, dict(field.split("=", 1) for field in fields))
    rows: list[Row] = [[] for _ in levels]
    total = np.zeros(len(levels))
    with closing(make_world(WorldPlan(tuple(levels)), agent_class.specs(config), len(levels))) as world:
        agent = agent_class(config, world_spec(world, num_timesteps=num_steps), seed)
        turns = play(agent, world, seed=seed + 1000)
        for step in range(1, num_steps + 1):
            done = next(turns).step
            total += done.reward
            for row in np.flatnonzero(done.done).tolist():
                rows[row].append((step, float(total[row])))
                total[row] = 0.0
    return rows


def outcomes(levels: Sequence[Level], seeds: Sequence[list[Row]], num_steps: int) -> dict[str, Outcome]:
    """Return what a way came to, the mean over its seeds, by the state of the level."""
    found = {}
    for number, level in enumerate(levels):
        runs = [_outcome(rows[number], num_steps) for rows in seeds]
        found[level.state] = Outcome(*(statistics.fmean(values) for values in zip(*runs, strict=True)))
    return found


def _outcome(row: Row, num_steps: int) -> tuple[float, float, float]:
    if not row:
        return 0.0, 0.0, 0.0
    returns = [total for _, total in row]
    return statistics.fmean(returns), statistics.fmean(late(row, num_steps)), max(returns)


def late(row: Row, num_steps: int) -> list[float]:
    """Return the returns of the episodes that ended in the last tenth of the steps; of the last one if there are none.

    Args:
        row: at least one episode.
        num_steps: steps of the run.
    """
    return [total for step, total in row if step > 0.9 * num_steps] or [row[-1][1]]


def ended(row: Row, num_steps: int) -> dict[str, float]:
    """Return what a row of at least one episode came to, and how the episodes of its last tenth ended.

    ``finished`` is the share of those that reached the goal, ``failed`` the median return of the others (0 if there are
    none), ``first`` the step at which an episode first reached the goal (the run's length if none did).
    """
    score, last_tenth, best = _outcome(row, num_steps)
    totals = late(row, num_steps)
    failed = [total for total in totals if total < FINISHED_RETURN]
    return {
        "score": score,
        "last_tenth": last_tenth,
        "best": best,
        "num_episodes": len(row),
        "finished": 1 - len(failed) / len(totals),
        "failed": statistics.median(failed) if failed else 0.0,
        "first": next((step for step, total in row if total >= FINISHED_RETURN), num_steps),
    }


def ends(results: Results) -> dict[str, Any]:
    """Return how the episodes of an evaluation with one seed ended, level by level."""
    manifest = results.manifest()
    num_steps, (seed,) = manifest["rules"]["max_timesteps"], manifest["seeds"]
    levels = {}
    for line in manifest["levels"]:
        level = Level(line["game"], line["state"], line["scenario"])
        episodes = list(read_monitor(results.run(level.folder_name, seed).monitor))
        steps = np.cumsum([episode.num_steps for episode in episodes]).tolist()
        totals = [episode.episode_return for episode in episodes]
        levels[level.state] = ended(list(zip(steps, totals, strict=True)), num_steps)
    return {
        "figure": "keeper_ends",
        "what": f"Episodes of the keeper on {manifest['split']}, {num_steps:,} steps a level",
        "unit": "median of the levels",
        "num_rounds": 1,
        "created": manifest["created"],
        "num_steps": num_steps,
        "sides": {
            name: median_and_interval([level[name] for level in levels.values()])
            for name in ("score", "last_tenth", "best")
        },
        "ratios": [],
        "levels": levels,
    }


def kept(path: Path, way: Sequence[str], levels: Sequence[Level], num_steps: int, seed: int) -> list[Row]:
    """Return the episodes of a way and seed, played unless the work folder holds them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        path.write_text(json.dumps(judge(way, levels, num_steps, seed)))
    rows: list[Row] = json.loads(path.read_text())
    return rows


def table_of_ends(result: Mapping[str, Any]) -> str:
    """Return how the episodes ended, level by level, as Markdown."""
    heads = ["level", "score", "last tenth", "best episode", "episodes", "at the goal first", "of the last tenth"]
    heads.append("median return of its others")
    lines = [f"{result['what']}:", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for state, end in result["levels"].items():
        cells = [state, *(f"{end[name]:,.0f}" for name in ("score", "last_tenth", "best", "num_episodes"))]
        cells += ["never" if end["best"] < FINISHED_RETURN else f"step {end['first']:,.0f}", f"{end['finished']:.0%}"]
        cells.append(f"{end['failed']:,.0f}" if end["finished"] < 1 else "")
        lines.append(f"| {' | '.join(cells)} |")
    names = ("score", "last_tenth", "best", "num_episodes", "finished")
    mean = {name: statistics.fmean(end[name] for end in result["levels"].values()) for name in names}
    cells = ["mean", *(f"{mean[name]:,.0f}" for name in names[:-1]), "", f"{mean['finished']:.0%}", ""]
    lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def write_page(results: Path, page: Path = PAGE) -> None:
    """Write the newest result of every number of steps, and of an evaluation, into the page."""
    text = page.read_text(encoding="utf-8")
    for name, pattern, write in (("ways", "keeper_[0-9]*", table), ("ends", "keeper_ends*", table_of_ends)):
        found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob(f"*_{pattern}/result.json")]
        newest = {each["num_steps"]: each for each in sorted(found, key=lambda each: str(each["created"]))}
        tables = [write(newest[num_steps]) for num_steps in sorted(newest)]
        text = with_block(text, name, "\n".join(tables) or "There are no results yet.\n")
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Play, or write the tables."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("what", choices=("play", "ends", "table"), nargs="?", default="play")
    options.add_argument("--steps", type=int, default=30_000, help="agent steps on each level")
    options.add_argument("--levels", type=int, default=8, help="how many, one of each zone first")
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--ways", type=int, help="only the first so many")
    options.add_argument("--of", type=Path, help="results of an evaluation with one seed")
    options.add_argument("--split", help="where to play; by default levels that are generated for this purpose")
    work = temporary_folder() if TINY in sys.argv else Path("results/keeper")
    options.add_argument("--work", type=Path, default=work, help="where the episodes of each way are kept")
    arguments = parse(options, steps=40, levels=1, ways=3)
    if arguments.what == "table":
        write_page(arguments.results)
        return
    if arguments.what == "ends":
        publish(ends(Results(arguments.of)), arguments.results)
        return
    split = arguments.split or str(generated_levels(arguments.work / "levels", arguments.levels, LEVELS_SEED))
    levels = find_split(split).levels
    place = arguments.work / f"{Path(split).name}-{len(levels)}-{arguments.steps}"
    ways = dict(list(WAYS.items())[: arguments.ways])
    played = {
        way: [
            kept(place / f"{way}-{seed}.json", ways[way], levels, arguments.steps, seed)
            for seed in range(arguments.seeds)
        ]
        for way in ways
    }
    found = {way: outcomes(levels, seeds, arguments.steps) for way, seeds in played.items()}
    result = described("keeper", [split], arguments.steps, found, arguments.seeds)
    result |= {
        "figure": f"keeper_{arguments.steps}",
        "what": f"Score on {len(levels)} levels ({Path(split).name}), {arguments.steps:,} steps a level, "
        f"seeds: {arguments.seeds}",
        "ways": {way: list(parts) for way, parts in ways.items()},
        "seed_of_levels": None if arguments.split else LEVELS_SEED,
    }
    publish(result, arguments.results)


if __name__ == "__main__":
    main()
