"""The report of training runs: its numbers are those of the logs, its input is not trusted, no address is named."""

from __future__ import annotations

import base64
import html
import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from newgameplus.errors import ResultsError, UsageError
from newgameplus.report.page import render_training_page, write_report
from newgameplus.report.training_content import MAX_SHOWN, TrainingContent, choose_shown, gather_training
from newgameplus.report.training_figures import MAX_POINTS
from newgameplus.report.training_runs import TrainingRun, read_training_runs
from newgameplus.report.videos import Video, VideoLimits
from newgameplus.results.checks import MAX_FILE_BYTES

LEVELS = ("Game-Genesis/One", "Game-Genesis/Two")
SHARES = {"LEFT": 0.25, "RIGHT+B": 0.75}


def write_run(path: Path, *, num_done: int = 100, num_watched: int = 3, num_episodes: int = 10, **changes: Any) -> Path:
    """A training run's folder as ``ngp train`` leaves it, with made-up logs and no movies."""
    path.mkdir()
    manifest = {
        "format": 1,
        "agent": {"name": "ppo", "preset": "tuned", "config": {"clip": 0.2}},
        "levels": [[*level.split("/"), "scenario"] for level in LEVELS],
        "num_envs": 2,
        "num_steps": 100,
        "seed": 3,
        "max_episode_steps": 50,
    } | changes
    (path / "training.json").write_text(json.dumps(manifest))
    steps = np.linspace(0, num_done, num_episodes + 1).round().astype(int).tolist()[1:]
    write_lines(
        path / "episodes.jsonl",
        [
            {"num_steps": step, "level": LEVELS[place % 2], "return": place * 10.5, "length": 7}
            for place, step in enumerate(steps)
        ],
    )
    metrics = [{"num_steps": step, "return/mean": step / 2, "learning/value_loss": 1 / step} for step in steps]
    metrics[0]["learning/value_loss"] = math.nan
    write_lines(path / "metrics.jsonl", metrics)
    write_lines(
        path / "watched.jsonl",
        [
            {
                "num_steps": 10 * place,
                "level": LEVELS[place % 2],
                "return": float(place),
                "length": 5,
                "movie": f"movies/Game-Genesis-One-{place:06d}.bk2",
                "actions": SHARES,
                "likeliest": {"LEFT": 0.0, "RIGHT+B": 1.0},
                "values": [1.0, 2.0, 3.0],
                "value": 2.0,
                "entropy": 0.5,
            }
            for place in range(num_watched)
        ],
    )
    return path


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def content_of(*paths: Path) -> TrainingContent:
    runs = read_training_runs(paths)
    return gather_training(runs, None, without_videos(runs))


def without_videos(runs: list[TrainingRun]) -> list[Any]:
    return [(shown, Video()) for shown in choose_shown(runs)]


def unpack(packed: dict[str, str]) -> list[float]:
    return [float(value) for value in np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])]


def test_the_logs_of_a_real_run_are_what_the_page_shows(training_run: Path) -> None:
    (run,) = read_training_runs([training_run])
    episodes = [json.loads(line) for line in (training_run / "episodes.jsonl").read_text().splitlines()]
    assert sum(len(level.returns) for level in run.levels) == len(episodes)
    assert (run.num_done, run.is_complete) == (120, True)
    content = content_of(training_run)
    assert content.notes == ()
    assert [plot.name for plot in content.levels] == [level.level for level in run.levels]
    assert "Explained variance" in [plot.name for plot in content.learning]
    assert [plot.name for plot in content.actions] == list(run.watched[0].drawn)
    assert len(content.episodes) == 3
    for figure in content.figures.values():
        go.Figure(figure)


def test_its_watched_episodes_are_videos_on_the_page(training_run: Path, tmp_path: Path) -> None:
    page = write_report([training_run], tmp_path / "page.html", videos=VideoLimits(max_seconds=1.0)).read_text()
    assert page.count("<video") == 3
    for movie in (training_run / "movies").iterdir():
        assert f"<code>ngp watch {movie}</code>" in page
    assert page.count("data:video/mp4;base64,AAAA") == 3


def test_a_page_that_is_full_keeps_the_last_and_the_first_video(training_run: Path, tmp_path: Path) -> None:
    limits = VideoLimits(max_seconds=1.0, max_bytes=1)
    page = write_report([training_run], tmp_path / "page.html", videos=limits).read_text()
    assert page.count("to keep this page small") == 3


def test_the_curves_are_those_of_the_logs_without_what_is_no_number(folder: Path) -> None:
    figures = content_of(folder).figures
    (mean,) = figures["mean"]["data"]
    assert unpack(mean["x"]) == [10.0 * step for step in range(1, 11)]
    assert unpack(mean["y"]) == [5.0 * step for step in range(1, 11)]
    (loss,) = figures["learning-0"]["data"]
    assert unpack(loss["x"])[0] == 20
    points, line, rings = figures["level-1"]["data"]
    assert unpack(points["y"]) == [10.5, 31.5, 52.5, 73.5, 94.5]
    assert unpack(line["y"]) == [10.5, 21.0, 31.5, 42.0, 52.5]
    assert unpack(rings["x"]) == [10]


def test_a_metric_of_each_action_keeps_its_buttons_and_is_explained(folder: Path) -> None:
    write_lines(folder / "metrics.jsonl", [{"num_steps": 10, "learning/greedy/RIGHT+B": 0.5, "learning/loss": 1.0}])
    shares, loss = content_of(folder).learning
    assert (shares.name, loss.name) == ("Greedy: RIGHT+B", "Loss")
    assert "not random" in shares.hint


def test_an_episode_is_shown_with_its_values_and_with_drawn_and_likeliest_actions(folder: Path) -> None:
    content = content_of(folder)
    assert content.episodes[1].caption == "Two. Return 1, 5 steps, mean value 2, entropy 0.50 nats."
    drawn, likeliest = content.figures["shares-1"]["data"]
    assert drawn["y"] == likeliest["y"] == ["LEFT", "RIGHT+B"]
    assert (unpack(drawn["x"]), unpack(likeliest["x"])) == ([0.25, 0.75], [0.0, 1.0])
    (values,) = content.figures["values-1"]["data"]
    assert (unpack(values["x"]), unpack(values["y"])) == ([0.0, 2.0, 5.0], [1.0, 2.0, 3.0])
    solid, dashed = content.figures["action-1"]["data"]
    assert (unpack(solid["y"]), unpack(dashed["y"])) == ([0.75] * 3, [1.0] * 3)


def test_the_table_sets_the_beginning_of_a_level_against_its_end(folder: Path) -> None:
    rows = content_of(folder).runs[0].rows
    assert [(row.name, row.cells) for row in rows] == [
        ("All levels", ("10", "15.8", "78.8", "+63.0", "94.5")),
        ("One", ("5", "10.5", "73.5", "+63.0", "84.0")),
        ("Two", ("5", "21.0", "84.0", "+63.0", "94.5")),
    ]


def test_of_many_watched_episodes_first_last_and_best_are_among_those_shown(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", num_watched=50)
    lines = [json.loads(line) for line in (folder / "watched.jsonl").read_text().splitlines()]
    lines[23]["return"] = 1000.0
    write_lines(folder / "watched.jsonl", lines)
    steps = [shown.episode.num_steps for shown in choose_shown(read_training_runs([folder]))]
    assert len(steps) == len(set(steps)) == MAX_SHOWN
    assert {0, 230, 490} <= set(steps)
    assert steps == sorted(steps)


def test_runs_are_compared_in_colours_of_their_own(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / name) for name in ("first", "second")]
    content = content_of(*paths)
    assert [run.label for run in content.runs] == ["ppo (tuned) · first", "ppo (tuned) · second"]
    assert [trace["meta"]["series"] for trace in content.figures["mean"]["data"]] == [0, 1]
    assert {trace["meta"]["series"] for trace in content.figures["level-0"]["data"]} == {0, 1}
    assert content.notes == ()
    other = write_run(tmp_path / "third", num_envs=8)
    assert "the numbers of rows of these runs are not the same" in content_of(paths[0], other).notes[0].text


def test_a_run_that_goes_on_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", num_done=40, num_watched=0)
    with (folder / "metrics.jsonl").open("a") as log:
        log.write('{"num_steps": 99, "return/m')
    content = content_of(folder)
    assert "learned for 40 of 100 steps" in content.lede[0]
    assert content.notes[0].command == f"ngp train --resume --run {folder}"
    assert "--watch-every" in content.notes[1].text


def test_a_run_that_has_just_begun_has_a_page(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    for log in folder.glob("*.jsonl"):
        log.unlink()
    content = content_of(folder)
    assert any("no episode has ended yet" in note.text for note in content.notes)
    assert content.title == "ppo (tuned) learns"
    assert "<h1>" in render_training_page(read_training_runs([folder]), None, [])


def test_many_levels_and_episodes_are_thinned(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", num_done=10**9, num_steps=10**9)
    lines = [
        {"num_steps": 100 * place, "level": f"Game-Genesis/{place % 47}", "return": place / 7, "length": 100}
        for place in range(60_000)
    ]
    write_lines(folder / "episodes.jsonl", lines)
    content = content_of(folder)
    marks = [
        len(unpack(trace["x"]))
        for name, figure in content.figures.items()
        if name.startswith("level-")
        for trace in figure["data"]
        if trace["meta"]["role"] == "points"
    ]
    assert len(marks) == 47
    assert sum(marks) <= MAX_POINTS
    assert len(render_training_page(read_training_runs([folder]), None, [])) < 3_000_000


def test_names_from_a_file_never_become_markup_and_no_address_is_named(tmp_path: Path) -> None:
    evil = "</script><script>window.hacked=1</script><img src=x>"
    folder = write_run(tmp_path / "run", agent={"name": evil, "preset": evil, "config": {evil: evil}})
    for name in ("episodes.jsonl", "watched.jsonl"):
        lines = [json.loads(line) for line in (folder / name).read_text().splitlines()]
        for line in lines:
            line["level"] = evil
            if "actions" in line:
                line["actions"] = line["likeliest"] = {evil: 1.0}
        write_lines(folder / name, lines)
    runs = read_training_runs([folder])
    page = render_training_page(runs, None, without_videos(runs))
    assert "<script>window.hacked" not in page
    assert "<img" not in page
    assert page.count("<script") == 3
    assert set(re.findall(r"https?://[^'\"\s]+", page)) == {"http://www.w3.org/2000/svg"}
    traces = json.dumps(content_of(folder).figures)
    assert html.unescape(traces) != traces
    assert "<img" not in traces


def line_of(name: str, **changes: Any) -> Any:
    def damage(folder: Path) -> None:
        first, *others = (folder / name).read_text().splitlines(keepends=True)
        (folder / name).write_text(json.dumps(json.loads(first) | changes) + "\n" + "".join(others))

    return damage


def endless(folder: Path) -> None:
    with (folder / "metrics.jsonl").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "training.json").write_text("{"), "training.json is corrupt"),
        (lambda folder: (folder / "training.json").write_text('{"format": 9}'), "reads format 1"),
        (lambda folder: (folder / "training.json").write_text('{"format": 1}'), "'agent' is missing"),
        (lambda folder: (folder / "metrics.jsonl").write_text("{\n"), "metrics.jsonl is corrupt: line 1"),
        (lambda folder: (folder / "metrics.jsonl").write_text("[1]\n"), "metrics.jsonl is corrupt: line 1"),
        (lambda folder: (folder / "metrics.jsonl").write_bytes(b"\xff\n"), "Cannot read"),
        (line_of("metrics.jsonl", num_steps=-1), "metrics.jsonl is corrupt: line 1"),
        (line_of("metrics.jsonl", num_steps=2**60), "metrics.jsonl is corrupt: line 1"),
        (line_of("episodes.jsonl", level=7), "'level' is missing"),
        (line_of("episodes.jsonl", **{"return": None}), "no return or no length"),
        (line_of("episodes.jsonl", length=-1), "no return or no length"),
        (line_of("watched.jsonl", movie="../../etc/passwd"), "is no movie of this run"),
        (line_of("watched.jsonl", movie="movies/../../x"), "is no movie of this run"),
        (line_of("watched.jsonl", movie="movies/..bk2/.."), "is no movie of this run"),
        (line_of("watched.jsonl", actions=[1]), "'actions' is missing"),
        (line_of("watched.jsonl", actions={"LEFT": "much"}), "'LEFT' is not a number"),
        (line_of("watched.jsonl", values="high"), "'values' is not a list"),
        (line_of("watched.jsonl", values=["high"]), "'values' is not a number"),
        (endless, "larger than 64 MB"),
    ],
)
def test_a_damaged_run_gets_one_sentence_and_no_page(folder: Path, damage: Any, message: str) -> None:
    damage(folder)
    with pytest.raises(ResultsError, match=re.escape(message)) as caught:
        write_report([folder], videos=None)
    assert "\n" not in str(caught.value)
    assert not (folder / "report.html").exists()


def test_evaluations_and_training_runs_are_not_mixed(folder: Path, jerk_results: Path) -> None:
    with pytest.raises(UsageError, match="report on each kind by itself"):
        write_report([folder, jerk_results], videos=None)
    with pytest.raises(ResultsError, match="named twice"):
        write_report([folder, folder / "."], videos=None)


def test_a_movie_that_is_gone_costs_only_its_video(training_run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(training_run, tmp_path / "run")
    first, *_ = sorted((folder / "movies").iterdir())
    first.unlink()
    page = write_report([folder], videos=VideoLimits(max_seconds=1.0)).read_text()
    assert page.count("<video") == 2
    assert page.count(f"No video: its movie {first.name} is not there any more.") == 1
