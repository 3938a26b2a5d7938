"""What the search agents find on levels without random delays, and what it earns under the contest's rules.

    python -m benchmarks.runs.search levels      brute and Go-Explore on Tumbleweed, beside random play and JERK
    python -m benchmarks.runs.search montezuma   Go-Explore on Montezuma's Revenge: rooms, keys and score
    python -m benchmarks.runs.search page        write tables and charts of the pages from the newest results

The agents search on genesis_plus_gx, whose states are exact. What they found is pressed again on the contest's core:
once without random delays, and in many episodes with them, each cut ten seconds after the last button.
"""

from __future__ import annotations

import datetime
import json
import statistics
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chart import Line, line_chart
from benchmarks.jerk_page import with_block
from benchmarks.runs.keeper import judge
from benchmarks.turns import TINY, parse, parser, publish, temporary_folder
from newgameplus.agents import find_agent
from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.envs.snapshots import SnapshotWorld
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import Level, find_level
from newgameplus.training.loop import play
from newgameplus.training.wishes import grant
from newgameplus.training.worlds import WorldPlan, make_world
from newgameplus.types import State

DOCS = Path(__file__).parent.parent.parent / "docs"
LEVELS = ("Tumbleweed-Genesis-v0/Mesa.Act3", "Tumbleweed-Genesis-v0/Oasis.Act4")
MONTEZUMA = "MontezumaRevenge-Atari2600-v0/Start"
EXACT_CORE = "genesis_plus_gx"
SEARCHES = {
    "brute": ("brute", "default", 1),
    "brute, curious": ("brute", "curious", 1),
    "go_explore": ("go_explore", "default", 4),
    "go_explore, coarse": ("go_explore", "coarse", 4),
}
"""Agent, preset and rows of each search."""
OTHERS = {"hold right": ("random", "hold-right"), "jerk": ("jerk", "default"), "jerk, improved": ("jerk", "improved")}
"""Agent and preset of those who play under the contest's rules from the beginning."""
COLOURS = ("#1f5fa8", "#7fb2e5", "#c04d1c", "#e8a87c")
ROOM = 3
"""Index of the room's number in the RAM of Montezuma's Revenge."""
NUM_POINTS = 40
STEPS_AFTER = 150


def searching(
    way: tuple[str, str, int], level: Level, core: str | None, num_steps: int, seed: int
) -> Iterator[tuple[int, Any, Any]]:
    """Search, and yield the number of steps, the agent and its world after each turn."""
    name, preset, num_rows = way
    agent_class: Any = find_agent(name)
    config = agent_class.PRESETS[preset]
    plan = grant(WorldPlan((level,), core), agent_class.wishes(config))
    with closing(make_world(plan, agent_class.specs(config), num_rows)) as world:
        spec = world_spec(world, num_timesteps=num_steps // num_rows)
        agent = agent_class(config, replace(spec, levels=(0,) * num_rows), seed)
        if isinstance(world, SnapshotWorld):
            agent.use_snapshots(world)
        for turn, _ in enumerate(play(agent, world, seed=seed + 1000), 1):
            yield turn * num_rows, agent, world
            if turn * num_rows >= num_steps:
                return


def pressed(way: tuple[str, str, int], found: State, level: Level, rules: WorldRules, num_episodes: int) -> list[float]:
    """Press what an agent found in so many episodes, side by side; return their returns."""
    agent_class: Any = find_agent(way[0])
    config = agent_class.PRESETS[way[1]]
    with closing(make_world(WorldPlan((level,), rules=rules), agent_class.specs(config), num_episodes)) as world:
        agent = agent_class(config, world_spec(world), 0)
        agent.begin_from(found, is_frozen=True)
        returns, is_over = np.zeros(num_episodes), np.zeros(num_episodes, np.bool_)
        for turn in play(agent, world, seed=2000):
            returns += np.where(is_over, 0.0, turn.step.reward)
            is_over |= turn.step.done
            if is_over.all():
                return [float(each) for each in returns]
    raise AssertionError("play is endless")


def searched(way: tuple[str, str, int], level: Level, arguments: Any) -> dict[str, Any]:
    """Search a level and press what was found."""
    every, curve, agent = max(1, arguments.steps // NUM_POINTS), [], None
    for num_steps, agent, _ in searching(way, level, EXACT_CORE, arguments.steps, arguments.seed):
        if num_steps // every > (num_steps - way[2]) // every and agent.metrics():
            curve.append({"num_steps": num_steps, **agent.metrics()})
    assert agent is not None
    return {**again(way, agent.state(), level, arguments.episodes), "curve": curve}


def again(way: tuple[str, str, int], state: State, level: Level, num_episodes: int) -> dict[str, Any]:
    """Press the best that was found again, with random delays and without them."""
    best = max(state["best"], key=lambda each: float(each["episode_return"]))
    found = {"agent": state["agent"], "best": [best]}
    length = min(CONTEST_WORLD.max_episode_steps, len(best["actions"]) + STEPS_AFTER)
    exact = pressed(way, found, level, WorldRules(sticky_probability=0.0, max_episode_steps=length), 1)
    sticky = pressed(way, found, level, WorldRules(max_episode_steps=length), num_episodes)
    return {
        "found": best["episode_return"],
        "num_steps_of_it": len(best["actions"]),
        "again_without_delays": exact[0],
        "again_in_the_contest": sticky,
    }


def others(way: tuple[str, str], level: Level, arguments: Any) -> dict[str, Any]:
    """Let an agent play a level under the contest's rules from the beginning."""
    (row,) = judge(way, [level], arguments.steps, arguments.seed)
    returns = [total for _, total in row] or [0.0]
    return {"score": statistics.fmean(returns), "best": max(returns)}


def kept(way: str, level: Level, arguments: Any) -> dict[str, Any]:
    """Return what a way comes to on a level, played unless the work folder holds it."""
    path = arguments.work / f"{level.state}-{way}-{arguments.steps}-{arguments.seed}.json"
    if not path.is_file():
        told = searched(SEARCHES[way], level, arguments) if way in SEARCHES else others(OTHERS[way], level, arguments)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told), encoding="utf-8")
        print(f"{level.state}, {way}: {told.get('found', told.get('score')):,.0f}", flush=True)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def levels(arguments: Any) -> None:
    """Search the levels, play the others beside, and publish."""
    found: dict[str, Any] = {}
    for name in LEVELS[: arguments.levels]:
        level = find_level(name)
        found[level.state] = {way: kept(way, level, arguments) for way in arguments.ways}
    result = {
        "figure": "search",
        "what": f"What search finds within {arguments.steps:,} steps a level, and what pressing it again earns in the "
        f"contest, mean of {arguments.episodes} episodes",
        "unit": "return",
        "num_rounds": 1,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "num_steps": arguments.steps,
        "num_episodes": arguments.episodes,
        "seed": arguments.seed,
        "levels": found,
        "sides": {},
        "ratios": [],
    }
    publish(result, arguments.results)


def montezuma(arguments: Any) -> None:
    """Search Montezuma's Revenge and publish rooms, score and cells over time."""
    way, level, rooms, curve = ("go_explore", "default", 4), find_level(MONTEZUMA), set[int](), []
    every, highest, agent = max(1, arguments.steps // NUM_POINTS), 0, None
    for num_steps, agent, world in searching(way, level, None, arguments.steps, arguments.seed):
        for row in range(way[2]):
            rooms.add(int(world.ram(row)[ROOM]))
            highest = max(highest, world.variables(row)["score"])
        if num_steps // every > (num_steps - way[2]) // every:
            curve.append({"num_steps": num_steps, "rooms": len(rooms), "score": highest, **agent.metrics()})
            print(json.dumps(curve[-1]), flush=True)
    assert agent is not None
    result = {
        "figure": "search_montezuma",
        "what": f"Rooms and score that Go-Explore reached on Montezuma's Revenge within {arguments.steps:,} steps",
        "unit": "rooms",
        "num_rounds": 1,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "num_steps": arguments.steps,
        "seed": arguments.seed,
        "rooms": sorted(rooms),
        **again(way, agent.state(), level, arguments.episodes),
        "curve": curve,
        "sides": {},
        "ratios": [],
    }
    publish(result, arguments.results)


def page(arguments: Any) -> None:
    """Write tables and charts."""
    found = _newest(arguments.results, "search")
    for name in ("brute", "go_explore"):
        path = DOCS / "agents" / f"{name}.md"
        path.write_text(with_block(path.read_text(encoding="utf-8"), "levels", _table(found)), encoding="utf-8")
    for state, ways in found["levels"].items():
        lines = [
            Line(way, colour, "", [(each["num_steps"], each["best/return"]) for each in ways[way]["curve"]])
            for way, colour in zip(SEARCHES, COLOURS, strict=True)
            if way in ways
        ]
        chart = line_chart(lines, "agent steps", f"best return on {state}")
        (DOCS / "images" / f"search-{state}.svg").write_text(chart, encoding="utf-8")
    if any(arguments.results.glob("*_search_montezuma*/result.json")):
        _tell_montezuma(_newest(arguments.results, "search_montezuma"))


def _tell_montezuma(told: dict[str, Any]) -> None:
    """Write what was found in Montezuma's Revenge, and draw score and cells along the steps."""
    sticky = told["again_in_the_contest"]
    rooms = f"{len(told['rooms'])} {'room' if len(told['rooms']) == 1 else 'rooms'}"
    text = (
        f"Within {told['num_steps']:,} steps it came to {rooms} and {told['found']:,.0f} points, in "
        f"{told['num_steps_of_it']:,} steps. Pressed again without delays that earns "
        f"{told['again_without_delays']:,.0f} points; under the contest's delays {statistics.fmean(sticky):,.0f} "
        f"points in the mean of {len(sticky)} episodes, {max(sticky):,.0f} in the best."
    )
    path = DOCS / "agents" / "go_explore.md"
    block = f"{textwrap.fill(text, 120)}\n"
    path.write_text(with_block(path.read_text(encoding="utf-8"), "montezuma", block), encoding="utf-8")
    lines = [
        Line(name, colour, "", [(each["num_steps"], each[key]) for each in told["curve"] if key in each])
        for name, key, colour in (
            ("highest score, points", "score", COLOURS[2]),
            ("number of cells", "archive/cells", COLOURS[0]),
        )
    ]
    chart = line_chart(lines, "agent steps", "Montezuma's Revenge")
    (DOCS / "images" / "search-montezuma.svg").write_text(chart, encoding="utf-8")


def _newest(results: Path, figure: str) -> dict[str, Any]:
    every = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob(f"*_{figure}*/result.json")]
    found: dict[str, Any] = max(
        (each for each in every if each["figure"] == figure), key=lambda each: str(each["created"])
    )
    return found


def _table(result: dict[str, Any]) -> str:
    """Return what was found as Markdown."""
    heads = (
        "level",
        "agent",
        "found",
        "steps of it",
        "pressed again",
        f"in the contest, mean of {result['num_episodes']}",
    )
    lines = [f"{result['what']}:", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for state, ways in result["levels"].items():
        for way, told in ways.items():
            if "found" in told:
                sticky = statistics.fmean(told["again_in_the_contest"])
                cells = [
                    f"{told['found']:,.0f}",
                    f"{told['num_steps_of_it']:,}",
                    f"{told['again_without_delays']:,.0f}",
                ]
                cells.append(f"**{sticky:,.0f}**")
            else:
                cells = [f"{told['best']:,.0f}, with delays", "", "", f"**{told['score']:,.0f}**, all its episodes"]
            lines.append(f"| {state} | {way} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Search, or write the pages."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("what", choices=("levels", "montezuma", "page"), nargs="?", default="levels")
    options.add_argument("--steps", type=int, default=20_000, help="agent steps on each level")
    options.add_argument("--levels", type=int, default=len(LEVELS), help="how many levels")
    options.add_argument("--episodes", type=int, default=16, help="episodes in which what was found is pressed again")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--ways", nargs="+", choices=(*SEARCHES, *OTHERS), default=[*SEARCHES, *OTHERS])
    work = temporary_folder() if TINY in sys.argv else Path("results/search")
    options.add_argument("--work", type=Path, default=work, help="where what each way comes to is kept")
    arguments = parse(options, steps=300, levels=1, episodes=2)
    {"levels": levels, "montezuma": montezuma, "page": page}[arguments.what](arguments)


if __name__ == "__main__":
    main()
