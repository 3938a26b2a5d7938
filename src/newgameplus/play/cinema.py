"""Watch a movie in a window."""

from __future__ import annotations

import time

import pygame

from newgameplus.play.library import open_display
from newgameplus.play.overlay import draw
from newgameplus.play.screening import KEYS, Screening
from newgameplus.play.sound import Sound
from newgameplus.play.window import Window
from newgameplus.session.film import Film
from newgameplus.session.playthrough import Sign, View

NOTE_SECONDS = 4.0
"""How long the keys are shown at the beginning."""
_PUMP_SECONDS = 0.004
_KEYS = {
    pygame.K_LEFT: "left",
    pygame.K_RIGHT: "right",
    pygame.K_HOME: "home",
    pygame.K_END: "end",
    pygame.K_ESCAPE: "escape",
    pygame.K_KP_PLUS: "+",
    pygame.K_KP_MINUS: "-",
}


class Cinema:
    """A movie in a window.

    Args:
        screening: the movie.
        window: the window.
        sound: the sound card.
    """

    def __init__(self, screening: Screening, window: Window, sound: Sound) -> None:
        self._screening, self._window, self._sound = screening, window, sound
        self._note_until = time.perf_counter() + NOTE_SECONDS

    def run(self, max_turns: int | None = None) -> None:
        """Show the movie until the person leaves, or for ``max_turns`` pictures."""
        num_turns, before = 0, time.perf_counter()
        while not self._screening.is_left and (max_turns is None or num_turns < max_turns):
            now = time.perf_counter()
            self.turn(now - before)
            before, num_turns = now, num_turns + 1
            while time.perf_counter() - now < 1 / self._screening.frames_per_second:
                time.sleep(_PUMP_SECONDS)
                self._sound.pump()

    def turn(self, seconds: float) -> None:
        """Do what keys ask for, go on by ``seconds`` and show the picture."""
        screening = self._screening
        for event in pygame.event.get():
            self._handle(event)
        due = screening.frames_due(seconds)
        if screening.speed > 2 and due:
            screening.seek(screening.moment.frame + due)
        else:
            for _ in range(due):
                screening.seek(screening.moment.frame + 1)
                self._sound.play(screening.moment.sound, screening.speed)
        self._window.show(screening.moment.picture, lambda surface, box: draw(surface, box, self._view()))

    def _handle(self, event: pygame.Event) -> None:
        if event.type == pygame.QUIT:
            self._screening.press("escape")
        elif event.type == pygame.KEYDOWN:
            if event.key == pygame.K_F11:
                self._window.toggle_fullscreen()
            else:
                self._screening.press(_KEYS.get(event.key, event.unicode.lower()))
                self._sound.stop()

    def _view(self) -> View:
        screening = self._screening
        sign = Sign.PAUSED if screening.is_paused else None
        if sign is None and screening.speed != 1:
            sign = Sign.FAST if screening.speed > 1 else Sign.SLOW
        is_still = screening.is_paused or screening.moment.frame >= screening.last_frame
        note = KEYS if time.perf_counter() < self._note_until else screening.status() if is_still else ""
        return View(sign=sign, note=note)


def watch_in_window(film: Film, title: str, *, scale: int | None = None, max_turns: int | None = None) -> None:
    """Show a movie in a window until the person leaves.

    Raises:
        UsageError: there is no display, or the window cannot be opened.
    """
    open_display()
    screening = Screening(film)
    window = Window(title, film.movie.platform, screening.moment.picture, scale=scale)
    sound = Sound(film.emulator.samples_per_second, film.emulator.frames_per_second)
    try:
        Cinema(screening, window, sound).run(max_turns)
    finally:
        sound.close()
        pygame.display.quit()
