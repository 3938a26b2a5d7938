"""The dream: a world of B rows that M plays, as :class:`newgameplus.envs.interface.World` describes worlds.

An observation is what C sees, float32 ``[B, F]``; V draws a row's picture only when it is looked at
(``ShowsRows``). Each row has its own random numbers, and does not depend on the others but for the last bits of sums.

Source: Ha and Schmidhuber, "World Models" (2018), section 4. *Differences:* rewards are foreseen too, and an episode
begins at a moment of the movies.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from torch import Tensor

from newgameplus.agents import randomness
from newgameplus.agents.world_model.footage import REWARD_UNIT
from newgameplus.agents.world_model.model import Model
from newgameplus.agents.world_model.networks import Memory
from newgameplus.errors import UsageError
from newgameplus.learning.mixtures import draw
from newgameplus.types import ActionSpec, Array

LEVEL_ID = "dream/movies"
"""What stands for ``Game/State``."""


def features(latents: Tensor, memory: Memory, *, sees_cell: bool) -> Tensor:
    """Return what C sees, float32 ``[B, F]``: latents, hidden units, and perhaps cells."""
    parts = memory if sees_cell else memory[:1]
    return torch.cat([latents, *(part[0] for part in parts)], -1)


class Dream:
    """A world that M plays.

    Args:
        model: V and M, which have learned.
        combos: buttons of each action, ``A`` of them.
        buttons: names of the pad's buttons.
        num_rows: B.
        num_steps: steps of an episode at most.
        temperature: uncertainty of the dream.
        sees_cell: whether the observation has the LSTM's cells.

    Raises:
        UsageError: the model has learned from no movies.
    """

    def __init__(
        self,
        model: Model,
        combos: tuple[tuple[str, ...], ...],
        buttons: tuple[str | None, ...],
        *,
        num_rows: int,
        num_steps: int,
        temperature: float,
        sees_cell: bool,
    ) -> None:
        if not len(model.starts):
            raise UsageError("There is no dream of a world that no movie has shown: train with --demonstrations.")
        self._model, self._num_steps, self._temperature = model, num_steps, temperature
        self._sees_cell = sees_cell
        num_features = model.starts.shape[2] + (2 if sees_cell else 1) * model.dynamics.num_hidden
        self.num_envs = num_rows
        self.metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space: gym.Space[Any] = spaces.Box(-np.inf, np.inf, (num_features,), np.float32)
        self.single_action_space: gym.Space[Any] = spaces.Discrete(len(combos))
        self.observation_space = batch_space(self.single_observation_space, num_rows)
        self.action_space = batch_space(self.single_action_space, num_rows)
        self.action_spec, self.buttons = ActionSpec("set", combos=combos), buttons
        self.level_ids = [LEVEL_ID] * num_rows
        self._randoms = randomness.split(0, num_rows)
        self._begun_with: list[dict[str, Any]] = [{}] * num_rows
        self._latents = torch.zeros((num_rows, model.starts.shape[2]), device=model.device)
        self._memory = model.dynamics.memory(num_rows)
        self._age = np.zeros(num_rows, np.int64)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode in every row; row i gets seed + i."""
        del options
        seeds = [seed + row for row in range(self.num_envs)] if isinstance(seed, int) else seed or []
        for row, one in enumerate(seeds):
            if one is not None:
                self._randoms[row] = np.random.Generator(np.random.PCG64(one))
        for row in range(self.num_envs):
            self._begin(row)
        return self._look(), {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Dream one step in every row, of actions int64 ``[B]``."""
        if not self.action_space.contains(np.asarray(actions)):
            raise UsageError(f"The actions {actions} are not in {self.action_space}.")
        reward, terminated = self._advance(np.asarray(actions, np.int64))
        self._age += 1
        truncated = np.logical_and(self._age >= self._num_steps, ~terminated)
        done = np.flatnonzero(terminated | truncated)
        info: dict[str, Any] = {}
        if len(done):
            last = self._look()
            info = {"final_obs": np.full(self.num_envs, None, object), "_final_obs": terminated | truncated}
            for row in done.tolist():
                info["final_obs"][row] = last[row]
                self._begin(row)
        return self._look(), reward, terminated, truncated, info

    def random_state(self, row: int) -> dict[str, Any]:
        """State of a row's random generator; at the beginning of an episode, of before the episode was drawn."""
        return self._begun_with[row] if self._age[row] == 0 else randomness.save(self._randoms[row])

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore a row's random generator; at the beginning of an episode, the episode is drawn anew.

        Raises:
            StateError: it is not the state of such a generator; nothing has changed.
        """
        self._randoms[row] = randomness.load(state)
        if self._age[row] == 0:
            self._begin(row)

    def draw_next_step(self) -> None:
        """Do nothing: a row can be looked at after any step."""

    def screen(self, row: int) -> Array:
        """Return the picture that V makes of a row's latents, uint8 ``[H, W, 3]``."""
        with torch.inference_mode():
            picture: Array = self._model.vision.draw(self._latents[row : row + 1])[0].cpu().numpy()
        return picture

    def variables(self, row: int) -> dict[str, Any]:
        """Return nothing: a dream has no variables."""
        del row
        return {}

    def close(self) -> None:
        """Do nothing."""

    def wake_at(self, row: int, latents: Array, memory: Memory) -> None:
        """Let a row's episode go on from latents ``[Z]`` and a memory of one row, as seen in the real game."""
        self._latents[row] = torch.from_numpy(latents).to(self._latents)
        for own, given in zip(self._memory, memory, strict=True):
            own[:, row] = given[:, 0]

    def _begin(self, row: int) -> None:
        random, starts = self._randoms[row], self._model.starts
        self._begun_with[row] = randomness.save(random)
        mean, deviation = starts[random.integers(len(starts))]
        latents = mean + deviation * random.standard_normal(len(mean), np.float32)
        self._latents[row] = torch.from_numpy(latents).to(self._latents)
        for part in self._memory:
            part[:, row] = 0
        self._age[row] = 0

    def _advance(self, actions: Array) -> tuple[Array, Array]:
        """Take the step in every row; return its reward and whether it ended an episode."""
        shape, device = tuple(self._latents.shape), self._latents.device
        uniform, normal = np.empty((shape[0], shape[1] + 1), np.float32), np.empty(shape, np.float32)
        for row, random in enumerate(self._randoms):
            random.random(dtype=np.float32, out=uniform[row])
            random.standard_normal(dtype=np.float32, out=normal[row])
        with torch.no_grad():
            action = torch.from_numpy(actions).to(device)[:, None]
            foresight, self._memory = self._model.dynamics(self._latents[:, None], action, self._memory)
            mixture = type(foresight.latents)(*(part[:, 0] for part in foresight.latents))
            drawn = torch.from_numpy(uniform).to(device)
            self._latents = draw(mixture, drawn[:, :-1], torch.from_numpy(normal).to(device), self._temperature)
            terminated: Array = (drawn[:, -1] < torch.sigmoid(foresight.end[:, 0])).cpu().numpy()
            reward: Array = foresight.reward[:, 0].cpu().numpy().astype(np.float64) * REWARD_UNIT
        return reward, terminated

    def _look(self) -> Array:
        seen: Array = features(self._latents, self._memory, sees_cell=self._sees_cell).cpu().numpy()
        return seen
