"""A level in this process, played as the contest of 2018 played it."""

from __future__ import annotations

import warnings
from typing import Any

import gym.wrappers
import retro
import retro_contest

FRAMES, STICK, STEPS = 4, 0.25, 4500
"""Frames of a step, probability that an action sticks, and steps of an episode."""


def make(game: str, state: Any = None, discrete_actions: bool = False, bk2dir: str | None = None) -> gym.Env:
    """Return a level with the contest's reward, frame skip and time limit.

    A game without the contest's scenario is played with its own, and a warning says so.

    Args:
        game: name of the game.
        state: name of the level's start state; None for the game's default.
        discrete_actions: number the combinations of buttons, instead of one number per button.
        bk2dir: folder that each episode is recorded in; None for none.

    Raises:
        FileNotFoundError: this program plays a session, which shows no games.
    """
    retro.refuse_in_session()
    actions = retro.Actions.DISCRETE if discrete_actions else retro.Actions.FILTERED
    scenario: str | None = "contest"
    if scenario not in retro.data.list_scenarios(game):
        warnings.warn(f"{game} has no scenario {scenario}, so its own pays the rewards.", stacklevel=2)
        scenario = None
    env = retro.make(game, state, scenario=scenario, use_restricted_actions=actions)
    if bk2dir:
        env.auto_record(bk2dir)
    skipped = retro_contest.StochasticFrameSkip(env, n=FRAMES, stickprob=STICK)
    return gym.wrappers.TimeLimit(skipped, max_episode_steps=STEPS)
