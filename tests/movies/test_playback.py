"""Playing back: the same rewards, pictures and memory as while recording, or a clear refusal."""

from __future__ import annotations

import dataclasses
import gc

import numpy as np
import pytest

from newgameplus.errors import MovieError
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.playback import Playback


@pytest.fixture
def changed(movie_path, tmp_path):
    """Write the recorded movie anew with some of its fields changed."""

    def change(name="changed.bk2", extra=None, **fields):
        movie = read_movie(movie_path)
        if extra is not None:
            fields["extra"] = {**movie.extra, **extra}
        path = tmp_path / name
        write_movie(path, dataclasses.replace(movie, **fields))
        return path

    return change


def test_a_movie_reproduces_return_length_picture_and_memory(recording):
    for number, path in enumerate(recording.paths):
        with Playback(path) as playback:
            rewards = list(playback.rewards())
            assert sum(rewards) == recording.returns[number] == playback.record.episode_return
            assert len(rewards) == recording.num_frames[number] + 1
            assert np.array_equal(playback.picture(), recording.screens[number])
            assert playback.memory_sha256() == playback.record.memory_sha256


def test_a_movie_can_be_played_twice_and_for_its_pictures_alone(movie_path):
    with Playback(movie_path) as playback:
        judged = [(playback.emulator.screen().tobytes(), reward) for reward in playback.rewards()]
        shown = [playback.emulator.screen().tobytes() for _ in playback.frames()]
    assert [screen for screen, _ in judged] == shown


def test_a_movie_of_stable_retro_gives_the_return_that_it_gave_there(tmp_path):
    import stable_retro

    env = stable_retro.make(
        "Airstriker-Genesis-v0",
        use_restricted_actions=stable_retro.Actions.ALL,
        record=str(tmp_path),
        render_mode="rgb_array",
    )
    env.reset()
    total = 0.0
    for action in np.random.default_rng(3).integers(0, 2, (900, 12), np.int8):
        total += env.step(action)[1]
    env.stop_record()
    env.close()
    del env
    gc.collect()
    with Playback(next(tmp_path.iterdir())) as playback:
        assert sum(playback.rewards()) == total > 0
        assert playback.movie.extra == {}


def test_a_bizhawk_copy_plays_the_same(movie_path, tmp_path, recording):
    path = tmp_path / "copy.bk2"
    write_movie(path, read_movie(movie_path), "bizhawk")
    with Playback(path) as playback:
        assert sum(playback.rewards()) == recording.returns[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": {"rom_sha1": "0" * 40}}, "recorded with another ROM of Airstriker-Genesis-v0: SHA-1 0000"),
        ({"extra": {"core": {"name": "genesis_plus_gx", "version": "1", "sha256": "0"}}}, "core: genesis_plus_gx 1"),
        ({"extra": {"core": {"name": "x", "version": "1", "sha256": "0"}}}, "is not here: .* no core 'x'"),
        ({"extra": {"scenario": "nothing"}}, "cannot be judged: .* has no scenario 'nothing'"),
        ({"extra": {"return": "much"}}, "wrong value for 'return': 'much'"),
        ({"extra": {"num_frames": True}}, "wrong value for 'num_frames'"),
        ({"game": "Airstrikr-Genesis-v0"}, "of a game that is not here: .*Did you mean Airstriker-Genesis-v0"),
        ({"game": "../../etc"}, "of a game that is not here"),
        ({"game": "Pong-Atari2600-v0"}, "recorded on Genesis, but .* runs on Atari2600"),
        ({"start_state": None}, "starts from power-on"),
        ({"extra": {"rom_sha1": None}, "header": {"SHA1": "A" * 40}}, "recorded with another ROM"),
    ],
)  # fmt: skip
def test_a_movie_that_does_not_belong_here_is_refused(change, message, changed):
    with pytest.raises(MovieError, match=message):
        Playback(changed(**change))


def test_a_start_state_of_another_core_is_refused(changed):
    with (
        Playback(changed(start_state=b"no state")) as playback,
        pytest.raises(MovieError, match=r"start state of the movie .* does not fit"),
    ):
        next(playback.rewards())


def test_another_core_build_may_be_allowed(changed, recording):
    with Playback(changed(extra={"core": {"sha256": "0"}}), any_core=True) as playback:
        assert sum(playback.rewards()) == recording.returns[0]


def test_the_machine_is_free_after_a_refusal(changed, movie_path):
    with pytest.raises(MovieError):
        Playback(changed(extra={"core": {"sha256": "0"}}))
    with Playback(movie_path) as playback:
        next(playback.rewards())


def test_a_movie_of_two_players_is_played_with_both_pads(changed, movie_path):
    masks = read_movie(movie_path).masks
    with Playback(changed(masks=np.hstack([masks, masks]), extra={})) as playback:
        assert playback.movie.num_players == 2
        assert sum(1 for _ in playback.rewards()) == len(masks)
