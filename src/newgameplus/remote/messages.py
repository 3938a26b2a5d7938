"""The messages between a server and an agent, and where observations lie in the memory that both see; pure.

All numbers are little endian and unsigned, except rewards; docs/guide/remote.md has the table. ``client.py`` reads and
writes the same messages and is a file of its own, so that it can be handed to an agent that has nothing else of this
package; a test holds both against each other. Shape letter: ``B`` rows.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from newgameplus.errors import UsageError
from newgameplus.remote.ends import Reason, Violation
from newgameplus.types import Array

MAGIC = b"NGPworld"
VERSION = 1
"""Version of the protocol; the server takes clients of this one only."""
HEAD = struct.Struct("<QQ")
"""Kind and sequence number, at the beginning of each message."""
_HELLO = struct.Struct("<QQ8s16I")
_READY = struct.Struct("<QQQ")
_REFUSED = struct.Struct("<QQQ")
_BYE = struct.Struct("<QQQQ")
_FRAME = struct.Struct("<QQQ")
_PICTURE = struct.Struct("<QQQQ")
NAME_BYTES = 16
"""Room for the name of a button."""
COMBO_BYTES = 8
"""Room for the buttons that an action of a set holds."""
HEADER_BYTES = 4096
"""At the beginning of the memory: for each slot the number of the observation before and after it is drawn."""
PICTURE_BYTES = 1 << 21
"""Room for a picture at the end of the memory: a screen of 960 x 720 pixels."""
NUM_SLOTS = 2
MAX_OBSERVATION_BYTES = 1 << 30
MAX_ROWS = 1 << 12
MAX_COMBOS = 1 << 12


class Kind(IntEnum):
    """Kinds of messages."""

    HELLO = 1
    READY = 2
    RESET = 3
    STEP = 4
    OBS = 5
    REFUSED = 6
    BYE = 7
    FRAME = 8
    PICTURE = 9


class Refusal(IntEnum):
    """Why a request was refused; the session goes on."""

    NOT_RESET = 1
    """A step before the first reset."""
    OVER = 2
    """A step after the end of an episode."""
    IN_EPISODE = 3
    """A reset in the middle of an episode."""
    NO_PICTURE = 4
    """No picture was drawn; that of the next step will be."""


class Way(IntFlag):
    """How a session is held."""

    MEMORY = 1
    """Observations lie in sealed memory that comes with HELLO; otherwise they follow OBS."""
    SAME_STEP = 2
    """Rows begin their next episode in the step that ends one; otherwise the agent asks for it by RESET."""


ActionKind: TypeAlias = Literal["filtered", "all", "discrete", "multi_discrete", "set"]
ACTION_KINDS: dict[ActionKind, int] = {"filtered": 1, "all": 2, "discrete": 3, "multi_discrete": 4, "set": 5}
DTYPES = {"uint8": 1, "float32": 2}


@dataclass(frozen=True, slots=True)
class Greeting:
    """What HELLO says of the world."""

    num_envs: int
    """B."""
    dtype: str
    """Of an observation; one of ``DTYPES``."""
    shape: tuple[int, ...]
    """Of a row's observation, four numbers at most."""
    action_kind: ActionKind
    sizes: tuple[int, ...]
    """Number of buttons, of actions, or of the values of each digit."""
    buttons: tuple[str | None, ...]
    combos: tuple[tuple[int, ...], ...] = ()
    """Indices of the buttons that each action of a set holds, ``COMBO_BYTES`` at most."""
    has_memory: bool = True
    """Whether observations lie in memory."""

    @property
    def is_same_step(self) -> bool:
        """Whether rows begin their next episodes themselves: a batch does, a single row is reset by the agent."""
        return self.num_envs > 1

    @property
    def row_bytes(self) -> int:
        """Bytes of a row's observation."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def numbers_per_action(self) -> int:
        """Number of unsigned numbers of 32 bits that an action is made of."""
        return len(self.sizes) if self.action_kind == "multi_discrete" else 1

    @property
    def is_mask(self) -> bool:
        """Whether an action is a mask of buttons."""
        return self.action_kind in ("filtered", "all")

    @property
    def step_bytes(self) -> int:
        """Length of STEP."""
        return HEAD.size + 4 * self.num_envs * self.numbers_per_action

    @property
    def request_bytes(self) -> int:
        """Length of the longest message of an agent."""
        return max(_BYE.size, self.step_bytes)

    def check(self) -> None:
        """Check that the messages have room for the world.

        Raises:
            UsageError: they have not.
        """
        if self.num_envs > MAX_ROWS:
            raise UsageError(f"A world of another process has {MAX_ROWS:,} rows at most, not {self.num_envs:,}.")
        if self.dtype not in DTYPES or len(self.shape) > 4 or self.num_envs * self.row_bytes > MAX_OBSERVATION_BYTES:
            raise UsageError(
                f"Observations {self.dtype} {self.shape} of {self.num_envs} rows cannot be sent to another process: "
                f"they are {' or '.join(DTYPES)}, of four axes and {MAX_OBSERVATION_BYTES >> 20} MiB at most."
            )
        names = [name or "" for name in self.buttons]
        if len(names) > 32 or not all(name.isascii() and len(name) <= NAME_BYTES for name in names):
            raise UsageError(f"A pad has 32 buttons at most, with names of {NAME_BYTES} letters, not {self.buttons}.")
        if len(self.combos) > MAX_COMBOS or any(len(combo) > COMBO_BYTES for combo in self.combos):
            raise UsageError(f"A set has {MAX_COMBOS:,} actions at most, each of {COMBO_BYTES} buttons at most.")


def slot_bytes(greeting: Greeting) -> int:
    """Bytes of a slot, a whole number of pages: all rows, and again as many for the last ones of ended episodes."""
    used = greeting.num_envs * greeting.row_bytes * (2 if greeting.is_same_step else 1)
    return -(-used // HEADER_BYTES) * HEADER_BYTES


def picture_at(greeting: Greeting) -> int:
    """Where in the memory the picture begins, behind header and slots."""
    return HEADER_BYTES + NUM_SLOTS * slot_bytes(greeting)


def hello(greeting: Greeting) -> bytes:
    """Return HELLO."""
    way = (Way.MEMORY if greeting.has_memory else Way(0)) | (Way.SAME_STEP if greeting.is_same_step else Way(0))
    shape = (*greeting.shape, 0, 0, 0, 0)[:4]
    fixed = _HELLO.pack(
        *(Kind.HELLO, 0, MAGIC, VERSION, VERSION, greeting.num_envs, way),
        *(DTYPES[greeting.dtype], len(greeting.shape), *shape),
        *(ACTION_KINDS[greeting.action_kind], len(greeting.sizes), len(greeting.buttons), len(greeting.combos)),
        *(PICTURE_BYTES, 0),
    )
    names = b"".join((name or "").encode("ascii").ljust(NAME_BYTES, b"\0") for name in greeting.buttons)
    combos = b"".join(bytes(index + 1 for index in combo).ljust(COMBO_BYTES, b"\0") for combo in greeting.combos)
    return fixed + np.array(greeting.sizes, "<u4").tobytes() + names + combos


def flags_of(terminated: Array, truncated: Array) -> bytes:
    """Return the flags of OBS, one per row: bit 0 if its episode was terminated, bit 1 if it was truncated.

    Args:
        terminated: bool ``[B]``.
        truncated: bool ``[B]``.
    """
    return bytes([one | two << 1 for one, two in zip(terminated.tolist(), truncated.tolist(), strict=True)])


def obs(seq: int, slot: int, reward: Array, flags: bytes) -> bytes:
    """Return OBS; where there is no memory, observations follow it.

    Args:
        seq: number of the request that it answers.
        slot: where in the memory the observation lies.
        reward: float64 ``[B]``.
        flags: one byte per row.
    """
    return _obs(len(flags)).pack(_OBS_KIND, seq, slot, *reward.tolist(), flags)


@cache
def _obs(num_envs: int) -> struct.Struct:
    """Layout of OBS."""
    return struct.Struct(f"<QQQ{num_envs}d{num_envs}s")


def refused(seq: int, refusal: Refusal) -> bytes:
    """Return REFUSED."""
    return _REFUSED.pack(Kind.REFUSED, seq, refusal)


def bye(seq: int, reason: Reason, violation: Violation | None = None) -> bytes:
    """Return BYE."""
    return _BYE.pack(Kind.BYE, seq, reason.code, 0 if violation is None else violation.code)


def picture(seq: int, height: int, width: int) -> bytes:
    """Return PICTURE; where there is no memory, the pixels follow it."""
    return _PICTURE.pack(Kind.PICTURE, seq, height, width)


class Request(NamedTuple):
    """A message of an agent."""

    kind: Kind
    seq: int
    value: int = 0
    """READY: version; FRAME: row."""
    payload: bytes = b""
    """STEP: the actions."""


def read(message: bytes, step_bytes: int) -> Request | Violation:
    """Return what an agent sent, or what is wrong with it; never raises.

    Args:
        message: what it sent.
        step_bytes: length of STEP in this session.
    """
    if len(message) < HEAD.size:
        return Violation.LENGTH
    kind, seq = HEAD.unpack_from(message)
    if kind == _STEP:
        is_whole = len(message) == step_bytes
        return Request(Kind.STEP, seq, 0, message[HEAD.size :]) if is_whole else Violation.LENGTH
    length = _LENGTHS.get(kind)
    if length is None:
        return Violation.KIND
    if len(message) != length:
        return Violation.LENGTH
    value = int.from_bytes(message[HEAD.size : HEAD.size + 8], "little")
    return Request(Kind(kind), seq, value)


_STEP, _OBS_KIND = int(Kind.STEP), int(Kind.OBS)
_LENGTHS: dict[int, int] = {
    Kind.READY: _READY.size,
    Kind.RESET: HEAD.size,
    Kind.BYE: _BYE.size,
    Kind.FRAME: _FRAME.size,
}
"""Lengths of an agent's messages, without STEP."""


class ActionReader:
    """Turns the bytes of STEP into actions.

    Args:
        greeting: what the agent was told of the actions.
    """

    MAX_KNOWN = 4096

    def __init__(self, greeting: Greeting) -> None:
        self._greeting = greeting
        self._limits = np.array(greeting.sizes, np.int64)
        self._known: dict[bytes, Array] = {}

    def read(self, payload: bytes) -> Array | None:
        """Return the actions, ``[B, …]`` of the world's action space; None if one is not in it.

        The array is read-only, and is returned again for the same bytes.
        """
        actions = self._known.get(payload)
        if actions is None:
            actions = self._decoded(np.frombuffer(payload, "<u4").astype(np.int64))
            if actions is None:
                return None
            actions.flags.writeable = False
            if len(self._known) == self.MAX_KNOWN:
                self._known.clear()
            self._known[payload] = actions
        return actions

    def _decoded(self, numbers: Array) -> Array | None:
        greeting = self._greeting
        if greeting.is_mask:
            num_buttons = greeting.sizes[0]
            if (numbers >> num_buttons).any():
                return None
            bits: Array = (numbers[:, None] >> np.arange(num_buttons) & 1).astype(np.int8)
            return bits
        if greeting.action_kind == "multi_discrete":
            numbers = numbers.reshape(greeting.num_envs, len(greeting.sizes))
        return None if (numbers >= self._limits).any() else numbers
