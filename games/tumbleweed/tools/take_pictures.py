"""Takes the pictures of the documents, one of every zone and a film of all, from the par movies.

    python games/tumbleweed/tools/take_pictures.py

A picture shall show much of what a zone has, so the moment is taken in which most kinds of objects and blocks are in
sight; the film has the stretch of every zone in which most is seen and the tumbleweed gets far.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from newgameplus.emulator.cores import core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.games.catalogue import find_game
from newgameplus.games.native_scenario import NativeScenario
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.record import episode_record
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.course import MODE_PLAY
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import read_pack
from newgameplus.open_games.tumbleweed.terrain import BLOCK, TERRAIN, Medium, Solidity, Surface
from newgameplus.open_games.tumbleweed.things import Kind, Thing
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES
from newgameplus.types import Array

WIDTH, HEIGHT = 320, 224
SCALE = 2
"""Pixels of a picture along one of the console's."""
MARGIN = 24
"""Pixels from the picture's edges in which objects do not count."""
SKY = 40
"""Pixels below the margin in which the tumbleweed is too high up for a good picture."""
FIRST_FRAME = 160
"""Before it, the zone's name covers the picture."""
FILM_SECONDS = 3
FILM_FRAMES_PER_SECOND = 30
CONSOLE_FRAMES_PER_SECOND = 60
FILM_PIXELS = 500
"""The way in the film beyond which farther is not better."""
GAINED = (Kind.COIN, Kind.BOX, Kind.WALKER, Kind.HOPPER, Kind.SHOOTER, Kind.FLYER, Kind.BREAKABLE, Kind.CRUMBLE)
"""Kinds that may be gone once the tumbleweed has passed."""
WORTH = {Kind.COIN: 0.5, Kind.CHECKPOINT: 0.5, Kind.LOOP: 2.5}
"""What it is worth to see a kind, if not 1."""
SIGNATURES: dict[str, tuple[Kind, ...]] = {
    "Mesa": (Kind.LOOP, Kind.WALKER),
    "Canyon": (Kind.FALLING_PLATFORM, Kind.CRUMBLE, Kind.SPRING),
    "Oasis": (),
    "Gale": (Kind.FLYER,),
    "Mine": (Kind.SWITCH, Kind.DOOR, Kind.BREAKABLE),
    "Frost": (Kind.POP_THORNS, Kind.HOPPER),
    "Carnival": (Kind.PLATFORM, Kind.BUMPER, Kind.PENDULUM, Kind.SHOOTER),
    "Foundry": (Kind.JET, Kind.PENDULUM),
}
"""What makes a zone; worth twice."""
SIGNATURE_BLOCKS = {"Oasis": ("water",), "Gale": ("gust_left", "gust_right", "updraft"), "Foundry": ("conveyor_left",)}
"""The same for blocks."""
MIN_BLOCKS, MANY_BLOCKS, MIN_GROUND = 8, 70, 30
"""Of water, wind, thorns or belts in sight, so that they count, and beyond which more do not count more; of earth, so
that it is seen where one is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the tumbleweed and the camera are."""

    x: int
    y: int
    camera_x: int
    camera_y: int
    mode: int
    clock: int


FIELDS = tuple(field.name for field in fields(Frame))


@dataclass(frozen=True, slots=True)
class Filmed:
    """A par movie and what it shows, frame by frame."""

    path: Path
    level: Blueprint
    frames: list[Frame]
    worth: list[float]

    def stretch(self, first: int) -> float:
        """How good the film would be that begins with this frame."""
        last = first + FILM_SECONDS * CONSOLE_FRAMES_PER_SECOND
        way = abs(self.frames[last].x - self.frames[first].x)
        return sum(self.worth[first:last:10]) / len(self.worth[first:last:10]) * min(way, FILM_PIXELS)


def special(block: int) -> str:
    """What is special about a block, if anything."""
    terrain = TERRAIN[block]
    return "" if (terrain.surface, terrain.medium) == (Surface.NORMAL, Medium.AIR) else terrain.name


SPECIAL = [special(number) for number in range(len(TERRAIN))]
IS_EARTH = np.array([terrain.solidity == Solidity.SOLID for terrain in TERRAIN])


def is_burning(jet: Thing, clock: int) -> bool:
    """Whether a jet's flame is to be seen."""
    turn = (clock / (jet.a + jet.b) + jet.c / 256) % 1
    return 4 <= turn * (jet.a + jet.b) < jet.a


def worth_of(level: Blueprint, frame: Frame) -> float:
    """How much of the zone is to be seen in a frame."""
    left, right = frame.camera_x + MARGIN, frame.camera_x + WIDTH - MARGIN
    top, bottom = frame.camera_y + MARGIN, frame.camera_y + HEIGHT - MARGIN
    if frame.mode != MODE_PLAY or not (top + SKY < frame.y < bottom):
        return 0.0
    seen = Counter(
        thing.kind
        for thing in level.things
        if left < thing.x < right
        and top < thing.y < bottom
        and (thing.x > frame.x or thing.kind not in GAINED)
        and (thing.kind != Kind.JET or is_burning(thing, frame.clock))
    )
    worth = sum(
        WORTH.get(kind, 1.0) * (2 if kind in SIGNATURES[level.zone] else 1) * (0.75 + 0.25 * min(count, 4))
        for kind, count in seen.items()
    )
    in_sight = level.blocks[left // BLOCK : right // BLOCK, top // BLOCK : bottom // BLOCK]
    names = Counter(SPECIAL[number] for number in in_sight.ravel().tolist())
    for name, count in names.items():
        if name and count >= MIN_BLOCKS:
            worth += min(count, MANY_BLOCKS) / 10 if name in SIGNATURE_BLOCKS.get(level.zone, ()) else 1.5
    return worth if np.count_nonzero(IS_EARTH[in_sight]) >= MIN_GROUND else worth / 2


def filmed(path: Path, level: Blueprint) -> Filmed:
    """Play a par movie, and look at what it shows."""
    frames = [Frame(*(values[name] for name in FIELDS)) for values, _ in played(path, frozenset())]
    worth = [worth_of(level, frame) if number >= FIRST_FRAME else 0.0 for number, frame in enumerate(frames)]
    return Filmed(path, level, frames, worth)


def played(path: Path, drawn: Collection[int]) -> Iterator[tuple[dict[str, int], Array | None]]:
    """The game's variables after each frame of a movie, and the pictures uint8 [224, 320, 3] of frames to be drawn."""
    movie, game = read_movie(path), find_game(TUMBLEWEED.name)
    core = core_of(game.console, episode_record(movie.extra, str(path)).core_name)
    emulator = NativeEmulator(game.rom(), core, game.core_options)
    try:
        scenario = NativeScenario(emulator, game, "scenario")
        emulator.load(movie.start_state or b"")
        for number, masks in enumerate(movie.masks.tolist()):
            emulator.step(masks, is_drawn=number in drawn)
            if number:
                scenario.judge()
            else:
                scenario.reset()
            yield scenario.variables(), emulator.screen().copy() if number in drawn else None
    finally:
        emulator.close()


def pictures_of(film: Filmed, frames: range) -> Iterator[Array]:
    """The pictures of some frames of a film."""
    for number, (_, picture) in enumerate(played(film.path, frames)):
        if picture is not None:
            yield picture
        if number == frames[-1]:
            return


def write_png(path: Path, picture: Array) -> None:
    """Write a picture uint8 [H, W, 3] of at most 256 colours, enlarged, as a PNG with a palette."""
    large = picture.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    colours, numbers = np.unique(large.reshape(-1, 3), axis=0, return_inverse=True)
    palette = np.full((256, 4), 255, np.uint8)
    palette[: len(colours), 1:] = colours
    indexed: Any = (numbers.reshape(large.shape[:2]).astype(np.uint8), palette)
    frame = av.VideoFrame.from_ndarray(indexed, format="pal8")
    codec: Any = av.CodecContext.create("png", "w")
    codec.height, codec.width, codec.pix_fmt, codec.time_base = *large.shape[:2], "pal8", Fraction(1, 1)
    codec.options = {"pred": "none", "compression_level": "9"}
    path.write_bytes(b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)]))


def write_film(path: Path, pictures: Iterator[Array]) -> None:
    """Write an endless WebP without loss."""
    with av.open(str(path), "w", format="webp", options={"loop": "0"}) as file:
        stream: Any = file.add_stream("libwebp_anim", rate=FILM_FRAMES_PER_SECOND)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "bgra"
        stream.options = {"lossless": "1", "compression_level": "6", "quality": "90"}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FILM_FRAMES_PER_SECOND)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def film_of(films: dict[str, list[Filmed]]) -> Iterator[Array]:
    """The film's pictures, zone by zone."""
    num_frames = FILM_SECONDS * CONSOLE_FRAMES_PER_SECOND
    for zone in films:
        starts = [
            (film.stretch(first), -number, first)
            for number, film in enumerate(films[zone])
            for first in range(FIRST_FRAME, len(film.frames) - num_frames, 10)
        ]
        _, number, first = max(starts)
        step = CONSOLE_FRAMES_PER_SECOND // FILM_FRAMES_PER_SECOND
        yield from pictures_of(films[zone][-number], range(first, first + num_frames, step))


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them all; the folder may be named."""
    given = sys.argv[1:] if arguments is None else arguments
    folder = Path(given[0]) if given else Path(__file__).parents[3] / "docs" / "images" / "tumbleweed"
    rom = find_game(TUMBLEWEED.name).rom()
    found: dict[str, list[Filmed]] = {zone: [] for zone in ZONE_NAMES}
    for level in read_pack(rom.read_bytes()):
        path = rom.parent / "par" / f"{level.name}.bk2"
        if path.is_file():
            found[level.zone].append(filmed(path, level))
    films = {zone: of_zone for zone, of_zone in found.items() if of_zone}
    for zone, of_zone in films.items():
        film = max(of_zone, key=lambda film: max(film.worth))
        first = int(np.argmax(film.worth))
        for picture in pictures_of(film, range(first, first + 1)):
            write_png(folder / f"{zone.lower()}.png", picture)
    write_film(folder / "play.webp", film_of(films))
    return 0


if __name__ == "__main__":
    sys.exit(main())
