"""The part of the screen that a scenario shows the agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.errors import IntegrationError
from newgameplus.types import Array


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle in pixels; a width or height of 0, or one beyond the picture, extends to its edge."""

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0

    def cut(self, picture: Array) -> Array:
        """Return that part of ``picture`` ``[H, W, C]``."""
        num_rows, num_columns = picture.shape[:2]
        right = num_columns if not self.width or self.x + self.width > num_columns else self.x + self.width
        bottom = num_rows if not self.height or self.y + self.height > num_rows else self.y + self.height
        return picture[self.y : bottom, self.x : right]


def window_of(scenario: Mapping[str, Any], path: Path) -> Window:
    """Return the window of a scenario's ``crop``: x, y, width, height.

    Args:
        scenario: content of the scenario's file.
        path: the file, for the error message.

    Raises:
        IntegrationError: it is not a list of four non-negative numbers.
    """
    crop = scenario.get("crop", (0, 0, 0, 0))
    try:
        x, y, width, height = (int(number) for number in crop)
    except (TypeError, ValueError) as error:
        raise IntegrationError(f"The crop in {path} must be four numbers, not {crop!r}.") from error
    if min(x, y, width, height) < 0:
        raise IntegrationError(f"The crop in {path} must have no negative numbers, unlike {crop!r}.")
    return Window(x, y, width, height)
