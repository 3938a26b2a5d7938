"""Pages from templates, and how they write numbers and times."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newgameplus.movies.info import NOMINAL_FRAMES_PER_SECOND
from newgameplus.printable import printable_number
from newgameplus.web.messages import SPEEDS


def render(template: str, **content: Any) -> str:
    """Return the HTML of a template."""
    return _environment().get_template(template).render(**content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "moment": moment, "number": printable_number, "short": short_level}
    environment.globals["speeds"] = {speed: _speed_name(speed) for speed in SPEEDS}
    return environment


def duration(num_frames: int) -> str:
    """``4500`` frames → ``1:15``."""
    seconds = round(num_frames / NOMINAL_FRAMES_PER_SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def moment(seconds: float) -> str:
    """Seconds of the system clock → ``2026-05-01 17:30`` in local time."""
    return f"{datetime.datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


def short_level(level: str) -> str:
    """``Tumbleweed-Genesis-v0/Mesa.Act1`` → ``Mesa.Act1 · Tumbleweed-Genesis-v0``."""
    game, _, state = level.partition("/")
    return f"{state} · {game}" if state else game


def _speed_name(speed: float) -> str:
    return {0.25: "¼×", 0.5: "½×"}.get(speed, f"{speed:g}×")
