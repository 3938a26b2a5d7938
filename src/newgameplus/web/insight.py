"""What the agent saw, as a scene: the episode is played once in the background, and any frame of it is told.

The room knows no agent: who looks into one is a function that ``ngp watch`` hands over.

The page asks ``{"do": "look", "frame": 40}``; the newest question alone is answered, by a binary message: u32, little-
endian, length of the JSON; what the agent computed, as JSON; and its observation, uint8, deflated.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from newgameplus.web.messages import MAX_FRAME, MAX_REQUEST_BYTES, told

MAX_POINTS = 1000
"""Most points of the curve of value estimates."""
NUM_PORTIONS = 20
"""Number of times that the curve is sent while it grows."""


class Insight(Protocol):
    """An episode as its agent saw it, played step by step."""

    num_frames: int
    num_steps: int

    @property
    def num_known(self) -> int:
        """Number of steps played so far."""

    def about(self) -> dict[str, Any]:
        """What is shown, as JSON types."""

    def advance(self) -> None:
        """Play the next step, or some of what comes before the first."""

    def step_of(self, frame: int) -> int:
        """Return the step that a frame belongs to."""

    def look(self, frame: int) -> tuple[dict[str, Any], bytes]:
        """Return what is known of the step of a frame that has been played, and its observation, deflated."""

    def step(self, step: int) -> dict[str, Any]:
        """Return what is known of a step that has been played, as JSON types."""

    def curve(self, max_points: int) -> dict[str, Any]:
        """Return value estimates along the steps so far, and what stands out in them, as JSON types."""

    def close(self) -> None:
        """Free what it holds."""


OpenInsight: TypeAlias = Callable[[str, int | None], Insight]
"""Opens the movie at a path, with weights chosen by their index or None for the nearest; sent by its name."""


def open_scene(open_insight: OpenInsight, path: str, weights: int | None) -> InsightScene:
    """Open the scene of a movie, in a player process.

    Raises:
        NewGamePlusError: nobody knows what the agent saw.
    """
    return InsightScene(open_insight(path, weights))


def make_json(open_insight: OpenInsight, path: str, weights: int | None) -> str:
    """Return all steps of a movie as JSON, in a player process.

    Raises:
        NewGamePlusError: nobody knows what the agent saw.
    """
    insight = open_insight(path, weights)
    try:
        while insight.num_known < insight.num_steps:
            insight.advance()
        steps = [insight.step(step) for step in range(insight.num_steps)]
        return json.dumps(insight.about() | {"steps": steps})
    finally:
        insight.close()


class InsightScene:
    """One episode, and the frame that a page asks for.

    Args:
        insight: the episode; closed with the scene.
    """

    def __init__(self, insight: Insight) -> None:
        self._insight = insight
        self._wanted: int | None = None
        self._told_portion = -1

    def opened(self) -> str:
        """Message that tells what is shown."""
        return told("opened", **self._insight.about())

    def ask(self, text: str, now: float) -> None:
        """Take the frame that the page asks for, in the place of the one before."""
        del now
        frame = _frame_asked(text)
        if frame is not None:
            self._wanted = min(frame, self._insight.num_frames - 1)

    def seconds_to_wait(self, now: float) -> float | None:
        """Nothing is to be waited for until all is known and told."""
        del now
        return None if self._wanted is None and self._told_portion == NUM_PORTIONS else 0.0

    def go_on(self, now: float) -> bytes | str | None:
        """Answer, if the wanted frame is known, or else play the next step."""
        del now
        insight = self._insight
        if self._wanted is not None and insight.step_of(self._wanted) < insight.num_known:
            facts, deflated = insight.look(self._wanted)
            self._wanted = None
            content = json.dumps(facts).encode()
            return struct.pack("<I", len(content)) + content + deflated
        insight.advance()
        portion = NUM_PORTIONS * insight.num_known // insight.num_steps
        if portion == self._told_portion:
            return None
        self._told_portion = portion
        return told("curve", **insight.curve(MAX_POINTS))

    def close(self) -> None:
        """Free the console."""
        self._insight.close()


def _frame_asked(text: str) -> int | None:
    if len(text) > MAX_REQUEST_BYTES:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    frame = said.get("frame") if isinstance(said, dict) and said.get("do") == "look" else None
    return frame if type(frame) is int and 0 <= frame <= MAX_FRAME else None
