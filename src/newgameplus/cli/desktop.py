"""``ngp desktop``: open movies by a double click in a Linux file manager."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import click

from newgameplus.cli.typed import say
from newgameplus.durable import write_atomically
from newgameplus.errors import UsageError

MIME_TYPE = "application/x-bk2-movie"
_NAME = "newgameplus"
_ENTRY = """[Desktop Entry]
Type=Application
Name=New Game Plus
GenericName=Movie Player
Comment=Look at recorded episodes of console games in a browser
Exec={command}
Icon={name}
Terminal=true
Categories=Game;Emulator;
Keywords=bk2;movie;episode;retro;
MimeType={mime_type};
"""
_MIME = """<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{mime_type}">
    <comment>Recorded episode of a console game</comment>
    <sub-class-of type="application/zip"/>
    <glob pattern="*.bk2"/>
    <icon name="{name}"/>
  </mime-type>
</mime-info>
"""


@click.group()
def desktop() -> None:
    """Open movies by a double click in a Linux file manager."""


@desktop.command()
def install() -> None:
    """Tell the desktop of this user that bk2 files are movies, which ngp watch opens.

    Writes a desktop entry, a file type and an icon below XDG_DATA_HOME, by default ~/.local/share. A movie opens in a
    terminal, whose end is the end of the server, and in the browser. After ngp has moved, do it again.
    """
    from newgameplus.printable import open_console

    home = _data_home()
    contents = {
        "applications": _ENTRY.format(command=exec_line([*_own_command(), "watch"]), name=_NAME, mime_type=MIME_TYPE),
        "mime": _MIME.format(name=_NAME, mime_type=MIME_TYPE),
        "icon": files("newgameplus.web").joinpath("static", "icon.svg").read_text(encoding="utf-8"),
    }
    for kind, path in _places(home).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, contents[kind])
    _update(home)
    say(open_console(), f"A double click on a bk2 file now opens it; written to {home}.")


@desktop.command()
def remove() -> None:
    """Undo ngp desktop install."""
    from newgameplus.printable import open_console

    home = _data_home()
    found = [path for path in _places(home).values() if path.exists()]
    for path in found:
        path.unlink()
    if found:
        _update(home)
    say(open_console(), f"Removed from {home}." if found else f"There is nothing to remove in {home}.")


def exec_line(command: Sequence[str]) -> str:
    """Return the value of ``Exec`` in a desktop entry that runs ``command`` with the files that are opened.

    Source: Desktop Entry Specification 1.5, "The Exec key": arguments in double quotes, in which four characters take a
    backslash; percent signs are doubled; then all backslashes are doubled, as in every string.
    """
    quoted = ['"' + re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%") + '"' for word in command]
    return " ".join(quoted).replace("\\", "\\\\") + " %F"


def _own_command() -> list[str]:
    """How this installation is run."""
    program = Path(sys.executable).with_name("ngp")
    return [str(program)] if program.is_file() else [sys.executable, "-m", "newgameplus"]


def _data_home() -> Path:
    """Folder of the user's data (XDG Base Directory Specification, which says that relative paths are ignored)."""
    if sys.platform != "linux":
        raise UsageError("Desktop entries are for Linux; elsewhere open a movie with: ngp watch FILE.bk2")
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def _places(home: Path) -> dict[str, Path]:
    return {
        "applications": home / "applications" / f"{_NAME}.desktop",
        "mime": home / "mime" / "packages" / f"{_NAME}.xml",
        "icon": home / "icons" / "hicolor" / "scalable" / "apps" / f"{_NAME}.svg",
    }


def _update(home: Path) -> None:
    """Renew the caches that desktops read, where their programs are installed; others look at the files."""
    for program, folder in (("update-mime-database", "mime"), ("update-desktop-database", "applications")):
        if (path := shutil.which(program)) is not None:
            subprocess.run([path, str(home / folder)], check=False, capture_output=True)
