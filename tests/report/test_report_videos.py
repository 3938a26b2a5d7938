"""The videos of a report, rendered from the movies of a real evaluation."""

import io
import shutil

import av
import pytest

from newgameplus.report.evaluations import read_evaluations
from newgameplus.report.videos import VideoLimits, choose_clips, encoded_bytes, render_clips


@pytest.fixture
def clips(jerk_results, tmp_path):
    """The episodes of a copy that a test may damage."""
    path = shutil.copytree(jerk_results, tmp_path / "results")
    return choose_clips(read_evaluations([path]))


def test_each_episode_becomes_h264_no_longer_than_allowed_with_a_still(clips):
    videos = render_clips(clips, VideoLimits(max_seconds=2.0, num_workers=2))
    assert [video.problem for video in videos] == [""] * len(clips)
    for clip, video in zip(clips, videos, strict=True):
        num_frames = 4 * int(clip.run.lengths[clip.episode]) + 1
        assert video.speed == -(-num_frames // 120)
        assert video.still.startswith(b"\x89PNG")
        with av.open(io.BytesIO(video.mp4)) as container:
            (stream,) = container.streams.video
            assert stream.codec_context.name == "h264"
            assert float(stream.duration * stream.time_base) <= 2.1


def test_a_deleted_and_a_damaged_movie_cost_only_their_own_video(clips):
    clips[0].movie.unlink()
    clips[1].movie.write_bytes(clips[1].movie.read_bytes()[:200])
    deleted, damaged, *whole = render_clips(clips, VideoLimits(max_seconds=1.0))
    assert deleted.problem == f"its movie {clips[0].movie.name} is not there any more."
    assert clips[1].movie.name in damaged.problem
    assert not deleted.mp4
    assert not damaged.mp4
    assert all(video.mp4 for video in whole)


def test_a_full_page_keeps_the_best_and_says_why_the_others_are_missing(clips):
    best, *_ = render_clips(clips, VideoLimits(max_seconds=1.0))
    # The encoder's output varies by a few bytes from time to time.
    limits = VideoLimits(max_seconds=1.0, max_bytes=encoded_bytes(best) + 1000)
    kept, *others = render_clips(clips, limits)
    assert kept.mp4
    assert (kept.still, kept.speed, kept.problem) == (best.still, best.speed, "")
    assert others
    assert all("to keep this page small" in video.problem for video in others)
