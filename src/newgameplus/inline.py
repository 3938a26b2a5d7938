"""HTML in which objects show themselves in a notebook, which asks for ``_repr_html_``; colours follow its theme.

Its styles are inline, since notebooks show it beside what is not ours; it needs nothing from the network.
"""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Mapping

import numpy as np

from newgameplus.types import Array

_CARD = "display:inline-block;max-width:100%;font:13px/1.45 system-ui,sans-serif;text-align:left"
_MUTED = "opacity:.7"
_SHARP = "image-rendering:pixelated"


def card(title: str, note: str, *parts: str) -> str:
    """Return a titled block.

    Args:
        title: its heading, text.
        note: beside the heading, text.
        parts: what it holds, HTML.
    """
    head = f'<div style="margin-bottom:4px"><strong>{html.escape(title)}</strong> {muted(note)}</div>'
    return f'<div class="newgameplus" style="{_CARD}">{head}{"".join(parts)}</div>'


def muted(text: str) -> str:
    """Return text in the background."""
    return f'<span style="{_MUTED}">{html.escape(text)}</span>'


def side_by_side(*parts: str) -> str:
    """Return HTML beside each other, below each other where there is no room."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px 16px;align-items:flex-start">{"".join(parts)}</div>'


def table(rows: Mapping[str, object]) -> str:
    """Return names and values as a table."""
    lines = "".join(
        f'<tr style="background:none"><th scope="row" style="text-align:left;font-weight:400;padding:1px 12px 1px 0">'
        f'{muted(name)}</th><td style="text-align:left;padding:1px 0">{html.escape(str(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f'<table style="border-collapse:collapse;margin:0;font-size:inherit">{lines}</table>'


def image(picture: Array, what: str, width: int) -> str:
    """Return a picture, RGB, uint8 ``[H, W, 3]``, as HTML.

    Args:
        picture: the picture.
        what: what it shows, for those who do not see it.
        width: width on the page in pixels; the height is that of a television, 3/4 of it.
    """
    size = f'width="{width}" height="{round(width * 0.75)}"'
    return f'<img src="{data_url("image/png", png(picture))}" alt="{html.escape(what)}" {size} style="{_SHARP}">'


def data_url(kind: str, content: bytes) -> str:
    """Return the address that is its own content."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def png(picture: Array) -> bytes:
    """Return a picture, RGB, uint8 ``[H, W, 3]``, as a PNG file.

    Source: Portable Network Graphics Specification, third edition; each line with the filter 0.
    """
    height, width, _ = picture.shape
    lines = np.zeros((height, 1 + 3 * width), np.uint8)
    lines[:, 1:] = picture.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
