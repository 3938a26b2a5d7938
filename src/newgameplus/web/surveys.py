"""What a map keeps of each movie, as bytes; made and put together in a player process, read by the server."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newgameplus.movies.trajectory import Trajectory, read_trajectory, trajectory_as_json

if TYPE_CHECKING:
    from newgameplus.movies.mosaic import Stitched

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class MovieWay:
    """Where the episode of a movie went."""

    trajectory: Trajectory
    game: str
    index: int | None
    """Number of the level in the ROM, if the level can be drawn from its data."""
    has_player: bool
    """Whether the way is the player's, rather than that of the picture's middle."""
    num_elsewhere: int
    """Frames in scenes that could not be joined."""


@dataclass(frozen=True, slots=True)
class MapPicture:
    """The picture of a level."""

    origin: tuple[int, int]
    """Place of the upper left corner in the level."""
    size: tuple[int, int]
    """Width and height in pixels."""
    is_drawn: bool
    """Whether it was drawn from the level's data."""
    png: bytes


def make_survey(path: str) -> bytes:
    """Play a movie and return what a map needs of it, for :func:`read_survey`.

    Raises:
        NewGamePlusError: the movie cannot be played here.
    """
    from newgameplus.movies.survey import survey_movie

    survey = survey_movie(Path(path))
    said = {
        "trajectory": trajectory_as_json(survey.trajectory),
        "game": survey.game,
        "index": survey.index,
        "has_player": survey.has_player,
        "num_elsewhere": survey.num_elsewhere,
        "stitched": None if survey.stitched is None else _stitched_as_json(survey.stitched),
    }
    return zlib.compress(json.dumps(said).encode())


def read_survey(content: bytes) -> MovieWay:
    """Return what :func:`make_survey` told."""
    said = json.loads(zlib.decompress(content))
    return MovieWay(
        read_trajectory(said["trajectory"]), said["game"], said["index"], said["has_player"], said["num_elsewhere"]
    )


def make_drawn_picture(game: str, index: int) -> bytes:
    """Return the picture of a level drawn from its data, for :func:`read_picture`.

    Raises:
        NewGamePlusError: the game or its ROM is no longer here, or its ``map.json`` does not fit.
    """
    from newgameplus.errors import MovieError
    from newgameplus.movies.level_map import draw_level

    picture = draw_level(game, index)
    if picture is None:
        raise MovieError(f"{game} no longer tells how its levels are drawn; delete the cache of movies.")
    return _packed(picture.pixels, picture.origin, is_drawn=True)


def make_stitched_picture(surveys: Sequence[bytes]) -> bytes:
    """Return the picture of a level from what movies have shown of it, for :func:`read_picture`."""
    from newgameplus.movies.level_map import stitched_picture

    parts = [json.loads(zlib.decompress(content))["stitched"] for content in surveys]
    picture = stitched_picture([_read_stitched(part) for part in parts if part is not None])
    return _packed(picture.pixels, picture.origin, is_drawn=False)


def read_picture(content: bytes) -> MapPicture:
    """Return what :func:`make_drawn_picture` or :func:`make_stitched_picture` made."""
    (length,) = _LENGTH.unpack_from(content)
    said = json.loads(content[_LENGTH.size : _LENGTH.size + length])
    return MapPicture(tuple(said["origin"]), tuple(said["size"]), said["is_drawn"], content[_LENGTH.size + length :])


def _packed(pixels: Any, origin: tuple[int, int], *, is_drawn: bool) -> bytes:
    import cv2

    size = pixels.shape[1], pixels.shape[0]
    head = json.dumps({"origin": origin, "size": size, "is_drawn": is_drawn}).encode()
    png = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()
    return _LENGTH.pack(len(head)) + head + png


def _stitched_as_json(stitched: Stitched) -> dict[str, Any]:
    import cv2
    import numpy as np

    opaque = np.dstack([stitched.picture[:, :, ::-1], np.where(stitched.seen, 255, 0).astype(np.uint8)])
    png = cv2.imencode(".png", opaque)[1].tobytes()
    return {"origin": stitched.origin, "png": base64.b64encode(png).decode()}


def _read_stitched(said: dict[str, Any]) -> Stitched:
    import cv2
    import numpy as np

    from newgameplus.movies.mosaic import Stitched

    opaque = cv2.imdecode(np.frombuffer(base64.b64decode(said["png"]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert opaque is not None
    return Stitched(opaque[:, :, 2::-1].copy(), opaque[:, :, 3] > 0, tuple(said["origin"]))
