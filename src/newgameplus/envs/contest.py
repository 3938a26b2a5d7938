"""The contest's environment of 2018 in one function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import gymnasium as gym

from newgameplus.emulator.backends import Backend
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.envs.retro import FrameListener, RetroEnv
from newgameplus.envs.wrappers.limits import StallLimit, TimeLimit
from newgameplus.envs.wrappers.observation import apply_observation_spec, check_observation_spec
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level, as_level
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, Array, ObservationSpec


def make_contest(
    level: Level | str,
    *,
    observation_spec: ObservationSpec = PICTURE,
    action_spec: ActionSpec = BUTTONS,
    frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
    max_episode_steps: int | None = MAX_EPISODE_STEPS,
    stall_frames: int | None = None,
    listeners: Sequence[FrameListener] = (),
    render_mode: Literal["rgb_array"] | None = None,
    core: str | None = None,
    backend: Backend | None = None,
) -> gym.Env[Array, Any]:
    """Create the environment in which the contest evaluated agents (retro-contest, ``local.make``).

    From the inside out: the level with its scenario and stochastic frame skip; the step limit, which truncates; then
    the observation wrappers.

    Args:
        level: game, start state and scenario, or the id of a level, ``Game/State``.
        observation_spec: observation of the agent.
        action_spec: meaning of its actions.
        frame_skip: frames per action.
        max_episode_steps: steps after which an episode is truncated; None for no limit.
        stall_frames: frames without a new maximum of the return after which an episode is truncated; None for no
            limit, as in the contest.
        listeners: observers of every frame.
        render_mode: ``rgb_array`` or None.
        core: name of the core; None for the game's default.
        backend: the emulator's backend; None for the engine if it was built.

    Raises:
        NotFoundError: no such game, state, scenario or core; there is no fallback to another scenario.
        RomError: the ROM has not been imported.
        UsageError: an argument is invalid.
        EmulatorError: the core cannot run, or, on the reference backend, another emulator is open in this process.
    """
    if max_episode_steps is not None and max_episode_steps < 1:
        raise UsageError(f"An episode lasts at least 1 step, not {max_episode_steps}.")
    check_observation_spec(observation_spec)
    base = RetroEnv(
        as_level(level),
        kind=observation_spec.kind,
        takes_maximum=observation_spec.maximum,
        action_spec=action_spec,
        frame_skip=frame_skip,
        listeners=listeners,
        render_mode=render_mode,
        core=core,
        backend=backend,
    )
    env: gym.Env[Array, Any] = base
    try:
        if max_episode_steps is not None:
            env = TimeLimit(env, max_episode_steps)
        if stall_frames is not None:
            env = StallLimit(env, stall_frames)
        return apply_observation_spec(env, observation_spec)
    except BaseException:
        base.close()
        raise
