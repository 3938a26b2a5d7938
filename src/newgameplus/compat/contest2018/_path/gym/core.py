"""Environments and their wrappers, as gym 0.10 had them: ``reset`` returns the observation alone, ``step`` four values.

A class may define ``_step``, ``_reset``, ``_action`` and the like instead, as it had to before gym 0.9.6.
"""

from __future__ import annotations

from typing import Any

from gym.spaces import Space

__all__ = ["ActionWrapper", "Env", "ObservationWrapper", "RewardWrapper", "Space", "Wrapper"]


def _to_be_defined(env: Any, method: str) -> NotImplementedError:
    """Return the error of a method that gym left to who writes the class; agents of then caught this very type."""
    return NotImplementedError(f"{type(env).__name__} defines no {method}: give the class a method {method}.")


class Env:
    """Base class of environments."""

    metadata: Any = {"render.modes": []}  # noqa: RUF012 - gym's own declaration
    reward_range: Any = (-float("inf"), float("inf"))
    spec: Any = None
    action_space: Any = None
    observation_space: Any = None

    def step(self, action: Any) -> Any:
        """Take an action; return observation, reward, whether the episode is over, and ``info``."""
        return self._step(action)

    def reset(self, **kwargs: Any) -> Any:
        """Begin an episode; return its first observation."""
        return self._reset(**kwargs)

    def render(self, mode: str = "human", **kwargs: Any) -> Any:
        """Show the environment, or return what ``mode`` asks for."""
        raise _to_be_defined(self, "render")

    def close(self) -> None:
        """Free what the environment holds."""

    def seed(self, seed: Any = None) -> Any:
        """Seed the environment's random numbers, if it has any."""
        return []

    @property
    def unwrapped(self) -> Any:
        """The environment inside all wrappers."""
        return self

    def __enter__(self) -> Env:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _step(self, action: Any) -> Any:
        raise _to_be_defined(self, "step")

    def _reset(self, **kwargs: Any) -> Any:
        raise _to_be_defined(self, "reset")


class Wrapper(Env):
    """An environment around another one, which it leaves as it is.

    Args:
        env: the environment inside.
    """

    def __init__(self, env: Any) -> None:
        self.env = env
        self.action_space = env.action_space
        self.observation_space = env.observation_space
        self.reward_range = getattr(env, "reward_range", Env.reward_range)
        self.metadata = getattr(env, "metadata", Env.metadata)
        self.spec = getattr(env, "spec", None)

    def render(self, mode: str = "human", **kwargs: Any) -> Any:
        """Show the environment inside."""
        return self.env.render(mode, **kwargs)

    def close(self) -> None:
        """Close the environment inside."""
        self.env.close()

    def seed(self, seed: Any = None) -> Any:
        """Seed the environment inside."""
        return self.env.seed(seed)

    @property
    def unwrapped(self) -> Any:
        """The environment inside all wrappers."""
        return self.env.unwrapped

    def __str__(self) -> str:
        return f"<{type(self).__name__}{self.env}>"

    def _step(self, action: Any) -> Any:
        return self.env.step(action)

    def _reset(self, **kwargs: Any) -> Any:
        return self.env.reset(**kwargs)


class ObservationWrapper(Wrapper):
    """Changes observations, by ``observation``."""

    def step(self, action: Any) -> Any:
        """Take an action; return the changed observation."""
        observation, reward, done, info = self.env.step(action)
        return self.observation(observation), reward, done, info

    def reset(self, **kwargs: Any) -> Any:
        """Begin an episode; return its changed first observation."""
        return self.observation(self.env.reset(**kwargs))

    def observation(self, observation: Any) -> Any:
        """Return what is shown instead of ``observation``."""
        return self._observation(observation)

    def _observation(self, observation: Any) -> Any:
        raise _to_be_defined(self, "observation")


class RewardWrapper(Wrapper):
    """Changes rewards, by ``reward``."""

    def step(self, action: Any) -> Any:
        """Take an action; return the changed reward."""
        observation, reward, done, info = self.env.step(action)
        return observation, self.reward(reward), done, info

    def reward(self, reward: Any) -> Any:
        """Return what is paid instead of ``reward``."""
        return self._reward(reward)

    def _reward(self, reward: Any) -> Any:
        raise _to_be_defined(self, "reward")


class ActionWrapper(Wrapper):
    """Changes actions, by ``action``."""

    def step(self, action: Any) -> Any:
        """Take the changed action."""
        return self.env.step(self.action(action))

    def action(self, action: Any) -> Any:
        """Return what is taken instead of ``action``."""
        return self._action(action)

    def reverse_action(self, action: Any) -> Any:
        """Return the action that :meth:`action` changes into ``action``."""
        return self._reverse_action(action)

    def _action(self, action: Any) -> Any:
        raise _to_be_defined(self, "action")

    def _reverse_action(self, action: Any) -> Any:
        raise _to_be_defined(self, "reverse_action")
