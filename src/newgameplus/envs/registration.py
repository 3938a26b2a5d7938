"""Registration of all games as Gymnasium ids, for ``gymnasium.make("newgameplus:Airstriker-Genesis-v0")``."""

from __future__ import annotations

import re
from typing import Any, Literal

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec, registry
from gymnasium.vector import AutoresetMode, VectorEnv

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.envs.spec_arguments import Fields, action_spec_of, frame_skip_of, observation_spec_of
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
    observation_spec: ObservationSpec | Fields | str = PICTURE,
    action_spec: ActionSpec | Fields | str = BUTTONS,
    frame_skip: FrameSkip | Fields | str = CONTEST_FRAME_SKIP,
    stall_frames: int | None = None,
    render_mode: Literal["rgb_array"] | None = None,
    core: str | None = None,
) -> gym.Env[Array, Any]:
    """Create the environment of an id: the contest's, without observation wrappers unless requested.

    ``gymnasium.make`` passes its keywords on to here and adds the contest's step limit, or its own
    ``max_episode_steps``. It also makes the render modes ``human`` and ``rgb_array_list`` out of ``rgb_array``, by
    wrappers of its own.

    Each specification is also accepted as a dict of its fields, which is what an ``EnvSpec`` has after a round trip
    through JSON, and by the name of a preset (:mod:`~newgameplus.envs.spec_arguments`).

    Args:
        game: name of the game.
        state: start state; None takes the game's default.
        scenario: name of the scenario; None takes ``contest`` if the game has it, else ``scenario``.
        observation_spec: observation of the agent.
        action_spec: meaning of the actions.
        frame_skip: frames per action.
        stall_frames: frames without a new best return after which an episode is truncated; None for no limit.
        render_mode: ``rgb_array`` or None.
        core: name of the core; None for the game's default.

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
        observation_spec=observation_spec_of(observation_spec),
        action_spec=action_spec_of(action_spec),
        frame_skip=frame_skip_of(frame_skip),
        max_episode_steps=None,
        stall_frames=stall_frames,
        render_mode=render_mode,
        core=core,
    )


# Where Gymnasium looks to know which render modes it must add a wrapper for; RetroEnv's own.
make_registered.metadata = {"render_modes": ["rgb_array"], "render_fps": 60}  # type: ignore[attr-defined]


def make_registered_vector(
    game: str,
    num_envs: int = 1,
    state: str | None = None,
    scenario: str | None = None,
    observation_spec: ObservationSpec | Fields | str = PICTURE,
    action_spec: ActionSpec | Fields | str = BUTTONS,
    frame_skip: FrameSkip | Fields | str = CONTEST_FRAME_SKIP,
    max_episode_steps: int | None = MAX_EPISODE_STEPS,
    stall_frames: int | None = None,
    render_mode: Literal["rgb_array"] | None = None,
    core: str | None = None,
    num_threads: int | None = None,
    autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
) -> VectorEnv[Array, Array, Array]:
    """Create what ``gymnasium.make_vec`` returns for an id: ``num_envs`` rows of one level.

    The other arguments are those of :func:`make_registered` and :func:`~newgameplus.envs.vector.make_vector`; a
    ``max_episode_steps`` of -1 or None means no limit.
    """
    from newgameplus.envs.vector import make_vector
    from newgameplus.games.levels import find_level

    if num_envs < 1:
        raise UsageError(f"A vector environment has at least 1 row, not {num_envs}.")
    return make_vector(
        [find_level(game if state is None else f"{game}/{state}", scenario)] * num_envs,
        observation_spec=observation_spec_of(observation_spec),
        action_spec=action_spec_of(action_spec),
        frame_skip=frame_skip_of(frame_skip),
        max_episode_steps=None if max_episode_steps == -1 else max_episode_steps,
        stall_frames=stall_frames,
        render_mode=render_mode,
        core=core,
        num_threads=num_threads,
        autoreset_mode=autoreset_mode,
    )
