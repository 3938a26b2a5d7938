"""Who may ask, decided without a network."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from newgameplus.web.guard import Address, Guard

LOOPBACK = Address("127.0.0.1", 8000, "right")
EVERYWHERE = Address("0.0.0.0", 8000, "right")


def asked(address, *, host, path="/movies.json", query="", method="GET", **headers):
    """Status and headers of the answer of a guard before an application that answers 200."""
    told = {}

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        if message["type"] == "http.response.start":
            told["status"] = message["status"]
            told["headers"] = {name.decode(): value.decode() for name, value in message["headers"]}

    async def receive():
        return {"type": "http.request"}

    pairs = [(name.encode(), value.encode()) for name, value in {"host": host, **headers}.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": pairs,
             "scheme": "http", "server": ("127.0.0.1", 8000), "root_path": ""}  # fmt: skip
    asyncio.run(Guard(application, address)(scope, receive, send))
    return told["status"], told["headers"]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_a_server_of_this_machine_answers_to_its_names(host):
    assert asked(LOOPBACK, host=host, cookie="ngp_watch_8000=right")[0] == 200


@pytest.mark.parametrize("host", ["evil.example:8000", "127.0.0.1:80", "127.0.0.1", "192.168.0.7:8000", "", "a:b:8000"])
def test_a_server_of_this_machine_answers_to_no_other_name(host):
    assert asked(LOOPBACK, host=host, cookie="ngp_watch_8000=right")[0] == 403


@pytest.mark.parametrize(("host", "status"), [("192.168.0.7:8000", 200), ("evil.example:8000", 403)])
def test_a_server_for_others_answers_to_addresses_but_not_to_names_that_anyone_can_have(host, status):
    assert asked(EVERYWHERE, host=host, cookie="ngp_watch_8000=right")[0] == status


@pytest.mark.parametrize(
    "cookie", ["", "ngp_watch_8000=wrong", "ngp_watch_8001=right", "ngp_watch_8000=rightt", "\x7f=;"]
)
def test_without_the_token_nothing_is_shown(cookie):
    assert asked(LOOPBACK, host="127.0.0.1:8000", cookie=cookie)[0] == 403
    assert asked(EVERYWHERE, host="127.0.0.1:8000", cookie=cookie)[0] == 403


def test_the_first_visit_moves_the_token_into_a_cookie_that_no_script_and_no_other_site_gets():
    status, headers = asked(LOOPBACK, host="127.0.0.1:8000", path="/movies/3", query="frame=7&token=right")
    assert status == 303
    assert headers["location"] == "/movies/3?frame=7"
    parts = {part.strip().casefold() for part in headers["set-cookie"].split(";")}
    assert {"ngp_watch_8000=right", "httponly", "samesite=lax"} <= parts


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1:8000", "null", "http://127.0.0.1:8001"])
def test_another_origin_is_refused_and_changing_needs_one(origin):
    cookie = "ngp_watch_8000=right"
    assert asked(LOOPBACK, host="127.0.0.1:8000", cookie=cookie, origin=origin)[0] == 403
    assert asked(LOOPBACK, host="127.0.0.1:8000", cookie=cookie, method="POST")[0] == 403
    assert (
        asked(LOOPBACK, host="127.0.0.1:8000", cookie=cookie, method="POST", origin="http://127.0.0.1:8000")[0] == 200
    )


def test_every_answer_forbids_what_the_pages_do_not_need():
    for _, headers in (
        asked(LOOPBACK, host="127.0.0.1:8000"),
        asked(LOOPBACK, host="127.0.0.1:8000", cookie="ngp_watch_8000=right"),
    ):
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_address_of_a_page_holds_the_token():
    assert urlsplit(Address("::1", 80, "t").url("/movies/1?frame=2")).netloc == "[::1]:80"
    assert Address("127.0.0.1", 80, "t").url("/movies/1?frame=2").endswith("/movies/1?frame=2&token=t")
    assert len({Address("127.0.0.1", 80).token for _ in range(10)}) == 10
