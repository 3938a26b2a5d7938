"""One environment as a world: a batch of one row. Its random generator can be saved at the beginning of an episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from newgameplus.envs.actions import ActionMeaning
from newgameplus.envs.interface import World
from newgameplus.errors import StateError
from newgameplus.types import ActionSpec, Array, WorldSpec

_ONE = np.ones(1, np.bool_)
_ONE.flags.writeable = False


class SingleWorld(VectorEnv[Array, Array, Array]):
    """Wraps one environment as a vector environment of one row, without copies and in the caller's process.

    When an episode ends, the next begins in the same step: the observation is the new episode's first, and
    ``info["final_obs"]`` and ``info["final_info"]`` hold the last ones of the ended episode, as in Gymnasium's
    same-step autoreset.

    Args:
        env: the environment; closed together with this world.
    """

    def __init__(self, env: gym.Env[Array, Any]) -> None:
        self.env = env
        self.num_envs = 1
        self.metadata = {**env.metadata, "autoreset_mode": AutoresetMode.SAME_STEP}
        self.render_mode = env.render_mode
        self.spec = env.spec
        self.single_observation_space = env.observation_space
        self.single_action_space = env.action_space
        self.observation_space = batch_space(env.observation_space, 1)
        self.action_space = batch_space(env.action_space, 1)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode; ``seed`` is a number or a sequence of one."""
        own_seed = seed if seed is None or isinstance(seed, int) else seed[0]
        observation, info = self.env.reset(seed=own_seed, options=options)
        return observation[None], _batched(info)

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take the action of the only row, ``[1, …]``."""
        observation, reward, terminated, truncated, info = self.env.step(actions[0])
        if terminated or truncated:
            final = {"final_obs": observation, "final_info": info}
            observation, info = self.env.reset()
            batched = {**self._add_info({}, final, 0), **_batched(info)}
        else:
            batched = _batched(info)
        return (
            observation[None],
            np.array([reward], np.float64),
            np.array([terminated]),
            np.array([truncated]),
            batched,
        )

    def render(self) -> tuple[Any, ...] | None:
        """Return the picture of the only row."""
        return None if self.render_mode is None else (self.env.render(),)

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """Names of the pad's buttons, in the bit order of a mask."""
        return tuple(self.env.get_wrapper_attr("buttons"))

    @property
    def action_spec(self) -> ActionSpec:
        """Meaning of the actions."""
        actions: ActionMeaning = self.env.get_wrapper_attr("actions")
        return actions.spec

    @property
    def level_ids(self) -> tuple[str, ...]:
        """``Game/State`` of the row."""
        return (str(self.env.get_wrapper_attr("level")),)

    def draw_next_step(self) -> None:
        """Draw the last frame of the next step, even if no observation is made of it."""
        self.env.get_wrapper_attr("draw_next_step")()

    def screen(self, row: int) -> Array:
        """Screen of the only row, uint8 ``[H, W, 3]``, from the last frame drawn.

        Raises:
            EmulatorError: none was drawn.
        """
        del row
        picture: Array = self.env.get_wrapper_attr("screen")()
        return picture

    def variables(self, row: int) -> dict[str, Any]:
        """The game's variables, by name."""
        del row
        return dict(self.env.get_wrapper_attr("variables")())

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Return an attribute of the environment, one per row."""
        return (self.env.get_wrapper_attr(name),)

    def close_extras(self) -> None:
        """Close the environment."""
        self.env.close()

    def random_state(self, row: int) -> dict[str, Any]:
        """State of the random generator, as JSON types; complete at the beginning of an episode."""
        del row
        return dict(self.env.unwrapped.np_random.bit_generator.state)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """Restore the random generator.

        Raises:
            StateError: it is not the state of such a generator.
        """
        del row
        try:
            self.env.unwrapped.np_random.bit_generator.state = state
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"This is not the state of the world's random generator: {error!r}.") from error


def world_spec(world: World, num_timesteps: int | None = None) -> WorldSpec:
    """Describe ``world`` to an agent.

    Args:
        world: world that the agent will play in.
        num_timesteps: number of steps that the run may take in each row; None if it is limited otherwise.
    """
    action_space = world.single_action_space
    return WorldSpec(
        num_envs=world.num_envs,
        buttons=world.buttons,
        observation_shape=world.single_observation_space.shape or (),
        action_shape=action_space.shape or (),
        num_actions=int(action_space.n) if isinstance(action_space, gym.spaces.Discrete) else None,
        num_timesteps=num_timesteps,
        combos=world.action_spec.combos,
    )


def _batched(info: dict[str, Any]) -> dict[str, Any]:
    """Give each value its row axis and its mask, as Gymnasium's vector environments do."""
    batched: dict[str, Any] = {}
    for key, value in info.items():
        batched[key] = np.array([value])
        batched[f"_{key}"] = _ONE
    return batched
