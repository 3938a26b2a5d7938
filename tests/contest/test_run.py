"""One run: how steps and episodes are counted, and that an interruption leaves no trace in the result."""

import json
import multiprocessing
import random
import signal
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest import run as run_module
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, CONTEST_2018, with_budget
from newgameplus.contest.run import play_run
from newgameplus.contest.run_scores import read_run
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import ResultsError
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.monitor import read_log, read_monitor
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.seeds import split_seed
from newgameplus.training.worlds import WorldPlan

pytestmark = pytest.mark.usefixtures("one_thread")

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
SMALL = {
    "ppo": {"encoder": "dqn-2013", "num_hidden": "16", "rollout_steps": "16", "batch_size": "16", "num_epochs": "1"},
    "rainbow": {
        "encoder": "dqn-2013",
        "num_hidden": "16",
        "capacity": "120",
        "min_transitions": "32",
        "batch_size": "8",
    },
}
"""Fields that make a learner learn within a few dozen steps; Rainbow's replay buffer goes round several times."""
FORKS = multiprocessing.get_context("forkserver")
# torch imports its compiler, of which nothing is used here, for the first optimizer of a process.
FORKS.set_forkserver_preload(["torch._dynamo", "newgameplus.contest.run", "newgameplus.agents.ppo.agent"])


def job(folder, *, agent="jerk", preset="default", rules=CONTEST, seed=0, max_episode_steps=60, **budget):
    config = configure(find_agent(agent), preset, SMALL.get(agent, {}))
    world = WorldPlan((LEVEL,), rules=WorldRules(max_episode_steps=max_episode_steps))
    plan = Plan(AgentPlan(agent, preset, config), world, with_budget(rules, **budget), (seed,))
    return Job(plan, LEVEL, seed, folder)


def returns_and_lengths(folder):
    return [(episode.episode_return, episode.num_steps) for episode in read_monitor(folder / "monitor.csv")]


def ignore(progress):
    pass


class Interruption(Exception):
    pass


def interrupt_after(num_steps):
    """A report that gives up on the run once it has come so far."""

    def report(progress):
        if progress.num_steps >= num_steps:
            raise Interruption

    return report


def test_a_budget_of_timesteps_is_spent_exactly_and_the_cut_episode_counts(tmp_path):
    play_run(job(tmp_path, timesteps=150), ignore)
    assert [length for _, length in returns_and_lengths(tmp_path)] == [60, 60, 30]
    run = read_run(tmp_path, "level", 0, CONTEST)
    assert (run.num_timesteps, run.is_complete) == (150, True)
    assert run.num_frames == 150 * 4


def test_a_budget_that_ends_with_an_episode_leaves_no_empty_one(tmp_path):
    play_run(job(tmp_path, timesteps=120), ignore)
    assert [length for _, length in returns_and_lengths(tmp_path)] == [60, 60]
    assert sorted(path.name for path in (tmp_path / "bk2").iterdir()) == [
        "Airstriker-Genesis-v0-Level1-000000.bk2",
        "Airstriker-Genesis-v0-Level1-000001.bk2",
    ]


def test_the_rules_of_2018_count_resets_and_drop_the_cut_episode(tmp_path):
    # 1 reset + 60 steps + 1 reset + 60 steps + 1 reset + 27 steps = 150; the 27 are never scored.
    play_run(job(tmp_path, rules=CONTEST_2018, timesteps=150), ignore)
    assert [length for _, length in returns_and_lengths(tmp_path)] == [60, 60]
    assert read_run(tmp_path, "level", 0, CONTEST).num_timesteps == 150


def test_in_2018_an_episode_that_ends_on_the_last_timestep_is_lost(tmp_path):
    play_run(job(tmp_path, rules=CONTEST_2018, timesteps=122), ignore)
    assert [length for _, length in returns_and_lengths(tmp_path)] == [60]


def test_a_budget_of_episodes_is_kept(tmp_path):
    play_run(job(tmp_path, episodes=2), ignore)
    assert len(returns_and_lengths(tmp_path)) == 2


def test_a_budget_of_time_ends_the_run(tmp_path):
    play_run(job(tmp_path, wall_clock_seconds=0.3), ignore)
    run = read_run(tmp_path, "level", 0, CONTEST)
    assert run.is_complete
    assert run.elapsed_seconds >= 0.3


def test_the_log_has_a_row_every_thousand_steps(tmp_path):
    play_run(job(tmp_path, timesteps=2001, max_episode_steps=4500), ignore)
    assert [steps for steps, _ in read_log(tmp_path / "log.csv")] == [1000, 2000]


@pytest.mark.parametrize(
    ("agent", "preset"), [("jerk", "default"), pytest.param("jerk", "mutating", marks=pytest.mark.nightly)]
)
def test_an_interrupted_run_ends_like_one_that_was_not(tmp_path, agent, preset):
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    play_run(job(whole, agent=agent, preset=preset, timesteps=400), ignore)
    for num_steps in (90, 200, 330):
        with pytest.raises(Interruption):
            play_run(job(pieces, agent=agent, preset=preset, timesteps=400), interrupt_after(num_steps))
    play_run(job(pieces, agent=agent, preset=preset, timesteps=400), ignore)
    assert returns_and_lengths(pieces) == returns_and_lengths(whole)
    assert read_run(pieces, "l", 0, CONTEST).num_frames == read_run(whole, "l", 0, CONTEST).num_frames
    names = sorted(path.name for path in (whole / "bk2").iterdir())
    assert sorted(path.name for path in (pieces / "bk2").iterdir()) == names
    for name in names:
        assert np.array_equal(read_movie(pieces / "bk2" / name).masks, read_movie(whole / "bk2" / name).masks)


@pytest.fixture
def _seldom_checkpoints(monkeypatch):
    """A checkpoint at the first episode's end and then one in 150 steps, whatever the time; a report every step."""
    monkeypatch.setattr(run_module, "REPORT_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr(run_module, "CHECKPOINT_SECONDS", 1e9)
    monkeypatch.setattr(run_module, "CHECKPOINT_SHARE", 1e-12)
    monkeypatch.setattr(run_module, "CHECKPOINT_STEPS", 150)


def learned(folder):
    """All that an agent is at the end of its run."""
    return flat(load_state(folder / "checkpoint.safetensors")["agent"])


def flat(node):
    if isinstance(node, dict):
        return {key: flat(inner) for key, inner in node.items()}
    if isinstance(node, list):
        return [flat(inner) for inner in node]
    return (node.dtype.str, node.shape, node.tobytes()) if isinstance(node, np.ndarray) else node


def movies(folder):
    return {path.name: read_movie(path).masks.tobytes() for path in (folder / "bk2").iterdir()}


@pytest.mark.usefixtures("_seldom_checkpoints")
@pytest.mark.parametrize("agent", ["random", pytest.param("ppo", marks=pytest.mark.nightly), "rainbow"])
def test_what_came_after_the_last_checkpoint_is_played_again_and_no_trace_of_it_stays(tmp_path, agent):
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    play_run(job(whole, agent=agent, timesteps=500), ignore)
    for num_steps in (140, 290, 420):
        with pytest.raises(Interruption):
            play_run(job(pieces, agent=agent, timesteps=500), interrupt_after(num_steps))
        num_saved = load_state(pieces / "checkpoint.safetensors")["progress"]["num_episodes"]
        assert num_saved < len(returns_and_lengths(pieces))
    play_run(job(pieces, agent=agent, timesteps=500), ignore)
    assert returns_and_lengths(pieces) == returns_and_lengths(whole)
    assert movies(pieces) == movies(whole)
    assert learned(pieces) == learned(whole)
    assert read_run(pieces, "l", 0, CONTEST).num_frames == read_run(whole, "l", 0, CONTEST).num_frames


@pytest.mark.usefixtures("_seldom_checkpoints")
def test_movies_of_episodes_that_the_last_checkpoint_does_not_know_are_removed_first(tmp_path):
    with pytest.raises(Interruption):
        play_run(job(tmp_path, timesteps=400), interrupt_after(190))
    assert len(movies(tmp_path)) == 4
    with pytest.raises(Interruption):
        play_run(job(tmp_path, timesteps=400), interrupt_after(0))
    assert len(movies(tmp_path)) == 1


@pytest.mark.parametrize("timesteps", [30, 200])
def test_a_run_whose_checkpoint_is_gone_is_not_begun_anew_over_its_episodes(tmp_path, timesteps):
    with pytest.raises(Interruption):
        play_run(job(tmp_path, timesteps=400, max_episode_steps=20), interrupt_after(timesteps))
    before = movies(tmp_path)
    assert before
    (tmp_path / "checkpoint.safetensors").unlink()
    with pytest.raises(ResultsError, match=r"holds episodes, but its checkpoint checkpoint\.safetensors is gone"):
        play_run(job(tmp_path, timesteps=400, max_episode_steps=20), ignore)
    assert movies(tmp_path) == before


def play_ppo(folder):
    """What the process does that is killed."""
    torch.set_num_threads(1)
    play_run(job(folder, agent="ppo", timesteps=600), ignore)


def test_a_learner_that_is_killed_at_random_moments_ends_as_if_it_had_never_stopped(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    started = time.monotonic()
    play_ppo(whole)
    seconds = time.monotonic() - started
    rng = random.Random(time.time_ns())
    exit_codes = []
    for _ in range(3):
        process = FORKS.Process(target=play_ppo, args=(killed,))
        process.start()
        process.join(rng.uniform(0.1, 0.5) * seconds)
        process.kill()
        process.join()
        exit_codes.append(process.exitcode)
    assert -signal.SIGKILL in exit_codes
    play_ppo(killed)
    assert returns_and_lengths(killed) == returns_and_lengths(whole)
    assert movies(killed) == movies(whole)
    assert learned(killed) == learned(whole)


@pytest.mark.usefixtures("_seldom_checkpoints")
def test_the_frames_of_a_replay_buffer_lie_beside_the_checkpoint_and_go_when_the_run_is_over(tmp_path):
    with pytest.raises(Interruption):
        play_run(job(tmp_path, agent="rainbow", timesteps=400), interrupt_after(200))
    assert (tmp_path / "replay" / "frame.bin").stat().st_size > 120 * 84 * 84
    assert "frame" not in load_state(tmp_path / "checkpoint.safetensors")["agent"]["replay"][0]
    play_run(job(tmp_path, agent="rainbow", timesteps=400), ignore)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".lock", "bk2", "checkpoint.safetensors", "log.csv", "monitor.csv", "run.json",
    ]  # fmt: skip


def test_a_run_that_was_killed_before_it_said_that_it_is_over_says_so_when_it_is_resumed(tmp_path):
    play_run(job(tmp_path, agent="rainbow", timesteps=150), ignore)
    expected = (tmp_path / "run.json").read_bytes(), (tmp_path / "monitor.csv").read_bytes()
    (tmp_path / "run.json").unlink()
    (tmp_path / "replay").mkdir()
    (tmp_path / "replay" / "frame.bin").write_bytes(b"what was there")
    play_run(job(tmp_path, agent="rainbow", timesteps=150), interrupt_after(1000))
    assert ((tmp_path / "run.json").read_bytes(), (tmp_path / "monitor.csv").read_bytes()) == expected
    assert not (tmp_path / "replay").exists()


def test_a_run_is_the_same_every_time_and_another_with_another_seed(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        play_run(job(tmp_path / name, seed=seed, timesteps=300, max_episode_steps=100), ignore)
    masks = [
        np.concatenate([read_movie(path).masks for path in sorted((tmp_path / name / "bk2").iterdir())])
        for name in "abc"
    ]
    assert np.array_equal(masks[0], masks[1])
    assert masks[0].shape != masks[2].shape or not np.array_equal(masks[0], masks[2])


def test_levels_do_not_share_random_numbers():
    other = replace(LEVEL, state="Level2")
    assert split_seed(0, LEVEL) != split_seed(0, other) != split_seed(1, other)
    assert split_seed(7, LEVEL) == split_seed(7, LEVEL)


def test_a_complete_run_is_not_played_again(tmp_path):
    play_run(job(tmp_path, timesteps=60), ignore)
    before = (tmp_path / "monitor.csv").read_bytes()
    play_run(job(tmp_path, timesteps=60), interrupt_after(0))
    assert (tmp_path / "monitor.csv").read_bytes() == before


def test_a_damaged_checkpoint_is_named_and_nothing_is_lost(tmp_path):
    with pytest.raises(Interruption):
        play_run(job(tmp_path, timesteps=400), interrupt_after(100))
    before = (tmp_path / "monitor.csv").read_bytes()
    (tmp_path / "checkpoint.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(ResultsError, match="Cannot resume"):
        play_run(job(tmp_path, timesteps=400), ignore)
    assert (tmp_path / "monitor.csv").read_bytes() == before


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"num_timesteps": "60"}'])
def test_a_damaged_summary_is_named(tmp_path, content):
    play_run(job(tmp_path, timesteps=60), ignore)
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ResultsError, match=r"run\.json is corrupt"):
        read_run(tmp_path, "level", 0, CONTEST)


def test_progress_says_how_much_of_the_nearest_budget_is_spent():
    rules = with_budget(CONTEST, timesteps=1000, episodes=10)
    assert Progress(num_steps=100, num_episodes=5).fraction(rules) == 0.5
    assert Progress(num_steps=900, num_episodes=5).fraction(rules) == 0.9
    assert Progress(is_complete=True).fraction(rules) == 1.0


def test_the_summary_is_json_that_names_its_format(tmp_path):
    play_run(job(tmp_path, timesteps=60), ignore)
    assert json.loads((tmp_path / "run.json").read_text())["format"] == 1


def test_a_checkpoint_of_another_version_is_named(tmp_path):
    with pytest.raises(Interruption):
        play_run(job(tmp_path, timesteps=400), interrupt_after(100))
    save_state(tmp_path / "checkpoint.safetensors", {"progress": {}})
    with pytest.raises(ResultsError, match="another version"):
        play_run(job(tmp_path, timesteps=400), ignore)
