"""Registration of all games as Gymnasium ids, for ``gymnasium.make("newgameplus:Airstriker-Genesis-v0")``."""

from __future__ import annotations

import re
from typing import Any, Literal

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec, registry
from gymnasium.vector import VectorEnv

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.errors import UsageError
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, Array, ObservationSpec

_ADMISSIBLE_NAME = re.compile(r"[\w.-]+")


def register_environments() -> None:
    """Register every game on this machine under its own name; calling it again adds the games that are new.

    Only folders are listed, no file is read. Following Gymnasium's rules, a name without version is skipped if the same
    name has a version, and so is an id that another package has registered.
    """
    from newgameplus.games.catalogue import games

    names = games()
    versioned = {name.rpartition("-v")[0] for name in names}
    for name in names:
        if name not in registry and name not in versioned and _ADMISSIBLE_NAME.fullmatch(name):
            # Gymnasium's register() compares with every id so far, which takes 0.2 s for a thousand of them.
            registry[name] = EnvSpec(
                id=name,
                entry_point="newgameplus.envs.registration:make_registered",
                vector_entry_point="newgameplus.envs.registration:make_registered_vector",
                max_episode_steps=MAX_EPISODE_STEPS,
                kwargs={"game": name},
            )


def make_registered(
    game: str,
    state: str | None = None,
    scenario: str | None = None,
    observation_spec: ObservationSpec = PICTURE,
    action_spec: ActionSpec = BUTTONS,
    frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
    render_mode: Literal["rgb_array"] | None = None,
) -> gym.Env[Array, Any]:
    """Create the environment of an id: the contest's, without observation wrappers unless requested.

    ``gymnasium.make`` passes its keywords on to here and adds the contest's step limit, or its own
    ``max_episode_steps``.

    Args:
        game: name of the game.
        state: start state; None takes the game's default.
        scenario: name of the scenario; None takes ``contest`` if the game has it, else ``scenario``.
        observation_spec: observation of the agent.
        action_spec: meaning of the actions.
        frame_skip: frames per action.
        render_mode: ``rgb_array`` or None; no window is ever opened.

    Raises:
        NotFoundError: no such game, state or scenario.
        RomError: the ROM has not been imported.
        UsageError: an argument is invalid.
        EmulatorError: the core cannot run, or, on the reference backend, another emulator is open in this process.
    """
    from newgameplus.envs.contest import make_contest
    from newgameplus.games.levels import find_level

    return make_contest(
        find_level(game if state is None else f"{game}/{state}", scenario),
        observation_spec=observation_spec,
        action_spec=action_spec,
        frame_skip=frame_skip,
        max_episode_steps=None,
        render_mode=render_mode,
    )


def make_registered_vector(
    game: str,
    num_envs: int = 1,
    state: str | None = None,
    scenario: str | None = None,
    observation_spec: ObservationSpec = PICTURE,
    action_spec: ActionSpec = BUTTONS,
    frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
    max_episode_steps: int | None = MAX_EPISODE_STEPS,
    render_mode: Literal["rgb_array"] | None = None,
) -> VectorEnv[Array, Array, Array]:
    """Create what ``gymnasium.make_vec`` returns for an id: ``num_envs`` rows of one level.

    The other arguments are those of :func:`make_registered`; a ``max_episode_steps`` of -1 or None means no limit.
    """
    from newgameplus.envs.vector import make_vector
    from newgameplus.games.levels import find_level

    if num_envs < 1:
        raise UsageError(f"A vector environment has at least 1 row, not {num_envs}.")
    return make_vector(
        [find_level(game if state is None else f"{game}/{state}", scenario)] * num_envs,
        observation_spec=observation_spec,
        action_spec=action_spec,
        frame_skip=frame_skip,
        max_episode_steps=None if max_episode_steps == -1 else max_episode_steps,
        render_mode=render_mode,
    )
