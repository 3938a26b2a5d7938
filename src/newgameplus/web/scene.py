"""What a page looks at, played in a player process: a movie, for one."""

from __future__ import annotations

from typing import Protocol


class Scene(Protocol):
    """Asked by a page and drawn for it, in portions short enough that it never waits long.

    A scene knows no clock and no pipe: the time is an argument, and what is to be sent is returned, a text as JSON and
    bytes as in :mod:`newgameplus.web.messages`. Who opens one is a function that the server sends to the process by its
    name, and raises :class:`~newgameplus.errors.NewGamePlusError` if there is nothing to see.
    """

    def opened(self) -> str:
        """Message that tells the page what it looks at, sent first."""

    def ask(self, text: str, now: float) -> None:
        """Take a message of the page; what is none is passed over."""

    def seconds_to_wait(self, now: float) -> float | None:
        """How long there is nothing to do unless the page asks for something; None for ever."""

    def go_on(self, now: float) -> bytes | str | None:
        """Do a little of what there is to do; return what is to be sent, if anything."""

    def close(self) -> None:
        """Free what it holds."""
