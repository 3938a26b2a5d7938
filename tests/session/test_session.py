"""A session can go back to any moment, and its movie is always the way to the present one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from newgameplus.errors import EmulatorError, NotFoundError, UsageError
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.playback import Playback
from newgameplus.movies.verify import verify_movie
from newgameplus.session.reel import PICTURE_FRAMES
from newgameplus.session.session import Session

from .conftest import AIRSTRIKER, Moment, OpenSession, moment, play


def test_going_back_brings_the_same_moment_again(open_session: OpenSession) -> None:
    session = open_session()
    moments = play(session, 240)
    for frame in (239, 181, 180, 120, 119, 60, 1):
        session.go_back(frame)
        assert moment(session) == moments[frame - 1]


def test_going_back_to_frame_0_is_the_start(open_session: OpenSession) -> None:
    session = open_session()
    start = moment(session)
    play(session, 90)
    session.go_back(0)
    assert moment(session) == start


def test_after_going_back_the_same_buttons_lead_to_the_same_moments(open_session: OpenSession) -> None:
    straight = open_session()
    first, rest = play(straight, 130, seed=1), play(straight, 100, seed=2)
    session = open_session()
    play(session, 130, seed=1)
    play(session, 150, seed=3)
    session.go_back(130)
    assert moment(session) == first[-1]
    assert play(session, 100, seed=2) == rest


def test_a_loaded_slot_is_the_moment_that_was_saved(open_session: OpenSession) -> None:
    session = open_session()
    saved = play(session, 100)[-1]
    session.save(3)
    later = play(session, 50, seed=5)
    assert session.load(3)
    assert moment(session) == saved
    assert play(session, 50, seed=5) == later


def test_saving_disturbs_nothing(open_session: OpenSession) -> None:
    straight, saving = open_session(), open_session()
    expected = play(straight, 100, seed=1) + play(straight, 100, seed=2)
    seen = play(saving, 100, seed=1)
    saving.save(1)
    assert seen + play(saving, 100, seed=2) == expected


def test_a_slot_outlives_a_restart_and_a_way_of_its_own(open_session: OpenSession) -> None:
    session = open_session()
    saved = play(session, 80, seed=1)[-1]
    session.save(1)
    session.restart()
    play(session, 120, seed=2)
    session.load(1)
    assert moment(session) == saved
    session.go_back(40)
    session.load(1)
    assert moment(session) == saved


def test_the_movie_after_much_back_and_forth_plays_back_frame_for_frame(
    open_session: OpenSession, tmp_path: Path
) -> None:
    path = tmp_path / "played.bk2"
    session = open_session([path])
    way: list[Moment] = [moment(session)]
    way += play(session, 150, seed=1)
    session.save(1)
    play(session, 70, seed=2)
    session.load(1)
    way += play(session, 80, seed=3)
    session.go_back(200)
    del way[201:]
    play(session, 30, seed=4)
    session.load(1)
    session.go_back(131)
    del way[132:]
    way += play(session, 100, seed=5)
    session.close()
    with Playback(path) as playback:
        total = 0.0
        for seen, reward in zip(way, playback.rewards(), strict=True):
            total += reward
            assert b"".join(playback.emulator.memory().values()) == seen.memory
            assert total == seen.episode_return
            assert playback.picture().tobytes() == seen.picture
    assert verify_movie(path).outcome == "same"
    assert read_movie(path).header["rerecordCount"] == "4"


def test_a_movie_goes_on_from_another_as_if_it_had_never_ended(open_session: OpenSession, tmp_path: Path) -> None:
    whole = open_session([tmp_path / "first.bk2"])
    first = play(whole, 140, seed=1)[-1]
    whole.close()
    movie = read_movie(tmp_path / "first.bk2")
    session = open_session([tmp_path / "second.bk2"])
    session.follow(int(mask) for mask in movie.masks[1:, 0])
    assert moment(session) == first
    play(session, 60, seed=2)
    session.close()
    assert verify_movie(tmp_path / "second.bk2").outcome == "same"
    assert np.array_equal(read_movie(tmp_path / "second.bk2").masks[:141], movie.masks)


def test_glimpses_are_the_pictures_that_were_seen(airstriker: Session) -> None:
    moments = play(airstriker, 90)
    assert airstriker.first_rewindable_frame == 0
    for frame in range(2, 90, 7):
        glimpse = airstriker.glimpse(frame)
        assert glimpse is not None
        assert glimpse.tobytes() == moments[frame // PICTURE_FRAMES * PICTURE_FRAMES - 1].picture


def test_rewinding_takes_no_more_memory_than_allowed() -> None:
    session = Session(find_level(AIRSTRIKER), reel_bytes=60_000)
    moments = play(session, 200)
    assert 100 < session.first_rewindable_frame < 200
    session.go_back(7)  # further back than the reel: run again from the start
    assert moment(session) == moments[6]
    session.close()


def test_a_scenario_judged_by_a_script_can_go_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Airstriker-Genesis-v0"
    folder.mkdir()
    for name in ("data.json", "metadata.json", "Level1.state", "rom.md", "rom.sha"):
        shutil.copy(find_level(AIRSTRIKER).integration.file(name) or "", folder)
    (folder / "counting.json").write_text('{"reward": {"script": "lua:worth"}, "scripts": ["counting.lua"]}')
    (folder / "counting.lua").write_text("local n = 0\nfunction worth() n = n + 1 return n % 7 + data.score / 3 end")
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path))
    session = Session(find_level(AIRSTRIKER, "counting"))
    moments = play(session, 130)
    assert moments[-1].episode_return > 300
    for frame in (100, 61):
        session.go_back(frame)
        assert moment(session) == moments[frame - 1]
    session.close()


def test_an_ended_episode_can_be_taken_back_but_not_played_on(tmp_path: Path) -> None:
    session = Session(find_level(AIRSTRIKER), movies=[tmp_path / "lost.bk2"])
    while not session.is_over:
        session.step(0)
    assert verify_movie(tmp_path / "lost.bk2").outcome == "same"
    length = session.num_frames
    with pytest.raises(UsageError, match="over"):
        session.step(0)
    session.go_back(length - 30)
    assert not session.is_over
    play(session, 20)
    session.close()
    assert verify_movie(tmp_path / "lost.bk2").num_frames == length - 30 + 20 + 1


def test_going_back_to_the_last_frame_of_an_episode_is_still_its_end(airstriker: Session) -> None:
    while not airstriker.is_over:
        airstriker.step(0)
    airstriker.save(1)
    airstriker.go_back(airstriker.num_frames)
    assert airstriker.is_over
    airstriker.restart()
    airstriker.load(1)
    assert airstriker.is_over


def test_a_movie_can_be_read_while_it_is_played(tmp_path: Path) -> None:
    session = Session(find_level(AIRSTRIKER), movies=[tmp_path / "live.bk2"])
    play(session, 150)
    movie = read_movie(tmp_path / "live.bk2")
    assert not movie.is_complete
    assert 90 <= movie.num_frames <= 151
    session.go_back(20)
    assert read_movie(tmp_path / "live.bk2").num_frames == 21
    session.close()
    assert read_movie(tmp_path / "live.bk2").is_complete


def test_each_attempt_has_its_movie_unless_it_was_given_up_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.bk2" for number in range(4)]
    session = Session(find_level(AIRSTRIKER), movies=paths)
    play(session, 100)
    session.restart()
    play(session, 20)
    session.restart()
    play(session, 70)
    session.close()
    assert [read_movie(path).num_frames for path in sorted(tmp_path.iterdir())] == [101, 71]
    assert all(verify_movie(path).outcome == "same" for path in paths[:2])


def test_a_session_that_played_nothing_leaves_no_movie(tmp_path: Path) -> None:
    session = Session(find_level(AIRSTRIKER), movies=[tmp_path / "empty.bk2"])
    session.close()
    session.close()
    assert session.movie_path is None
    assert not list(tmp_path.iterdir())


def test_an_empty_slot_changes_nothing(airstriker: Session) -> None:
    before = play(airstriker, 30)[-1]
    assert not airstriker.load(7)
    assert moment(airstriker) == before


@pytest.mark.parametrize("frame", [-1, 31])
def test_frames_that_were_not_played_cannot_be_gone_back_to(airstriker: Session, frame: int) -> None:
    play(airstriker, 30)
    with pytest.raises(UsageError, match="0 to 30"):
        airstriker.go_back(frame)


def test_a_frame_has_sound(airstriker: Session) -> None:
    play(airstriker, 10)
    assert airstriker.sound().shape[1] == 2
    assert abs(len(airstriker.sound()) - 44_100 / 59.92) < 2


def test_an_unknown_core_is_refused_with_a_hint() -> None:
    with pytest.raises(NotFoundError, match="genesis_plus_gx"):
        Session(find_level(AIRSTRIKER), core="genesis_plus")


def test_a_core_without_a_start_state_is_refused() -> None:
    with pytest.raises((EmulatorError, NotFoundError), match="state"):
        Session(find_level(AIRSTRIKER), core="picodrive")
