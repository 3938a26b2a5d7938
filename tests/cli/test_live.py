"""The live table fits the terminal that it is shown on."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.cli.live import LiveTable, duration
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, CONTEST_2018
from newgameplus.contest.workers import Advanced, Failed, Started
from newgameplus.games.levels import Level
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan

FAR = Progress(
    num_steps=123_456,
    num_resets=2_222,
    num_episodes=2_222,
    sum_of_returns=-2_222 * 1234.5,
    best=9999.9,
    elapsed_seconds=4321.0,
)


def jobs(num_seeds, rules=CONTEST):
    levels = [Level("SonicTheHedgehog-Genesis-v0", f"SpringYardZone.Act{act}", "contest") for act in range(1, 48)]
    config = configure(find_agent("random"), "default")
    plan = Plan(AgentPlan("random", "default", config), WorldPlan(tuple(levels)), rules, tuple(range(num_seeds)))
    return [
        Job(plan, level, seed, Path("nowhere") / level.folder_name / f"seed-{seed}")
        for level in levels
        for seed in range(num_seeds)
    ]


def shown(of_jobs, events, width, height=24):
    """The last picture of a terminal of ``width`` by ``height`` characters after the events."""
    table = LiveTable(of_jobs, Console(file=io.StringIO(), force_terminal=True, width=width, height=height))
    for event in events:
        table.show(event)
    paper = io.StringIO()
    Console(file=paper, width=width, height=height).print(table.picture())
    return paper.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_the_numbers_of_the_2018_contest_fit_any_usual_terminal(width):
    of_jobs = jobs(num_seeds=3)
    events = [event for job in of_jobs[:6] for event in (Started(job), Advanced(job, FAR))]
    lines = shown(of_jobs, events, width)
    assert len(lines) <= 22
    running = lines[1]
    assert "SpringYardZone.Act1" in running
    for number in ("123,456", "2,222", "-1,234.5", "12%" if width < 120 else "9,999.9"):
        assert number in running
    assert "141 runs: 6 running, 135 waiting" in lines[-1]
    assert not any("…" in word for line in lines for word in line.split()[1:])


@pytest.mark.parametrize(
    ("num_seeds", "width", "kept"),
    [(1, 30, ["…rdZone.Act1", "12%", "-1,234.5"]), (3, 30, ["…ingYardZone.Act1", "0", "12%"])],
)
def test_a_narrow_terminal_shows_fewer_columns_and_breaks_no_number(num_seeds, width, kept):
    of_jobs = jobs(num_seeds)
    head, line, *_ = shown(of_jobs, [Started(of_jobs[0]), Advanced(of_jobs[0], FAR)], width)
    assert line.split() == kept
    assert "…" not in head


def test_what_runs_and_what_failed_is_shown_before_what_waits():
    of_jobs = jobs(num_seeds=3)
    lines = shown(of_jobs, [Started(of_jobs[90]), Started(of_jobs[70]), Failed(of_jobs[70], "it broke")], width=80)
    assert "Act31" in lines[1]
    assert "Act24" in lines[2]
    assert "failed" in lines[2]


def test_the_rules_of_2018_show_timesteps_with_resets():
    of_jobs = jobs(num_seeds=1, rules=CONTEST_2018)
    lines = shown(of_jobs, [Started(of_jobs[0]), Advanced(of_jobs[0], FAR)], width=80)
    assert "125,678" in lines[1]


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0s"), (75, "1m15s"), (60, "1m"), (3600, "1h"), (43500, "12h05m")])
def test_a_duration_has_at_most_two_units(seconds, text):
    assert duration(seconds) == text
