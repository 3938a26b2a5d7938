"""Scripts written for stable-retro and gym-retro run with another import, and see what they would have seen there."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.error import ResetNeeded

import newgameplus.compat.gym_retro as gym_retro
import newgameplus.compat.retro as retro
from newgameplus.emulator.compiled import engine
from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.movies.bk2 import read_movie
from tests.compat import scroller

pytestmark = pytest.mark.skipif(engine() is None, reason="several environments at once need the native engine")

GAME = "Airstriker-Genesis"


@pytest.fixture
def env() -> Iterator[retro.RetroEnv]:
    made = retro.make(GAME, render_mode="rgb_array")
    yield made
    made.close()


@pytest.fixture
def scroller_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A game of the user's own without a start state."""
    scroller.write_game(tmp_path)
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path))
    return scroller.NAME


REFERENCE = """
import hashlib, {module} as retro
for actions, observations in (("FILTERED", "IMAGE"), ("ALL", "RAM"), ("DISCRETE", "IMAGE"), ("MULTI_DISCRETE", "RAM")):
    env = retro.make("Airstriker-Genesis-v0", use_restricted_actions=retro.Actions[actions], render_mode="rgb_array",
                     obs_type=retro.Observations[observations])
    env.action_space.seed(4)
    told = [env.reset()[0].tobytes()]
    for _ in range(80):
        action = env.action_space.sample()
        observation, reward, *over, info = env.step(action)
        told += [observation.tobytes(), reward, over, sorted(info.items()), env.get_action_meaning(action)]
    told += [env.buttons, env.num_buttons, env.system, env.statename, [list(group) for group in env.button_combos]]
    told += [str(env.action_space), env.observation_space.shape, env.get_ram().tobytes(), env.initial_state]
    env.close()
    print(actions, hashlib.sha256(repr(told).encode()).hexdigest())
"""


def said_by(program: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=os.environ | variables
    )
    return done.stdout


def test_the_same_script_sees_the_same_as_on_stable_retro() -> None:
    modules = ("newgameplus.compat.retro", "stable_retro")
    ours, theirs = (said_by(REFERENCE.format(module=module)) for module in modules)
    assert ours == theirs
    assert len(ours.splitlines()) == 4


def test_states_can_be_saved_and_restored_as_the_determinism_example_does(env: retro.RetroEnv) -> None:
    env.reset()
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(40)]
    for action in actions:
        env.step(action)
    state = env.em.get_state()

    def rollout() -> tuple[float, bytes]:
        assert env.em.set_state(state)
        env.data.reset()
        env.data.update_ram()
        return sum(env.step(action)[1] for action in actions), env.get_ram().tobytes()

    assert rollout() == rollout()
    assert not env.em.set_state(b"nonsense")


def test_an_episode_is_recorded_and_read_again(env: retro.RetroEnv, tmp_path: Path) -> None:
    path = tmp_path / "best.bk2"
    env.record_movie(str(path))
    env.reset()
    actions = np.random.default_rng(0).integers(0, 2, (20, 12))
    masks = [env.action_to_array(action)[0] for action in actions]
    for action in actions:
        env.step(action)
    env.stop_record()
    movie = retro.Movie(str(path))
    assert (movie.get_game(), movie.get_state(), movie.players) == (GAME, env.initial_state, 1)
    assert movie.step()  # the frame of the reset
    read = []
    while movie.step():
        read.append([movie.get_key(button, 0) for button in range(env.num_buttons)])
    np.testing.assert_array_equal(read, masks)


def test_every_episode_is_recorded_and_the_last_one_at_the_end_of_the_program(tmp_path: Path) -> None:
    program = f"""
import newgameplus.compat.retro as retro
env = retro.make({GAME!r}, record={str(tmp_path)!r}, render_mode="rgb_array")
for _ in range(2):
    env.reset()
    env.step(env.action_space.sample())
"""
    said_by(program)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"{GAME}-Level1-{number:06d}.bk2" for number in (0, 1)]
    assert [read_movie(tmp_path / name).num_frames for name in names] == [2, 2]


def test_variables_can_be_read_and_written(env: retro.RetroEnv) -> None:
    env.reset()
    env.data["lives"] = 7
    env.set_value("score", 90)
    assert (env.data["lives"], env.data.lookup_value("score")) == (7, 90)
    assert env.step(env.action_space.sample())[4]["lives"] == 7
    with pytest.raises(NotFoundError, match="has no variable 'life'"):
        env.set_value("life", 1)


def test_games_states_scenarios_and_files_are_listed() -> None:
    assert "Airstriker-Genesis-v0" in retro.data.list_games()
    assert len(retro.data.list_games(retro.data.Integrations.ALL)) > len(retro.data.list_games())
    assert retro.data.list_states(GAME) == ["Level1"]
    assert retro.data.list_scenarios(GAME) == ["scenario"]
    assert Path(retro.data.get_romfile_path(GAME)).is_file()
    assert retro.data.get_file_path(GAME, "nothing.json") is None
    assert retro.get_romfile_system("rom.md") == "Genesis"
    with pytest.raises(FileNotFoundError, match="no game"):
        retro.make("No-Such-Game")


def test_other_files_of_variables_and_scenarios_can_be_named(tmp_path: Path) -> None:
    variables, scenario = tmp_path / "few.json", tmp_path / "own.json"
    variables.write_text('{"info": {"lives": {"address": 16712452, "type": "|u1"}}}')
    scenario.write_text('{"done": {"variables": {"lives": {"op": "zero"}}}}')
    env = retro.make(GAME, info=str(variables), scenario=str(scenario), render_mode=None)
    env.reset()
    assert list(env.step(env.action_space.sample())[4]) == ["lives"]
    env.close()
    with pytest.raises(NotFoundError, match="no file"):
        retro.make(GAME, scenario=str(tmp_path / "gone.json"))


def test_what_cannot_be_had_is_refused_in_words(env: retro.RetroEnv) -> None:
    with pytest.raises(UsageError, match="2 players"):
        retro.make(GAME, players=2)
    with pytest.raises(ResetNeeded):
        env.step(env.action_space.sample())
    env.reset()
    with pytest.raises(UsageError, match="12 numbers"):
        env.step(3)


def test_an_environment_is_pickled_as_the_call_that_made_it(env: retro.RetroEnv) -> None:
    again = pickle.loads(pickle.dumps(env))  # noqa: S301 - what this test has just written
    assert again.gamename == GAME
    again.close()


def test_without_a_state_a_game_begins_at_power_on(scroller_game: str) -> None:
    for state in (retro.State.DEFAULT, retro.State.NONE):
        env = retro.make(scroller_game, state, render_mode=None)
        right = [name == "RIGHT" for name in env.buttons]
        for _ in range(2):
            env.reset()
            assert env.statename is None
            for _ in range(20):
                info = env.step(right)[4]
            assert info["lives"] == 2
            assert 10 < info["xscrollLo"] < 20
        env.close()


TUTORIAL = """
import argparse
import cv2
import numpy as np
import newgameplus.compat.gym_retro as retro

parser = argparse.ArgumentParser()
parser.add_argument('--game')
parser.add_argument('--state')
parser.add_argument('--record', '-r', action='store_true')
args = parser.parse_args()

def activate(inputs, genome):  # what a network would give: floats from 0 to 1, and 1 where it is sure
    outputs = np.full(9, 0.3)
    outputs[7 if genome == 0 else 8] = 1.0
    return list(outputs)

env = retro.make(args.game, args.state or retro.State.DEFAULT, record=args.record)
inx, iny, inc = env.observation_space.shape
for genome in range(2):
    ob = env.reset()
    xpos_max, fitness, counter, done = 0, 0.0, 0, False
    while not done:
        env.render()
        ob = cv2.cvtColor(cv2.resize(ob, (iny // 8, inx // 8)), cv2.COLOR_BGR2GRAY)
        ob, rew, done, info = env.step(activate(np.ndarray.flatten(ob), genome))
        fitness += rew
        xpos = info['xscrollHi'] * 256 + info['xscrollLo']
        if xpos > xpos_max:
            xpos_max, counter = xpos, 0
        else:
            counter += 1
        if xpos > 10 or counter > 30:
            done = True
    print(genome, xpos_max, fitness, info['lives'])
env.close()
"""


def test_the_loop_of_the_neat_tutorial_runs_with_four_values(scroller_game: str, tmp_path: Path) -> None:
    pytest.importorskip("pygame", reason="needs: pip install 'newgameplus[play]'")
    script = tmp_path / "tutorial.py"
    script.write_text(TUTORIAL)
    done = subprocess.run(
        [sys.executable, str(script), "--game", scroller_game, "--record"],
        check=True, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"SDL_VIDEODRIVER": "dummy"},
    )  # fmt: skip
    rows = [line.split() for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert rows == [["0", "11", "11.0", "2"], ["1", "0", "0.0", "-1"]]
    assert len(list(tmp_path.glob("Scroller-Nes-*.bk2"))) == 2


def test_the_old_interface_passes_everything_else_on() -> None:
    env: Any = gym_retro.make(GAME, use_restricted_actions=gym_retro.Actions.ALL)
    assert env.reset().shape == (224, 320, 3)
    assert env.render(mode="rgb_array").shape == (224, 320, 3)
    state = env.em.get_state()
    env.initial_state = state
    assert env.unwrapped.initial_state == env.env.initial_state == state
    assert len(env.step(np.zeros(12, bool))) == 4
    env.close()
