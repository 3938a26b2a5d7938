"""Why the DQN on edges of 2018 failed, which single changes mend it, and what DQN earns under the contest's rules.

    python -m benchmarks.runs.reverie play    play what is not yet in the work folder, and publish all of it
    python -m benchmarks.runs.reverie page    write tables and pictures of docs/agents/dqn.md from the newest result

The preset ``reverie-2018`` plays one level in one row as it wishes, with its schedule scaled down (``SCALED``); each
other way changes one field. Under the contest's rules the presets that learn play the same level in a few rows, beside
right alone, and right with random other buttons. The score is the mean return of all episodes that ended within the
steps, the ones at the beginning included.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.chart import Line, line_chart
from benchmarks.jerk_page import with_block
from benchmarks.level_runs import Way, kept, summary, validation_level
from benchmarks.turns import TINY, median_and_interval, parse, parser, publish, temporary_folder

PAGE = Path(__file__).parent.parent.parent / "docs" / "agents" / "dqn.md"
SCALE = 100
SCALED = (
    f"min_transitions={200_000 // SCALE}",
    f"explore_steps={1_401_201 // SCALE}",
    f"capacity={100_000 // SCALE}",
    "train_interval=10",
    "max_episode_steps=800",
)
"""The original's schedule in a hundredth of its steps, a gradient step at every tenth, and episodes of 13 s."""
CHANGES: Mapping[str, Sequence[str]] = {
    "reverie-2018": (),
    "loss=msle": ("loss=msle",),
    "encoder=keras-2018-scaled": ("encoder=keras-2018-scaled",),
    "target_interval=1000": ("target_interval=1000",),
    "loss=huber": ("loss=huber",),
    "reward_scale=0.02": ("reward_scale=0.02",),
    "learning_rate=1e-6": ("learning_rate=1e-6",),
}
"""Fields changed in each way of 2018, the most telling ones first."""
JUDGED: Mapping[str, Way] = {
    "default": ("dqn", "default"),
    "tuned": ("dqn", "tuned"),
    "tuned, edges=100,200": ("dqn", "tuned", "edges=100,200"),
    "always right": ("random", "hold-right", "press_probability=0"),
    "right, other buttons at random": ("random", "hold-right"),
}
"""Ways that are judged under the contest's rules."""
COLOURS = {
    "reverie-2018": "#d55e00",
    "loss=msle": "#cc79a7",
    "encoder=keras-2018-scaled": "#009e73",
    "target_interval=1000": "#0072b2",
    "loss=huber": "#56b4e9",
    "reward_scale=0.02": "#888888",
    "learning_rate=1e-6": "#111111",
}
"""Colour of the ways of 2018 in the pictures."""
ACTION_COLOURS = ("#888888", "#0072b2", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#111111")
SHOWN = ("steps", "loss", "gradient_norm", "mean_value", "max_value", "expected_return", "random_share", "epsilon")
"""Metrics that are kept."""
GREEDY = "greedy/"


def told(run: Mapping[str, Any], num_steps: int, *, has_actions: bool = False) -> dict[str, Any]:
    """Return the last metrics and the scores of a run, its curve, and its episodes."""

    def is_kept(name: str) -> bool:
        return name in SHOWN or (has_actions and name.startswith(GREEDY))

    curve = [{name: value for name, value in point.items() if is_kept(name)} for point in run["curve"]]
    return {"end": summary(run, num_steps), "ended": run["ended"], "curve": curve, "episodes": run["episodes"]}


def favourites(end: Mapping[str, float]) -> str:
    """Return the two actions that the network chose most, with their shares."""
    shares = sorted(((share, name) for name, share in end.items() if name.startswith(GREEDY)), reverse=True)[:2]
    return ", ".join(f"{name.removeprefix(GREEDY)} {share:.0%}" for share, name in shares)


def failing_table(ways: Mapping[str, Any]) -> str:
    """Return a line per way of 2018 as Markdown."""
    heads = (
        "",
        "highest loss",
        "last loss",
        "highest value",
        "last mean value",
        "random",
        "network's actions",
        "score",
    )
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for way, run in ways.items():
        end = run["end"]
        loss, value = (max(point.get(name, 0.0) for point in run["curve"]) for name in ("loss", "max_value"))
        numbers = [_rounded(number) for number in (loss, end["loss"], value, end["mean_value"])]
        if run["ended"]:
            numbers[1] = "**NaN**"
        cells = [f"`{way}`", *numbers, f"{end['random_share']:.0%}", favourites(end)]
        lines.append(f"| {' | '.join([*cells, format(end['score'], ',.0f')])} |")
    return "\n".join([*lines, ""])


def judged_table(ways: Mapping[str, Any]) -> str:
    """Return a line per judged way as Markdown."""
    heads = ("", "score", "last third", "best episode", "episodes")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for way, run in ways.items():
        numbers = [f"{run['end'][name]:,.0f}" for name in ("score", "late", "best", "episodes")]
        lines.append(f"| {' | '.join([f'`{way}`', f'**{numbers[0]}**', *numbers[1:]])} |")
    return "\n".join([*lines, ""])


def _rounded(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}"


def _magnitude(number: float) -> float:
    return math.log10(1.0 + max(number, 0.0))


def pictures(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the pictures of the page as SVG, by path in docs."""
    ways = {way: run for way, run in result["failing"].items() if way in COLOURS}

    def lines(metric: str, shown: Callable[[float], float]) -> list[Line]:
        return [
            Line(
                way,
                COLOURS[way],
                "",
                [(point["steps"], shown(point[metric])) for point in run["curve"] if metric in point],
            )
            for way, run in ways.items()
        ]

    original = result["failing"]["reverie-2018"]["curve"]
    names = [name for name in original[-1] if name.startswith(GREEDY)]
    shares = [("random", "#bbbbbb", "6 4", "random_share")]
    shares += [(name.removeprefix(GREEDY), ACTION_COLOURS[at % 8], "", name) for at, name in enumerate(names)]
    actions = [
        Line(name, colour, dash, [(point["steps"], 100 * point[metric]) for point in original])
        for name, colour, dash, metric in shares
    ]
    returns = [
        Line(way, COLOURS[way], "", [(step, total) for step, total in run["episodes"]]) for way, run in ways.items()
    ]
    return {
        "images/reverie-loss.svg": line_chart(lines("loss", _magnitude), "steps", "log10(1 + loss)"),
        "images/reverie-gradient.svg": line_chart(
            lines("gradient_norm", _magnitude), "steps", "log10(1 + gradient norm)"
        ),
        "images/reverie-value.svg": line_chart(lines("max_value", _magnitude), "steps", "log10(1 + highest value)"),
        "images/reverie-actions.svg": line_chart(actions, "steps", "random, and the network's actions, in %"),
        "images/reverie-returns.svg": line_chart(returns, "steps", "return of the episode that ends"),
    }


def write_page(results: Path, page: Path = PAGE) -> None:
    """Write the newest result into the page, and its pictures beside it."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*_reverie*/result.json")]
    result = max(found, key=lambda each: str(each["created"]))
    text = with_block(page.read_text(encoding="utf-8"), "failing", failing_table(result["failing"]))
    page.write_text(with_block(text, "judged", judged_table(result["judged"])), encoding="utf-8")
    for name, picture in pictures(result).items():
        (page.parent.parent / name).write_text(picture, encoding="utf-8")


def main() -> None:
    """Play, or write the page."""
    options = parser(__doc__, num_rounds=1)
    options.add_argument("what", choices=("play", "page"), nargs="?", default="play")
    options.add_argument("--steps", type=int, default=8_000, help="agent steps of the ways of 2018")
    options.add_argument("--judged-steps", type=int, default=20_000, help="agent steps of the judged, over all rows")
    options.add_argument("--rows", type=int, default=4, help="how many of the judged play side by side")
    options.add_argument("--level", default="Mesa.Act3", help="state of a level of tumbleweed-validation")
    options.add_argument("--ways", type=int, help="only the first so many ways of 2018")
    work = temporary_folder() if TINY in sys.argv else Path("results/reverie")
    options.add_argument("--work", type=Path, default=work, help="where what each way came to is kept")
    arguments = parse(options, steps=40, judged_steps=40, rows=2, ways=1)
    if arguments.what == "page":
        write_page(arguments.results)
        return
    level, steps, judged_steps = validation_level(arguments.level), arguments.steps, arguments.judged_steps
    scaled = [*SCALED, "min_transitions=33"] if TINY in sys.argv else SCALED
    changes = dict(list(CHANGES.items())[: arguments.ways])
    place = arguments.work / level.state
    failing = {}
    for way, fields in changes.items():
        of = ("dqn", "reverie-2018", *scaled, *fields)
        run = kept(place / f"{way}-{steps}.json", of, level, 1, steps)
        failing[way] = told(run, steps, has_actions=not fields)
    judged = {
        way: told(kept(place / f"{way}-{judged_steps}.json", of, level, arguments.rows, judged_steps), judged_steps)
        for way, of in JUDGED.items()
    }
    result = {
        "figure": "reverie",
        "what": f"{level.state} of tumbleweed-validation, {steps:,} steps in one row as reverie-2018 wishes, and "
        f"{judged_steps:,} steps in {arguments.rows} rows under the contest's rules; one seed",
        "unit": "score",
        "created": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "num_rounds": arguments.rounds,
        "sides": {way: median_and_interval([run["end"]["score"]]) for way, run in (failing | judged).items()},
        "ratios": [],
        "failing": failing,
        "judged": {way: {"end": run["end"], "episodes": run["episodes"]} for way, run in judged.items()},
    }
    pictures(result)
    publish(result, arguments.results)


if __name__ == "__main__":
    main()
