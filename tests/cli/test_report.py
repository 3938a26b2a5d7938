"""``ngp report``: bad input is one sentence and exit code 2, and a page is announced with its size."""

import json

import pytest

from newgameplus.cli.main import run
from newgameplus.contest.scores import RunScore, contest_score

LEVEL = "Airstriker-Genesis-v0/Level1"


@pytest.fixture
def results(tmp_path):
    """One run of two episodes, without movies."""
    path = tmp_path / "results"
    folder = path / "levels" / LEVEL.replace("/", "-") / "seed-0"
    folder.mkdir(parents=True)
    (folder / "monitor.csv").write_text("r,l,t\n40.0,300,1.0\n1260.5,400,2.0\n")
    scores = contest_score([RunScore(LEVEL, 0, (40.0, 1260.5), 700, 2800, 2.0, is_complete=True)], 1)
    (path / "scores.json").write_text(json.dumps(scores))
    game, state = LEVEL.split("/")
    manifest = {
        "format": 1,
        "agent": {"name": "jerk", "preset": "default", "config": {}},
        "rules": {"name": "contest", "counts_resets": False, "drops_last_episode": False},
        "levels": [{"id": LEVEL, "game": game, "state": state, "scenario": "scenario"}],
        "seeds": [0],
    }
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def test_a_report_is_written_beside_the_results_and_announced(results, capsys):
    assert run(["report", str(results), "--no-videos"]) == 0
    output = capsys.readouterr().out
    assert "report.html (2.0 MB)" in output
    assert "650.25" in (results / "report.html").read_text()


def test_a_report_goes_where_it_is_told_with_the_title_given(results, tmp_path):
    page = tmp_path / "page.html"
    assert run(["report", str(results), "-o", str(page), "--title", "A <fine> run", "--no-videos"]) == 0
    assert "<h1>A &lt;fine&gt; run</h1>" in page.read_text()
    assert not (results / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["nowhere"], "There is no folder nowhere"),
        (["{results}", "{results}"], "named twice"),
        (["{results}", "-o", "{results}/manifest.json"], "is not a report and is left as it is"),
        (["{results}", "-o", "{results}/no/such/folder.html"], "does not exist"),
        (["{results}", "--video-seconds", "0"], "--video-seconds"),
        (["{results}", "--video-seconds", "nan"], "--video-seconds"),
        (["{results}", "--video-megabytes", "inf"], "--video-megabytes"),
        (["{results}", "--workers", "0"], "--workers"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(results, capsys, arguments, message):
    assert run(["report", *(argument.format(results=results) for argument in arguments)]) == 2
    assert message in capsys.readouterr().err
    assert not (results / "report.html").exists()
