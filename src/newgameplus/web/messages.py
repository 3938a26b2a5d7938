"""Messages between the page and a player process: JSON text for all that is said, binary for frames.

The page asks (``do``), the player tells (``is``). A frame is, little-endian::

    u8  1 (frame)          u8  number of players     u16 number of variables
    u32 generation         u32 frame                 u16 width   u16 height
    f64 reward             f64 return                u32 bytes of sound
    u32 × players          f64 × variables           i16 × 2 × samples of sound
    RGB picture, deflated
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from newgameplus.session.film import Moment

MAX_REQUEST_BYTES = 1024
"""Limit of a message from the page."""
MAX_FRAME = 2**32 - 1
"""Limit of frame numbers and generations."""
SPEEDS = (0.25, 0.5, 1, 2, 4, 8, 16)
"""Speeds that a movie can be played at, as multiples of the console's own."""
FRAME = 1
"""First byte of a frame's message."""
_HEAD = struct.Struct("<BBHIIHHddI")
_FASTEST = 1


@dataclass(frozen=True, slots=True)
class Request:
    """What a page asks of its player."""

    do: str
    """``seek``, ``play``, ``stop`` or ``drawn``."""
    generation: int = 0
    """Number of the page's seeks so far; what belongs to an earlier one is dropped."""
    frame: int = 0
    speed: float = 1.0
    has_sound: bool = False


def read_request(text: str) -> Request | None:
    """Return the request in a page's message; None if it is none."""
    if len(text) > MAX_REQUEST_BYTES:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("do") not in ("seek", "play", "stop", "drawn"):
        return None
    generation, frame, speed = said.get("generation", 0), said.get("frame", 0), said.get("speed", 1)
    if not all(type(number) is int and 0 <= number <= MAX_FRAME for number in (generation, frame)):
        return None
    if type(speed) not in (int, float) or speed not in SPEEDS:
        return None
    return Request(said["do"], generation, frame, float(speed), said.get("sound") is True)


def frame_message(moment: Moment, generation: int, *, has_sound: bool) -> bytes:
    """Return the message of a frame."""
    height, width, _ = moment.picture.shape
    sound = np.ascontiguousarray(moment.sound, "<i2").tobytes() if has_sound else b""
    values = list(moment.variables.values())
    head = _HEAD.pack(
        FRAME, len(moment.masks), len(values), generation, moment.frame, width, height,
        moment.reward, moment.episode_return, len(sound),
    )  # fmt: skip
    numbers = struct.pack(f"<{len(moment.masks)}I{len(values)}d", *moment.masks, *map(float, values))
    return head + numbers + sound + zlib.compress(np.ascontiguousarray(moment.picture).data, _FASTEST)


def told(kind: str, **what: Any) -> str:
    """Return a message of the player: ``opened``, ``survey``, ``failed``."""
    return json.dumps({"is": kind, **what})
