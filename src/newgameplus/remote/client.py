"""The agent's side of a world in another process: connect to it, reset it and step it.

This file needs Python 3.8 and numpy and nothing else, so that it can be copied beside an agent::

    from newgameplus.remote.client import connect

    env = connect()
    observation = env.reset()
    while True:
        observation, reward, done = env.step(agent(observation))
        if done:
            observation = env.reset()

The session's end is an exception, :class:`SessionOverError`. Shape letters: ``B`` rows, ``H W`` height and width.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
import struct
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

    _ActionKind = Literal["filtered", "all", "discrete", "multi_discrete", "set"]

DESCRIPTOR_VARIABLE = "NGP_REMOTE_FD"
"""Environment variable with the descriptor of the socket to the server."""
ADDRESS_VARIABLE = "NGP_REMOTE_ADDRESS"
"""Environment variable with HOST:PORT of the server, for an agent on another machine."""
TOKEN_VARIABLE = "NGP_REMOTE_TOKEN"
"""Environment variable with what the server must be told first."""
DEFAULT_DESCRIPTOR = 3

MAGIC = b"NGPworld"
VERSION = 1
HELLO, READY, RESET, STEP, OBS, REFUSED, BYE, FRAME, PICTURE = range(1, 10)
IN_MEMORY, SAME_STEP = 1, 2
ACTION_KINDS: dict[int, _ActionKind] = {1: "filtered", 2: "all", 3: "discrete", 4: "multi_discrete", 5: "set"}
DTYPES = {1: "uint8", 2: "float32"}
REFUSALS = {
    1: "no episode has begun: call reset() first",
    2: "the episode is over: call reset() before step()",
    3: "an episode cannot be left: call reset() once it is over",
    4: "no picture is drawn yet: take a step, then ask again",
}
REASONS = {
    0: ("error", "the world failed"),
    1: ("timesteps", "all timesteps were taken"),
    2: ("wall_clock", "the time is over"),
    3: ("client_disconnect", "the agent closed the session"),
    4: ("server_disconnect", "the server is gone"),
    5: ("reset", "too many steps and resets were asked for at the wrong moment"),
    16: ("episodes", "all episodes were played"),
    17: ("step_time", "the agent was too slow"),
    18: ("never_connected", "the agent connected too late"),
    19: ("protocol", "the agent broke the protocol"),
    20: ("agent_exit", "the agent's program ended"),
    21: ("agent_signal", "the agent's program was killed"),
    22: ("out_of_memory", "the agent used more memory than it may"),
    23: ("too_many_processes", "the agent started more processes or threads than it may"),
    24: ("disk", "the agent wrote more bytes or files than it may"),
    25: ("output", "the agent printed faster than it may"),
    26: ("sandbox_failed", "the sandbox failed"),
    27: ("organiser", "who ran the session ended it"),
}
BUDGET = (1, 2, 16)
"""The reasons that are the end of a budget."""
_GONE, _LEFT = 4, 3

_HELLO = struct.Struct("<QQ8s16I")
_THREE = struct.Struct("<QQQ")
_FOUR = struct.Struct("<QQQQ")
_HEAD = struct.Struct("<QQ")
_LENGTH = struct.Struct("<I")
NAME_BYTES, COMBO_BYTES = 16, 8
HEADER_BYTES = 4096
NUM_SLOTS = 2
MAX_HELLO_BYTES = 1 << 19
MAX_ROWS = 1 << 12
MAX_OBSERVATION_BYTES = 1 << 30
PICTURE_BYTES = 1 << 21
_MAX_KNOWN = 4096
_connected: set[int] = set()
"""Descriptors that this process has connected by."""


class RemoteError(RuntimeError):
    """Base class of what goes wrong between an agent and its world."""


class SessionOverError(RemoteError):
    """The session is over, and nothing can be asked any more.

    Args:
        code: number of the reason.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        self.reason, sentence = REASONS.get(code, ("unknown", "for a reason that this client does not know"))
        super().__init__(f"The session is over: {sentence}.")


class BudgetSpentError(SessionOverError):
    """The session is over as planned: its timesteps, episodes or time are used up."""


class ServerGoneError(SessionOverError):
    """The server has closed the connection, or has died."""

    def __init__(self, code: int = _GONE) -> None:
        super().__init__(code)


class RefusedError(RemoteError):
    """The world cannot do this now; the session goes on.

    Args:
        code: number of the reason, a key of ``REFUSALS``.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"Refused: {REFUSALS.get(code, 'for a reason that this client does not know')}.")


class ProtocolError(RemoteError):
    """The server sent something that this client does not understand; it may be of another version."""


def connect(fd: int | None = None, *, copies: bool = True) -> RemoteEnv:
    """Return the world that this process was given.

    Without ``fd`` the environment says where it is: ``NGP_REMOTE_ADDRESS`` and ``NGP_REMOTE_TOKEN``, else
    ``NGP_REMOTE_FD``, else descriptor 3. A process connects once.

    Args:
        fd: descriptor of the socket to the server.
        copies: see :class:`RemoteEnv`.

    Raises:
        RemoteError: there is no server, or it speaks another version.
    """
    address = os.environ.get(ADDRESS_VARIABLE)
    if fd is None and address:
        return RemoteEnv(_TcpLink(address, os.environ.get(TOKEN_VARIABLE, "")), copies=copies)
    if fd is None:
        text = os.environ.get(DESCRIPTOR_VARIABLE, str(DEFAULT_DESCRIPTOR))
        if not (text.isascii() and text.isdigit()):
            raise RemoteError(f"{DESCRIPTOR_VARIABLE} is the number of a descriptor, not {text!r}.")
        fd = int(text)
    return RemoteEnv(_SocketLink(fd), copies=copies)


class RemoteEnv:
    """A world in another process, of one row or a batch.

    A world of one row takes and gives single values, and is reset whenever an episode is over. A batch takes and gives
    arrays with the rows as their first axis, and is reset once: a row whose episode ends begins its next one in the
    same step, its observation is that one's first, and ``final_observations`` holds the last of the ended episode.

    Args:
        link: connection to the server: ``hello``, ``send``, ``receive`` and ``close``.
        copies: return observations in arrays of their own; if False, they lie in the server's memory, read-only, and
            the next step but one overwrites them.

    Raises:
        RemoteError: the server is gone, or speaks another version.
    """

    def __init__(self, link: Any, *, copies: bool = True) -> None:
        self._link, self._copies = link, copies
        self._seq = 0
        self._end: SessionOverError | None = None
        self._packed_before: dict[Any, bytes] = {}
        self._numbers: Any
        self._picture: NDArray[Any]
        self._slots: list[NDArray[Any]]
        self._finals: list[NDArray[Any]]
        self.final_observations: dict[int, NDArray[Any]] = {}
        """Of a batch's last step: last observation of each row whose episode ended, by row index."""
        try:
            message, memory = link.hello()
            try:
                self._read_hello(message)
                self._map(memory)
            finally:
                if memory is not None:
                    os.close(memory)
            link.send(_THREE.pack(READY, 0, VERSION))
        except BaseException:
            link.close()
            raise
        self._flags = bytes(self.num_envs)

    @property
    def terminated(self) -> NDArray[np.bool_]:
        """Rows whose episode the last step ended because the game did, bool ``[B]``."""
        return (np.frombuffer(self._flags, np.uint8) & 1).astype(np.bool_)

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """Rows whose episode the last step ended because of a limit, bool ``[B]``."""
        return (np.frombuffer(self._flags, np.uint8) & 2).astype(np.bool_)

    def reset(self) -> NDArray[Any]:
        """Begin an episode, in every row of a batch; return its first observation, ``[…]`` or ``[B, …]``.

        Raises:
            RefusedError: an episode is under way.
            SessionOverError: the session is over.
        """
        observation, _ = self._asked(RESET, b"")
        return observation

    def step(self, action: Any) -> tuple[NDArray[Any], Any, Any]:
        """Take an action in every row.

        Args:
            action: one 0 or 1 per button, a number below ``num_actions``, or a number per digit; of a batch ``[B, …]``.

        Returns:
            Observation, reward and whether the episode ended; of a batch ``[B, …]``, float64 ``[B]`` and bool ``[B]``.

        Raises:
            ValueError: the action is not one of the world's.
            RefusedError: there is no episode to take a step in.
            SessionOverError: the session is over.
        """
        observation, reward = self._asked(STEP, self._packed(action))
        if self.num_envs == 1:
            return observation, reward[0], self._flags[0] != 0
        return observation, np.array(reward), self.terminated | self.truncated

    def frame(self, row: int = 0) -> NDArray[np.uint8]:
        """Return the picture of a row, uint8 ``[H, W, 3]``; it is drawn only because it is asked for.

        Raises:
            RefusedError: none is drawn yet; that of the next step will be, if the world has any.
            SessionOverError: the session is over.
        """
        if not 0 <= row < self.num_envs:
            raise ValueError(f"There is no row {row}: there are {self.num_envs}.")
        answer = self._exchange(FRAME, row.to_bytes(8, "little"), PICTURE)
        height, width = _FOUR.unpack_from(answer)[2:] if len(answer) >= _FOUR.size else (0, 0)
        size = 3 * height * width
        if not 0 < size <= PICTURE_BYTES or len(answer) != _FOUR.size + (0 if self._is_mapped else size):
            raise self._ended(ProtocolError("The server sent a picture of a size that there is not."))
        shown = self._picture[:size] if self._is_mapped else np.frombuffer(answer, np.uint8, size, _FOUR.size)
        return np.array(shown).reshape(height, width, 3)

    def close(self) -> None:
        """Leave the session; a second call does nothing."""
        if self._end is None:
            self._end = SessionOverError(_LEFT)
            self._link.send(_FOUR.pack(BYE, self._seq, _LEFT, 0))
        self._leave()

    def __enter__(self) -> RemoteEnv:
        """Return the environment, which the end of the block closes."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave the session."""
        self.close()

    def _asked(self, kind: int, payload: bytes) -> tuple[NDArray[Any], list[float]]:
        """Ask for an observation; return it with the rewards, one per row."""
        answer = self._exchange(kind, payload, OBS)
        if len(answer) < self._obs.size:
            raise self._ended(ProtocolError("The server sent an observation without its rewards."))
        _, _, slot, *reward, self._flags = self._obs.unpack_from(answer)
        ended = [row for row, flag in enumerate(self._flags) if flag] if self._is_same_step else []
        if not self._is_mapped:
            return self._received(answer, ended), reward
        if len(answer) != self._obs.size or slot >= NUM_SLOTS:
            raise self._ended(ProtocolError("The server sent an observation of another length than there is."))
        return self._seen(slot, ended), reward

    def _seen(self, slot: int, ended: list[int]) -> NDArray[Any]:
        """Return the observation in a slot; it carries its number before and after."""
        self._check_slot(slot)
        shown = self._slots[slot]
        observation = shown.copy() if self._copies else shown
        if self._is_same_step:
            self.final_observations = {row: self._finals[slot][row].copy() for row in ended}
        self._check_slot(slot)
        return observation

    def _check_slot(self, slot: int) -> None:
        if not self._numbers[2 * slot] == self._seq == self._numbers[2 * slot + 1]:
            raise self._ended(ProtocolError("The server has changed an observation while it was read."))

    def _received(self, answer: bytes, ended: list[int]) -> NDArray[Any]:
        """Return the observation that follows its message."""
        rows, at = self.num_envs, self._obs.size
        if len(answer) != at + (rows + len(ended)) * self._row_bytes:
            raise self._ended(ProtocolError("The server sent an observation of another length than there is."))
        shown = np.frombuffer(answer[at:], self.observation_dtype).reshape((rows + len(ended), *self.observation_shape))
        self.final_observations = {row: shown[rows + i].copy() for i, row in enumerate(ended)}
        observation: NDArray[Any] = shown[:rows].copy()
        return observation if rows > 1 else observation[0]

    def _exchange(self, kind: int, payload: bytes, wanted: int) -> bytes:
        """Send a request and return its answer, of kind ``wanted``."""
        if self._end is not None:
            raise self._end
        self._seq += 1
        self._link.send(_HEAD.pack(kind, self._seq) + payload)
        answer: bytes = self._link.receive(self._longest)
        if len(answer) < _HEAD.size:
            raise self._ended(ServerGoneError() if not answer else ProtocolError("The server sent half a message."))
        found, seq = _HEAD.unpack_from(answer)
        if seq == self._seq and found == wanted:
            return answer
        if found == REFUSED and seq == self._seq and len(answer) == _THREE.size:
            raise RefusedError(_THREE.unpack(answer)[2])
        if found == BYE and len(answer) == _FOUR.size:
            code = _FOUR.unpack(answer)[2]
            raise self._ended(BudgetSpentError(code) if code in BUDGET else SessionOverError(code))
        raise self._ended(ProtocolError("The server sent something else than an answer."))

    def _ended(self, error: RemoteError) -> RemoteError:
        self._end = error if isinstance(error, SessionOverError) else ServerGoneError()
        self._leave()
        return error

    def _leave(self) -> None:
        """Close the connection and give the memory back, as far as no observation of the agent's lies in it."""
        self._link.close()
        self._numbers, self._picture = (), np.zeros(0, np.uint8)
        self._slots, self._finals = [], []

    def _packed(self, action: Any) -> bytes:
        """Return the bytes of an action, ``[…]``, or of the actions of a batch, ``[B, …]``."""
        array = np.asarray(action)
        key = (array.dtype.char, array.shape, array.tobytes())
        packed = self._packed_before.get(key)
        if packed is None:
            packed = self._checked(array).astype("<u4").tobytes()
            if len(self._packed_before) == _MAX_KNOWN:
                self._packed_before.clear()
            self._packed_before[key] = packed
        return packed

    def _checked(self, action: NDArray[Any]) -> NDArray[Any]:
        """Return the numbers of an action that is one of the world's."""
        shape = self.action_shape if self.num_envs == 1 else (self.num_envs, *self.action_shape)
        if action.shape != shape:
            raise ValueError(f"An action has shape {shape}, not {action.shape}.")
        limits = np.int64(2) if self._is_mask else self.action_sizes if self.action_shape else self.action_sizes[0]
        is_whole = action.dtype.kind in "biu" or (self._is_mask and ((action == 0) | (action == 1)).all())
        if not is_whole or (action < 0).any() or (action >= limits).any():
            raise ValueError(f"The action {action.tolist()} is none of {self._described()}.")
        if not self._is_mask:
            return action
        bits: NDArray[Any] = action.astype(np.int64) @ (np.int64(1) << np.arange(len(self.buttons)))
        return bits

    def _described(self) -> str:
        if self._is_mask:
            return f"{self.action_sizes[0]} buttons, each 0 or 1"
        return f"the numbers from 0 below {self.action_sizes.tolist() if self.action_shape else self.action_sizes[0]}"

    def _read_hello(self, message: bytes) -> None:
        """Read what the world is like; nothing of it is trusted in its size."""
        if len(message) < _HELLO.size:
            raise ServerGoneError() if not message else ProtocolError("The server sent no greeting.")
        kind, _, magic, version, _, rows, way, dtype, ndim, *rest = _HELLO.unpack_from(message)
        if kind != HELLO or magic != MAGIC:
            raise ProtocolError("What answers there is no world of New Game Plus.")
        if version != VERSION:
            raise ProtocolError(
                f"The server speaks version {version} of the protocol, this client version {VERSION}: "
                "copy newgameplus/remote/client.py from where the server is."
            )
        if dtype not in DTYPES or ndim > 4 or not 0 < rows <= MAX_ROWS:
            raise ProtocolError("The server's greeting describes no world.")
        self.num_envs: int = rows
        """B, the number of rows."""
        self.observation_shape: tuple[int, ...] = tuple(rest[:ndim])
        """Shape of a row's observation."""
        self.observation_dtype: np.dtype[Any] = np.dtype(DTYPES[dtype])
        """Dtype of an observation."""
        self._is_mapped, self._is_same_step = bool(way & IN_MEMORY), bool(way & SAME_STEP)
        self._row_bytes = self.observation_dtype.itemsize
        for size in self.observation_shape:
            self._row_bytes *= size
        if rows * self._row_bytes > MAX_OBSERVATION_BYTES or rest[8] != PICTURE_BYTES:
            raise ProtocolError("The server's greeting describes a world that is too large.")
        drawn = 0 if self._is_mapped else max(2 * rows * self._row_bytes, PICTURE_BYTES)
        self._obs = struct.Struct(f"<QQQ{rows}d{rows}s")
        self._longest = self._obs.size + _FOUR.size + drawn
        self._read_actions(message, *rest[4:8])

    def _read_actions(self, message: bytes, kind: int, num_sizes: int, num_buttons: int, num_combos: int) -> None:
        names_at = _HELLO.size + 4 * num_sizes
        combos_at = names_at + NAME_BYTES * num_buttons
        if kind not in ACTION_KINDS or not num_sizes or len(message) != combos_at + COMBO_BYTES * num_combos:
            raise ProtocolError("The server's greeting has another length than it says.")
        self.action_kind: _ActionKind = ACTION_KINDS[kind]
        """``filtered``, ``all``: a 0 or 1 per button; ``discrete``, ``set``: a number; ``multi_discrete``: digits."""
        names = [message[at : at + NAME_BYTES].rstrip(b"\0") for at in range(names_at, combos_at, NAME_BYTES)]
        self.buttons: tuple[str | None, ...] = tuple(name.decode("ascii", "replace") or None for name in names)
        """Names of the pad's buttons, in the order of an action; None where there is none."""
        named = dict(enumerate(self.buttons, 1))
        combos = [message[at : at + COMBO_BYTES] for at in range(combos_at, len(message), COMBO_BYTES)]
        self.combos: tuple[tuple[str, ...], ...] = tuple(
            tuple(name for index in combo if (name := named.get(index))) for combo in combos
        )
        """For ``set``: the buttons that each number holds."""
        self.action_sizes = np.frombuffer(message[_HELLO.size : names_at], "<u4").astype(np.int64)
        """Number of buttons, of actions, or of the values of each digit, int64 ``[…]``."""
        self._is_mask = self.action_kind in ("filtered", "all")
        is_pad = num_sizes == 1 and self.action_sizes[0] == num_buttons <= 32
        if not self.action_sizes.all() or (self._is_mask and not is_pad):
            raise ProtocolError("The server's greeting describes actions that there are not.")
        is_number = self.action_kind in ("discrete", "set")
        self.num_actions: int | None = int(self.action_sizes[0]) if is_number else None
        """Number of actions; None if an action is not a single number."""
        self.action_shape: tuple[int, ...] = () if is_number else (num_buttons if self._is_mask else num_sizes,)
        """Shape of a row's action."""

    def _map(self, memory: int | None) -> None:
        """Map the memory of observations, read-only."""
        if not self._is_mapped:
            return
        length = self.num_envs * self._row_bytes
        used = length * (2 if self._is_same_step else 1)
        slot = -(-used // HEADER_BYTES) * HEADER_BYTES
        size = HEADER_BYTES + NUM_SLOTS * slot + PICTURE_BYTES
        if memory is None or os.fstat(memory).st_size < size:
            raise ProtocolError("The server's greeting came without the memory that it speaks of.")
        mapped = mmap.mmap(memory, size, mmap.MAP_SHARED, mmap.PROT_READ)
        self._numbers = memoryview(mapped)[: 16 * NUM_SLOTS].cast("Q")
        shared = np.frombuffer(mapped, np.uint8)
        rows = (self.num_envs,) if self.num_envs > 1 else ()
        shape, dtype = (*rows, *self.observation_shape), self.observation_dtype
        begins = [HEADER_BYTES + slot * i for i in range(NUM_SLOTS)]
        self._slots = [shared[begin : begin + length].view(dtype).reshape(shape) for begin in begins]
        lasts = [shared[begin + length : begin + used].view(dtype) for begin in begins]
        self._finals = [last.reshape(shape) for last in lasts] if self._is_same_step else []
        self._picture = shared[size - PICTURE_BYTES :]


class _SocketLink:
    """Messages on a socket that keeps them apart (SOCK_SEQPACKET)."""

    def __init__(self, fd: int) -> None:
        if fd in _connected:
            raise RemoteError("This process has connected already: keep the environment that connect() returned.")
        try:
            os.set_inheritable(fd, False)
            self._socket = socket.socket(fileno=fd)
        except OSError as error:
            raise RemoteError(
                f"Descriptor {fd} is no connection to a server ({error.strerror}): a program that connects is started "
                "by one, for example by ngp evaluate."
            ) from error
        self._fd = fd
        _connected.add(fd)

    def hello(self) -> tuple[bytes, int | None]:
        """Return the greeting, and the descriptor of the memory that came with it."""
        try:
            message, ancillary, _, _ = self._socket.recvmsg(MAX_HELLO_BYTES, socket.CMSG_SPACE(4))
        except OSError:
            return b"", None
        files = array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                files.frombytes(content[: len(content) - len(content) % files.itemsize])
        for extra in files[1:]:
            os.close(extra)
        return message, files[0] if files else None

    def send(self, message: bytes) -> None:
        """Send a message; if the server is gone, its last words are still to be received."""
        try:
            self._socket.send(message)
        except OSError:
            return

    def receive(self, longest: int) -> bytes:
        """Return the next message; nothing if there is no more to come."""
        try:
            return self._socket.recv(longest)
        except OSError:  # it may only say that the last message was not taken
            with contextlib.suppress(OSError):
                return self._socket.recv(longest)
        return b""

    def close(self) -> None:
        """Close the connection."""
        _connected.discard(self._fd)
        self._socket.close()


class _TcpLink:
    """Messages on a TCP connection, each behind its length in 4 bytes."""

    def __init__(self, address: str, token: str) -> None:
        host, _, port = address.rpartition(":")
        if not (host and port.isascii() and port.isdigit()):
            raise RemoteError(f"{ADDRESS_VARIABLE} is HOST:PORT, not {address!r}.")
        try:
            self._socket = socket.create_connection((host, int(port)))
        except (OSError, OverflowError) as error:
            raise RemoteError(f"There is no server at {address}: {error}.") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(token.encode())

    def hello(self) -> tuple[bytes, int | None]:
        """Return the greeting; memory cannot come with it."""
        return self.receive(MAX_HELLO_BYTES), None

    def send(self, message: bytes) -> None:
        """Send a message; if the server is gone, its last words are still to be received."""
        with contextlib.suppress(OSError):
            self._socket.sendall(_LENGTH.pack(len(message)) + message)

    def receive(self, longest: int) -> bytes:
        """Return the next message; nothing if there is no more to come."""
        length = self._exactly(_LENGTH.size)
        if not length:
            return b""
        size = _LENGTH.unpack(length)[0]
        if size > longest:
            raise ProtocolError(f"The server sent a message of {size:,} bytes.")
        return self._exactly(size)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._socket.recv(min(size - len(parts), 1 << 20))
            except OSError:
                return b""
            if not part:
                return b""
            parts += part
        return bytes(parts)
