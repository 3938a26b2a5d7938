"""Explains why a file is not the ROM of any known game, in one sentence that helps to find the right one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from newgameplus.errors import NewGamePlusError
from newgameplus.games.headers import Header, recognise, recognise_name
from newgameplus.games.integration import Integration
from newgameplus.games.repairs import forms

_FOREIGN = {
    b"7z\xbc\xaf\x27\x1c": "is a 7z archive; unpack it first",
    b"Rar!": "is a rar archive; unpack it first",
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"BZh": "is compressed with bzip2; unpack it first",
    b"\xfd7zXZ": "is compressed with xz; unpack it first",
    b"PK\x03\x04": "is a zip in a zip; unpack the outer one first",
    b"PATCH": "is an IPS patch, not a ROM",
    b"BPS1": "is a BPS patch, not a ROM",
    b"UPS1": "is a UPS patch, not a ROM",
    b"\xd6\xc3\xc4": "is a VCDIFF patch, not a ROM",
}
_ROM_SUFFIX = re.compile(r"\.(md|gen|smd|32x|bin|nes|unf|fds|sfc|smc|gbc?|gba|sms|gg|a26|pce|[nvz]64|nds|chd)")
_BRACKETS = re.compile(r"[(\[].*?[)\]]")
_REGION = re.compile(r"\((?:[^)]*\b)?(USA|Europe|Japan|World|Brazil|Korea|Asia|Germany|France|Spain)\b[^)]*\)")
_NEAR_ENOUGH = 0.75
_MIN_TITLE = 5
_TEXT_BYTES = 1024


def looks_like_rom(name: str, data: bytes) -> bool:
    """Whether a file may hold a ROM: by a console's header, by its name if it is not text, or as an archive."""
    if _foreign(data) is not None:
        return True
    return (_has_rom_suffix(name) and not _is_text(data)) or find_header(name, data) is not None


def _has_rom_suffix(name: str) -> bool:
    return _ROM_SUFFIX.fullmatch(Path(name).suffix.lower()) is not None


def _foreign(data: bytes) -> str | None:
    return next((words for magic, words in _FOREIGN.items() if data.startswith(magic)), None)


def _is_text(data: bytes) -> bool:
    """Whether the content is text: Markdown also ends in ``.md``, and a failed download is a web page."""
    start = data[:_TEXT_BYTES]
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:
            return False
    return not any(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in start)


def find_header(name: str, data: bytes) -> Header | None:
    """Header of the file, also looked for under a copier's header, an interleave and swapped bytes."""
    for _, form in forms(data):
        header = recognise(form)
        if header is not None:
            return header
    return recognise_name(name, len(data))


def explain(name: str, data: bytes, sha1: str, games: Mapping[str, Integration]) -> str:
    """Explain what the file seems to be and why it fits no game; the end of a sentence that begins with its name."""
    foreign = _foreign(data)
    if foreign is not None:
        return foreign
    header = find_header(name, data)
    if header is None and _is_text(data):
        return "is a text, not a ROM"
    if header is None and not _has_rom_suffix(name):
        return f"is no ROM that is known here: it has no console's header, and no game has its SHA-1 {sha1}"
    what = _what(header, name)
    candidates = _of_console(games.values(), header)
    game = nearest_game(candidates, header.title if header else "", name)
    return f"looks like {what}, but {_why(game, header, sha1, len(candidates))}{_size_note(header, data)}"


def _what(header: Header | None, name: str) -> str:
    region = _REGION.search(name)
    named = f", by its name the release for {region[1]}" if region else ""
    return f"{header if header else 'a ROM without a header'}{named}"


def _why(game: Integration | None, header: Header | None, sha1: str, num_candidates: int) -> str:
    if game is None:
        console = f" among the {num_candidates} {header.console} games" if header else ""
        return f"no game has its SHA-1 {sha1}, and no integration has such a title{console}"
    wanted = " or ".join(game.rom_sha1s)
    if not wanted:
        return f"{game.name} names no SHA-1 to recognise it by"
    return (
        f"{game.name} wants SHA-1 {wanted} and this has {sha1}: probably another region or revision, or a changed copy"
    )


def _size_note(header: Header | None, data: bytes) -> str:
    if header is None or header.size_bytes is None or header.size_bytes == len(data):
        return ""
    if header.size_bytes > len(data):
        return f" (its header speaks of {header.size_bytes:,} bytes and it has {len(data):,}: it may be cut short)"
    return f" (its header speaks of {header.size_bytes:,} bytes and it has {len(data):,})"


def _of_console(games: Iterable[Integration], header: Header | None) -> list[Integration]:
    if header is None:
        return list(games)
    family = {"GameBoy", "GbColor"} if header.console in ("GameBoy", "GbColor") else {header.console}
    return [game for game in games if _console_or_none(game) in family]


def _console_or_none(game: Integration) -> str | None:
    try:
        return game.console.name
    except NewGamePlusError:
        return None


def nearest_game(games: Iterable[Integration], title: str, file_name: str) -> Integration | None:
    """Game whose name is most similar to the header's title or the file's name; None if none is similar."""
    wanted = [squashed for text in (title, _BRACKETS.sub("", Path(file_name).stem)) if (squashed := _squash(text))]
    scored = [(_likeness(squashed, _squash(game.name.split("-")[0])), game) for game in games for squashed in wanted]
    score, game = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return game if score >= _NEAR_ENOUGH else None


def _squash(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _likeness(title: str, game: str) -> float:
    """Similarity, 1 for equal names; parts count nearly as much, as headers truncate titles and add makers' names."""
    if title == game:
        return 1.0
    is_part = min(len(title), len(game)) >= _MIN_TITLE and (game.startswith(title) or title.endswith(game))
    if is_part:
        return _NEAR_ENOUGH + 0.2 * min(len(title), len(game)) / max(len(title), len(game))
    matcher = difflib.SequenceMatcher(None, title, game)
    return matcher.ratio() if matcher.real_quick_ratio() >= _NEAR_ENOUGH else 0.0
