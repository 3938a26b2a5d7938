"""Maps of real episodes: where they went, how they ended, and levels stitched as the game draws them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from newgameplus.errors import MovieError
from newgameplus.games.catalogue import find_game
from newgameplus.movies import camera
from newgameplus.movies.heat import heat_map, stuck_spots
from newgameplus.movies.level_map import draw_level, level_picture, of_one_level
from newgameplus.movies.map_colours import colour_at
from newgameplus.movies.map_poster import painted_level, poster
from newgameplus.movies.mosaic import Mosaic, Stitched, merge
from newgameplus.movies.playback import Playback
from newgameplus.movies.survey import survey_movie
from newgameplus.movies.trajectory import Sampler, read_trajectory, trajectory_as_json

GAME = "Tumbleweed-Genesis-v0"


@pytest.fixture(scope="module")
def par():
    path = find_game(GAME).par_movie("Mesa.Act1")
    assert path is not None
    return path


@pytest.fixture(scope="module")
def survey(par):
    return survey_movie(par)


@pytest.fixture(scope="module")
def seen(par):
    """Pictures of every second frame of a stretch, and what the camera's variables said a frame before."""
    pictures, places = [], []
    with Playback(par) as playback:
        for frame, _ in enumerate(playback.judged()):
            variables = playback.scenario.variables()
            if frame % 2 == 0 and frame >= 80:
                places.append((variables["camera_x"], variables["camera_y"]))
            elif frame > 80:
                pictures.append(playback.picture())
            if frame == 201:
                break
    return pictures, places


def test_a_par_movie_goes_from_the_start_to_the_goal(survey):
    trajectory = survey.trajectory
    assert trajectory.ending == "goal"
    assert trajectory.deaths == ()
    assert survey.has_player
    assert survey.stitched is None  # the level is drawn from its data
    assert trajectory.stays().sum() == trajectory.num_frames == trajectory.frames[-1] + 1
    assert trajectory.x[-1] > trajectory.x[0] + 5000


def test_a_trajectory_survives_json(survey):
    again = read_trajectory(json.loads(json.dumps(trajectory_as_json(survey.trajectory))))
    for name in ("frames", "x", "y", "returns"):
        np.testing.assert_array_equal(getattr(again, name), getattr(survey.trajectory, name))
    assert (again.deaths, again.ending) == (survey.trajectory.deaths, survey.trajectory.ending)


def test_a_stitched_level_shows_the_pixels_of_its_data(par):
    """Up to moving objects and figures; the core shows colours a little darker."""
    stitched = survey_movie(par, stitches=True).stitched
    drawn = draw_level(GAME, 0)
    left, top = stitched.origin
    height, width = stitched.seen.shape
    part = drawn.pixels[top : top + height, left : left + width]
    scene = cv2.imread(str(find_game(GAME).file("map-backgrounds.png")))[:224, :, ::-1]
    behind = np.unique(scene.reshape(-1, 3), axis=0)
    is_ground = stitched.seen & ~(part[:, :, None, :] == behind).all(axis=3).any(axis=2)
    is_same = (np.abs(part.astype(int) - stitched.picture) <= 40).all(axis=2)
    assert is_ground.sum() > 500_000
    assert is_same[is_ground].mean() > 0.98


def test_the_camera_is_followed_by_pictures_alone(seen):
    pictures, places = seen
    followed = camera.Camera()
    wrong = 0
    for picture, (before, after) in zip(pictures, [(places[0], places[0]), *pairwise(places)], strict=True):
        was = followed.place
        followed.follow(picture)
        moved = (followed.place[0] - was[0], followed.place[1] - was[1])
        wrong += max(abs(moved[0] - after[0] + before[0]), abs(moved[1] - after[1] + before[1])) > 1
    assert followed.piece == 0
    assert wrong <= 2


def test_a_cut_begins_a_piece_and_a_return_is_recognised(seen):
    pictures, _ = seen
    noise = np.random.default_rng(0).integers(0, 256, (1, *pictures[0].shape), np.uint8).repeat(40, 0)
    followed = camera.Camera()
    followed.follow(pictures[0])
    for picture in noise:
        followed.follow(picture)
    assert followed.piece == 1
    for _ in range(40):
        followed.follow(pictures[0])
    assert (followed.piece, followed.place) == (0, (0, 0))


def test_without_a_background_the_camera_stays(recording):
    survey = survey_movie(recording.paths[0])
    assert not survey.has_player
    assert set(survey.trajectory.x.tolist()) == {160}
    assert survey.stitched.seen.shape == (224, 320)
    assert survey.trajectory.episode_return == recording.returns[0]


def test_what_moves_is_not_stitched():
    """A figure that crosses the level, and one fixed to the screen, leave nothing behind."""
    random = np.random.default_rng(1)
    level = random.integers(0, 256, (64, 600, 3), np.uint8)
    mosaic = Mosaic()
    for left in range(0, 500, 4):
        picture = level[:, left : left + 96].copy()
        picture[20:30, 45:55] = 255
        picture[2:8, 2:12] = (1, 2, 3)
        mosaic.add(picture, (left, 7))
    stitched = mosaic.finish()
    assert stitched.origin == (0, 7)
    inside = np.s_[:, 60:440]
    assert (stitched.picture == level[:, : stitched.seen.shape[1]])[inside].all()


def test_pictures_of_several_movies_are_laid_over_each_other():
    one = Stitched(np.full((4, 4, 3), 10, np.uint8), np.ones((4, 4), bool), (0, 0))
    other = Stitched(np.full((4, 4, 3), 20, np.uint8), np.ones((4, 4), bool), (2, -2))
    whole = merge([one, one, other])
    assert whole.origin == (0, -2)
    assert whole.seen.sum() == 28
    assert whole.picture[2, 2, 0] == 10
    assert whole.picture[0, 2, 0] == 20


def test_lost_lives_and_ends_are_told_apart():
    sampler = Sampler()
    for frame, (x, lives) in enumerate([(0, 3), (50, 3), (60, 2), (400, 2), (410, 1), (410, 0)]):
        sampler.add(4 * frame, (x, 0), 0.0, {"lives": lives})
    trajectory = sampler.finish(is_over=True, is_at_goal=False)
    assert trajectory.ending == "death"
    assert trajectory.deaths == (2, 4, 5)
    assert trajectory.breaks().tolist() == [True, False, False, True, False, False]


def test_an_episode_without_lives_left_ended_by_death_even_if_the_game_takes_its_time(recording):
    ended = survey_movie(recording.paths[-1]).trajectory
    assert ended.ending == "death"
    assert ended.deaths[-1] < len(ended.x) - 2


def test_where_time_passes_without_progress_is_a_spot(survey):
    sampler = Sampler()
    for step in range(300):
        x = min(step, 100) * 4
        sampler.add(4 * step + 1, (x, 100), float(x), {})
    stuck = sampler.finish(is_over=False, is_at_goal=False)
    assert stuck.ending == "cut"
    spots = stuck_spots([survey.trajectory, stuck], (0, 0), (7488, 512))
    assert spots[0].episode == 1
    assert abs(spots[0].x - 400) <= 64
    assert 400 <= spots[0].frame <= 420
    heat = heat_map([stuck], (0, 0), (7488, 512))
    assert heat.sum() == stuck.num_frames
    assert heat.argmax() == (100 // 16) * heat.shape[1] + 400 // 16


@pytest.mark.parametrize(("by", "is_heat"), [("time", False), ("return", True)])
def test_a_poster_shows_level_and_legend(survey, by, is_heat):
    level = level_picture([survey])
    sheet = poster(level, [survey.trajectory], "Mesa.Act1", by=by, is_heat=is_heat)
    assert sheet.shape[0] > 512
    assert sheet.shape[1] >= level.size[0]
    plain = painted_level(level, [], by=by, is_heat=is_heat)
    painted = painted_level(level, [survey.trajectory], by=by, is_heat=is_heat)
    assert (plain != painted).any(axis=2).sum() > 1000


def test_colours_go_from_dark_to_bright():
    brightness = [sum(colour_at(share / 10)) for share in range(11)]
    assert brightness[0] < brightness[5] < brightness[10] + 60
    assert colour_at(-1) == colour_at(0) == (0x7E, 0x03, 0xA8)


def test_a_map_shows_one_level(survey):
    other = replace(survey, level="Tumbleweed-Genesis-v0/Mesa.Act2")
    assert of_one_level([survey, other], other.level) == [other]
    with pytest.raises(MovieError, match=r"of 2: .*Mesa.Act1 \(1\), .*Name one with --level"):
        of_one_level([survey, other])
    with pytest.raises(MovieError, match="None of the movies is of the level nowhere"):
        of_one_level([survey], "nowhere")
