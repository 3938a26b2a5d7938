"""The whole program on SDL's dummy drivers, driven by the events that keys make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pygame
import pytest

from newgameplus.games.levels import Level, find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.verify import verify_movie
from newgameplus.play.controls import Controls
from newgameplus.play.library import open_display
from newgameplus.play.player import Player
from newgameplus.play.sound import Sound
from newgameplus.play.window import Window
from newgameplus.session.commands import Command, Request
from newgameplus.session.playthrough import FAST, Playthrough, Sign
from newgameplus.session.reel import PICTURE_FRAMES
from newgameplus.session.session import Session

from .conftest import AIRSTRIKER, moment


@dataclass
class Desk:
    """A player, and hands at the keyboard."""

    player: Player
    playthrough: Playthrough
    window: Window
    sound: Sound

    def turn(self, num_turns: int = 1) -> None:
        for _ in range(num_turns):
            self.player.turn()

    def hold(self, name: str, kind: int = pygame.KEYDOWN) -> None:
        scancode = getattr(pygame, f"KSCAN_{name.upper()}")
        pygame.event.post(pygame.Event(kind, key=getattr(pygame, f"K_{name}"), scancode=scancode, mod=0))

    def let_go(self, name: str) -> None:
        self.hold(name, pygame.KEYUP)

    def press(self, name: str) -> None:
        self.hold(name)
        self.let_go(name)
        self.turn()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    open_display()
    session = Session(find_level(AIRSTRIKER), movies=[tmp_path / f"{index}.bk2" for index in range(5)])
    controls = Controls(session.emulator.core.console)
    window = Window("test", "Genesis", session.picture(), scale=2)
    sound = Sound(session.emulator.samples_per_second, session.emulator.frames_per_second)
    playthrough = Playthrough(session, controls, sound, _next_session(tmp_path))
    player = Player(playthrough, window, controls, sound, session.emulator.frames_per_second)
    yield Desk(player, playthrough, window, sound)
    playthrough.session.close()
    sound.close()
    controls.close()
    pygame.display.quit()


def _next_session(folder: Path) -> Callable[[Level], Session | None]:
    levels = iter([find_level(AIRSTRIKER)])

    def open_next(level: Level) -> Session | None:
        del level
        following = next(levels, None)
        return following and Session(following, movies=[folder / "next.bk2"])

    return open_next


def test_a_turn_is_a_frame_with_the_keys_that_are_held(desk: Desk) -> None:
    desk.hold("RIGHT")
    desk.turn(10)
    desk.let_go("RIGHT")
    desk.turn(5)
    session = desk.playthrough.session
    assert session.num_frames == 15
    right = 1 << session.buttons.index("RIGHT")
    path = session.movie_path
    session.close()
    assert path is not None
    assert read_movie(path).masks[1:, 0].tolist() == [right] * 10 + [0] * 5


def test_pause_stops_time_and_a_frame_can_be_advanced(desk: Desk) -> None:
    desk.turn(5)
    desk.press("p")
    desk.turn(10)
    assert desk.playthrough.session.num_frames == 5
    assert desk.player.view().sign is Sign.PAUSED
    desk.press("PERIOD")
    desk.turn(3)
    assert desk.playthrough.session.num_frames == 6
    desk.press("COMMA")
    assert desk.playthrough.session.num_frames == 5
    desk.press("p")
    assert desk.playthrough.session.num_frames == 6


def test_the_keys_are_shown_and_time_stands_still_meanwhile(desk: Desk) -> None:
    desk.press("F1")
    before = desk.playthrough.session.num_frames
    desk.turn(3)
    assert desk.playthrough.session.num_frames == before
    assert len(desk.player.view().layout) == 12
    desk.press("F1")
    assert desk.playthrough.session.num_frames == before + 1


def test_fast_forward_and_slow_motion(desk: Desk) -> None:
    desk.hold("TAB")
    desk.turn(5)
    assert desk.playthrough.session.num_frames == 5 * FAST
    assert desk.player.view().sign is Sign.FAST
    desk.let_go("TAB")
    desk.press("MINUS")
    start = desk.playthrough.session.num_frames
    desk.turn(10)
    assert desk.playthrough.session.num_frames == start + 5
    assert desk.player.view().sign is Sign.SLOW


def test_rewinding_shows_earlier_pictures_and_letting_go_plays_on_from_there(desk: Desk) -> None:
    seen = {}
    for _ in range(120):
        desk.turn()
        seen[desk.playthrough.session.num_frames] = moment(desk.playthrough.session)
    desk.hold("BACKSPACE")
    desk.turn(20)
    frame = 120 - 20 * PICTURE_FRAMES
    assert desk.player.picture().tobytes() == seen[frame].picture
    assert desk.playthrough.session.num_frames == 120
    desk.let_go("BACKSPACE")
    desk.turn()
    assert moment(desk.playthrough.session) == seen[frame + 1]


def test_rewinding_stops_at_the_start(desk: Desk) -> None:
    desk.turn(9)
    desk.hold("BACKSPACE")
    desk.turn(30)
    assert desk.player.view().reached == 0.0
    desk.let_go("BACKSPACE")
    desk.turn()
    assert desk.playthrough.session.num_frames == 1


def test_slots(desk: Desk) -> None:
    desk.turn(30)
    desk.press("F5")
    saved = desk.playthrough.session.num_frames
    desk.turn(30)
    desk.press("F8")
    assert desk.playthrough.session.num_frames in (saved, saved - 1, saved + 1)
    desk.press("9")
    assert "empty" in desk.player.view().note


def test_the_movie_of_all_that_verifies(desk: Desk, tmp_path: Path) -> None:
    desk.hold("x")
    desk.turn(70)
    desk.press("F5")
    desk.hold("LEFT")
    desk.turn(30)
    desk.press("F8")
    desk.turn(40)
    desk.hold("BACKSPACE")
    desk.turn(10)
    desk.let_go("BACKSPACE")
    desk.turn(30)
    num_frames = desk.playthrough.session.num_frames
    desk.playthrough.session.close()
    verdict = verify_movie(tmp_path / "0.bk2")
    assert (verdict.outcome, verdict.num_frames) == ("same", num_frames + 1)


def test_the_end_of_a_level_is_shown_and_played_again(desk: Desk, tmp_path: Path) -> None:
    session = desk.playthrough.session
    desk.hold("TAB")
    while not session.is_over:
        desk.turn()
    desk.let_go("TAB")
    desk.turn(3)
    title, score, *_ = desk.player.view().ending
    assert (title, score) == ("Level1", f"{session.episode_return:,.0f}")
    assert verify_movie(tmp_path / "0.bk2").outcome == "same"
    desk.press("r")
    assert session.num_frames == 1
    assert not desk.player.view().ending


def test_restarting_in_mid_play_takes_control(desk: Desk) -> None:
    desk.turn(20)
    desk.press("r")
    assert desk.playthrough.session.num_frames == 21
    assert "Ctrl R" in desk.player.view().note
    desk.player.do(Request(Command.RESTART))
    assert desk.playthrough.session.num_frames == 0


def test_the_next_level_is_opened_until_there_is_none(desk: Desk) -> None:
    first = desk.playthrough.session
    desk.turn(70)
    desk.press("n")
    assert desk.playthrough.session is first
    desk.press("p")
    desk.press("n")
    assert desk.playthrough.session is not first
    assert desk.playthrough.session.num_frames <= 1
    desk.press("p")
    desk.press("n")
    assert "last" in desk.player.view().note


def test_variables_are_shown_when_asked_for(desk: Desk) -> None:
    assert not desk.player.view().variables
    desk.press("F3")
    rows = dict(desk.player.view().variables)
    assert {"return (scenario)", "time", "score", "lives", "held"} <= set(rows)


def test_volume_and_mute(desk: Desk) -> None:
    desk.press("PAGEDOWN")
    assert desk.sound.volume == pytest.approx(0.9)
    desk.press("m")
    assert desk.sound.is_muted
    desk.press("PAGEUP")
    assert not desk.sound.is_muted


def test_a_screenshot_is_the_picture_of_the_game(desk: Desk, tmp_path: Path) -> None:
    desk.turn(100)
    shown = desk.player.picture()
    desk.player.do(Request(Command.SCREENSHOT))
    (path,) = tmp_path.glob("*.png")
    assert path.name == "0-000100.png"
    assert np.array_equal(cv2.imread(str(path))[:, :, ::-1], shown)


def test_square_pixels_show_the_picture_enlarged_and_nothing_else(desk: Desk) -> None:
    desk.turn(100)
    desk.press("F10")
    assert desk.window.is_square
    picture = desk.player.picture()
    desk.window.show(picture, lambda surface, box: None)
    assert np.array_equal(desk.window.contents(), picture.repeat(2, axis=0).repeat(2, axis=1))


def test_a_television_is_wider_than_high_by_a_third(desk: Desk) -> None:
    desk.turn()
    assert desk.window.contents().shape == (448, 598, 3)


def test_everything_that_can_be_drawn_over_the_picture_is_drawn(desk: Desk) -> None:
    desk.turn(60)
    desk.window.show(desk.player.picture(), lambda surface, box: None)
    plain = desk.window.contents()
    for name in ("F3", "p", "F1"):
        desk.press(name)
        assert not np.array_equal(desk.window.contents(), plain)


def test_closing_the_window_leaves(desk: Desk) -> None:
    pygame.event.post(pygame.Event(pygame.QUIT))
    desk.player.run()
    assert not desk.player.is_running
