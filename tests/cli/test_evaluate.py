"""``ngp evaluate`` as a person types it."""

import json
import shlex
import shutil
from dataclasses import replace

import click
import pytest

from newgameplus.cli.evaluate import DEFAULT_SPLIT, Duration
from newgameplus.cli.main import run
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.open_games.proof import par_path
from newgameplus.results.checkpoints import load_state


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NGP_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("newgameplus.cli.evaluate.DEFAULT_SPLIT", "airstriker")  # one level instead of eleven


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """Results of 50 steps of the random agent; look, do not touch."""
    path = tmp_path_factory.mktemp("complete") / "r"
    assert run(["evaluate", "random", "--split", "airstriker", "--timesteps", "50", "--results", str(path)]) == 0
    return path


@pytest.fixture
def results(complete, tmp_path):
    """A copy of these, called ``r``."""
    return shutil.copytree(complete, tmp_path / "r")


def test_a_first_evaluation_needs_an_agent_and_nothing_else(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("newgameplus.cli.evaluate.DEFAULT_SPLIT", DEFAULT_SPLIT)
    assert run(["evaluate", "random", "--timesteps", "20"]) == 0
    output = capsys.readouterr().out
    assert "Score" in output
    assert "results/random-tumbleweed-validation-1" in output
    assert (tmp_path / "results/random-tumbleweed-validation-1/scores.json").is_file()


def test_json_is_all_that_is_printed_on_standard_output(capsys):
    assert run(["evaluate", "random", "--timesteps", "100", "--json", "--results", "r", "--no-movies"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["results"] == "r"
    assert scores["levels"][0]["runs"][0]["num_timesteps"] == 100


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate"], "Say which agent plays"),
        (["evaluate", "jurk"], "Did you mean jerk?"),
        (["evaluate", "random", "--split", "airstrike"], "Did you mean airstriker?"),
        (["evaluate", "random", "--level", "Airstrikr-Genesis-v0/Level1"], "Did you mean Airstriker-Genesis-v0"),
        (["evaluate", "random", "--level", "Airstriker-Genesis-v0/Level9"], "Did you mean Level1?"),
        (["evaluate", "random", "--level", "Airstriker-Genesis-v0/Level1/x"], "Game/State"),
        (["evaluate", "random", "--scenario", "contest"], "has no scenario 'contest'"),
        (["evaluate", "random", "--split", "sonic-train"], "ngp games import"),
        (["evaluate", "random", "--split", "airstriker", "--level", "A/B"], "not both"),
        (["evaluate", "random", "--timesteps", "-5"], "more than 0"),
        (["evaluate", "random", "--timesteps", "many"], "is not a whole number"),
        (["evaluate", "random", "--wall-clock", "soon"], "not a duration"),
        (["evaluate", "random", "--seed", "-1"], "whole numbers from 0"),
        (["evaluate", "random", "--seeds", "0"], "at least 1"),
        (["evaluate", "random", "--seeds", "1000000000000"], "at most 10,000"),
        (["evaluate", "random", "--wall-clock", "9" * 400], "have an end"),
        (["evaluate", "random", "--workers", "0"], "at least 1"),
        (["evaluate", "random", "--rules", "contest2018"], "Did you mean contest-2018"),
        (["evaluate", "random", "--preset", "unform"], "There is no preset"),
        (["evaluate", "random", "--set", "press"], "FIELD=VALUE"),
        (["evaluate", "random", "--set", "pres_probability=1"], "Did you mean press_probability?"),
        (["evaluate", "random", "--prefill", "par"], "The agent random has no replay buffer"),
        (["evaluate", "rainbow", "--prefill", "nowhere.bk2"], "There is no movie nowhere.bk2"),
        (["evaluate", "rainbow", "--prefill", "par", "--prefill-steps", "0"], "prefill_steps must be at least 1"),
        (["evaluate", "rainbow", "--prefill-steps", "10"], "give both"),
        (["evaluate", "no_such_module:Bot"], "Cannot import"),
        (["evaluate", "newgameplus.types:Step"], "is not an agent"),
        (["evaluate", "--resume"], "no results"),
        (["evaluate", "--resume", "--results", "nowhere"], "There is no folder nowhere"),
        (["evaluate", "random", "--results", "/proc/nowhere"], "Cannot write results"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2_and_leaves_nothing(tmp_path, capsys, arguments, sentence):
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_results_are_never_clobbered(results, capsys):
    before = (results / "scores.json").read_bytes()
    assert run(["evaluate", "random", "--timesteps", "80", "--results", "r"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert (results / "scores.json").read_bytes() == before


def test_resuming_complete_results_says_the_score_again(capsys):
    assert run(["evaluate", "random", "--timesteps", "50", "--results", "r", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert run(["evaluate", "--resume", "--results", "r", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert run(["evaluate", "random", "--timesteps", "50", "--resume", "--results", "r", "--json"]) == 0
    assert "These results were complete already." in capsys.readouterr().err


def test_results_that_were_begun_without_movies_go_on_without(tmp_path):
    assert run(["evaluate", "random", "--timesteps", "50", "--results", "r", "--no-movies"]) == 0
    for leftover in (tmp_path / "r").rglob("run.json"):
        leftover.unlink()
    assert run(["evaluate", "--resume", "--results", "r"]) == 0
    assert not list((tmp_path / "r").rglob("*.bk2"))
    assert run(["evaluate", "--resume", "--results", "r", "--movies"]) == 2


def test_settings_may_be_typed_again_in_part(capsys):
    first = ["random", "--timesteps", "50", "--scenario", "scenario", "--set", "press_probability=0.1"]
    assert run(["evaluate", *first, "--results", "r"]) == 0
    assert run(["evaluate", "--resume", "--timesteps", "50", "--results", "r"]) == 0
    assert run(["evaluate", "--resume", "--preset", "uniform", "--results", "r"]) == 2
    assert "other settings" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a[/b]", "two words", "caf\udce9"])
def test_a_command_to_copy_is_as_a_shell_takes_it(complete, tmp_path, capsys, name):
    shutil.copytree(complete, tmp_path / name)
    assert run(["evaluate", "--resume", "--results", name]) == 0
    assert f"ngp report {shlex.quote(click.format_filename(name))}\n" in capsys.readouterr().out


def test_corrupt_logs_are_found_before_anything_is_played(results, capsys):
    (monitor,) = results.rglob("monitor.csv")
    monitor.write_text("r,l,t\nx,y,z\n")
    (monitor.parent / "run.json").unlink()
    assert run(["evaluate", "--resume", "--results", "r"]) == 2
    assert "monitor.csv is corrupt" in capsys.readouterr().err
    assert monitor.read_text() == "r,l,t\nx,y,z\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["jerk"], "begun with the agent random"), (["random", "--timesteps", "60"], "other settings")],
)
@pytest.mark.usefixtures("results")
def test_resuming_with_other_settings_is_refused(capsys, arguments, sentence):
    assert run(["evaluate", *arguments, "--resume", "--results", "r"]) == 2
    assert sentence in capsys.readouterr().err


def test_an_agent_of_the_users_own_lies_where_they_work(tmp_path, capsys):
    (tmp_path / "my_bot.py").write_text(
        "from newgameplus.agents.random.agent import Random\n\nclass Bot(Random):\n    pass\n"
    )
    assert run(["evaluate", "my_bot:Bot", "--timesteps", "50"]) == 0
    assert "results/bot-airstriker-1" in capsys.readouterr().out


def test_the_score_of_an_evaluation_that_is_not_complete_is_called_so(tmp_path, capsys):
    (tmp_path / "breaking.py").write_text(
        "from newgameplus.agents.random.agent import Random\n\n"
        "class Breaking(Random):\n"
        "    num_steps = 0\n"
        "    def act(self, observation):\n"
        "        self.num_steps += 1\n"
        "        if self.num_steps > 450:\n"
        "            raise ArithmeticError\n"
        "        return super().act(observation)\n"
    )
    assert run(["evaluate", "breaking:Breaking", "--timesteps", "1000"]) == 1
    output = capsys.readouterr().out
    assert "Failed: " in output
    assert "Score so far" in output


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1.5s", 1.5), ("30m", 1800), ("12h", 43200)])
def test_durations_are_read_in_seconds_minutes_and_hours(text, seconds):
    assert Duration().convert(text, None, None) == seconds


def test_a_damaged_checkpoint_is_bad_input_and_nothing_is_lost(results, capsys):
    folder = results / "levels/Airstriker-Genesis-v0-Level1/seed-0"
    (folder / "run.json").unlink()
    (folder / "checkpoint.safetensors").write_bytes(b"not a checkpoint")
    before = (folder / "monitor.csv").read_bytes()
    assert run(["evaluate", "--resume", "--results", "r"]) == 2
    assert "Cannot resume" in capsys.readouterr().out
    assert (folder / "monitor.csv").read_bytes() == before


def test_resume_takes_the_results_that_are_unfinished(complete, tmp_path, capsys):
    for name in ("results/a", "results/b"):
        shutil.copytree(complete, tmp_path / name)
    (tmp_path / "results/a/levels/Airstriker-Genesis-v0-Level1/seed-0/run.json").unlink()
    scores = json.loads((tmp_path / "results/a/scores.json").read_text()) | {"is_complete": False}
    (tmp_path / "results/a/scores.json").write_text(json.dumps(scores))
    capsys.readouterr()
    assert run(["evaluate", "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"] == "results/a"


def test_a_frozen_agent_learns_from_no_demonstrations(tmp_path, capsys):
    (tmp_path / "x").write_bytes(b"")
    assert run(["evaluate", "ppo", "--demonstrations", "par", "--frozen", "--init", "x"]) == 2
    assert "--frozen learns nothing, so --demonstrations are of no use" in capsys.readouterr().err


def test_demonstrations_come_before_each_run_and_no_step_of_them_counts(tmp_path, capsys):
    movie = read_movie(par_path(find_level("Tumbleweed-Genesis-v0/Mesa.Act1")))
    write_movie(tmp_path / "short.bk2", replace(movie, masks=movie.masks[:81]))
    fields = ["--set", "num_hidden=8", "--set", "cloning_epochs=1", "--set", "rollout_steps=16", "--set", "stack=2"]
    command = ["evaluate", "ppo", "--level", "Tumbleweed-Genesis-v0/Mesa.Act1", *fields, "--results", "r"]
    assert run([*command, "--timesteps", "30", "--demonstrations", "short.bk2", "--json"]) == 0
    assert json.loads((tmp_path / "r/manifest.json").read_text())["demonstrations"] == str(tmp_path / "short.bk2")
    assert run(["evaluate", "--resume", "--results", "r", "--demonstrations", "par"]) == 2
    assert "r was begun with other settings" in capsys.readouterr().err


def test_a_frozen_agent_is_not_prefilled(tmp_path, capsys):
    (tmp_path / "x").write_bytes(b"")
    assert run(["evaluate", "rainbow", "--prefill", "par", "--frozen", "--init", "x"]) == 2
    assert "--frozen learns nothing, so a --prefill is of no use" in capsys.readouterr().err


def test_a_replay_buffer_is_prefilled_before_each_run_and_no_step_of_it_counts(tmp_path, capsys):
    small = ["--set", "encoder=dqn-2013", "--set", "num_hidden=8"]
    fields = [*small, "--set", "capacity=400", "--set", "min_transitions=400"]
    command = ["evaluate", "rainbow", *fields, "--no-movies", "--results", "r"]
    assert run([*command, "--timesteps", "30", "--prefill", "par", "--prefill-steps", "60", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["levels"][0]["runs"][0]["num_timesteps"] == 30
    assert json.loads((tmp_path / "r/manifest.json").read_text())["prefill"] == {"source": "par", "num_steps": 60}
    (checkpoint,) = tmp_path.glob("r/levels/*/seed-0/checkpoint.safetensors")
    agent = load_state(checkpoint)["agent"]
    # The prefill's last frame takes a slot of its own.
    assert (agent["replay"][0]["written"].tolist(), agent["num_steps"]) == ([91], 30)
    assert run(["evaluate", "--resume", "--results", "r", "--prefill", "par"]) == 0
    capsys.readouterr()
    assert run(["evaluate", "--resume", "--results", "r", "--prefill", "airstriker"]) == 2
    assert "begun with other settings" in capsys.readouterr().err
