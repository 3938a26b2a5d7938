"""A finished run's logs are those that it wrote, or the run is refused by name."""

from pathlib import Path

import pytest

from newgameplus.errors import ResultsError
from newgameplus.results.monitor import LOG_HEADER, MONITOR_HEADER, CsvLog
from newgameplus.results.runs import RunFolder

EPISODES = [(1.5, 1000, 2.0), (-2.0, 500, 3.25), (7.0, 700, 4.5)]
NUM_STEPS = 2200


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A finished run of three episodes."""
    folder = RunFolder(tmp_path)
    monitor, log = CsvLog(folder.monitor, MONITOR_HEADER), CsvLog(folder.log, LOG_HEADER)
    for episode in EPISODES:
        monitor.append(*episode)
    log.append(1000, 2.0)
    log.append(2000, 4.0)
    monitor.close()
    log.close()
    folder.finish(
        num_episodes=3, sum_of_returns=6.5, num_timesteps=NUM_STEPS, num_frames=4 * NUM_STEPS, elapsed_seconds=4.5
    )
    return folder


def as_written_by_0_1(run: RunFolder, num_timesteps: int) -> None:
    run.summary.write_text(f'{{"num_timesteps": {num_timesteps}, "num_frames": 8800, "elapsed_seconds": 4.5}}\n')


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_finished_run_reads_back(run: RunFolder) -> None:
    record = run.read()
    assert [(one.episode_return, one.num_steps, one.elapsed_seconds) for one in record.episodes] == EPISODES
    assert record.summary is not None
    assert (record.summary.num_timesteps, record.summary.num_frames) == (NUM_STEPS, 4 * NUM_STEPS)
    assert record.summary.num_episodes == 3


def test_a_run_that_is_not_finished_is_read_as_far_as_it_is(run: RunFolder) -> None:
    run.summary.unlink()
    edit(run.monitor, "7.0,700,4.5\n", "7.0,70")
    record = run.read()
    assert (len(record.episodes), record.summary) == (2, None)
    run.monitor.unlink()
    assert run.read().episodes == ()


def test_a_run_that_was_ended_before_a_first_line_has_no_episodes(tmp_path: Path) -> None:
    RunFolder(tmp_path).monitor.touch()
    assert RunFolder(tmp_path).read().episodes == ()


def test_a_monitor_that_was_cut_short_is_refused_with_both_numbers(run: RunFolder) -> None:
    edit(run.monitor, "7.0,700,4.5\n", "")
    with pytest.raises(ResultsError, match=r"monitor\.csv is not what the run wrote: it has 2 episodes, the run finis"):
        run.read()


def test_a_monitor_whose_last_line_was_cut_short_is_refused(run: RunFolder) -> None:
    edit(run.monitor, "4.5\n", "4.")
    with pytest.raises(ResultsError, match="it has 2 episodes, the run finished 3"):
        run.read()


def test_a_monitor_that_grew_is_refused(run: RunFolder) -> None:
    with run.monitor.open("a") as file:
        file.write("100.0,10,4.6\n")
    with pytest.raises(ResultsError, match="it has 4 episodes, the run finished 3"):
        run.read()


@pytest.mark.parametrize(("old", "new"), [("7.0", "9.0"), ("700", "701"), ("3.25", "3.26"), (",", ", ")])
def test_a_monitor_that_was_edited_is_refused(run: RunFolder, old: str, new: str) -> None:
    text = run.monitor.read_text()
    run.monitor.write_text(text[:6] + text[6:].replace(old, new, 1))
    with pytest.raises(ResultsError, match=r"monitor\.csv is not what the run wrote: its content has been changed"):
        run.read()


def test_a_log_that_was_cut_or_deleted_is_refused(run: RunFolder) -> None:
    edit(run.log, "2000,4.0\n", "")
    with pytest.raises(ResultsError, match=r"log\.csv is not what the run wrote: its content has been changed"):
        run.read()
    run.log.unlink()
    with pytest.raises(ResultsError, match=r"log\.csv is not what the run wrote: it is missing"):
        run.read()


def test_a_monitor_that_was_deleted_is_refused(run: RunFolder) -> None:
    run.monitor.unlink()
    with pytest.raises(ResultsError, match=r"monitor\.csv is not what the run wrote: it is missing"):
        run.read()


def test_a_run_does_not_finish_with_a_monitor_that_lacks_its_episodes(run: RunFolder) -> None:
    run.summary.unlink()
    with pytest.raises(ResultsError, match="it has 3 episodes, the run finished 4"):
        run.finish(num_episodes=4, sum_of_returns=6.5, num_timesteps=1, num_frames=1, elapsed_seconds=1.0)
    with pytest.raises(ResultsError, match=r"its returns sum to 6\.5, those of the run to 6\.0"):
        run.finish(num_episodes=3, sum_of_returns=6.0, num_timesteps=1, num_frames=1, elapsed_seconds=1.0)
    assert not run.is_complete()


@pytest.mark.parametrize(
    ("num_timesteps", "rules"),
    [
        (NUM_STEPS, {}),
        (NUM_STEPS + 3, {"counts_resets": True}),
        (NUM_STEPS + 4, {"counts_resets": True}),
        (NUM_STEPS + 900, {"drops_last_episode": True}),
        (NUM_STEPS + 904, {"counts_resets": True, "drops_last_episode": True}),
    ],
)
def test_a_run_of_version_0_1_is_read_where_its_steps_agree(
    run: RunFolder, num_timesteps: int, rules: dict[str, bool]
) -> None:
    as_written_by_0_1(run, num_timesteps)
    assert len(run.read(**rules).episodes) == 3


@pytest.mark.parametrize(
    ("num_timesteps", "rules"),
    [
        (NUM_STEPS + 700, {}),
        (NUM_STEPS - 1, {}),
        (NUM_STEPS + 5, {"counts_resets": True}),
        (NUM_STEPS - 1, {"drops_last_episode": True}),
    ],
)
def test_a_run_of_version_0_1_is_refused_where_its_steps_do_not_agree(
    run: RunFolder, num_timesteps: int, rules: dict[str, bool]
) -> None:
    as_written_by_0_1(run, num_timesteps)
    with pytest.raises(ResultsError, match=f"its episodes took .* steps, the run {num_timesteps}"):
        run.read(**rules)
