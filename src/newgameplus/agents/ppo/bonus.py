"""Exploration bonuses: counts of visited pictures, and random network distillation (RND)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from newgameplus.nn.encoders import make_encoder, num_features
from newgameplus.nn.saved import module_state, optimizer_state, restore_module, restore_optimizer
from newgameplus.types import Array, State

_CELL = 12
"""Side in pixels of the squares that a picture is averaged over before it is counted."""
_LEVELS = 8
"""Number of brightness levels per square."""
_MAX_KEYS = 1_000_000
_MOST_AT_ONCE = 1024
"""Largest number of frames whose errors are measured at once."""
_TRAINED_INTERVAL = 4
"""One of so many steps of a rollout trains RND's predictor."""


class Novelty:
    """Count-based exploration bonus for pictures: ``weight / sqrt(visits)``.

    A picture is identified by its newest frame, averaged over squares and quantised; the winner of 2018 counted
    progress and sums of colours instead.

    Args:
        weight: bonus of the first visit; 0 disables counting.
    """

    def __init__(self, weight: float) -> None:
        self._weight = weight
        self._visits: dict[bytes, int] = {}

    def __call__(self, observation: Array) -> Array:
        """Count pictures, uint8 ``[B, H, W, C]``, that a step led to; return the bonus for each, float32 ``[B]``."""
        bonus = np.zeros(len(observation), np.float32)
        if not self._weight:
            return bonus
        for row, key in enumerate(_keys(observation)):
            visits = self._visits.get(key, 0) + 1
            if visits > 1 or len(self._visits) < _MAX_KEYS:
                self._visits[key] = visits
            bonus[row] = self._weight / np.sqrt(visits)
        return bonus

    def state(self) -> State:
        """Return the counts."""
        keys = np.frombuffer(b"".join(self._visits), np.uint8).copy()
        return {"keys": keys, "visits": np.array(list(self._visits.values()), np.int64)}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``."""
        keys, visits = state["keys"].tobytes(), state["visits"].tolist()
        length = len(keys) // max(1, len(visits))
        self._visits = {keys[i * length : (i + 1) * length]: count for i, count in enumerate(visits)}


def _keys(observation: Array) -> list[bytes]:
    newest = observation[..., -1]
    num_rows, height, width = newest.shape
    rows, columns = height // _CELL, width // _CELL
    squares = newest[:, : rows * _CELL, : columns * _CELL].reshape(num_rows, rows, _CELL, columns, _CELL)
    graded = (squares.mean((2, 4)) * (_LEVELS / 256)).astype(np.uint8)
    return [row.tobytes() for row in graded]


class RandomNetworkDistillation:
    """Random network distillation: the prediction error of a fixed random network, large for novel pictures.

    A step earns the error of the picture that it led to, ``|| f_predictor(s_t+1) - f_target(s_t+1) ||²``. The predictor
    is trained after a whole rollout was measured, so that all of its steps are measured alike.

    Paper: Burda, Edwards, Storkey and Klimov, "Exploration by Random Network Distillation" (2018). *Differences from
    the paper:* the newest frame is not normalised; errors are divided by their own root mean square, not by the
    standard deviation of their returns; the bonus shares the policy's value head, and so its discount and its ends.

    Args:
        weight: factor of the error, which is divided by its running root mean square; 0 builds nothing.
        observation_shape: ``(H, W, C)``; only the newest of the C frames is used.
        seed: seed of both networks.
        device: device of both networks.
    """

    def __init__(self, weight: float, observation_shape: tuple[int, ...], seed: int, device: torch.device) -> None:
        self.weight = weight
        self._device = device
        if not weight:
            return
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1)
            self._target = _embedding(observation_shape).to(device).requires_grad_(False)
            self._predictor = _embedding(observation_shape).to(device)
        self._optimizer = torch.optim.Adam(self._predictor.parameters(), 1e-4)
        self._mean_square = 0.0
        self._frames: list[Array] = []

    def see(self, observation: Array) -> None:
        """Keep the newest frames of uint8 ``[B, H, W, C]``, which a step of every row led to, until they are paid."""
        if self.weight:
            self._frames.append(observation[..., -1:].copy())

    def reward_and_learn(self) -> Array:
        """Return the bonus, float32 ``[T, B]``, of all that was seen since the last call; then train on a quarter."""
        frames = torch.from_numpy(np.stack(self._frames))
        self._frames.clear()
        errors = self._measure(frames)
        mean_square = float(np.square(errors).mean())
        self._mean_square = 0.99 * self._mean_square + 0.01 * mean_square if self._mean_square else mean_square
        for frame in frames[::_TRAINED_INTERVAL]:
            self._optimizer.zero_grad()
            self._error(frame.to(self._device)).mean().backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        return self.weight * errors / np.float32(np.sqrt(self._mean_square) + 1e-8)

    def state(self) -> State:
        """Return both networks, the scale of the errors, and the frames that are not paid yet."""
        if not self.weight:
            return {}
        return {
            "target": module_state(self._target),
            "predictor": module_state(self._predictor),
            "optimizer": optimizer_state(self._optimizer),
            "mean_square": self._mean_square,
            "frames": np.stack(self._frames) if self._frames else np.zeros((0, 0, 0, 0, 1), np.uint8),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``."""
        if not self.weight:
            return
        restore_module(self._target, state["target"])
        restore_module(self._predictor, state["predictor"])
        restore_optimizer(self._optimizer, state["optimizer"])
        self._mean_square = state["mean_square"]
        self._frames = list(state["frames"].copy())

    def _measure(self, frames: Tensor) -> Array:
        """Return the errors, float32 ``[T, B]``, of uint8 ``[T, B, H, W, 1]``."""
        with torch.no_grad():
            parts = torch.split(frames.flatten(0, 1), _MOST_AT_ONCE)
            errors: Array = torch.cat([self._error(part.to(self._device)).cpu() for part in parts]).numpy()
        return errors.reshape(frames.shape[:2])

    def _error(self, frame: Tensor) -> Tensor:
        error: Tensor = (self._predictor(frame) - self._target(frame)).square().mean(-1)
        return error


def _embedding(observation_shape: tuple[int, ...]) -> nn.Module:
    height, width, _ = observation_shape
    encoder = make_encoder("nature", 1)
    return nn.Sequential(encoder, nn.Linear(num_features(encoder, height, width, 1), 128))
