"""A window that shows pictures, by Gymnasium's own wrapper."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
from gymnasium.error import DependencyNotInstalled

from newgameplus.errors import UsageError
from newgameplus.types import Array


class _Shown(gym.Env[None, None]):
    """An environment that does nothing but show the picture that it was given last."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 60}  # noqa: RUF012 - Gymnasium's own declaration
    render_mode = "rgb_array"
    picture: Array

    def step(self, action: None) -> tuple[None, float, bool, bool, dict[str, Any]]:
        return None, 0.0, False, False, {}

    def render(self) -> Any:
        return self.picture


class Viewer:
    """A window, opened with its first picture."""

    def __init__(self) -> None:
        self._shown = _Shown()
        self._window = gym.wrappers.HumanRendering(self._shown)

    def imshow(self, picture: Array) -> None:
        """Show ``picture``, uint8 ``[H, W, 3]``; waits so that 60 are shown per second.

        Raises:
            UsageError: no window can be opened here.
        """
        self._shown.picture = picture
        try:
            self._window.step(None)
        except (DependencyNotInstalled, RuntimeError) as error:  # pygame's errors are RuntimeErrors
            raise UsageError(
                f"render_mode='human' opens a window, and none can be opened here ({error}): install pygame with pip "
                "install 'newgameplus[play]', or make the environment with render_mode='rgb_array'."
            ) from error

    def isopen(self) -> bool:
        """Whether the window is open."""
        return self._window.window is not None

    def close(self) -> None:
        """Close the window."""
        self._window.close()  # type: ignore[no-untyped-call]  # Gymnasium has no annotation there
