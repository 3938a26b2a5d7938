"""monitor.csv and log.csv grow by whole rows and are read without trust."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.errors import ResultsError
from newgameplus.results.checks import MAX_RETURN
from newgameplus.results.monitor import LOG_HEADER, MONITOR_HEADER, CsvLog, read_log, read_monitor


@given(st.floats(-MAX_RETURN, MAX_RETURN))
def test_a_return_reads_back_as_the_same_number(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("log") / "monitor.csv"
    log = CsvLog(path, MONITOR_HEADER)
    log.append(value, 643, 2.316)
    log.close()
    (episode,) = read_monitor(path)
    assert (episode.episode_return, episode.num_steps, episode.elapsed_seconds) == (value, 643, 2.316)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e101])
def test_what_could_not_be_read_back_is_not_written(tmp_path, value):
    path = tmp_path / "monitor.csv"
    log = CsvLog(path, MONITOR_HEADER)
    with pytest.raises(ResultsError, match="finite numbers"):
        log.append(value, 10, 0.1)
    log.close()
    assert read_monitor(path) == []
    path.write_text(f"{MONITOR_HEADER}\n{value!r},10,0.1\n")
    with pytest.raises(ResultsError, match="line 2"):
        read_monitor(path)


def test_a_row_is_on_disk_before_the_file_is_closed(tmp_path):
    log = CsvLog(tmp_path / "log.csv", LOG_HEADER)
    log.append(1000, 3.5)
    assert (tmp_path / "log.csv").read_text() == "l,t\n1000,3.5\n"
    log.close()


def test_reopening_cuts_what_came_after_the_checkpoint(tmp_path):
    path = tmp_path / "monitor.csv"
    log = CsvLog(path, MONITOR_HEADER)
    log.append(1.0, 10, 0.1)
    size = log.size_bytes
    log.append(2.0, 20, 0.2)
    log.close()
    log = CsvLog(path, MONITOR_HEADER, size)
    log.append(3.0, 30, 0.3)
    log.close()
    assert [episode.episode_return for episode in read_monitor(path)] == [1.0, 3.0]


def test_without_a_checkpoint_the_log_begins_anew(tmp_path):
    path = tmp_path / "monitor.csv"
    path.write_text("r,l,t\n5.0,1,1.0\n")
    CsvLog(path, MONITOR_HEADER).close()
    assert path.read_text() == "r,l,t\n"


def test_a_last_line_that_was_cut_short_is_left_out(tmp_path):
    path = tmp_path / "monitor.csv"
    path.write_text("r,l,t\n5.0,10,1.0\n6.0,1")
    assert len(read_monitor(path)) == 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("x,y\n1,2\n", "first line"),
        ("", "first line"),
        ("r,l,t\n1.0,2\n", "line 2"),
        ("r,l,t\n1.0,nan,3\n", "line 2"),
        ("r,l,t\n1.0,2,3\nspam,1,2\n", "line 3"),
    ],
)
def test_a_corrupt_monitor_is_named_with_its_line(tmp_path, content, complaint):
    path = tmp_path / "monitor.csv"
    path.write_text(content)
    with pytest.raises(ResultsError, match=complaint):
        read_monitor(path)


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(ResultsError, match=r"log\.csv"):
        read_log(tmp_path / "log.csv")


def test_a_log_that_lost_rows_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "monitor.csv"
    path.write_text("r,l,t\n")
    with pytest.raises(ResultsError, match="has lost rows"):
        CsvLog(path, MONITOR_HEADER, size_bytes=100)
    assert path.read_text() == "r,l,t\n"
    with pytest.raises(ResultsError, match="has lost rows"):
        CsvLog(tmp_path / "gone.csv", MONITOR_HEADER, size_bytes=6)
