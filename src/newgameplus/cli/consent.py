"""``--allow-lua``: consent to the programs that other people's games are judged by."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click


def lua_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--allow-lua``, which holds for the command and for its workers."""
    return click.option(
        "--allow-lua",
        is_flag=True,
        expose_value=False,
        callback=_allow,
        help="Run the Lua scripts of games from elsewhere.",
    )(command)


def _allow(ctx: click.Context, _: click.Parameter, is_allowed: bool) -> None:
    from newgameplus.games.lua import ALLOW_LUA

    if is_allowed and ALLOW_LUA not in os.environ:
        os.environ[ALLOW_LUA] = "1"
        ctx.call_on_close(lambda: os.environ.pop(ALLOW_LUA, None))
