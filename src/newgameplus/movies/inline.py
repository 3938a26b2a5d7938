"""A movie shows itself in a notebook: a video of its beginning, with the buttons, and what its file says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from newgameplus.inline import card, data_url, muted, side_by_side, table
from newgameplus.movies.encoders import Mp4Encoder
from newgameplus.types import Array

MOST_SECONDS = 20.0
"""Game time of the video."""
MOST_BYTES = 3 * 2**20
"""Size of the video; one that is larger is made shorter."""
QUALITY = 28
"""x264's constant rate factor."""
_WIDTH = 400


@dataclass(frozen=True, slots=True)
class Clip:
    """The beginning of a movie as it is played."""

    frames: Iterator[tuple[Array, Array]]
    """Picture uint8 ``[H, W, 3]`` and sound int16 ``[samples, 2]`` of each frame."""
    frames_per_second: float
    samples_per_second: float


def video(clip: Clip, num_frames: int) -> bytes:
    """Return the first ``num_frames`` frames of a clip as an mp4 file."""
    encoder: Mp4Encoder | None = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        try:
            for _, (picture, sound) in zip(range(num_frames), clip.frames, strict=False):
                if encoder is None:
                    size = (picture.shape[0], picture.shape[1])
                    encoder = Mp4Encoder(
                        path, size, clip.frames_per_second, clip.samples_per_second,
                        quality=QUALITY, preset="ultrafast", sound_bits_per_second=64_000,
                    )  # fmt: skip
                encoder.write(picture, sound)
        finally:
            if encoder is not None:
                encoder.close()
        return path.read_bytes()


def movie_card(title: str, facts: Mapping[str, object], held: Mapping[str, float], shown: bytes | str) -> str:
    """Return HTML of a movie.

    Args:
        title: its level.
        facts: what its file says.
        held: share of the frames in which each button is held.
        shown: the video, or why there is none.
    """
    player = (
        muted(shown)
        if isinstance(shown, str)
        else f'<video src="{data_url("video/mp4", shown)}" width="{_WIDTH}" controls loop playsinline></video>'
    )
    return card(title, "movie", side_by_side(player, f"<div>{table(facts)}{_bars(held)}</div>"))


def _bars(held: Mapping[str, float]) -> str:
    """Share of the frames in which each button is held, as bars."""
    shares = {name: share for name, share in held.items() if share > 0}
    if not shares:
        return ""
    lines = "".join(
        f'<div style="display:grid;grid-template-columns:5em 8em 3em;gap:6px;align-items:center">{muted(name)}'
        f'<span style="height:8px;border-radius:4px;background:oklch(0.66 0.15 250);width:{100 * share:.1f}%"></span>'
        f"<span>{share:.0%}</span></div>"
        for name, share in shares.items()
    )
    return f'<div style="margin-top:6px">{muted("buttons held")}{lines}</div>'
