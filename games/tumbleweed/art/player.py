"""The pictures of the tumbleweed itself, 32 × 32 pixels each, with palette 2."""

from __future__ import annotations

from canvas import Pixels, blank, ellipse, outline

FRAMES = (
    ("STAND", 2), ("WALK", 4), ("RUN", 4), ("ROLL", 8), ("CROUCH", 1), ("CHARGE", 2), ("SKID", 1), ("HURT", 1),
    ("DIE", 1), ("CHEER", 2), ("SWIM", 2),
)  # fmt: skip
"""Poses and their numbers of frames, in the order of the ROM."""


def draw() -> dict[str, list[Pixels]]:
    """The frames of every pose."""
    made = blank(32, 32)
    made[ellipse(made, 16, 18, 13)] = 4
    made[ellipse(made, 13, 15, 3)] = 6
    made[ellipse(made, 21, 15, 3)] = 6
    made[ellipse(made, 14, 15, 1.5)] = 1
    made[ellipse(made, 22, 15, 1.5)] = 1
    outline(made, 1)
    return {pose: [made] * count for pose, count in FRAMES}
