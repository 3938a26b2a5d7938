"""Rendering: every frame is there, with its colours, its sound and its time, in files that browsers play."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest

from newgameplus.errors import MovieError, UsageError
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.encoders import Mp4Encoder, fit
from newgameplus.movies.grid import MAX_MOVIES, render_grid
from newgameplus.movies.playback import Playback
from newgameplus.movies.video import RenderOptions, render


@pytest.fixture(scope="module")
def source(recording):
    """The pictures of the first movie as the console drew them."""
    with Playback(recording.paths[0]) as playback:
        return [playback.picture() for _ in playback.frames()]


def _decode(path):
    with av.open(str(path)) as file:
        return [picture.to_ndarray(format="rgb24") for picture in file.decode(video=0)]


def _likeness(left, right):
    """Mean difference of brightness, from 0 to 255."""
    gray = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)).astype(float) for picture in (left, right)]
    return np.abs(gray[0] - gray[1]).mean()


def test_a_video_shows_every_frame_as_the_console_drew_it(movie_path, tmp_path, source):
    out = tmp_path / "movie.mp4"
    assert render(movie_path, out) == len(source) == read_movie(movie_path).num_frames
    shown = _decode(out)
    assert len(shown) == len(source)
    assert max(_likeness(one, other) for one, other in zip(shown, source, strict=True)) < 1.0
    assert list(tmp_path.iterdir()) == [out]


def test_a_video_has_the_consoles_rate_and_as_much_sound_as_pictures(movie_path, tmp_path):
    out = tmp_path / "movie.mp4"
    render(movie_path, out)
    with Playback(movie_path) as playback:
        rate = playback.emulator.frames_per_second
    with av.open(str(out)) as file:
        video, sound = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (sound.codec_context.name, sound.rate, sound.layout.name) == ("aac", 44100, "stereo")
        assert float(video.average_rate) == pytest.approx(rate, rel=1e-5)
        seconds = float(video.duration * video.time_base)
        assert float(sound.duration * sound.time_base) == pytest.approx(seconds, abs=0.1)


def test_the_sound_is_the_consoles_and_in_time(recording, tmp_path):
    out = tmp_path / "movie.mp4"
    render(recording.paths[2], out, RenderOptions(max_seconds=8))
    with Playback(recording.paths[2]) as playback:
        parts = [playback.emulator.audio() for _ in zip(range(480), playback.frames(), strict=False)]
    source = np.concatenate(parts)[:, 0].astype(float)
    with av.open(str(out)) as file:
        heard = np.concatenate([part.to_ndarray()[0] for part in file.decode(audio=0)])
    assert source.std() > 100
    assert np.corrcoef(source, heard[: len(source)])[0, 1] > 0.95


def test_the_file_can_be_played_while_it_loads(movie_path, tmp_path):
    out = tmp_path / "movie.mp4"
    render(movie_path, out)
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_speed_keeps_every_kth_frame_and_no_sound(movie_path, tmp_path, source):
    out = tmp_path / "movie.mp4"
    assert render(movie_path, out, RenderOptions(speed=7)) == len(source[::7])
    shown = _decode(out)
    assert max(_likeness(one, other) for one, other in zip(shown, source[::7], strict=True)) < 1.0
    with av.open(str(out)) as file:
        assert not file.streams.audio


def test_scale_makes_squares_of_pixels(movie_path, tmp_path, source):
    out = tmp_path / "movie.mp4"
    render(movie_path, out, RenderOptions(scale=3, max_seconds=0.2))
    shown = _decode(out)
    assert len(shown) == 12
    assert shown[11].shape == (672, 960, 3)
    assert _likeness(shown[11], fit(source[11], (672, 960))) < 1.0


def test_a_gif_shows_twenty_pictures_per_second_in_the_right_colours(movie_path, tmp_path, source):
    out = tmp_path / "movie.gif"
    assert render(movie_path, out, RenderOptions(format="gif")) == len(source[::3])
    shown = _decode(out)
    assert len(shown) == len(source[::3])
    assert max(np.abs(one.astype(int) - other).max() for one, other in zip(shown, source[::3], strict=True)) < 16
    assert out.read_bytes()[:6] == b"GIF89a"


def test_a_sheet_is_one_picture_that_shows_moments_of_the_movie(movie_path, tmp_path, source):
    out = tmp_path / "sheet.png"
    assert render(movie_path, out, RenderOptions(format="png-sheet")) == 16
    sheet = np.asarray(cv2.cvtColor(cv2.imread(str(out)), cv2.COLOR_BGR2RGB))
    for picture in (source[0], source[-1]):
        match = cv2.matchTemplate(sheet, picture, cv2.TM_SQDIFF)
        assert match.min() == 0.0


def test_a_grid_shows_all_movies_until_the_longest_ends(recording, tmp_path):
    out = tmp_path / "grid.mp4"
    num_pictures = render_grid(recording.paths, out, RenderOptions(speed=30))
    assert num_pictures == -(-(max(recording.num_frames) + 1) // 30)
    shown = _decode(out)
    assert len(shown) == num_pictures
    first, last = shown[0], shown[-1]
    assert first.shape[0] > 2 * 224
    assert first.shape[1] > 2 * 320
    assert last[:232, :328].max() < first[:232, :328].max() * 0.7, "a movie that has ended is dark"
    assert _likeness(last[264:488, 8:328], recording.screens[2]) < 6.0


def test_odd_sizes_and_rates_unknown_to_aac_can_be_encoded(tmp_path):
    out = tmp_path / "odd.mp4"
    encoder = Mp4Encoder(out, (33, 21), 50.7, 31403.25, quality=18, preset="superfast", sound_bits_per_second=64000)
    for number in range(40):
        encoder.write(np.full((33, 21, 3), number, np.uint8), np.zeros((619, 2), np.int16))
    encoder.write(np.zeros((66, 40, 3), np.uint8), np.zeros((0, 2), np.int16))
    encoder.close()
    assert [picture.shape for picture in _decode(out)] == [(34, 22, 3)] * 41


def test_a_failure_leaves_what_was_there(movie_path, tmp_path):
    out = tmp_path / "movie.mp4"
    out.write_bytes(b"precious")
    broken = tmp_path / "broken.bk2"
    broken.write_bytes(movie_path.read_bytes()[:-100])
    with pytest.raises(MovieError):
        render(broken, out)
    assert out.read_bytes() == b"precious"
    with pytest.raises(MovieError, match="Cannot write"):
        render(movie_path, tmp_path / "nowhere" / "movie.mp4")


@pytest.mark.parametrize("wrong", [{"speed": 0}, {"scale": 0}, {"scale": 17}, {"max_seconds": 0.0}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError):
        RenderOptions(**wrong)


def test_a_grid_refuses_what_it_cannot_show(movie_path, tmp_path):
    for paths in ([], [movie_path] * (MAX_MOVIES + 1)):
        with pytest.raises(UsageError, match="A grid shows 1 to"):
            render_grid(paths, tmp_path / "grid.mp4", RenderOptions())
    with pytest.raises(UsageError, match="cannot be made as gif"):
        render_grid([movie_path], tmp_path / "grid.gif", RenderOptions(format="gif"))
    broken = tmp_path / "broken.bk2"
    broken.write_bytes(b"")
    with pytest.raises(MovieError, match=r"broken\.bk2 is not a bk2 movie"):
        render_grid([movie_path, broken], tmp_path / "grid.mp4", RenderOptions())
    assert not (tmp_path / "grid.mp4").exists()
