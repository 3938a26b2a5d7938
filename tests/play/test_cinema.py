"""A movie in a window, on SDL's dummy drivers, driven by the events that keys make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from newgameplus.cli.main import run
from newgameplus.envs.retro import RetroEnv
from newgameplus.games.levels import find_level
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.play.cinema import Cinema
from newgameplus.play.screening import Screening
from newgameplus.play.sound import Sound
from newgameplus.play.window import Window
from newgameplus.session.film import Film

from .conftest import AIRSTRIKER


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    pygame.display.init()
    yield
    pygame.display.quit()


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watched")
    env = RetroEnv(find_level(AIRSTRIKER), kind="none", listeners=[MovieRecorder(folder)])
    try:
        env.reset()
        for number in range(700):
            env.advance(number // 20 % 2)
    finally:
        env.close()
    return next(folder.iterdir())


def press(key: int, text: str = "") -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text, mod=0, scancode=0))


def test_time_and_keys_move_in_the_movie(movie: Path) -> None:
    with Film(movie) as film:
        screening = Screening(film)
        window = Window("a movie", film.movie.platform, screening.moment.picture, scale=1)
        sound = Sound(film.emulator.samples_per_second, screening.frames_per_second)
        cinema = Cinema(screening, window, sound)
        cinema.turn(0.1)
        assert screening.moment.frame == 5
        first = window.contents()
        press(pygame.K_SPACE, " ")
        cinema.turn(0.1)
        assert (screening.moment.frame, screening.is_paused) == (5, True)
        for key, text, frame in [
            (pygame.K_RIGHT, "", 305),
            (pygame.K_PERIOD, ".", 306),
            (pygame.K_COMMA, ",", 305),
            (pygame.K_END, "", 700),
            (pygame.K_HOME, "", 0),
        ]:
            press(key, text)
            cinema.turn(0.1)
            assert screening.moment.frame == frame
        for key, text in [(pygame.K_SPACE, " "), (pygame.K_PLUS, "+"), (pygame.K_PLUS, "+")]:
            press(key, text)
        cinema.turn(0.1)
        assert (screening.speed, screening.moment.frame) == (4.0, 23)
        assert not np.array_equal(window.contents(), first)
        press(pygame.K_q, "q")
        cinema.turn(0.1)
        assert screening.is_left
        sound.close()


def test_a_movie_that_has_ended_begins_anew(movie: Path) -> None:
    with Film(movie) as film:
        screening = Screening(film)
        screening.seek(screening.last_frame)
        assert screening.frames_due(1.0) == 0
        screening.press(" ")
        assert (screening.moment.frame, screening.is_paused) == (0, False)


def test_the_command_shows_it(movie: Path) -> None:
    assert run(["movie", "play", str(movie), "--window", "--frames", "3"]) == 0
