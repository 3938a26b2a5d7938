"""A single environment does what Gymnasium's users expect: render modes, specifications, keys, snapshots, errors."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded

from newgameplus.emulator.compiled import engine
from newgameplus.envs.registration import make_registered
from newgameplus.envs.retro import Played, RetroEnv
from newgameplus.errors import EmulatorError, StateError, UsageError
from newgameplus.games.levels import Level, find_level
from newgameplus.types import SONIC_7, WARPED, ActionSpec

ID = "newgameplus:Airstriker-Genesis-v0"
Opened = Callable[[Any], Any]

on_the_engine = pytest.mark.skipif(engine() is None, reason="the native engine is not built here")


def test_a_list_of_pictures_is_collected_by_gymnasium(opened: Opened) -> None:
    env = opened(gym.make(ID, render_mode="rgb_array_list"))
    env.reset(seed=0)
    for _ in range(3):
        env.step(env.action_space.sample())
    assert [picture.shape for picture in env.render()] == [(224, 320, 3)] * 4
    assert make_registered.metadata == RetroEnv.metadata  # type: ignore[attr-defined]


def test_a_window_is_opened_by_gymnasium(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygame", reason="needs: pip install 'newgameplus[play]'")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.warns(UserWarning, match="HumanRendering"):
        env = opened(gym.make(ID, render_mode="human"))
    env.reset(seed=0)
    env.step(env.action_space.sample())
    assert env.render_mode == "human"


def test_a_specification_survives_json(opened: Opened) -> None:
    env = opened(gym.make(ID, observation_spec=WARPED, action_spec=SONIC_7, max_episode_steps=3))
    spec = EnvSpec.from_json(env.spec.to_json())
    assert isinstance(spec.kwargs["observation_spec"], dict)
    env.close()
    again = opened(gym.make(spec))
    assert again.observation_space.shape == (84, 84, 4)
    assert again.action_space == gym.spaces.Discrete(7)
    assert again.spec.max_episode_steps == 3


def test_specifications_have_names(opened: Opened) -> None:
    env = opened(gym.make(ID, observation_spec="warped", action_spec="sonic-8", frame_skip="every_frame"))
    assert env.observation_space.shape == (84, 84, 4)
    assert env.action_space == gym.spaces.Discrete(8)
    env.reset(seed=0)
    env.step(7)
    assert env.unwrapped.num_frames == 1


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"observation_spec": "wraped"}, "Did you mean warped"),
        ({"observation_spec": {"grey": True}}, "no field 'grey'"),
        ({"observation_spec": {"size": [84]}}, "size: expected a list of 2 values"),
        ({"action_spec": "sonic-9"}, "no action_spec called 'sonic-9'"),
        ({"action_spec": 7}, "not 7"),
        ({"frame_skip": {"num_frames": 0}}, "at least 1 frame"),
    ],
)
def test_a_wrong_specification_is_refused_in_words(keywords: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        gym.make(ID, **keywords)


def test_after_close_every_use_is_refused_in_words(retro: RetroEnv) -> None:
    retro.reset(seed=0)
    retro.close()
    retro.close()
    for use in (retro.reset, retro.screen, retro.ram, lambda: retro.step(np.zeros(12, int))):
        with pytest.raises(EmulatorError, match="closed"):
            use()


@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps])
def test_a_running_console_is_not_copied(retro: RetroEnv, copied: Callable[[Any], Any]) -> None:
    for running in (retro, retro.emulator, gym.Wrapper(retro)):
        with pytest.raises(EmulatorError, match="neither pickled nor copied"):
            copied(running)


@pytest.mark.parametrize("spec", [ActionSpec("filtered"), ActionSpec("multi_discrete"), SONIC_7])
def test_keys_have_actions_that_hold_their_buttons(level: Level, opened: Opened, spec: ActionSpec) -> None:
    env = opened(RetroEnv(level, action_spec=spec))
    keys = env.get_keys_to_action()
    right, jump = 0x4000004F, ord("x")  # the right arrow and the B button of ngp play
    for pressed, names in (((jump,), {"B"}), ((right,), {"RIGHT"})):
        assert keys[pressed] in env.action_space
        assert set(env.actions.names(env.actions.mask(keys[pressed]))) == names
    assert all(pressed == tuple(sorted(pressed)) for pressed in keys)


def test_gymnasiums_play_finds_the_keys(opened: Opened) -> None:
    env = opened(gym.make(ID, action_spec="discrete"))
    keys = env.get_wrapper_attr("get_keys_to_action")()
    assert all(action in env.action_space for action in keys.values())


@on_the_engine
def test_a_saved_moment_goes_on_as_it_did(retro: RetroEnv) -> None:
    env = retro
    env.reset(seed=0)
    env.action_space.seed(1)
    for _ in range(40):
        env.step(env.action_space.sample())
    moment, before = env.save(), env.screen()
    actions = [env.action_space.sample() for _ in range(60)]
    first = [env.step(action) for action in actions]
    np.testing.assert_array_equal(env.load(moment), before)
    np.testing.assert_array_equal(env.screen(), before)
    assert env.num_frames == 40
    for action, (observation, reward, terminated, _, info) in zip(actions, first, strict=True):
        again = env.step(action)
        np.testing.assert_array_equal(again[0], observation)
        assert again[1:] == (reward, terminated, False, info)


@on_the_engine
def test_a_moment_of_another_game_or_of_a_recorded_episode_is_refused(retro: RetroEnv, opened: Opened) -> None:
    retro.reset(seed=0)
    moment = retro.save()
    with pytest.raises(StateError, match="Airstriker"):
        retro.load({**moment, "fingerprint": "another"})
    with pytest.raises(StateError, match="incomplete"):
        retro.load({"fingerprint": moment["fingerprint"]})

    class Listener:
        def episode_started(self, env: Played) -> None: ...
        def frame_ran(self, mask: int, reward: float) -> None: ...
        def episode_ended(self, env: Played) -> None: ...

    recorded = opened(RetroEnv(find_level("Airstriker-Genesis-v0/Level1"), listeners=[Listener()]))
    with pytest.raises(UsageError, match="listeners"):
        recorded.load(moment)


@on_the_engine
def test_a_moment_after_the_end_needs_a_reset(retro: RetroEnv) -> None:
    moment = retro.save()
    retro.load(moment)
    with pytest.raises(ResetNeeded):
        retro.step(np.zeros(12, int))
