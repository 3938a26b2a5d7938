"""Addresses of schedulers: ``tls://HOST:PORT`` anywhere, ``tcp://HOST:PORT`` only on this machine."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

from newgameplus.errors import UsageError

DEFAULT_PORT = 8786
"""Port of a scheduler if an address names none."""
DEFAULT_ADDRESS = f"tls://127.0.0.1:{DEFAULT_PORT}"
"""Address of a scheduler on this machine."""
_PATTERN = re.compile(r"(?P<scheme>tcp|tls)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/\[\]\s]+)(:(?P<port>\d{1,5}))?/?")


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a scheduler."""

    scheme: str
    """``tls`` or ``tcp``."""
    host: str
    """Name or IP address; without brackets."""
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def answers(self, timeout_seconds: float) -> bool:
        """Whether somebody listens there."""
        try:
            with socket.create_connection((self.host, self.port), timeout_seconds):
                return True
        except OSError:
            return False


def parse_address(text: str) -> Address:
    """Return the address that ``text`` names.

    Raises:
        UsageError: it is none, or ``tcp://`` on a network: whoever can connect could run any code there.
    """
    match = _PATTERN.fullmatch(text)
    port = int(match["port"] or DEFAULT_PORT) if match else 0
    if match is None or port > 65535:
        raise UsageError(f"{text!r} is no address of a scheduler, such as {DEFAULT_ADDRESS}.")
    address = Address(match["scheme"], match["host"].strip("[]"), port)
    if address.scheme == "tls" and address.host in ("0.0.0.0", "::"):
        raise UsageError(f"{text} names no machine: give the address by which other machines reach the scheduler's.")
    if address.scheme == "tcp" and not address.is_loopback:
        raise UsageError(
            f"{text} would let everybody on the network run code on its workers: use tls://{text.partition('://')[2]}, "
            "or tcp:// with an address of this machine alone, such as 127.0.0.1."
        )
    return address


def with_free_port(address: Address) -> Address:
    """Return the address with a free port in place of port 0."""
    if address.port:
        return address
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address.host, 0))
        return Address(address.scheme, address.host, int(probe.getsockname()[1]))
