"""Batch of levels for Stable-Baselines3: ``PPO("CnnPolicy", StableBaselinesVecEnv(make_vector(levels)))``.

Imports the package stable-baselines3, which this one does not install.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.vector import Vector
from newgameplus.envs.world import SingleWorld
from newgameplus.errors import UsageError
from newgameplus.types import Array


class StableBaselinesVecEnv(VecEnv):  # type: ignore[misc]  # from a package that mypy does not check
    """Adapts a world to the interface of Stable-Baselines3.

    If a row's episode ended, its info has ``terminal_observation``, ``TimeLimit.truncated`` and the game's final
    variables; otherwise it is empty. Wrap it in ``VecMonitor`` for episode statistics, which ``load_results``
    reads, and in ``VecVideoRecorder`` for videos if the world has the render mode ``rgb_array``. Pictures are
    channels-last, as Stable-Baselines3 detects by itself.

    Args:
        world: a world with same-step autoreset, as from ``make_vector``; closed together with this.

    Raises:
        UsageError: it has another autoreset mode.
    """

    def __init__(self, world: Vector | SingleWorld) -> None:
        if world.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
            raise UsageError("Stable-Baselines3 needs a world with same-step autoreset, as make_vector gives it.")
        self.world = world
        self.metadata = dict(world.metadata)
        self._actions: Array | None = None
        super().__init__(world.num_envs, world.single_observation_space, world.single_action_space)

    def reset(self) -> Array:
        """Begin an episode in every row, with the seeds given to ``seed`` before."""
        observation, _ = self.world.reset(seed=self._seeds)
        self._reset_seeds()
        return observation

    def step_async(self, actions: Array) -> None:
        """Note the actions of the next step."""
        self._actions = actions

    def step_wait(self) -> tuple[Array, Array, Array, list[dict[str, Any]]]:
        """Take the step: observations, rewards float32 ``[B]``, ends bool ``[B]`` and infos."""
        assert self._actions is not None, "step_async comes before step_wait"
        observation, reward, terminated, truncated, info = self.world.step(self._actions)
        over = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in over]
        for row in over.nonzero()[0]:
            infos[row] = {name: value[row] for name, value in info["final_info"].items() if name[0] != "_"}
            infos[row]["terminal_observation"] = info["final_obs"][row]
            infos[row]["TimeLimit.truncated"] = bool(truncated[row] and not terminated[row])
        return observation, reward.astype(np.float32), over, infos

    def close(self) -> None:
        """Free the consoles."""
        self.world.close()

    def get_images(self) -> list[Array]:
        """Return the screen of each row, uint8 ``[H, W, 3]``.

        Raises:
            UsageError: the world was made without a render mode.
        """
        pictures = self.world.render()
        if pictures is None:
            raise UsageError("This world draws no pictures: make it with render_mode='rgb_array'.")
        return list(pictures)

    def get_attr(self, attr_name: str, indices: int | Sequence[int] | None = None) -> list[Any]:
        """Return an attribute of each row, such as ``level`` or ``render_mode``."""
        if attr_name == "render_mode":
            return [self.world.render_mode for _ in self._get_indices(indices)]
        values = self.world.get_attr(attr_name)
        return [values[row] for row in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: int | Sequence[int] | None = None) -> None:
        """Attach something of your own to every row of a batch; what a row is made with is fixed.

        Raises:
            UsageError: the attribute is fixed, or only some of the rows are meant.
        """
        if indices is None and isinstance(self.world, RetroVecEnv):
            self.world.set_attr(attr_name, value)
            return
        raise UsageError(f"The rows of a batch are fixed; {attr_name!r} cannot be set.")

    def env_method(
        self, method_name: str, *args: Any, indices: int | Sequence[int] | None = None, **kwargs: Any
    ) -> list[Any]:
        """Call ``render``, ``screen``, ``ram``, ``save`` or ``random_state`` for rows of a batch.

        Raises:
            UsageError: the world is no batch on the engine.
            AttributeError: a row has no such method.
        """
        if isinstance(self.world, RetroVecEnv):
            results = self.world.call(method_name, *args, **kwargs)
            return [results[row] for row in self._get_indices(indices)]
        raise UsageError(f"The rows of a batch are no environments of their own; {method_name!r} cannot be called.")

    def env_is_wrapped(self, wrapper_class: type, indices: int | Sequence[int] | None = None) -> list[bool]:
        """Answer that no row has a wrapper of Gymnasium's around it."""
        return [False for _ in self._get_indices(indices)]
