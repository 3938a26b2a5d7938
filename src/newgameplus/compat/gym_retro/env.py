"""gym-retro's environment: stable-retro's with the interface of gym before version 0.26."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newgameplus.compat import retro
from newgameplus.types import Array


class RetroEnv:
    """One game, one frame per step, with four values per step.

    Every other attribute is that of the environment inside, such as ``em``, ``data``, ``buttons``, ``initial_state``,
    ``load_state`` and ``get_action_meaning``.

    Args:
        arguments: those of :class:`newgameplus.compat.retro.RetroEnv`.
    """

    env: retro.RetroEnv
    _seed: int | None

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self.__dict__["env"] = retro.RetroEnv(*arguments, **keywords, shows_every_frame=False)
        self.__dict__["_seed"] = None

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed the next reset; a game has no random numbers of its own."""
        self.__dict__["_seed"] = seed
        return [seed]

    def reset(self) -> Array:
        """Begin an episode; return its first observation."""
        observation, _ = self.env.reset(seed=self._seed)
        self.__dict__["_seed"] = None
        return observation

    def step(self, a: Any) -> tuple[Array, float, bool, dict[str, Any]]:
        """Run one frame; return observation, reward, whether the episode is over, and the variables."""
        observation, reward, terminated, truncated, info = self.env.step(a)
        return observation, reward, terminated or truncated, info

    @property
    def unwrapped(self) -> RetroEnv:
        """The environment itself."""
        return self

    def __enter__(self) -> RetroEnv:
        return self

    def __exit__(self, *error: object) -> None:
        self.env.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "env" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.env, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.env, name, value)
