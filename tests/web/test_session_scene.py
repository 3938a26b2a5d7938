"""What is sent while somebody plays, with a clock that the test holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newgameplus.emulator.compiled import engine
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.verify import verify_movie
from newgameplus.web.session_scene import MAX_ON_WAY, STALL_SECONDS, Sought, open_level

from .conftest import LEVEL
from .visitor import parse

pytestmark = pytest.mark.skipif(engine() is None, reason="the native engine is not built here")
TURN = 1 / 59.9


class Page:
    """A page that draws what it gets, and its clock."""

    def __init__(self, sought):
        self.scene = open_level(sought)
        self.opened = json.loads(self.scene.opened())
        self.now, self.frames, self.states, self.told = 100.0, [], [{}], []
        self.draws = True
        self.take()

    def ask(self, do, **more):
        self.scene.ask(json.dumps({"do": do, **more}), self.now)
        self.take()

    def hold(self, *names, **more):
        self.ask("hold", mask=sum(1 << self.opened["buttons"].index(name) for name in names), **more)

    def command(self, name):
        self.ask("command", name=name)

    def take(self):
        while self.scene.seconds_to_wait(self.now) == 0.0:
            message = self.scene.go_on(self.now)
            if isinstance(message, bytes):
                self.frames.append(parse(message))
                if self.draws:
                    self.scene.ask('{"do": "drawn"}', self.now)
            elif message is not None:
                said = json.loads(message)
                (self.states if said["is"] == "state" else self.told).append(said)

    def turns(self, num_turns):
        for _ in range(num_turns):
            self.now += TURN
            self.take()

    @property
    def state(self):
        return self.states[-1]

    @property
    def frame(self):
        return self.frames[-1].number


@pytest.fixture
def open_page(tmp_path):
    pages = []

    def open_one(**sought):
        asked = {"level": find_level(LEVEL), "record": str(tmp_path / "mine.bk2")} | sought
        pages.append(Page(Sought(**asked)))
        return pages[-1]

    yield open_one
    for page in pages:
        page.scene.close()


@pytest.fixture
def page(open_page):
    return open_page()


def test_a_level_begins_with_the_first_button_and_goes_on_at_the_consoles_rate(page):
    page.turns(20)
    assert (page.frame, page.state["awaits_button"]) == (0, True)
    page.hold("RIGHT")
    page.turns(60)
    assert page.frame == pytest.approx(60, abs=2)
    assert page.frames[-1].masks == (1 << page.opened["buttons"].index("RIGHT"),)
    assert page.frames[-1].num_sound_bytes > 0
    assert len(page.frames[-1].variables) == len(page.opened["variables"])


def test_a_tap_between_two_frames_is_one_frame(page, tmp_path):
    page.hold("B")
    page.hold()
    page.turns(5)
    page.scene.close()
    masks = read_movie(tmp_path / "mine.bk2").masks[1:, 0].tolist()
    assert masks == [1 << page.opened["buttons"].index("B"), *[0] * (len(masks) - 1)]


def test_no_more_than_two_frames_are_on_their_way_and_a_page_that_draws_none_is_waited_for(page):
    page.draws = False
    page.hold("RIGHT")
    page.turns(10)
    assert len(page.frames) == 1 + MAX_ON_WAY
    page.ask("drawn")
    assert page.frame == pytest.approx(10, abs=1)  # the level went on, and the present picture is shown
    page.turns(120)
    page.ask("drawn")
    stalled = page.frame
    assert stalled == pytest.approx(10 + STALL_SECONDS / TURN, abs=3)
    page.draws = True
    page.ask("drawn")
    page.turns(3)
    assert page.frame <= stalled + 4  # what was missed is not made up for


def test_the_sound_of_frames_whose_picture_was_not_sent_is_sent_with_the_next(page):
    page.hold("RIGHT")
    page.turns(5)
    usual = page.frames[-1].num_sound_bytes
    page.draws = False
    page.turns(8)
    page.ask("drawn")
    assert page.frames[-1].num_sound_bytes > 4 * usual


def test_pause_frame_steps_slots_rewinding_and_speed_are_the_windows(page):
    page.hold("RIGHT")
    page.turns(90)
    page.command("pause")
    page.turns(5)
    stopped = page.frame
    assert page.state["sign"] == "Paused"
    page.command("frame_forward")
    page.turns(2)
    assert page.frame == stopped + 1
    page.command("frame_back")
    page.turns(2)
    assert page.frame == stopped
    page.command("save_3")
    page.turns(1)
    assert page.state["slots"] == {"3": stopped}
    page.command("pause")
    page.turns(30)
    page.command("load_3")
    page.turns(1)
    assert page.frame == pytest.approx(stopped, abs=2)
    before = page.frame
    page.hold(rewind=True)
    page.turns(10)
    assert page.state["sign"] == "Rewind"
    assert page.frame == pytest.approx(before - 20, abs=2)
    page.hold(fast=True)
    page.turns(1)
    assert page.state["sign"] == "Fast"
    page.command("load_9")
    page.turns(1)
    assert page.state["note"] == "Slot 9 is empty; Shift 9 saves to it"


def test_the_movie_of_all_that_verifies_and_leaving_tells_of_it(page, tmp_path):
    page.hold("RIGHT")
    page.turns(80)
    page.hold("LEFT", rewind=True)
    page.turns(10)
    page.hold("B")
    page.turns(40)
    page.command("leave")
    assert page.told[-1]["is"] == "left"
    verdict = verify_movie(tmp_path / "mine.bk2")
    assert (verdict.outcome, verdict.num_frames) == ("same", page.told[-1]["num_frames"] + 1)
    assert page.scene.seconds_to_wait(page.now) is None


def test_somebody_takes_over_at_a_frame_of_a_movie(page, open_page, tmp_path):
    page.hold("RIGHT")
    page.turns(100)
    page.scene.close()
    first = read_movie(tmp_path / "mine.bk2")
    over = open_page(level=None, movie=str(tmp_path / "mine.bk2"), frame=64, record=str(tmp_path / "over.bk2"))
    assert (over.frame, over.state["awaits_button"]) == (64, True)
    assert {said["is"] for said in over.told} == {"following"}
    over.hold("LEFT")
    over.turns(30)
    over.command("leave")
    movie = read_movie(tmp_path / "over.bk2")
    assert movie.masks[:65].tolist() == first.masks[:65].tolist()
    assert set(movie.masks[65:, 0].tolist()) == {1 << over.opened["buttons"].index("LEFT")}
    assert verify_movie(tmp_path / "over.bk2").outcome == "same"
    assert read_movie(tmp_path / "mine.bk2").masks.tolist() == first.masks.tolist()


def test_who_has_not_played_on_after_a_movie_leaves_no_copy_of_it(page, open_page, tmp_path):
    page.hold("RIGHT")
    page.turns(100)
    page.scene.close()
    over = open_page(level=None, movie=str(tmp_path / "mine.bk2"), record=str(tmp_path / "over.bk2"))
    over.turns(10)
    over.command("leave")
    assert over.state["movie"] is None
    assert not (tmp_path / "over.bk2").exists()
    scene = open_level(Sought(movie=str(tmp_path / "mine.bk2"), record=str(tmp_path / "over.bk2")))
    scene.go_on(0.0)
    scene.close()
    assert not (tmp_path / "over.bk2").exists()


def test_what_a_page_says_that_means_nothing_is_passed_over(page):
    masks = ("-1", "true", "1e99", '"7"')
    for text in ("", "[]", "{", *(f'{{"do": "hold", "mask": {mask}}}' for mask in masks), "9" * 5000):
        page.scene.ask(text, page.now)
    for text in ('{"do": "command"}', '{"do": "command", "name": ["pause"]}', '{"do": "fly"}'):
        page.scene.ask(text, page.now)
    page.turns(3)
    assert (page.frame, page.state["awaits_button"]) == (0, True)


def test_the_end_of_a_level_is_told_and_it_is_played_again_in_another_movie(page, tmp_path):
    page.hold("B", fast=True)
    while not page.state.get("ending"):
        page.turns(50)
    assert page.state["ending"][0] == "Level1"
    page.hold()
    page.command("again")
    page.turns(5)
    assert (page.state["ending"], Path(page.state["movie"]).name) == ([], "mine-2.bk2")
    assert verify_movie(tmp_path / "mine.bk2").outcome == "same"
