"""A comparison: its numbers are those of the results, and what is not fair to compare is refused in one sentence."""

import base64
import html
import json
import re

import plotly.graph_objects as go
import pytest

from newgameplus.cli.compare import labelled
from newgameplus.cli.main import run
from newgameplus.contest.scores import RunScore, contest_score
from newgameplus.errors import ResultsError, UsageError
from newgameplus.report.comparison_content import gather_comparison
from newgameplus.report.contenders import read_contenders
from newgameplus.report.standings import compare

LEVELS = ("G-v0/Mesa.Act1", "G-v0/Mesa.Act2", "G-v0/Oasis.Act1")
GOOD = {LEVELS[0]: [100.0, 300.0], LEVELS[1]: [50.0, 50.0], LEVELS[2]: [0.0, 900.0, 600.0]}
BAD = {LEVELS[0]: [10.0], LEVELS[1]: [60.0, 80.0], LEVELS[2]: [30.0]}
RULES = {"name": "contest", "max_timesteps": 1000, "max_episodes": None, "max_wall_clock_seconds": None}


def write(path, returns, *, agent="jerk", seeds=(0,), rules=RULES, complete=True, rom="a", **manifest):
    """A results directory as an evaluation leaves it, with made-up episodes of 100 steps and no movies."""
    runs = []
    for level, of_level in returns.items():
        for seed in seeds:
            folder = path / "levels" / level.replace("/", "-") / f"seed-{seed}"
            folder.mkdir(parents=True)
            rows = "".join(f"{value + seed!r},100,{row}\n" for row, value in enumerate(of_level))
            (folder / "monitor.csv").write_text(f"r,l,t\n{rows}")
            scored = tuple(value + seed for value in of_level)
            runs.append(
                RunScore(level, seed, scored, 100 * len(scored), 1, 1.0, is_complete=complete or level == LEVELS[0])
            )
    lines = [{"game": level.split("/")[0], "state": level.split("/")[1], "scenario": "contest"} for level in returns]
    content = {
        "format": 1,
        "agent": {"name": agent, "preset": "default", "config": {}},
        "rules": rules,
        "split": "three",
        "levels": [line | {"rom_sha1": rom} for line in lines],
        "seeds": list(seeds),
        "git_commit": "0123456789abcdef",
    }
    (path / "manifest.json").write_text(json.dumps(content | manifest))
    (path / "scores.json").write_text(json.dumps(contest_score(runs, 1)))
    return path


def compared(*paths, **options):
    return compare(read_contenders([(None, path) for path in paths], **options))


def test_agents_are_ranked_by_the_mean_over_levels_with_what_they_keep_of_their_best(tmp_path):
    good, bad = write(tmp_path / "good", GOOD), write(tmp_path / "bad", BAD, agent="random")
    found = compared(bad, good)
    first, second = found.standings
    assert (first.label, second.label) == ("jerk", "random")
    assert first.mean == pytest.approx((200 + 50 + 500) / 3)
    assert first.best == pytest.approx((300 + 50 + 900) / 3)
    assert first.last_tenth == pytest.approx((300 + 50 + 600) / 3)  # one episode of two or three ends there
    assert first.retention == pytest.approx(950 / 1250)
    assert first.gap == pytest.approx(10_000 - first.mean)
    (pair,) = found.pairs
    assert pair.difference.mean == pytest.approx(first.mean - second.mean)
    assert pair.improvement == pytest.approx(2 / 3)  # 50 against 70 on Mesa.Act2
    assert found.zones == ["G-v0/Mesa", "G-v0/Oasis"]


def test_seeds_of_one_agent_in_several_directories_are_one_contender(tmp_path):
    paths = [write(tmp_path / f"{seed}", GOOD, seeds=(seed,)) for seed in (3, 1)]
    (standing,) = compared(*paths).standings
    assert standing.scores[0] == (201.0, 203.0)
    assert standing.seeds_interval is not None
    with pytest.raises(ResultsError, match=r"Seed 1 of G-v0/Mesa.Act1 is in .* LABEL=PATH"):
        compared(*paths, write(tmp_path / "again", GOOD, seeds=(1,)))


def test_frozen_weights_and_other_weights_are_agents_of_their_own(tmp_path):
    init = {"path": "x", "sha256": "1"}
    paths = [
        write(tmp_path / "none", GOOD),
        write(tmp_path / "joint", GOOD, init=init),
        write(tmp_path / "frozen", GOOD, init=init, is_frozen=True),
        write(tmp_path / "other", GOOD, init={"path": "y", "sha256": "2"}),
    ]
    labels = [one.label for one in read_contenders([(None, path) for path in paths])]
    assert labels == ["jerk", "jerk, with weights · joint", "jerk, frozen", "jerk, with weights · other"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": RULES | {"max_timesteps": 2000}}, "different budgets: max_timesteps is 1000 and 2000"),
        ({"rules": RULES | {"sticky_probability": 0.0}}, "different rules: sticky_probability is 0.25 and 0.0"),
        ({"split": "another"}, "different splits: split is three and another"),
        ({"rom": "b"}, r"different versions of G-v0/Mesa.Act1: rom_sha1 is a and b"),
        ({"complete": False}, r"is not complete; go on with .* or compare the levels that are with --partial"),
        ({"rules": {"max_timesteps": "many"}}, "its rules cannot be read"),
    ],
)
def test_what_is_not_fair_to_compare_is_refused(tmp_path, changes, message):
    paths = [write(tmp_path / "one", GOOD), write(tmp_path / "two", BAD, agent="random", **changes)]
    with pytest.raises(ResultsError, match=message):
        compared(*paths)


def test_only_levels_of_all_are_compared_and_without_any_nothing_is(tmp_path):
    one = write(tmp_path / "one", GOOD)
    some = write(tmp_path / "some", {level: BAD[level] for level in LEVELS[1:]}, agent="random")
    none = write(tmp_path / "none", {"G-v0/Mine.Act1": [5.0]}, agent="random")
    found = compared(one, some)
    assert found.levels == LEVELS[1:]
    assert "Left out, because not every agent has played them to the end: G-v0/Mesa.Act1." in notes(found)
    with pytest.raises(ResultsError, match="no level that all of them have played to the end: jerk, random"):
        compared(one, none)
    with pytest.raises(UsageError, match="named twice"):
        compared(one, tmp_path / "some" / ".." / "one")
    with pytest.raises(ResultsError, match="different agents or configurations"):
        read_contenders([("a", one), ("a", some)])


def notes(found):
    return [note.text for note in gather_comparison(found, None).notes]


def test_partial_evaluations_take_part_with_the_levels_that_are_complete(tmp_path):
    paths = [write(tmp_path / "one", GOOD), write(tmp_path / "two", BAD, agent="random", complete=False)]
    found = compared(*paths, allow_partial=True)
    assert found.levels == LEVELS[:1]
    assert "All levels are of one zone, so there are no intervals over zones." in notes(found)


def test_results_of_different_commits_are_marked(tmp_path):
    paths = [
        write(tmp_path / "one", GOOD),
        write(tmp_path / "two", BAD, agent="random", git_commit="fedcba9876543210+"),
    ]
    assert notes(compared(*paths)) == [
        "The results come from different versions of the code: commits 012345678 and fedcba987+."
    ]


def test_ceilings_stand_apart_and_no_difference_is_tested_with_them(tmp_path):
    paths = [
        write(tmp_path / "human", GOOD, agent="human"),
        write(tmp_path / "random", BAD, agent="random"),
        write(tmp_path / "jerk", GOOD),
    ]
    found = compared(*paths)
    assert [standing.label for standing in found.standings] == ["jerk", "random", "human (ceiling)"]
    assert [(pair.one, pair.other) for pair in found.pairs] == [(0, 1)]
    assert [agent["is_ceiling"] for agent in found.as_json()["agents"]] == [False, False, True]
    content = gather_comparison(found, None)
    assert content.improvement.columns == ("jerk", "random")
    assert content.title.startswith("2 agents")
    assert any(note.startswith("Ceilings are not ranked") and "human" in note for note in notes(found))
    assert run(["compare", *map(str, paths), "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text()
    assert page.index("random</th>") < page.index("Ceilings, not ranked") < page.index("human (ceiling)</th>")
    assert not compared(paths[0]).pairs


def test_every_figure_is_one_that_plotly_knows(tmp_path):
    found = compared(write(tmp_path / "one", GOOD), write(tmp_path / "two", BAD, agent="random"))
    figures = gather_comparison(found, None).figures
    assert figures.keys() == {"ranking", "curves", "profiles"}
    for figure in figures.values():
        go.Figure(figure)
    steps = base64.b64decode(figures["curves"]["data"][0]["x"]["bdata"])
    assert len(steps) % 8 == 0


def test_the_command_says_the_same_as_text_as_json_and_as_a_page(tmp_path, capsys):
    good, bad = write(tmp_path / "good", GOOD), write(tmp_path / "bad", BAD, agent="random")
    page = tmp_path / "compare.html"
    assert run(["compare", f"A <b>={good}", str(bad), "-o", str(page), "--json"]) == 0
    said = capsys.readouterr()
    content = json.loads(said.out)
    assert [agent["label"] for agent in content["agents"]] == ["A <b>", "random"]
    assert content["differences"][0]["p_is_exact"] is True
    assert f"Wrote {page}" in said.err
    text = page.read_text()
    assert '<th scope="row"><i class="swatch series-0"></i>A &lt;b&gt;</th><td>1</td><td>250</td>' in text
    assert not re.search(r"https?://(?!www\.w3\.org)", html.unescape(text.split('id="figures"')[0]))
    assert run(["compare", str(good), str(bad)]) == 0
    assert capsys.readouterr().out.splitlines()[0].split("\t")[:3] == ["1. jerk", "1", "250"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["nowhere"], "There is no folder nowhere"),
        (["{good}", "{good}"], "named twice"),
        (["{good}", "--optimum", "0"], "is not more than 0"),
        (["{good}", "-o", "{good}/manifest.json"], "is not a report and is left as it is"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, capsys, arguments, message):
    good = write(tmp_path / "good", GOOD)
    assert run(["compare", *(argument.format(good=good) for argument in arguments)]) == 2
    assert message in capsys.readouterr().err


def test_a_label_stands_before_the_first_equals_sign_unless_such_a_folder_exists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [labelled(text)[0] for text in ("a=b=c", "b", "./x=y")] == ["a", None, "./x"]
    (tmp_path / "x=y").mkdir()
    assert labelled("x=y")[0] is None
