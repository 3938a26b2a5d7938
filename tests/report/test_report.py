"""The report: its numbers are those of the results, its input is not trusted, and the page names no address."""

import base64
import gzip
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from newgameplus.contest.scores import RunScore, contest_score
from newgameplus.errors import ResultsError, UsageError
from newgameplus.report.content import gather, number, span
from newgameplus.report.evaluations import read_evaluations
from newgameplus.report.figures import MAX_CURVE_POINTS, MAX_SCATTER_POINTS, series_of_level
from newgameplus.report.page import render_page, write_report
from newgameplus.report.series import evenly, mean_so_far, median_episode, running_mean
from newgameplus.report.videos import Video, VideoLimits, choose_clips, encoded_bytes, render_clips
from newgameplus.results.checks import MAX_FILE_BYTES

RETURNS = {0: [100.0, 340.5, 20.0], 1: [60.0, 0.0, 1200.25, 80.0]}
"""Seed to the returns of its episodes."""


def write_results(path, returns=RETURNS, *, levels=("Airstriker-Genesis-v0/Level1",), agent="jerk", preset="default"):
    """A results directory as an evaluation leaves it, with made-up episodes and no movies."""
    runs = []
    for level in levels:
        for seed, of_seed in returns.items():
            folder = path / "levels" / level.replace("/", "-") / f"seed-{seed}"
            folder.mkdir(parents=True)
            rows = "".join(f"{value!r},{100 + row},{row / 2}\n" for row, value in enumerate(of_seed))
            (folder / "monitor.csv").write_text(f"r,l,t\n{rows}")
            steps = sum(100 + row for row in range(len(of_seed)))
            runs.append(RunScore(level, seed, tuple(of_seed), steps, 4 * steps, 12.5, is_complete=True))
    manifest = {
        "format": 1,
        "created": "2026-01-02T03:04:05+00:00",
        "command": ["ngp", "evaluate", agent, "--seeds", str(len(returns))],
        "agent": {"name": agent, "preset": preset, "config": {"exploit_bias": 0.25}},
        "rules": {"name": "contest", "max_timesteps": 1000000, "max_episodes": None, "max_wall_clock_seconds": 43200.0},
        "split": None,
        "levels": [dict(zip(("id", "game", "state"), (i, *i.split("/")), strict=True), scenario="s") for i in levels],
        "seeds": list(returns),
        "versions": {"newgameplus": "0.1.0"},
        "git_commit": None,
        "machine": {"num_cores": 2},
    }
    (path / "manifest.json").write_text(json.dumps(manifest))
    (path / "scores.json").write_text(json.dumps(contest_score(runs, 1)))
    return path


@pytest.fixture
def results(tmp_path):
    return write_results(tmp_path / "results")


def page_of(*paths, videos=(), title=None):
    return render_page(read_evaluations(paths), title, videos)


def texts(page, tag):
    return [html.unescape(re.sub(r"<[^>]+>", "", text)) for text in re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", page)]


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_mean_so_far_ends_at_the_score_of_the_run():
    returns = np.array([1.0, 2.0, 6.0])
    assert mean_so_far(returns).tolist() == [1.0, 1.5, 3.0]


def test_a_running_mean_spans_its_window_and_less_at_the_start():
    assert running_mean(np.array([2.0, 4.0, 6.0, 8.0]), window=2).tolist() == [2.0, 3.0, 5.0, 7.0]


@pytest.mark.parametrize("num_values", [1, 2, 9, 10, 11, 1000])
def test_thinning_keeps_first_and_last_and_repeats_nothing(num_values):
    kept = evenly(num_values, 10)
    assert (kept[0], kept[-1]) == (0, num_values - 1)
    assert len(kept) == min(num_values, 10)
    assert len(set(kept.tolist())) == len(kept)


def test_the_median_episode_was_really_played():
    assert median_episode(np.array([5.0, 1.0, 9.0, 7.0])) == 0
    assert median_episode(np.array([3.0, 3.0])) == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (300.0, "300"), (299.999999, "300"), (1234.5, "1,234.50"), (-0.25, "-0.25"), (1e6, "1,000,000")],
)
def test_scores_are_written_for_people(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(12.4, "12 s"), (600, "10 min"), (43200, "12 h"), (9000, "2.5 h")])
def test_times_are_written_for_people(seconds, text):
    assert span(seconds) == text


def test_the_summary_shows_the_numbers_of_scores_json(results):
    scores = json.loads((results / "scores.json").read_text())
    cells = texts(page_of(results), "td")
    level = scores["levels"][0]
    assert [cells[column] for column in (0, 2, 3, 4)] == [
        number(level[key]) for key in ("score", "median", "best", "interquartile_mean")
    ]
    assert cells[1] == " to ".join(number(end) for end in level["interval"])
    assert cells[5:7] == ["7", "709"]
    for position, run in enumerate(level["runs"], start=1):
        row = cells[7 * position : 7 * position + 7]
        assert row[0] == number(run["score"])
        assert row[5:] == [f"{run['num_episodes']}", f"{run['num_timesteps']}"]


def test_levels_of_one_game_are_named_without_it_and_the_title_has_it(tmp_path):
    path = write_results(tmp_path / "two", levels=("A-Genesis/One", "A-Genesis/Two"))
    page = page_of(path)
    heads = texts(page, "th")
    assert heads.index("All levels") < heads.index("One") < heads.index("Two")
    assert texts(page, "h1") == ["jerk on 2 levels of A-Genesis"]


def test_several_levels_have_a_line_for_all(tmp_path):
    path = write_results(tmp_path / "two", levels=("A-Genesis/One", "B-Genesis/Two"))
    heads = texts(page_of(path), "th")
    assert heads.index("All levels") < heads.index("A-Genesis/One") < heads.index("B-Genesis/Two")


def test_the_lede_says_in_words_what_was_run(results):
    (sentence,) = gather(read_evaluations([results]), None, []).lede
    assert sentence == (
        "The agent jerk (default preset) played Airstriker-Genesis-v0/Level1 with 2 seeds: 0 and 1, up to 1,000,000 "
        "steps or 12 h each, by the rules “contest”. It finished 7 episodes in 709 steps, 2,836 frames, which is 47 s "
        "of play."
    )


def test_every_figure_is_one_that_plotly_knows(tmp_path):
    paths = [write_results(tmp_path / name, preset=name) for name in ("default", "improved")]
    content = gather(read_evaluations(paths), None, [])
    assert set(content.figures) == {"comparison", "score-0", "episodes-0"}
    for figure in content.figures.values():
        go.Figure(figure)


def test_the_scatter_holds_every_episode_with_its_number_and_length(results):
    figures = gather(read_evaluations([results]), None, []).figures
    points = [trace for trace in figures["episodes-0"]["data"] if trace["meta"]["role"] == "points"]
    unpack = lambda packed: np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])  # noqa: E731 - a word
    assert [unpack(trace["y"]).tolist() for trace in points] == list(RETURNS.values())
    assert unpack(points[0]["x"]).tolist() == [100, 201, 303]
    assert unpack(points[0]["customdata"]).reshape(-1, 2).tolist() == [[0, 100], [1, 101], [2, 102]]


def test_compared_evaluations_keep_their_colour_and_have_names_of_their_own(tmp_path):
    paths = [write_results(tmp_path / name) for name in ("first", "second")]
    evaluations = read_evaluations(paths)
    assert [evaluation.label for evaluation in evaluations] == ["jerk · first", "jerk · second"]
    assert [line.colour for line in series_of_level(evaluations, 0)] == [0, 0, 1, 1]
    bars = gather(evaluations, None, []).figures["comparison"]["data"]
    assert [trace["meta"]["series"] for trace in bars] == [0, 1]


def test_seeds_have_colours_when_only_one_evaluation_is_shown(results):
    assert [line.colour for line in series_of_level(read_evaluations([results]), 0)] == [0, 1]


def test_a_level_that_only_one_evaluation_played_is_shown_for_that_one(tmp_path):
    first = write_results(tmp_path / "first", levels=("A-Genesis/One", "A-Genesis/Two"))
    second = write_results(tmp_path / "second", levels=("A-Genesis/Two",))
    evaluations = read_evaluations([first, second])
    assert [len(series_of_level(evaluations, level)) for level in (0, 1)] == [2, 4]


def test_a_comparison_under_unlike_rules_or_levels_is_told(tmp_path):
    first = write_results(tmp_path / "first")
    second = write_results(tmp_path / "second", levels=("Airstriker-Genesis-v0/Level1", "A-Genesis/Two"))
    assert gather(read_evaluations([first, first.parent / "second"]), None, []).notes[0].text == (
        "Compare with care: the levels of these evaluations are not the same."
    )
    edit(second / "manifest.json", rules={"name": "contest-2018"})
    assert "the rules and the levels" in gather(read_evaluations([first, second]), None, []).notes[0].text


def test_large_results_are_thinned_and_the_page_says_so(tmp_path):
    returns = {seed: np.random.default_rng(seed).normal(5000, 900, 1000).tolist() for seed in range(3)}
    levels = tuple(f"Game-Genesis/Level{position}" for position in range(11))
    path = write_results(tmp_path / "large", returns, levels=levels)
    content = gather(read_evaluations([path]), None, [])
    for name, figure in content.figures.items():
        limit = (MAX_SCATTER_POINTS if name.startswith("episodes") else 0) + 3 * MAX_CURVE_POINTS + 6
        num_values = sum(len(base64.b64decode(trace["x"]["bdata"])) // 4 for trace in figure["data"])
        assert num_values <= limit
    assert content.levels[0].note == "1,002 more episodes were played but are not drawn."
    assert len(page_of(path)) < 4_000_000


def test_names_from_a_file_never_become_markup(tmp_path):
    evil = "</script><script>window.hacked=1</script>"
    path = write_results(tmp_path / "evil", levels=("Game-Genesis/<img src=x onerror=alert(1)>",), agent=evil)
    page = page_of(path, write_results(tmp_path / "good"), title=evil)
    assert "<script>window.hacked" not in page
    assert "<img" not in page
    assert page.count("<script") == 3


def test_the_page_names_no_address(results):
    page = page_of(results)
    assert set(re.findall(r"https?://[^'\"\s]+", page)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in page


def test_only_the_scripts_that_we_wrote_may_run(results):
    page = page_of(results)
    hashes = re.findall(r"'sha256-([^']+)'", html.unescape(page))
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    plotly = gzip.decompress(base64.b64decode(re.search(r'id="plotly">([^<]+)<', page)[1]))
    assert hashes == [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (script.encode(), plotly)]


def test_the_same_results_make_the_same_page(results):
    assert page_of(results) == page_of(results)


def test_an_unfinished_run_is_told_with_the_command_that_goes_on(results):
    scores = json.loads((results / "scores.json").read_text())
    scores["is_complete"] = scores["levels"][0]["runs"][1]["is_complete"] = False
    (results / "scores.json").write_text(json.dumps(scores))
    (note,) = gather(read_evaluations([results]), None, []).notes
    assert "1 run did not spend the budget: Airstriker-Genesis-v0/Level1 with seed 1 (406 steps)" in note.text
    assert note.command == f"ngp evaluate --resume --results {results}"


def test_an_evaluation_that_was_cut_before_its_scores_is_shown_from_its_logs(results):
    expected = [evaluation.statistics for evaluation in read_evaluations([results])]
    (results / "scores.json").unlink()
    evaluations = read_evaluations([results])
    assert [evaluation.statistics for evaluation in evaluations] == expected
    assert "was cut before it wrote its scores" in gather(evaluations, None, []).notes[0].text


def test_a_level_without_an_episode_is_told(tmp_path):
    path = write_results(tmp_path / "results", levels=("A-Genesis/One", "A-Genesis/Two"))
    for monitor in path.glob("levels/A-Genesis-Two/*/monitor.csv"):
        monitor.unlink()
    (path / "scores.json").unlink()
    content = gather(read_evaluations([path]), None, [])
    assert "no episode ended on A-Genesis/Two" in content.notes[1].text
    assert content.figures["score-1"]["data"] == []


def corrupt_manifest(results):
    (results / "manifest.json").write_text("{")


def other_format(results):
    edit(results / "manifest.json", format=99)


def manifest_without_agent(results):
    edit(results / "manifest.json", agent=None)


def level_outside(results):
    edit(results / "manifest.json", levels=[{"id": "x", "game": "../../..", "state": "etc", "scenario": "s"}])


def seed_that_is_text(results):
    edit(results / "manifest.json", seeds=["0/../.."])


def corrupt_scores(results):
    (results / "scores.json").write_text("[]")


def score_that_is_text(results):
    scores = json.loads((results / "scores.json").read_text())
    edit(results / "scores.json", score=scores["score"] | {"mean": "<b>9</b>"})


def score_that_is_infinite(results):
    scores = json.loads((results / "scores.json").read_text())
    edit(results / "scores.json", score=scores["score"] | {"mean": float("inf")})


def interval_of_three(results):
    scores = json.loads((results / "scores.json").read_text())
    edit(results / "scores.json", score=scores["score"] | {"interval": [1, 2, 3]})


def monitor_of(results):
    return next(results.glob("levels/*/seed-0/monitor.csv"))


def corrupt_monitor(results):
    monitor_of(results).write_text("r,l,t\n1.0,two,3\n")


def monitor_with_nan(results):
    monitor_of(results).write_text("r,l,t\nnan,100,1.0\n")


def monitor_with_infinite_length(results):
    monitor_of(results).write_text("r,l,t\n1.0,inf,1.0\n")


def endless_monitor(results):
    with monitor_of(results).open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)


def no_episode(results):
    for monitor in results.glob("levels/*/*/monitor.csv"):
        monitor.write_text("r,l,t\n")


def no_manifest(results):
    (results / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_manifest, "is not a results directory"),
        (corrupt_manifest, "manifest.json is corrupt"),
        (other_format, "reads format 1"),
        (manifest_without_agent, "'agent' is missing"),
        (level_outside, "is no level"),
        (seed_that_is_text, "a seed is not a whole number"),
        (corrupt_scores, "scores.json"),
        (score_that_is_text, "'mean' is not a number"),
        (score_that_is_infinite, "'mean' is not a number"),
        (interval_of_three, "an interval is not two numbers"),
        (corrupt_monitor, "monitor.csv is corrupt"),
        (monitor_with_nan, "monitor.csv is corrupt: line 2"),
        (monitor_with_infinite_length, "monitor.csv is corrupt"),
        (endless_monitor, "larger than 64 MB"),
        (no_episode, "holds no finished episode"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_damaged_results_get_one_sentence_and_no_page(results, damage, message):
    damage(results)
    with pytest.raises(ResultsError, match=re.escape(message)) as caught:
        write_report([results], videos=None)
    assert "\n" not in str(caught.value)
    assert not (results / "report.html").exists()


def test_the_same_results_twice_are_refused(results):
    with pytest.raises(ResultsError, match="named twice"):
        write_report([results, results / "."], videos=None)


def test_no_results_are_refused():
    with pytest.raises(UsageError, match="at least one"):
        write_report([])


def test_a_report_is_replaced_and_lies_in_the_first_results(results):
    path = write_report([results], videos=None)
    assert path == results / "report.html"
    write_report([results], videos=None, title="Once more")
    assert "<h1>Once more</h1>" in path.read_text()


def test_a_file_that_is_no_report_is_left_alone(results, tmp_path):
    mine = tmp_path / "mine.html"
    mine.write_text("<p>mine</p>")
    with pytest.raises(ResultsError, match="is not a report and is left as it is"):
        write_report([results], mine, videos=None)
    assert mine.read_text() == "<p>mine</p>"


@pytest.mark.parametrize(
    ("output", "message"),
    [("missing/report.html", "does not exist"), (".", "is a directory"), ("/proc/report.html", "Cannot write")],
)
def test_a_page_that_cannot_be_written_is_told(results, tmp_path, output, message):
    with pytest.raises(ResultsError, match=message):
        write_report([results], tmp_path / output, videos=None)


def test_best_median_and_last_episode_are_chosen_over_all_seeds(results):
    chosen = [(clip.roles, clip.run.seed, clip.episode) for clip in choose_clips(read_evaluations([results]))]
    assert chosen == [(("best",), 1, 2), (("median",), 1, 3), (("last",), 0, 2)]


def test_a_single_episode_is_best_median_and_last_and_shown_once(tmp_path):
    path = write_results(tmp_path / "one", {0: [7.0]})
    (clip,) = choose_clips(read_evaluations([path]))
    assert clip.roles == ("best", "median", "last")


def test_results_without_movies_leave_a_word_instead_of_a_video(results):
    evaluations = read_evaluations([results])
    clips = choose_clips(evaluations)
    videos = render_clips(clips, VideoLimits(num_workers=1))
    page = render_page(evaluations, None, list(zip(clips, videos, strict=True)))
    assert all(video.problem == "the evaluation kept no movies." for video in videos)
    assert page.count("jerk: there are no videos: the evaluation kept no movies.") == 1
    assert "<video" not in page


def test_a_single_missing_video_says_why_in_its_place(results):
    evaluations = read_evaluations([results])
    videos = [Video(mp4=b"mp4"), Video(problem="it is <gone>."), Video(mp4=b"mp4")]
    page = render_page(evaluations, None, list(zip(choose_clips(evaluations), videos, strict=True)))
    assert page.count("No video: it is &lt;gone&gt;.") == 1
    assert page.count("<video") == 2


def test_a_video_is_shown_with_its_speed_and_episode(results):
    evaluations = read_evaluations([results])
    clip = choose_clips(evaluations)[0]
    page = render_page(evaluations, None, [(clip, Video(mp4=b"\0\1\2\3", still=b"png", speed=3))])
    assert 'poster="data:image/png;base64,cG5n" src="data:video/mp4;base64,AAECAw=="' in page
    assert "Return 1,200.25, 102 steps; episode 2, seed 1. Shown at 3 times the speed." in page
    assert "<code>ngp watch" not in page
    clip.movie.parent.mkdir()
    clip.movie.touch()
    page = render_page(evaluations, None, [(clip, Video(mp4=b"mp4"))])
    assert f"<code>ngp watch {clip.movie}</code>" in page


def test_base64_is_what_a_video_adds_to_the_page():
    for size in range(7):
        video = replace(Video(), mp4=b"x" * size)
        assert encoded_bytes(video) == len(base64.b64encode(video.mp4))


def test_the_package_holds_the_pages_parts():
    folder = Path(render_page.__code__.co_filename).parent
    parts = {"page.html.j2", "evaluations.html.j2", "training.html.j2", "style.css", "script.js"}
    assert parts <= {path.name for path in folder.iterdir()}
