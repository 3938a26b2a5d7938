"""The results directory is never clobbered and has one writer."""

import json
import subprocess
import sys

import pytest

from newgameplus.contest.results import FORMAT, Results, latest_results, new_results_path, only_writer
from newgameplus.errors import ResultsError


def test_an_existing_directory_is_left_as_it_is(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(ResultsError, match="--resume"):
        Results(tmp_path).create({"format": FORMAT})
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_an_empty_directory_may_be_used(tmp_path):
    Results(tmp_path).create({"format": FORMAT})
    assert Results(tmp_path).manifest() == {"format": FORMAT}


def test_a_file_in_the_way_is_left_as_it_is(tmp_path):
    path = tmp_path / "results"
    path.write_text("mine")
    with pytest.raises(ResultsError, match="exists already"):
        Results(path).create({"format": FORMAT})
    assert path.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="Cannot write results to"):
        Results(tmp_path / "file" / "results").create({"format": FORMAT})


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}', "\xff"])
def test_a_corrupt_or_foreign_manifest_is_one_sentence(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content, encoding="latin-1")
    with pytest.raises(ResultsError, match=r"manifest\.json (is corrupt|has format)"):
        Results(tmp_path).manifest()


def test_a_directory_without_a_manifest_is_no_results_directory(tmp_path):
    with pytest.raises(ResultsError, match="not a results directory"):
        Results(tmp_path).manifest()


def test_new_names_count_up(tmp_path):
    assert new_results_path("jerk-airstriker", tmp_path).name == "jerk-airstriker-1"
    (tmp_path / "jerk-airstriker-1").mkdir()
    assert new_results_path("jerk-airstriker", tmp_path).name == "jerk-airstriker-2"


def test_the_latest_results_are_those_written_to_last(tmp_path):
    with pytest.raises(ResultsError, match="no results"):
        latest_results(tmp_path)
    for name in ("b-1", "a-1"):
        Results(tmp_path / name).create({"format": FORMAT})
    assert latest_results(tmp_path).name == "a-1"


def test_a_second_process_may_not_write(tmp_path):
    program = f"""
from pathlib import Path
from newgameplus.contest.results import only_writer
from newgameplus.errors import ResultsError
try:
    with only_writer(Path({str(tmp_path)!r})):
        print("wrote")
except ResultsError as error:
    print(error)
"""
    with only_writer(tmp_path):
        answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "Another process is writing" in answer
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert answer == "wrote\n"


def test_scores_are_written_whole(tmp_path):
    results = Results(tmp_path)
    results.write_scores({"format": FORMAT, "score": 1.5})
    assert json.loads(results.scores_path.read_text()) == {"format": FORMAT, "score": 1.5}
    assert results.scores()["score"] == 1.5
