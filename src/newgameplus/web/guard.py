"""Who may ask: requests for this server's own name, from its own pages, by who has the token.

The token is in the address that ``ngp`` prints, and in a cookie from the first visit on. Checking the name (Host)
keeps pages of other sites out that have their name resolved to this machine (DNS rebinding); checking where a request
comes from (Origin) keeps them from opening WebSockets or changing anything.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

TOKEN = "token"
"""Name of the parameter in the address."""
REFUSED = 4403
"""Code with which a WebSocket is refused."""
_SECRET_BYTES = 24
_HTTP_PORT = 80
"""Port that browsers do not name."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens, and its secret."""

    host: str
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(_SECRET_BYTES))

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can connect."""
        return self.host == "localhost" or (_is_ip(self.host) and ipaddress.ip_address(self.host).is_loopback)

    def url(self, path: str = "/", host: str | None = None) -> str:
        """Address of a page, with the token."""
        name = host or self.host
        name = f"[{name}]" if ":" in name else name
        return f"http://{name}:{self.port}{path}{'&' if '?' in path else '?'}{TOKEN}={self.token}"

    def answers_to(self, asked: str) -> bool:
        """Whether a Host header names this server."""
        if self.port == _HTTP_PORT and not asked.endswith(f":{_HTTP_PORT}"):
            asked += f":{_HTTP_PORT}"
        name, _, port = asked.rpartition(":")
        if port != str(self.port):
            return False
        name = name.removeprefix("[").removesuffix("]").casefold()
        if self.is_loopback:
            return name in ("127.0.0.1", "::1", "localhost", self.host)
        return _is_ip(name) or name in ("localhost", self.host.casefold(), socket.gethostname().casefold())


class Guard:
    """Wraps the application: refuses who may not ask, and adds headers by which browsers protect its pages.

    Args:
        app: the application.
        address: the server's address.
    """

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self._app, self._address = app, address
        self._cookie = f"ngp_watch_{address.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        refused = self._why_not(connection)
        if scope["type"] == "websocket":
            await (WebSocketClose(REFUSED, refused) if refused else self._app)(scope, receive, send)
            return
        send = self._with_headers(send, connection.headers.get("host", ""))
        answer: ASGIApp = self._app
        if refused:
            answer = PlainTextResponse(refused + "\n", 403)
        elif TOKEN in connection.query_params:
            answer = self._first_visit(connection)
        await answer(scope, receive, send)

    def _why_not(self, connection: HTTPConnection) -> str | None:
        """Why a request is refused, as a sentence; None if it is not."""
        host = connection.headers.get("host", "")
        if not self._address.answers_to(host):
            return f"This server does not answer to the name {host[:80]!r}: use the address that ngp printed."
        origin = connection.headers.get("origin")
        changes = connection.scope["type"] == "websocket" or connection.scope["method"] not in ("GET", "HEAD")
        if (changes or origin is not None) and origin != f"http://{host}":
            return "This request comes from a page of another site and is refused."
        given = connection.query_params.get(TOKEN) or self._cookie_of(connection)
        if not hmac.compare_digest(given.encode(), self._address.token.encode()):
            return "The token is missing or wrong: open the whole address that ngp printed."
        return None

    def _cookie_of(self, connection: HTTPConnection) -> str:
        cookies = SimpleCookie()
        try:
            cookies.load(connection.headers.get("cookie", ""))
        except CookieError:
            return ""
        return cookies[self._cookie].value if self._cookie in cookies else ""

    def _first_visit(self, connection: HTTPConnection) -> Response:
        """Put the token into a cookie, so that it is in no address that could be copied."""
        rest = [(name, value) for name, value in parse_qsl(connection.url.query) if name != TOKEN]
        response = RedirectResponse(connection.url.path + (f"?{urlencode(rest)}" if rest else ""), 303)
        response.set_cookie(self._cookie, self._address.token, httponly=True, samesite="lax")
        return response

    def _with_headers(self, send: Send, host: str) -> Send:
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return send_with_headers


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
