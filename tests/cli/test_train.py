"""``ngp train`` as a person types it."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from newgameplus.cli.main import run
from newgameplus.cli.training_progress import prepared_in_words, tell_prepared
from newgameplus.nn.cpu.compiled import using
from newgameplus.printable import open_console
from newgameplus.results.checkpoints import load_state
from newgameplus.results.training_runs import TrainingFolder, checkpoint_at
from newgameplus.training.demonstrations import Prepared

pytestmark = pytest.mark.usefixtures("one_thread")

AIRSTRIKER = ["--level", "Airstriker-Genesis-v0/Level1", "--num-envs", "2"]
SHORT = [*AIRSTRIKER, "--steps", "40"]
SMALL_PPO = [
    *("--set", "encoder=dqn-2013", "--set", "num_hidden=16"),
    *("--set", "rollout_steps=8", "--set", "batch_size=16", "--set", "num_epochs=1"),
]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NGP_HOME", str(tmp_path / "home"))


def test_a_first_training_says_where_it_lies_and_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "ppo", *SHORT, *SMALL_PPO]) == 0
    told = capsys.readouterr().err
    folder = "runs/ppo-Airstriker-Genesis-v0-Level1-1"
    assert f"Run: {folder}" in told
    assert f"ngp evaluate ppo --init {folder}" in told
    assert f"ngp report {folder}" in told
    assert f"tensorboard --logdir {folder}" in told
    left = {path.name for path in (tmp_path / folder).iterdir()}
    assert {"training.json", "checkpoints", "episodes.jsonl", "metrics.jsonl", "tensorboard"} <= left


def test_what_is_typed_is_what_the_manifest_says(tmp_path: Path) -> None:
    arguments = ["--seed", "7", "--checkpoint-every", "20", "--watch-every", "20", "--episode-steps", "10"]
    assert run(["train", "ppo", *SHORT, *SMALL_PPO, *arguments, "--device", "cpu", "--threads", "1", "--run", "r"]) == 0
    manifest = json.loads((tmp_path / "r/training.json").read_text())
    assert manifest["agent"]["config"]["num_hidden"] == 16
    assert manifest["agent"]["config"]["device"] == "cpu"
    expected = {
        "seed": 7,
        "total_steps": 40,
        "num_envs": 2,
        "checkpoint_steps": 20,
        "watch_steps": 20,
        "num_threads": 1,
    }
    assert {name: manifest[name] for name in expected} == expected
    assert manifest["max_episode_steps"] == 10
    assert len(list((tmp_path / "r/movies").glob("*.bk2"))) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train"], "Say which agent learns"),
        (["train", "pop"], "Did you mean ppo?"),
        (["train", "ppo", "--preset", "tune"], "Did you mean tuned?"),
        (["train", "ppo", "--set", "lerning_rate=1"], "Did you mean learning_rate or"),
        (["train", "ppo", "--set", "learning_rate"], "FIELD=VALUE"),
        (["train", "ppo", "--set", "learning_rate=-1"], "learning_rate must be more than 0"),
        (["train", "ppo", "--set", "encoder=resnet"], "expected one of dqn-2013, nature"),
        (["train", "ppo", "--split", "tumbleweed-trian"], "Did you mean tumbleweed-train"),
        (["train", "ppo", "--split", "airstriker", "--level", "A/B"], "not both"),
        (["train", "ppo", "--level", "Airstriker-Genesis-v0/Level9"], "Did you mean Level1?"),
        (["train", "ppo", *AIRSTRIKER, "--steps", "0"], "total_steps must be at least 1"),
        (["train", "ppo", *AIRSTRIKER, "--seed", "-1"], "A seed is a whole number from 0"),
        (["train", "ppo", *AIRSTRIKER, "--watch-every", "0"], "watch_steps must be at least 1"),
        (["train", "ppo", *AIRSTRIKER, "--threads", "0"], "num_threads must be at least 1"),
        (["train", "ppo", *AIRSTRIKER, "--switch-every", "5"], "There is no other level than Airstriker-Genesis-v0"),
        (["train", "ppo", "--switch-every", "0"], "switch_steps must be at least 1"),
        (["train", "experts", "--switch-every", "5"], "experts must know the zone of each row"),
        (["train", "experts", "--stream", "tumbleweed"], "leave out --switch-every and --stream"),
        (["train", "ppo", "--stream-seed", "1"], "give --stream as well"),
        (["train", "ppo", "--stream", "tumbleweed", "--stream-seed", str(2**63)], "is a whole number from 0"),
        (["train", "ppo", *AIRSTRIKER, "--stream", "tumbleweed"], "leave out --split and --level"),
        (["train", "es", "--on", "local", "--stream", "tumbleweed"], "leave out --num-envs, --switch-every and"),
        (["train", "ppo", *AIRSTRIKER, "--prefill", "par"], "The agent ppo has no replay buffer"),
        (["train", "es", *AIRSTRIKER, "--demonstrations", "par"], "The agent es cannot learn from demonstrations"),
        (["train", "ppo", *AIRSTRIKER, "--demonstrations", "nowhere.bk2"], "There is no movie nowhere.bk2"),
        (["train", "ppo", *AIRSTRIKER, "--demonstrations", "/proc/sys"], "holds neither movies (.bk2) nor a split"),
        (["train", "rainbow", *AIRSTRIKER, "--prefill", "nowhere.bk2"], "There is no movie nowhere.bk2"),
        (["train", "rainbow", *AIRSTRIKER, "--prefill", "airstrike"], "Did you mean airstriker?"),
        (["train", "rainbow", *AIRSTRIKER, "--prefill", "airstriker", "--set", "capacity=1000"], "takes up half"),
        (["train", "rainbow", *AIRSTRIKER, "--prefill-steps", "10"], "give both"),
        (["train", "random", *AIRSTRIKER, "--watch-every", "5"], "no weights that could be watched"),
        (["train", "random", *AIRSTRIKER], "has no weights, so nothing that it learns in training is of use"),
        (["train", "random", *AIRSTRIKER, "--init", "x"], "no weights, so it cannot begin"),
        (["train", "ppo", *AIRSTRIKER, "--init", "nowhere"], "There is no checkpoint at"),
        (["train", "ppo", *AIRSTRIKER, "--run", "/proc/nowhere"], "Cannot write a run to /proc/nowhere"),
        (["train", "ppo", "--resume"], "There are no training runs"),
        (["train", "--resume", "--run", "nowhere"], "There is no folder nowhere"),
        (["train", "no_such_module:Bot"], "Cannot import"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run(arguments) == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
def test_cuda_that_is_not_there_is_said_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "ppo", *SHORT, "--device", "cuda"]) == 2
    assert "There is no CUDA device on this machine" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_loss_that_is_no_longer_a_number_is_told_with_a_way_on(capsys: pytest.CaptureFixture[str]) -> None:
    fields = [*SMALL_PPO, "--set", "num_epochs=2", "--set", "learning_rate=1e30"]
    assert run(["train", "ppo", *SHORT, *fields, "--run", "r", "--checkpoint-every", "4"]) == 2
    assert "NaN or infinite" in (told := capsys.readouterr().err)
    assert "ngp train ppo --init r --set learning_rate=" in told
    assert run(["train", "ppo", *SHORT, "--init", "r", "--set", "learning_rate=1e-4"]) == 0


def test_levels_for_which_there_is_no_row_are_not_said_to_be_learned_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "random", "--split", "tumbleweed-train", "--num-envs", "2", "--steps", "4"]) == 0
    assert "learns on the first 2 of 47 levels in 2 rows" in capsys.readouterr().err


def test_levels_come_one_after_another_after_a_prefill_and_the_run_goes_on_from_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--set", "encoder=dqn-2013", "--set", "num_hidden=8"]
    fields = [*small, "--set", "capacity=400", "--set", "min_transitions=400"]
    order = ["--split", "tumbleweed-train", "--num-envs", "2", "--switch-every", "10", "--episode-steps", "10"]
    prefill = ["--prefill", "par", "--prefill-steps", "80"]
    assert run(["train", "rainbow", *order, *prefill, *fields, "--steps", "120", "--run", "r"]) == 0
    told = capsys.readouterr().err
    assert "learns on 47 levels one after another in 2 rows for 120 steps" in told
    assert "It begins with 80 transitions in its replay buffer, " in told
    assert "% of them by buttons that are an action of its own" in told
    episodes = [json.loads(line) for line in (tmp_path / "r/episodes.jsonl").read_text().splitlines()]
    assert len(episodes) == len({episode["level"] for episode in episodes}) == 12
    (tmp_path / "r/checkpoints/000000000120.safetensors").unlink()
    assert run(["train", "--resume", "--run", "r"]) == 0
    assert "begins with" not in capsys.readouterr().err
    again = [json.loads(line) for line in (tmp_path / "r/episodes.jsonl").read_text().splitlines()]
    assert again == episodes


def test_a_run_is_never_begun_over_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "random", *SHORT, "--run", "r"]) == 0
    assert run(["train", "random", *SHORT, "--run", "r"]) == 2
    assert "r is not empty" in capsys.readouterr().err


def test_what_a_resumed_run_is_cannot_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "random", *SHORT, "--run", "r"]) == 0
    capsys.readouterr()
    assert run(["train", "--resume", "--run", "r"]) == 0
    assert "complete already" in capsys.readouterr().err
    assert run(["train", "--resume", "--run", "r", "--steps", "80"]) == 2
    assert "leave out" in capsys.readouterr().err


def test_interrupted_it_says_how_to_go_on_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "newgameplus", "train", "random", *AIRSTRIKER, "--steps", "10000000"]
    process = subprocess.Popen(
        [*command, "--checkpoint-every", "10000000", "--run", "runs/a run"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    while "steps/s" not in (line := process.stderr.readline()):
        assert line, "it ended before its first step"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "steps, which are kept; go on with" in told
    assert "ngp train --resume --run 'runs/a run'" in told
    manifest = tmp_path / "runs/a run/training.json"
    done = int(max(path.stem for path in tmp_path.glob("runs/a run/checkpoints/0*.safetensors")))
    manifest.write_text(manifest.read_text().replace('"total_steps": 10000000', f'"total_steps": {done + 20}'))
    assert run(["train", "--resume"]) == 0
    assert f"Trained for {done + 20:,} steps" in capsys.readouterr().err


def test_the_command_that_it_ends_with_judges_what_was_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "ppo", *SHORT, *SMALL_PPO, "--set", "value_clip=none", "--run", "a run"]) == 0
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("Judge it: ngp "))
    arguments = [*shlex.split(line.removeprefix("Judge it: ngp ")), *AIRSTRIKER[:2], "--timesteps", "30"]
    assert run([*arguments, "--frozen", "--json", "--results", "r"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["levels"][0]["runs"][0]["num_timesteps"] == 30
    trained = json.loads(Path("a run/training.json").read_text())["agent"]
    assert trained["config"]["value_clip"] is None
    assert json.loads(Path("r/manifest.json").read_text())["agent"] == trained


def test_a_search_stands_for_the_best_that_it_found_and_is_judged_frozen(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "brute", *AIRSTRIKER, "--steps", "2400", "--checkpoint-every", "600", "--run", "a/run"]) == 0
    judge = f"ngp evaluate brute --init a/run --frozen --level {AIRSTRIKER[1]}"
    assert f"Judge it: {judge}\n" in capsys.readouterr().err
    newest, chosen = TrainingFolder(Path("a/run")).checkpoints()[-1], checkpoint_at(Path("a/run"))
    found, stood_for = (
        max(each["episode_return"] for each in load_state(path)["agent"]["best"]) for path in (newest, chosen)
    )
    assert chosen != newest
    assert stood_for == found > 0


def test_no_command_judges_what_has_no_weights(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "newgameplus.agents.jerk.agent:Jerk", *SHORT, "--run", "a run"]) == 0
    told = capsys.readouterr().err
    assert "Trained for" in told
    assert "Judge it" not in told


def test_a_run_passes_its_configuration_on_unless_another_preset_is_typed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "ppo", *SHORT, *SMALL_PPO, "--set", "clip=0.3", "--run", "a"]) == 0
    begun = json.loads(Path("a/training.json").read_text())["agent"]["config"]
    judged = ["evaluate", "ppo", "--init", "a", *AIRSTRIKER[:2], "--timesteps", "20", "--set", "learning_rate=1e-5"]
    assert run([*judged, "--results", "r"]) == 0
    # The command may be typed again to go on, and must then say the same.
    assert run([*judged, "--results", "r", "--resume"]) == 0
    assert run([*judged, "--set", "clip=0.4", "--results", "r", "--resume"]) == 2
    config = json.loads(Path("r/manifest.json").read_text())["agent"]["config"]
    assert config == begun | {"learning_rate": 1e-5, "device": "auto"}
    assert run(["train", "ppo", *SHORT, "--init", "a", "--set", "max_offset=1", "--run", "b"]) == 0
    again = json.loads(Path("b/training.json").read_text())["agent"]["config"]
    assert again == begun | {"max_offset": 1, "device": "auto"}
    capsys.readouterr()
    assert run(["train", "ppo", *SHORT, "--preset", "default", "--init", "a", "--run", "c"]) == 2
    assert "belongs to another network" in capsys.readouterr().err


def test_a_run_of_another_agent_passes_no_configuration_on() -> None:
    assert run(["train", "ppo", *SHORT, *SMALL_PPO, "--run", "a"]) == 0
    assert (
        run(
            [
                "train",
                "rainbow",
                *SHORT,
                "--set",
                "encoder=dqn-2013",
                "--set",
                "capacity=1000",
                "--init",
                "a",
                "--run",
                "b",
            ]
        )
        == 0
    )
    agent = json.loads(Path("b/training.json").read_text())["agent"]
    assert (agent["name"], agent["preset"], agent["config"]["capacity"]) == ("rainbow", "default", 1000)


def test_what_computes_is_said_and_kept_and_a_change_is_said_where_a_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "ppo", *SHORT, *SMALL_PPO, "--device", "cpu", "--threads", "1", "--run", "r"]) == 0
    told = capsys.readouterr().err
    assert f"Computed by torch {torch.__version__}, device cpu, threads 1, precision" in told
    assert "Warning" not in told
    kept = json.loads((tmp_path / "r/training.json").read_text())["arithmetic"]
    assert {"torch", "device", "threads", "precision", "kernels"} == kept.keys()
    with using("off"):
        assert run(["train", "--resume", "--run", "r"]) == 0
    told = capsys.readouterr().err
    assert "Warning: other arithmetic than this run was begun with" in told
    assert f"kernels was {kept['kernels']} and is none: turned off by NGP_KERNELS." in told


def test_the_results_of_an_agent_say_what_computed_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = ["evaluate", "ppo", *AIRSTRIKER[:2], *SMALL_PPO, "--timesteps", "20", "--set", "device=cpu"]
    assert run([*begun, "--workers", "1", "--no-movies", "--results", "e"]) == 0
    kept = json.loads((tmp_path / "e/manifest.json").read_text())["arithmetic"]
    assert {"torch", "device", "precision", "kernels"} == kept.keys()
    with using("off"):
        assert run(["evaluate", "--resume", "--results", "e"]) == 0
    assert "Warning: other arithmetic" in capsys.readouterr().err


def test_a_stage_of_an_agent_of_ones_own_is_told_by_its_name() -> None:
    told = prepared_in_words(Prepared("draw", 5, 5, figures={"loss": 0.5}, is_resumable=True))
    assert told == "It learned from them in 5 steps of draw: loss 0.5."


def test_a_log_file_says_how_far_a_stage_is(capsys: pytest.CaptureFixture[str]) -> None:
    console = open_console(stderr=True)
    later = tell_prepared(console, Prepared("v", 5, 3000), 0.0)
    assert capsys.readouterr().err == "5 of 3,000 gradient steps of V\n"
    assert tell_prepared(console, Prepared("v", 6, 3000), later) == later
    assert not capsys.readouterr().err
