"""A world in which an agent says at which snapshot a row's next episode begins, and when the present one ends."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from newgameplus.envs.batch import RetroVecEnv, snapshot_from_bytes
from newgameplus.errors import StateError, UsageError
from newgameplus.types import ActionSpec, Array, State

_FAST = 1
"""Compression level: a Mega Drive's state of 145 kB becomes 15 kB in a millisecond."""


class SnapshotWorld(VectorEnv[Array, Array, Array]):
    """The rows of a batch with same-step autoreset, whose episodes begin where their agent wants.

    An episode that begins at a snapshot goes on exactly like the one that it was taken of, but for the row's random
    numbers; ``max_episode_steps`` counts from the level's start. Snapshots are in memory, compressed, and part of
    :meth:`state`.

    Args:
        batch: the rows; closed with this.
    """

    def __init__(self, batch: RetroVecEnv) -> None:
        self._batch = batch
        self.num_envs, self.metadata, self.render_mode = batch.num_envs, batch.metadata, batch.render_mode
        self.single_observation_space = batch.single_observation_space
        self.single_action_space = batch.single_action_space
        self.observation_space, self.action_space = batch.observation_space, batch.action_space
        self._kept: dict[int, bytes] = {}
        self._num_taken = 0
        self._next: list[bytes | None] = [None] * batch.num_envs
        self._is_ending = np.zeros(batch.num_envs, np.bool_)

    def save(self, row: int) -> int:
        """Keep the present moment of a row; return its handle.

        Raises:
            EmulatorError: the row has a pending step.
        """
        handle = self._num_taken
        self._kept[handle] = zlib.compress(self._batch.save(row).to_bytes(), _FAST)
        self._num_taken += 1
        return handle

    def drop(self, handle: int) -> None:
        """Forget a snapshot.

        Raises:
            UsageError: there is none with this handle.
        """
        self._content_of(handle)
        del self._kept[handle]

    def begin_next(self, row: int, handle: int | None) -> None:
        """Let the row's next episodes begin at a snapshot; None for the level's start.

        Raises:
            UsageError: there is no snapshot with this handle.
        """
        self._next[row] = None if handle is None else self._content_of(handle)

    def end_episode(self, row: int) -> None:
        """Let the row's episode end with its next step."""
        self._is_ending[row] = True

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode at the level's start in every row."""
        del options
        self._is_ending[:] = False
        return self._batch.reset(seed=seed)

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in every row; ``info`` says of a row whose episode begins what it was before.

        Raises:
            UsageError: an action is not in the space.
            EmulatorError: as :class:`RetroVecEnv`, or a snapshot cannot be loaded.
        """
        observation, reward, terminated, truncated, info = self._batch.step(actions)
        over = terminated | truncated
        cut = self._is_ending & ~over
        self._is_ending[:] = False
        if cut.any():
            truncated |= cut
            info |= _final(info, observation, cut)
        for row in np.flatnonzero(over | cut).tolist():
            if self._next[row] is not None or cut[row]:
                observation[row] = self._begin(row)
        return observation, reward, terminated, truncated, info

    def state(self) -> State:
        """Full state of all rows as :meth:`RetroVecEnv.state`, and the snapshots."""
        content = [*self._kept.values(), *(each for each in self._next if each is not None)]
        kept = {
            "handles": np.array(list(self._kept), np.int64),
            "num_bytes": np.array([len(each) for each in content], np.int64),
            "content": np.frombuffer(b"".join(content), np.uint8),
            "has_next": np.array([each is not None for each in self._next]),
            "is_ending": self._is_ending.copy(),
            "num_taken": self._num_taken,
        }
        return {**self._batch.state(), "kept": kept}

    def restore(self, state: State) -> Array:
        """Restore :meth:`state` and return the observation ``[B, …]``.

        Raises:
            StateError: it is of another kind of world or of another number of rows.
            EmulatorError: it belongs to another core build or game, or was made with another observation.
        """
        if "kept" not in state:
            raise StateError("The saved world kept no snapshots: its run was begun without them.")
        kept = state["kept"]
        ends = np.cumsum(kept["num_bytes"]).tolist()
        content = [
            kept["content"][end - size : end].tobytes()
            for end, size in zip(ends, kept["num_bytes"].tolist(), strict=True)
        ]
        num_kept = len(kept["handles"])
        if len(kept["has_next"]) != self.num_envs or len(content) != num_kept + kept["has_next"].sum():
            raise StateError("The saved snapshots do not fit the rows of this world.")
        observation = self._batch.restore({name: part for name, part in state.items() if name != "kept"})
        self._kept = dict(zip(kept["handles"].tolist(), content[:num_kept], strict=True))
        upcoming = iter(content[num_kept:])
        self._next = [next(upcoming) if has_one else None for has_one in kept["has_next"].tolist()]
        self._num_taken, self._is_ending = kept["num_taken"], kept["is_ending"].copy()
        return observation

    def draw_next_step(self) -> None:
        """Do nothing, as :class:`RetroVecEnv` does."""

    def screen(self, row: int) -> Array:
        """Screen of a row, as :class:`RetroVecEnv` has it.

        Raises:
            EmulatorError: nothing was drawn, since nothing is observed or a snapshot was just loaded.
        """
        return self._batch.screen(row)

    def variables(self, row: int) -> dict[str, int]:
        """The game's variables in a row, by name."""
        return self._batch.variables(row)

    def ram(self, row: int) -> Array:
        """Work RAM of a row, uint8 ``[bytes]``."""
        return self._batch.ram(row)

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator, in numpy's form."""
        return self._batch.random_state(row)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore the random generator of one row.

        Raises:
            StateError: it is not such a state.
        """
        self._batch.restore_random_state(row, state)

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, the same in every row, in the bit order of a mask."""
        return self._batch.buttons

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of the actions, the same in every row."""
        return self._batch.action_spec

    @property
    def level_ids(self) -> tuple[str, ...]:
        """``Game/State`` of each row."""
        return self._batch.level_ids

    def close_extras(self, **kwargs: Any) -> None:
        """Free the consoles."""
        del kwargs
        self._batch.close()

    def _content_of(self, handle: int) -> bytes:
        if handle not in self._kept:
            raise UsageError(f"There is no snapshot {handle}: it was dropped, or never taken.")
        return self._kept[handle]

    def _begin(self, row: int) -> Array:
        """Begin a row's next episode; return its observation."""
        content = self._next[row]
        if content is not None:
            return self._batch.load(row, snapshot_from_bytes(zlib.decompress(content)))
        self._batch.reset(options={"reset_mask": np.arange(self.num_envs) == row})
        first: Array = self._batch.observation([row])[0]
        return first


def _final(info: dict[str, Any], observation: Array, cut: Array) -> dict[str, Any]:
    """Return the entries of ``info`` on the last observations, with those of the rows that were ``cut``."""
    final = info["final_obs"].copy() if "final_obs" in info else np.full(len(cut), None, object)
    for row in np.flatnonzero(cut).tolist():
        final[row] = observation[row].copy()
    return {"final_obs": final, "_final_obs": info.get("_final_obs", False) | cut}
