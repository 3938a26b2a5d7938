"""The results directory is never clobbered and has one writer."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from newgameplus.durable import hold
from newgameplus.errors import ResultsError
from newgameplus.results.evaluations import FORMAT, Results, latest_results, new_results_folder


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


def test_new_names_count_up_and_nobody_gets_the_same(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        folders = list(threads.map(lambda _: new_results_folder("jerk-airstriker", tmp_path), range(24)))
    assert sorted(folder.name for folder in folders) == sorted(f"jerk-airstriker-{n}" for n in range(1, 25))


def test_a_place_where_no_new_name_can_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="Cannot write results to"):
        new_results_folder("jerk-airstriker", tmp_path / "file")


def test_a_name_that_is_too_long_is_one_sentence(tmp_path):
    with pytest.raises(ResultsError, match="File name too long"):
        Results(tmp_path / ("x" * 300)).create({"format": FORMAT})


def test_a_directory_that_another_process_is_about_to_fill_is_left_to_it(tmp_path):
    with hold(tmp_path, "--results"), pytest.raises(ResultsError, match="Another process"):
        Results(tmp_path).create({"format": FORMAT})
    assert not Results(tmp_path).manifest_path.exists()


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(ResultsError, match="Cannot write to"), hold(tmp_path, "--results"):
        pass


def test_the_latest_results_are_those_written_to_last(tmp_path):
    with pytest.raises(ResultsError, match="no results"):
        latest_results(tmp_path)
    for name in ("b-1", "a-1"):
        Results(tmp_path / name).create({"format": FORMAT})
    assert latest_results(tmp_path).name == "a-1"


def test_a_second_process_may_not_write(tmp_path):
    program = f"""
from pathlib import Path
from newgameplus.durable import hold
from newgameplus.errors import ResultsError
try:
    with hold(Path({str(tmp_path)!r}), "--results"):
        print("wrote")
except ResultsError as error:
    print(error)
"""
    with hold(tmp_path, "--results"):
        answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "Another process is writing" in answer
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert answer == "wrote\n"


def test_scores_are_written_whole(tmp_path):
    results = Results(tmp_path)
    results.write_scores({"format": FORMAT, "score": 1.5})
    assert json.loads(results.scores_path.read_text()) == {"format": FORMAT, "score": 1.5}
    assert results.scores()["score"] == 1.5
