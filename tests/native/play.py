"""Plays an environment at random and writes down everything that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from newgameplus.emulator.backends import Backend
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.retro import RetroEnv
from newgameplus.games.levels import Level
from newgameplus.types import Array

SEED = 20
LATE = FrameSkip(num_frames=1, sticky_probability=0.25)
"""One frame per step, so that every frame is compared, and a quarter of the actions late."""


@dataclass(frozen=True)
class Course:
    """What a player does: the same for whoever plays."""

    buttons: Array
    """Int8 ``[T, buttons]``."""
    saves: frozenset[int]
    """Steps before which the machine is saved."""
    loads: frozenset[int]
    """Steps before which the last saved state is loaded."""
    resets: frozenset[int]
    """Steps after which the episode begins anew."""


def course(num_frames: int, num_buttons: int, seed: int = SEED) -> Course:
    random = np.random.default_rng(seed)
    held = random.random((num_frames // 8 + 1, num_buttons)) < 0.3
    buttons = np.repeat(held, 8, axis=0)[:num_frames].astype(np.int8)

    def steps(count: int) -> frozenset[int]:
        return frozenset(random.integers(0, num_frames, count).tolist())

    return Course(buttons, saves=steps(12), loads=steps(12), resets=steps(6))


def frames(
    level: Level, backend: Backend, num_frames: int, kind: Any = "image", core: str | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yields (screen, memory, reward, end, variables) of every frame; screen and memory as hashes."""
    env = RetroEnv(level, kind=kind, frame_skip=LATE, backend=backend, core=core)
    try:
        plan = course(num_frames, len(env.buttons))
        saved = b""
        observation, info = env.reset(seed=SEED)
        yield fingerprint(observation), fingerprint(env.ram()), 0.0, False, info
        for step, buttons in enumerate(plan.buttons):
            if step in plan.saves:
                saved = env.emulator.save()
            if step in plan.loads and saved:
                env.emulator.load(saved)
            observation, reward, is_over, _, info = env.step(buttons)
            yield fingerprint(observation), fingerprint(env.ram()), reward, is_over, info
            if is_over or step in plan.resets:
                observation, info = env.reset()
                yield fingerprint(observation), fingerprint(env.ram()), 0.0, False, info
    finally:
        env.close()


_WEIGHTS = np.random.default_rng(0).integers(1, 2**63, 1 << 16, dtype=np.uint64) | np.uint64(1)


def fingerprint(array: Array) -> tuple[tuple[int, ...], int | bytes]:
    """Shape and a hash; of large arrays a sum weighted by odd numbers, which misses no single changed byte."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if len(flat) % 8:
        return array.shape, hashlib.sha1(flat.tobytes()).digest()
    words = flat.view(np.uint64)
    return array.shape, int(words @ _WEIGHTS[: len(words)])
