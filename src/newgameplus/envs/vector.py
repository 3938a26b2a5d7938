"""Batch of levels as one Gymnasium vector environment: on the engine, or one process each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

from gymnasium.vector import AutoresetMode

from newgameplus.emulator.backends import Backend, default_backend
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.engine_rows import autoreset_mode_of
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.envs.processes import ProcessVector, make_processes
from newgameplus.envs.retro import FrameListener
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level, as_level
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, ObservationSpec

Vector: TypeAlias = RetroVecEnv | ProcessVector


def make_vector(
    levels: Sequence[Level | str],
    *,
    observation_spec: ObservationSpec = PICTURE,
    action_spec: ActionSpec = BUTTONS,
    frame_skip: FrameSkip = CONTEST_FRAME_SKIP,
    max_episode_steps: int | None = MAX_EPISODE_STEPS,
    stall_frames: int | None = None,
    make_listeners: Callable[[int], Sequence[FrameListener]] | None = None,
    render_mode: Literal["rgb_array"] | None = None,
    core: str | None = None,
    num_threads: int | None = None,
    autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
    backend: Backend | None = None,
) -> Vector:
    """Create the contest's environment once per row.

    On the engine all rows run in this process (:class:`~newgameplus.envs.batch.RetroVecEnv`). With frame listeners,
    with rendering where pictures are not observed, or without the engine, each row gets a process of its own
    (:class:`~newgameplus.envs.processes.ProcessVector`), which is several times slower. Both give the same results.

    Rows may be different levels, and even games, if their observations and actions have the same shape. Episodes begin
    again in the step that ends them (``AutoresetMode.SAME_STEP``), unless another mode is asked for. Seeds are given to
    ``reset``: one number (row i gets seed + i) or a list of one per row.

    Args:
        levels: one per row, or their ids, ``Game/State``.
        observation_spec: observation of the agent.
        action_spec: meaning of the actions.
        frame_skip: frames per action.
        max_episode_steps: steps after which an episode is truncated; None for no limit.
        stall_frames: frames without a new best return after which an episode is truncated; None for no limit.
        make_listeners: called with the row's index in the row's process; returns listeners of every frame.
        render_mode: ``rgb_array`` or None.
        core: name of the core; None for each game's default.
        num_threads: threads of the engine; None for one per CPU core. Processes have one each.
        autoreset_mode: when the episode after one that ended begins: Gymnasium's ``AutoresetMode``, or its value.
            Agents of this package, and Stable-Baselines3, need ``SAME_STEP``; several of Gymnasium's vector wrappers
            need ``NEXT_STEP`` or ``DISABLED``.
        backend: ``native`` for the engine if the arguments allow it, ``reference`` for processes; None takes
            :func:`~newgameplus.emulator.backends.default_backend`.

    Raises:
        UsageError: no levels, or levels with different shapes.
        NotFoundError: no such game, state, scenario or core.
        RomError: a ROM has not been imported.
        EmulatorError: a core refuses a ROM, or a process died.
    """
    if not levels:
        raise UsageError("A vector environment needs at least one level.")
    rows = [as_level(level) for level in levels]
    keywords: dict[str, Any] = {
        "observation_spec": observation_spec,
        "action_spec": action_spec,
        "frame_skip": frame_skip,
        "max_episode_steps": max_episode_steps,
        "stall_frames": stall_frames,
        "core": core,
    }
    is_drawn_for_nobody = render_mode is not None and observation_spec.kind != "image"
    needs_processes = make_listeners is not None or is_drawn_for_nobody
    mode = autoreset_mode_of(autoreset_mode)
    if (backend or default_backend()) == "native" and not needs_processes:
        return RetroVecEnv(rows, **keywords, num_threads=num_threads, render_mode=render_mode, autoreset_mode=mode)
    keywords |= {"render_mode": render_mode, "backend": backend}
    return make_processes(rows, keywords, make_listeners, autoreset_mode=mode)
