"""A log that was cut and went on is the log of playing straight through."""

from __future__ import annotations

from newgameplus.session.episode_log import EpisodeLog


def test_returns_after_cutting_are_to_the_last_bit_those_of_playing_straight() -> None:
    straight, cut = EpisodeLog(), EpisodeLog()
    for frame in range(50):
        straight.append(frame, 0.1 * frame)
        cut.append(frame, 0.1 * frame)
    for _ in range(9):
        cut.append(3, 0.7)
    cut.cut(50)
    for log in (straight, cut):
        log.append(1, 0.3)
    assert cut.episode_return == straight.episode_return
    assert cut.masks == straight.masks
    assert cut.num_frames == 51


def test_a_copy_is_independent() -> None:
    log = EpisodeLog()
    log.append(1, 2.0)
    copy = log.copy()
    log.append(2, 3.0)
    assert (copy.num_frames, copy.episode_return) == (1, 2.0)
    assert log.begins_with(copy)
    assert not copy.begins_with(log)


def test_marks_are_cut_with_the_log_and_due_again_where_it_goes_on() -> None:
    log, due = EpisodeLog(), []

    def play(num_frames: int) -> None:
        for _ in range(num_frames):
            log.append(0, 0.0)
            if log.lacks_mark:
                due.append(log.num_frames)
                log.marks.append(b"%d" % log.num_frames)

    assert log.lacks_mark
    log.marks.append(b"0")
    play(150)
    assert (due, log.marks) == ([60, 120], [b"0", b"60", b"120"])
    kept = log.copy()
    log.cut(120)
    assert len(log.marks) == 3
    log.cut(119)
    assert not log.lacks_mark
    play(61)
    assert (due, log.marks) == ([60, 120, 120, 180], [b"0", b"60", b"120", b"180"])
    assert len(kept.marks) == 3
