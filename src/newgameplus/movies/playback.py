"""Playback of a movie, frame by frame: the same buttons, rewards, pictures and sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from newgameplus.emulator.backends import open_emulator
from newgameplus.errors import EmulatorError, IntegrationError, MovieError, NewGamePlusError, NotFoundError
from newgameplus.games.files import read_json_object
from newgameplus.games.integration import Integration
from newgameplus.games.scenario import Scenario, open_scenario
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.inline import MOST_BYTES, MOST_SECONDS, Clip, movie_card, video
from newgameplus.movies.machine import machine_of
from newgameplus.movies.names import level_of
from newgameplus.movies.pad_picture import with_pads
from newgameplus.movies.record import episode_record
from newgameplus.printable import printable_number
from newgameplus.types import Array


class Playback:
    """One movie on one emulator; a context manager that frees the emulator.

    The scenario is the recorded one. For movies of other programs it is the game's contest scenario, or its
    ``scenario``.

    Args:
        path: the movie.
        scenario: scenario to use instead of the recorded one.
        any_core: play even if the movie was recorded on another core build or with other core options; it may then
            desync.
        is_shown: whether pictures and sound will be read; without them it plays faster.

    Raises:
        MovieError: the movie cannot be read, or its game, ROM or core build is not here.
        RomError: the ROM has not been imported.
        EmulatorError: the core cannot run, or, on the reference backend, another emulator is open in this process.
    """

    def __init__(
        self, path: Path, *, scenario: str | None = None, any_core: bool = False, is_shown: bool = True
    ) -> None:
        self.path = path
        self._is_shown = is_shown
        self._shown_inline: str | None = None
        self.movie = read_movie(path)
        self.record = episode_record(self.movie.extra, str(path))
        if self.movie.start_state is None:
            raise MovieError(
                f"The movie {path} starts from power-on (it has no Core.bin); only start states can be played."
            )
        machine = machine_of(
            path, self.movie.game, self.movie.platform, self.movie.header, self.record, any_core=any_core
        )
        self.machine = machine
        integration = machine.integration
        self.scenario_name = scenario or self.record.scenario or integration.default_scenario
        self.other_core = machine.other_core
        """How core or core options differ from the recorded ones, as a part of a sentence; empty if they do not."""
        self.emulator = open_emulator(machine.rom, machine.core, integration.core_options, has_sound=is_shown)
        try:
            self.scenario = self._judge_of(integration)
            """The scenario, which computes reward and end of each frame."""
            self._has_scripts = "scripts" in read_json_object(integration.scenario(self.scenario_name))
        except BaseException:
            self.emulator.close()
            raise

    def __enter__(self) -> Playback:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.emulator.close()

    def rewards(self) -> Iterator[float]:
        """Play from the start and yield each frame's reward; the first frame is the reset's, with reward 0."""
        return (reward for reward, _ in self._frames(is_judged=True))

    def frames(self) -> Iterator[float]:
        """Play for the pictures: rewards are not computed, unless the scenario has scripts, which may write memory."""
        return (reward for reward, _ in self._frames(is_judged=self._has_scripts))

    def judged(self) -> Iterator[tuple[float, bool]]:
        """Play from the start and yield each frame's reward and whether the scenario ends the episode there."""
        return self._frames(is_judged=True)

    def memory_sha256(self) -> str:
        """SHA-256 of the console's current memory, all blocks in order of address."""
        return hashlib.sha256(b"".join(self.emulator.memory().values())).hexdigest()

    def picture(self) -> Array:
        """Current picture of the whole screen, uint8 ``[H, W, 3]``."""
        return self.emulator.screen()

    def _frames(self, *, is_judged: bool) -> Iterator[tuple[float, bool]]:
        state = self.movie.start_state
        assert state is not None
        try:
            self.emulator.load(state)
        except EmulatorError as error:
            raise MovieError(f"The start state of the movie {self.path} does not fit: {error}") from error
        first, *rest = map(tuple, self.movie.masks.tolist())
        self.emulator.step(first, is_drawn=self._is_shown)
        self.scenario.reset()
        yield 0.0, False
        for masks in rest:
            self.emulator.step(masks, is_drawn=self._is_shown)
            yield self.scenario.judge() if is_judged else (0.0, False)

    def _repr_html_(self) -> str:
        """Show the movie in a notebook; it is played by a console of its own, so this one stays where it is."""
        if self._shown_inline is None:
            self._shown_inline = self._as_html()
        return self._shown_inline

    def _as_html(self) -> str:
        movie, record = self.movie, self.record
        facts = {
            "return": None if record.episode_return is None else printable_number(record.episode_return),
            "length": f"{movie.num_frames / self.emulator.frames_per_second:.1f} s, {movie.num_frames:,} frames",
            "console": movie.platform,
            "core": record.core_name,
            "file": self.path.name,
        }
        held = {
            name: float((movie.masks >> bit & 1).any(axis=1).mean())
            for bit, name in enumerate(movie.buttons)
            if name is not None
        }
        known = {name: value for name, value in facts.items() if value is not None}
        title = record.level or level_of(self.path, movie.game) or movie.game
        return movie_card(title, known, dict(sorted(held.items(), key=lambda one: -one[1])), self._video())

    def _video(self) -> bytes | str:
        """The beginning as an mp4 file, or why there is none."""
        num_frames = round(MOST_SECONDS * self.emulator.frames_per_second)
        try:
            while True:
                with Playback(self.path, scenario=self.scenario_name, any_core=bool(self.other_core)) as other:
                    emulator = other.emulator
                    clip = Clip(other._seen(), emulator.frames_per_second, emulator.samples_per_second)
                    content = video(clip, num_frames)
                if len(content) <= MOST_BYTES:
                    return content
                num_frames //= 2
        except NewGamePlusError as error:
            return str(error)

    def _seen(self) -> Iterator[tuple[Array, Array]]:
        for number, _ in enumerate(self.frames()):
            masks = self.movie.masks[number].tolist()
            yield with_pads(self.picture(), masks, self.movie.buttons), self.emulator.audio()

    def _judge_of(self, integration: Integration) -> Scenario:
        try:
            return open_scenario(self.emulator, integration, self.scenario_name)
        except (NotFoundError, IntegrationError) as error:
            raise MovieError(f"The movie {self.path} cannot be judged: {error}") from error
