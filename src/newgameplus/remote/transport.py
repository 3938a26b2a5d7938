"""Ways on which messages travel: a socket handed to the agent's process, TCP with a token, or none, in one process.

A socket of kind SOCK_SEQPACKET keeps messages apart, has no path that anybody else could connect to, and carries the
memory of observations. Open files that an agent sends are never received: the kernel drops them, since there is no room
for them, and says so.
"""

from __future__ import annotations

import hmac
import secrets
import select
import selectors
import socket
import struct
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Protocol

from newgameplus.remote.ends import Violation

MAX_WAITING = 16
"""Connections at a time that have not sent their token."""
SEND_SECONDS = 5.0
"""Time in which an agent must take an answer from the network."""
_LENGTH = struct.Struct("<I")
TOKEN_BYTES = 32


class GoneError(Exception):
    """The other side has closed the connection, or has died."""


class BrokenError(Exception):
    """The other side sent something that is no message."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation)
        self.violation = violation


class Transport(Protocol):
    """The server's end of a connection; it never waits for a message."""

    @property
    def carries_memory(self) -> bool:
        """Whether memory can be sent, so that observations need not be."""
        ...

    def fileno(self) -> int:
        """Descriptor that is readable when there may be a message."""
        ...

    def send(self, message: bytes, memory: int | None = None) -> None:
        """Send a message, with the descriptor of memory or without.

        Raises:
            GoneError: there is nobody to send it to.
            BrokenError: the other side does not read.
        """
        ...

    @property
    def has_waiting(self) -> bool:
        """Whether something was received that has not been returned."""
        ...

    def receive(self, limit: int) -> bytes | None:
        """Return the next message, or None if it is not there yet.

        Args:
            limit: length of the longest message.

        Raises:
            GoneError: there is no more to come.
            BrokenError: it is longer, or brings open files.
        """
        ...

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        ...


def socket_pair() -> tuple[SocketTransport, socket.socket]:
    """Return a server's end and the agent's, which is handed to a process (``pass_fds``) and then closed here."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return SocketTransport(ours), theirs


class SocketTransport:
    """Messages on a connected socket of kind SOCK_SEQPACKET.

    Args:
        connected: the server's end; closed by this transport.
    """

    carries_memory = True
    has_waiting = False

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        connected.setblocking(False)

    def fileno(self) -> int:
        """Descriptor that is readable when there may be a message."""
        return self._socket.fileno()

    def send(self, message: bytes, memory: int | None = None) -> None:
        """Send a message, with the descriptor of memory or without."""
        try:
            if memory is None:
                self._socket.send(message)
            else:
                files = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [memory]))
                self._socket.sendmsg([message], [files])
        except BlockingIOError:
            raise BrokenError(Violation.UNREAD) from None
        except OSError as error:
            raise GoneError from error

    def receive(self, limit: int) -> bytes | None:
        """Return the next message, or None if it is not there yet."""
        try:
            message, _, flags, _ = self._socket.recvmsg(limit)
        except BlockingIOError:
            return None
        except OSError as error:
            raise GoneError from error
        if flags & socket.MSG_CTRUNC:
            raise BrokenError(Violation.DESCRIPTORS)
        if flags & socket.MSG_TRUNC:
            raise BrokenError(Violation.LENGTH)
        if not message:
            if self._is_open():
                raise BrokenError(Violation.LENGTH)
            raise GoneError
        return message

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _is_open(self) -> bool:
        """Whether the other side has sent an empty message; it looks like the end of all messages."""
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        return not any(event & select.POLLHUP for _, event in poller.poll(0))


class TcpTransport:
    """Messages on a TCP connection, each behind its length in 4 bytes; observations follow theirs.

    Args:
        connected: the server's end; closed by this transport.
    """

    carries_memory = False

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._is_message_there = False

    @property
    def has_waiting(self) -> bool:
        """Whether something was received that has not been returned."""
        return self._is_message_there

    def fileno(self) -> int:
        """Descriptor that is readable when there may be a message."""
        return self._socket.fileno()

    def send(self, message: bytes, memory: int | None = None) -> None:
        """Send a message; memory cannot be sent."""
        del memory
        left = memoryview(_LENGTH.pack(len(message)) + message)
        until = time.monotonic() + SEND_SECONDS
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                if not self._can_send(until - time.monotonic()):
                    raise BrokenError(Violation.UNREAD) from None
            except OSError as error:
                raise GoneError from error

    def receive(self, limit: int) -> bytes | None:
        """Return the next message, or None if it is not there yet."""
        wanted = self._wanted(limit)
        if len(self._received) < wanted:
            self._take(_LENGTH.size + limit - len(self._received))
            wanted = self._wanted(limit)
        if len(self._received) < wanted:
            self._is_message_there = False
            return None
        message = bytes(self._received[_LENGTH.size : wanted])
        del self._received[:wanted]
        self._is_message_there = len(self._received) > _LENGTH.size
        return message

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _can_send(self, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self._socket, select.POLLOUT)
        return seconds > 0 and bool(poller.poll(seconds * 1000))

    def _wanted(self, limit: int) -> int:
        """Bytes of the next message with its length, as far as they are known."""
        if len(self._received) < _LENGTH.size:
            return _LENGTH.size
        (length,) = _LENGTH.unpack_from(self._received)
        if not 0 < length <= limit:
            raise BrokenError(Violation.LENGTH)
        return _LENGTH.size + int(length)

    def _take(self, size: int) -> None:
        try:
            part = self._socket.recv(size)
        except BlockingIOError:
            return
        except OSError as error:
            raise GoneError from error
        if not part:
            raise GoneError
        self._received += part


class Listener:
    """Waits at a TCP address for the one agent that knows the token, and then no longer.

    Args:
        host: address to listen at; that of this machine alone, unless an agent is to connect from another.
        port: number of the port; 0 for a free one.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = socket.create_server((host, port), backlog=MAX_WAITING)
        self._socket.setblocking(False)
        self.token = secrets.token_hex(TOKEN_BYTES // 2)
        """What the agent must send first."""
        self.address = "{}:{}".format(*self._socket.getsockname()[:2])
        """Where to connect to, ``HOST:PORT``."""
        self._waiting: dict[int, tuple[socket.socket, bytearray]] = {}
        """Connections that have not sent the whole token, and what they have sent, by descriptor; the oldest first."""

    def accept(self, seconds: float) -> TcpTransport | None:
        """Return the connection of the agent that sends the token; None if there was none in time.

        Connections that send something else are closed, and keep nobody else waiting.
        """
        until = time.monotonic() + seconds
        with ExitStack() as left, selectors.DefaultSelector() as selector:
            left.callback(self._leave_the_others)
            selector.register(self._socket, selectors.EVENT_READ)
            while (rest := until - time.monotonic()) > 0:
                for key, _ in selector.select(rest):
                    if key.fileobj is self._socket:
                        self._welcome(selector)
                    elif (found := self._heard(key.fd, selector)) is not None:
                        self.close()
                        return found
        return None

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()

    def _welcome(self, selector: selectors.BaseSelector) -> None:
        """Take a new connection, in place of the oldest if too many have sent nothing yet."""
        try:
            connected, _ = self._socket.accept()
        except OSError:
            return
        if len(self._waiting) == MAX_WAITING:
            self._refuse(next(iter(self._waiting)), selector)
        connected.setblocking(False)
        self._waiting[connected.fileno()] = connected, bytearray()
        selector.register(connected, selectors.EVENT_READ)

    def _heard(self, descriptor: int, selector: selectors.BaseSelector) -> TcpTransport | None:
        """Read on; return the connection if it has sent the token, and close it if it has sent another."""
        if descriptor not in self._waiting:
            return None
        connected, sent = self._waiting[descriptor]
        try:
            part = connected.recv(TOKEN_BYTES - len(sent))
        except OSError:
            part = b""
        sent += part
        if part and len(sent) < TOKEN_BYTES:
            return None
        if not hmac.compare_digest(bytes(sent), self.token.encode()):
            self._refuse(descriptor, selector)
            return None
        selector.unregister(connected)
        del self._waiting[descriptor]
        return TcpTransport(connected)

    def _leave_the_others(self) -> None:
        for connected, _ in self._waiting.values():
            connected.close()
        self._waiting.clear()

    def _refuse(self, descriptor: int, selector: selectors.BaseSelector) -> None:
        connected, _ = self._waiting.pop(descriptor)
        selector.unregister(connected)
        connected.close()


class InProcess:
    """The agent's end of a server in the same process: each message is answered before ``send`` returns.

    Args:
        greet: returns HELLO, and the memory's descriptor.
        answer: returns the answers to a message; None for none and no more to come.
    """

    def __init__(
        self, greet: Callable[[], tuple[bytes, int | None]], answer: Callable[[bytes], Sequence[bytes] | None]
    ) -> None:
        self._greet, self._answer = greet, answer
        self._answers: deque[bytes] = deque()
        self._is_open = True

    def hello(self) -> tuple[bytes, int | None]:
        """Return HELLO, and the descriptor of the memory if there is some; the receiver closes it."""
        return self._greet()

    def send(self, message: bytes) -> None:
        """Let the server answer a message."""
        answers = self._answer(message) if self._is_open else None
        self._is_open = answers is not None
        self._answers.extend(answers or ())

    def receive(self, longest: int) -> bytes:
        """Return the next answer; nothing if the server is gone."""
        del longest
        return self._answers.popleft() if self._answers else b""

    def close(self) -> None:
        """Send no more."""
        self._is_open = False
