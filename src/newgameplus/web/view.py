"""Which movies a page of the library shows, and in which order: read from the address, written into links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.convertors import IntegerConvertor, register_url_convertor

from newgameplus.web.messages import MAX_FRAME

SORTS = {
    "recorded": "recorded",
    "level": "level",
    "agent": "agent",
    "run": "run",
    "seed": "seed",
    "episode": "episode",
    "steps": "num_steps",
    "return": "episode_return",
    "length": "num_frames",
    "name": "name",
}
"""Name in the address to column of the table."""
FACETS = ("level", "agent", "run")
"""What movies can be filtered by."""
MAX_TEXT = 200
"""Limit of a value in the address, in characters."""
STATES = ("all", "playable", "not playable")


@dataclass(frozen=True, slots=True)
class View:
    """Filter and order."""

    sort: str = "recorded"
    is_descending: bool = True
    search: str = ""
    level: str = ""
    agent: str = ""
    run: str = ""
    state: str = "all"

    @property
    def is_filtered(self) -> bool:
        """Whether movies are left out."""
        return bool(self.search or self.level or self.agent or self.run or self.state != "all")

    def parameters(self) -> dict[str, str]:
        """What differs from the default, as in the address."""
        said = {name: getattr(self, name) for name in ("search", *FACETS) if getattr(self, name)}
        if self.state != "all":
            said["state"] = self.state
        if (self.sort, self.is_descending) != ("recorded", True):
            said |= {"sort": self.sort, "order": "down" if self.is_descending else "up"}
        return said

    def link(self, path: str = "", **more: Any) -> str:
        """Address of this view below ``path``, with more parameters; those that are None are left out."""
        parameters = self.parameters() | {key: value for key, value in more.items() if value is not None}
        return f"{path}?{urlencode(parameters)}" if parameters else path or "?"

    def sorted_by(self, sort: str) -> View:
        """The view when the head of a column is clicked: the other direction, or the column's first one."""
        is_same = sort == self.sort
        is_descending = not self.is_descending if is_same else sort in ("recorded", "return", "length", "steps")
        return replace(self, sort=sort, is_descending=is_descending)


def read_view(parameters: Mapping[str, str]) -> View:
    """Return the view that an address asks for; what it does not understand is left at its default."""
    text = {name: parameters.get(name, "")[:MAX_TEXT].strip() for name in ("search", *FACETS)}
    state = parameters.get("state", "all")
    sort = parameters.get("sort", "")
    view = View(**text, state=state if state in STATES else "all")  # type: ignore[arg-type]  # texts all
    return replace(view, sort=sort, is_descending=parameters.get("order") == "down") if sort in SORTS else view


def frame_of(parameters: Mapping[str, str]) -> int:
    """Return the frame that an address asks for, 0 if there is none."""
    return min(whole_number(parameters, "frame") or 0, MAX_FRAME)


class _NumberConvertor(IntegerConvertor):
    """Numbers in the path of an address; without those that neither SQLite nor Python would take."""

    regex = "[0-9]{1,15}"


register_url_convertor("number", _NumberConvertor())


def whole_number(parameters: Mapping[str, str], name: str) -> int | None:
    """Return the whole number called ``name``, None if there is none."""
    text = parameters.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
