"""A training run's folder gives back what was put into it, and refuses what it cannot read."""

from pathlib import Path

import pytest

from newgameplus.errors import NotFoundError, ResultsError, StateError
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.json_lines import JsonLines
from newgameplus.results.training_runs import TrainingFolder, agent_state, checkpoint_at, latest_training_run, run_of


@pytest.fixture
def run(tmp_path: Path) -> TrainingFolder:
    """A run that was begun, without a checkpoint."""
    folder = TrainingFolder(tmp_path / "run")
    folder.create({"agent": "random"})
    return folder


def test_a_run_that_was_begun_has_its_manifest(run: TrainingFolder) -> None:
    assert run.manifest() == {"format": 1, "agent": "random"}
    with pytest.raises(ResultsError, match="is not empty"):
        run.create({})


def test_a_folder_without_a_run_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="There is no "):
        TrainingFolder(tmp_path).manifest()


def test_the_newest_two_checkpoints_and_the_best_are_kept(run: TrainingFolder) -> None:
    for num_steps in (100, 200, 300):
        run.save_checkpoint(num_steps, {"num_steps": num_steps}, is_best=num_steps == 100)
    assert [path.stem for path in run.checkpoints()] == ["000000000200", "000000000300"]
    assert load_state(run.best_checkpoint)["num_steps"] == 100
    assert run.last_checkpoint() == {"format": 1, "num_steps": 300}


def test_a_run_whose_checkpoints_are_gone_is_not_begun_anew(run: TrainingFolder) -> None:
    log = JsonLines(run.log("episodes"))
    log.write(1000, {"level": "Game/State", "return": 1.0, "length": 100})
    run.check_nothing_lost(1000)  # the first one was due only now
    log.write(1100, {"level": "Game/State", "return": 1.0, "length": 100})
    log.close()
    with pytest.raises(ResultsError, match="as far as step 1,100, but its checkpoints are gone"):
        run.check_nothing_lost(1000)


def test_a_checkpoint_of_another_format_is_passed_over_for_the_one_before(run: TrainingFolder) -> None:
    run.save_checkpoint(100, {"num_steps": 100}, is_best=False)
    run.save_checkpoint(200, {"num_steps": 200}, is_best=False)
    save_state(run.checkpoints()[1], {"format": 2, "num_steps": 200})
    assert run.last_checkpoint() == {"format": 1, "num_steps": 100}
    save_state(run.checkpoints()[0], {"num_steps": 100})
    with pytest.raises(StateError, match="has format None; this version of New Game Plus reads format 1"):
        run.last_checkpoint()


def test_a_path_means_the_best_checkpoint_of_a_run_then_the_newest_then_itself(run: TrainingFolder) -> None:
    with pytest.raises(StateError, match="no checkpoint in"):
        checkpoint_at(run.path)
    with pytest.raises(StateError, match=f"is not a training run; there are in it: {run.path}; give a run"):
        checkpoint_at(run.path.parent)
    run.save_checkpoint(100, {}, is_best=False)
    assert checkpoint_at(run.path) == run.checkpoints()[0]
    run.save_checkpoint(200, {}, is_best=True)
    assert checkpoint_at(run.path) == run.best_checkpoint
    assert checkpoint_at(run.checkpoints()[0]) == run.checkpoints()[0]
    assert run_of(run.best_checkpoint).manifest_path == run.manifest_path
    with pytest.raises(NotFoundError, match="There is no checkpoint at"):
        checkpoint_at(run.path / "nowhere")


def test_the_agent_in_a_checkpoint_is_read_where_its_format_is_known(tmp_path: Path) -> None:
    path = tmp_path / "state"
    for state in ({"format": 1, "agent": {"agent": "ppo"}}, {"agent": {"agent": "ppo"}}):
        save_state(path, state)
        assert agent_state(path) == {"agent": "ppo"}
    save_state(path, {"format": 2, "agent": {"agent": "ppo"}})
    with pytest.raises(StateError, match="has format 2"):
        agent_state(path)
    save_state(path, {"format": 1})
    with pytest.raises(StateError, match="holds no agent"):
        agent_state(path)


def test_what_a_killed_process_left_half_done_is_cleared_away(run: TrainingFolder) -> None:
    run.save_checkpoint(100, {}, is_best=False)
    half = run.best_checkpoint.parent / ".best.safetensors.x1"
    half.write_bytes(b"half")
    with run.held():
        assert not half.exists()
        assert len(run.checkpoints()) == 1


def test_the_latest_run_is_that_written_to_last(run: TrainingFolder) -> None:
    assert latest_training_run(run.path.parent) == run.path
    with pytest.raises(ResultsError, match="no training runs below"):
        latest_training_run(run.path)
