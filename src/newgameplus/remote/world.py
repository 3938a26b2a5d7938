"""A world in another process as a :class:`~newgameplus.envs.interface.World`, so that our own agents can play in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from newgameplus.errors import UsageError
from newgameplus.remote.client import RemoteEnv
from newgameplus.types import ActionSpec, Array

SECRET = "remote"
"""Id of a level that the agent is not told."""


class RemoteWorld:
    """The rows of a remote environment, with same-step autoreset.

    The server has seeded the world and does not say which levels it plays, so ``reset`` takes no seed and
    ``level_ids`` are all the same. An episode cannot be left: in one that has just begun ``reset`` changes nothing.

    Args:
        env: environment that has not been reset; closed together with this world.
    """

    def __init__(self, env: RemoteEnv) -> None:
        self._env = env
        self._observation: Array | None = None
        self._is_at_start = False
        """Whether no step was taken since the last reset of all rows."""
        self.num_envs = env.num_envs
        self.metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}
        self.buttons = env.buttons
        """Names of the pad's buttons, in the bit order of a mask."""
        self.action_spec = ActionSpec(env.action_kind, combos=env.combos)
        """Meaning of the actions; a set is not told by its name."""
        self.level_ids: Sequence[str] = (SECRET,) * env.num_envs
        """No level is told."""
        dtype: Any = env.observation_dtype.type
        high = 255 if dtype is np.uint8 else np.inf
        self.single_observation_space = spaces.Box(
            0 if dtype is np.uint8 else -np.inf, high, env.observation_shape, dtype
        )
        self.single_action_space = _action_space(env)
        self.observation_space: spaces.Space[Any] = batch_space(self.single_observation_space, env.num_envs)
        self.action_space: spaces.Space[Any] = batch_space(self.single_action_space, env.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin to play.

        Raises:
            UsageError: a seed is given, or an episode is under way.
            SessionOverError: the session is over.
        """
        del options
        if seed is not None:
            raise UsageError("A world in another process is seeded by its server: reset it without a seed.")
        if self._observation is None:
            self._observation, self._is_at_start = self._in_rows(self._env.reset()), True
        elif not self._is_at_start:
            raise UsageError("An episode in another process cannot be left: play it to its end.")
        return self._observation, {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take one action in every row.

        Raises:
            UsageError: an action is not in the space, or the world was not reset.
            SessionOverError: the session is over; also where an episode ended with it, so that there is no next one.
        """
        env = self._env
        if self._observation is None:
            raise UsageError("Reset a world before its first step.")
        try:
            observation, reward, done = env.step(np.asarray(actions)[0] if self.num_envs == 1 else actions)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if self.num_envs == 1:
            return self._one_row(observation, reward, done)
        self._observation, self._is_at_start = observation, False
        return observation, reward, env.terminated, env.truncated, _finals(env.final_observations, done)

    def _one_row(
        self, observation: Array, reward: float, done: bool
    ) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Return the step of the only row; after an end ask for the first observation of the next episode."""
        self._is_at_start = done
        if not done:
            self._observation = observation[None]
            return self._observation, np.array([reward]), np.zeros(1, np.bool_), np.zeros(1, np.bool_), {}
        terminated, truncated = self._env.terminated, self._env.truncated
        self._observation = self._env.reset()[None]
        info = _finals({0: observation}, np.ones(1, np.bool_))
        return self._observation, np.array([reward]), terminated, truncated, info

    def random_state(self, row: int) -> dict[str, Any]:
        """Refuse, since the server draws the random numbers.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"The random numbers of row {row} are drawn in another process, which does not tell them.")

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Refuse, since the server draws the random numbers.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"The random numbers of row {row} are drawn in another process, which chooses them.")

    def close(self) -> None:
        """Leave the session."""
        self._env.close()

    def _in_rows(self, observation: Array) -> Array:
        return observation[None] if self.num_envs == 1 else observation


def _finals(observations: Mapping[int, Array], done: Array) -> dict[str, Any]:
    """Return the last observations of ended episodes as Gymnasium's ``final_obs``."""
    if not observations:
        return {}
    last = np.full(len(done), None, object)
    for row, observation in observations.items():
        last[row] = observation
    return {"final_obs": last, "_final_obs": done}


def _action_space(env: RemoteEnv) -> spaces.MultiBinary | spaces.MultiDiscrete | spaces.Discrete:
    if env.num_actions is not None:
        return spaces.Discrete(env.num_actions)
    if env.action_kind == "multi_discrete":
        return spaces.MultiDiscrete(env.action_sizes)
    return spaces.MultiBinary(env.action_shape[0])
